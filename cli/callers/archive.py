"""Everything that is held of one caller as one ZIP, written while it is read."""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from cli.callers.held import Conversed, Held
from cli.callers.page import render_page
from history.errors import HistoryError
from history.reading import as_text, payload, transcript
from receiver.payload_log_erasure import lines_of
from receiver.shown import memories_json, moment, profile_json
from spool.dropped import kept_path
from spool.format import FileDamaged
from spool.reader import open_file

_EARLIEST = (1980, 1, 1, 0, 0, 0)  # that a ZIP can tell


class Archive:
    """
    The ZIP being written; `problems` are files that could not be read, and are not in it.

    `stream` need not be seekable. Everything is written as it is read.
    """

    def __init__(self, stream: IO[bytes], *, made_at: datetime) -> None:
        self._zip = ZipFile(stream, "w", ZIP_DEFLATED)
        self._made_at = made_at
        self.problems: list[str] = []
        self.names: list[str] = []

    def add(self, name: str, content: str) -> None:
        """Add a text."""
        with self._entry(name, self._made_at) as entry:
            entry.write(content.encode("utf-8", "replace"))

    def add_json(self, name: str, value: object) -> None:
        """Add a JSON document."""
        self.add(name, json.dumps(value, indent=2, ensure_ascii=False, default=_plain) + "\n")

    def add_file(self, name: str, root: Path, file: str, *, at: datetime) -> None:
        """Add a file of the spool, as its bytes are."""
        try:
            descriptor = open_file(root, file)
        except OSError as error:
            self.problems.append(f"{file} could not be read: {error.strerror}")
            return
        with os.fdopen(descriptor, "rb") as content, self._entry(name, at) as entry:
            shutil.copyfileobj(content, entry, 1 << 20)

    def add_lines(self, name: str, lines: Iterator[bytes]) -> None:
        """Add lines, if there is any."""
        first = next(lines, None)
        if first is None:
            return
        with self._entry(name, self._made_at) as entry:
            entry.write(first)
            for line in lines:
                entry.write(line)

    def close(self) -> None:
        """Write the end of the ZIP."""
        self._zip.close()

    @contextmanager
    def _entry(self, name: str, at: datetime) -> Iterator[IO[bytes]]:
        info = ZipInfo(name, date_time=max(_EARLIEST, at.astimezone(UTC).timetuple()[:6]))
        info.external_attr = 0o600 << 16
        # A recording is compressed as it is.
        info.compress_type = ZIP_STORED if name.endswith(".mp3") else ZIP_DEFLATED
        with self._zip.open(info, "w", force_zip64=True) as entry:
            self.names.append(name)
            yield entry


def write_archive(stream: IO[bytes], held: Held, *, made_at: datetime) -> list[str]:
    """Write all of `held` as a ZIP to `stream`; return what could not be read. Raises OSError."""
    archive = Archive(stream, made_at=made_at)
    try:
        archive.add_json("profile.json", [profile_json(each) for each in held.profiles])
        archive.add(
            "memories.jsonl",
            "".join(
                json.dumps(each, ensure_ascii=False) + "\n"
                for each in reversed(memories_json(held.memories))
            ),
        )
        for conversed in held.conversations:
            _add_conversation(archive, held.root, conversed)
        archive.add_json("calls.json", list(held.calls))
        archive.add_json("decisions.json", [asdict(each) for each in held.decisions])
        for file in held.quarantined:
            name = f"quarantine/{file.rpartition('/')[2]}"
            archive.add_file(name, held.root, file, at=made_at)
        if held.payload_log is not None:
            lines = lines_of(held.payload_log, held.mentions.in_text)
            archive.add_lines("payload-log.jsonl", lines)
        page = render_page(held, archive.names, archive.problems, made_at=made_at)
        archive.add("index.html", page)
    finally:
        archive.close()
    return archive.problems


def _add_conversation(archive: Archive, root: Path, conversed: Conversed) -> None:
    folder = f"conversations/{conversed.id}"
    for stored in conversed.files:
        name = stored.file.rpartition("/")[2]
        if not stored.dropped:
            archive.add_file(f"{folder}/{name}", root, stored.file, at=stored.received_at)
            continue
        kept = kept_path(stored.file)
        if os.path.lexists(root / kept):  # what memory has of it
            name = kept.rpartition("/")[2]
            archive.add_file(f"{folder}/{name}", root, kept, at=stored.received_at)
    try:
        said = transcript(payload(root, conversed.files)) if conversed.files else []
    except (FileDamaged, HistoryError):
        return  # there is none any more, or it is not to be understood
    if said:
        archive.add(f"{folder}/transcript.txt", as_text(said))


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return moment(value)
    raise TypeError(type(value).__name__)
