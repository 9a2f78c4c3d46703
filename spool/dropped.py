"""
What is gone from the spool on purpose, and whose memories are: `.spool/dropped.jsonl`.

A line stands there before anything is deleted, so that a receipt without its file is never taken
for a loss, and a deletion that a crash has interrupted can be finished.
"""

import fcntl
import json
import os
import threading
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

import msgspec

from spool.durable import sync_folder
from spool.format import DamagedLine, SpoolError, identify_file, is_intact
from spool.layout import create_durably
from spool.staging import translate, write_all
from spool.sync import choose_sync

DROPPED_FILE = ".spool/dropped.jsonl"
VERSION = 1

What = Literal["file", "memories"]
Reason = Literal["erased", "retention", "space", "not_stored"]

_BLOCK_BYTES = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Drop:
    """
    One thing that is gone on purpose: a file, or what memory had derived from it.

    `file` is its path below the spool, as its receipt names it. `kept_sha256` (hex) is that of
    the file at `kept_path(file)`, which holds what had been derived from it; "" for none.
    """

    file: str
    what: What
    reason: Reason
    at: datetime
    kept_sha256: str = ""


class _Line(msgspec.Struct, frozen=True, kw_only=True):
    v: int
    file: str
    what: What
    reason: Reason
    at: Annotated[datetime, msgspec.Meta(tz=True)]
    kept_sha256: str = ""


_decoder = msgspec.json.Decoder(_Line)


def kept_path(file: str) -> str:
    """Return where that what was derived from `file` stands once `file` is gone."""
    return f"{file.removesuffix('.json')}.memories.json"


def is_kept_file(file: str) -> bool:
    """Tell whether a path below the spool has the name of what was derived from an event."""
    stem = file.removesuffix(".memories.json")
    return stem != file and identify_file(f"{stem}.json") is not None


def encode_drop(drop: Drop) -> bytes:
    """Return the line of `drop`: one JSON object in ASCII, closed by a checksum and a newline."""
    members = {
        "v": VERSION,
        "file": drop.file,
        "what": drop.what,
        "reason": drop.reason,
        "at": drop.at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "kept_sha256": drop.kept_sha256 or None,
    }
    present = {name: value for name, value in members.items() if value is not None}
    body = json.dumps(present, separators=(",", ":"))[:-1].encode("ascii")
    return body + b',"crc":"%08x"}\n' % zlib.crc32(body)


def decode_drop(line: bytes) -> Drop:
    """Return what a line says, newline included; raises DamagedLine for any other."""
    if not is_intact(line):
        raise DamagedLine(f"the checksum of a line of {DROPPED_FILE} is wrong")
    try:
        members = _decoder.decode(line)
        if members.v != VERSION or identify_file(members.file) is None:
            raise ValueError(members.file)
        bytes.fromhex(members.kept_sha256)
    except (msgspec.MsgspecError, ValueError) as error:
        message = f"a line of {DROPPED_FILE} is whole, but says nothing known: {error!r}"
        raise DamagedLine(message) from error
    return Drop(
        file=members.file,
        what=members.what,
        reason=members.reason,
        at=members.at,
        kept_sha256=members.kept_sha256,
    )


def note_dropped(root: Path, drops: Sequence[Drop]) -> None:
    """
    Append a line for each of `drops`; durable when this returns, whoever else does the same.

    A torn end that a crash left is cut off first. Raises SpoolError: then nothing may be deleted.
    """
    if not drops:
        return
    path = root / DROPPED_FILE
    try:
        create_durably(path.parent)
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            end = _whole_end(fd)
            if end == 0:
                sync_folder(path.parent)  # first: where there is a line, the name is durable
            os.ftruncate(fd, end)
            os.lseek(fd, end, os.SEEK_SET)
            write_all(fd, b"".join(map(encode_drop, drops)))
            choose_sync("fsync").file(fd)
        finally:
            os.close(fd)
    except OSError as error:
        raise translate(error, f"write {path}") from error


def _whole_end(fd: int) -> int:
    """Return where the last line ends that has its newline; raises OSError."""
    end = os.fstat(fd).st_size
    while end:
        start = max(0, end - _BLOCK_BYTES)
        newline = os.pread(fd, end - start, start).rfind(b"\n")
        if newline >= 0:
            return start + newline + 1
        end = start
    return 0


def read_dropped(root: Path, *, offset: int = 0) -> Iterator[tuple[Drop | DamagedLine, int]]:
    """
    Yield what every whole line from `offset` on says, with the offset after it.

    A line that cannot be understood is yielded as a DamagedLine, never raised. Raises SpoolError
    if the file cannot be read; one that is missing says nothing.
    """
    path = root / DROPPED_FILE
    try:
        with path.open("rb") as file:
            file.seek(offset)
            for line in file:
                if not line.endswith(b"\n"):
                    return
                offset += len(line)
                try:
                    drop: Drop | DamagedLine = decode_drop(line)
                except DamagedLine as error:
                    drop = error
                yield drop, offset
    except FileNotFoundError:
        return
    except OSError as error:
        raise SpoolError(f"cannot read {path}: {error}; check its permissions") from error


class _Gone(NamedTuple):
    """What is known of a dropped file, in little memory: there may be hundreds of thousands."""

    reason: Reason
    at: float  # unix seconds
    kept_sha256: bytes

    @classmethod
    def of(cls, drop: Drop) -> "_Gone":
        return cls(drop.reason, drop.at.timestamp(), bytes.fromhex(drop.kept_sha256))

    def drop(self, file: str) -> Drop:
        return Drop(
            file=file,
            what="file",
            reason=self.reason,
            at=datetime.fromtimestamp(self.at, UTC),
            kept_sha256=self.kept_sha256.hex(),
        )


class Dropped:
    """
    What has been dropped so far; `refresh` reads on from where it stopped.

    Any number of threads may share one: see `dropped_of`.
    """

    def __init__(self, root: Path) -> None:
        self._path = root / DROPPED_FILE
        self._root = root
        self._turn = threading.Lock()
        self._inode = 0
        self._forget()
        self.refresh()

    def _forget(self) -> None:
        self._offset = 0
        self._files: dict[str, _Gone] = {}
        self._memories: set[str] = set()

    def refresh(self) -> None:
        """Read what has been added; raises SpoolError."""
        with self._turn:
            try:
                found = self._path.stat()
            except FileNotFoundError:
                self._forget()
                return
            except OSError as error:
                raise SpoolError(f"cannot read {DROPPED_FILE}: {error}") from error
            if found.st_size < self._offset or found.st_ino != self._inode:
                self._forget()  # put back from a copy, perhaps
                self._inode = found.st_ino
            if found.st_size > self._offset:
                self._read_on()

    def _read_on(self) -> None:
        for drop, after in read_dropped(self._root, offset=self._offset):
            self._offset = after
            if isinstance(drop, DamagedLine):
                continue  # `spool verify` names it, and the file it spoke of as missing
            if drop.what == "memories":
                self._memories.add(drop.file)
            elif not self._is_erased(drop.file):  # nothing that comes later changes that
                self._files[drop.file] = _Gone.of(drop)

    def _is_erased(self, file: str) -> bool:
        known = self._files.get(file)
        return known is not None and known.reason == "erased"

    @property
    def position(self) -> int:
        """Return up to which byte this has read: it moves with every drop."""
        return self._offset

    def file(self, file: str) -> Drop | None:
        """Return why `file` is gone; None if it ought to be there."""
        gone = self._files.get(file)
        return None if gone is None else gone.drop(file)

    def has_no_memories(self, file: str) -> bool:
        """Tell whether what memory had derived from `file` is gone on purpose."""
        return file in self._memories

    def files_gone_for(self, reason: Reason) -> frozenset[str]:
        """Return every file that is gone on purpose for this reason."""
        with self._turn:
            return frozenset(file for file, gone in self._files.items() if gone.reason == reason)

    def all_files(self) -> tuple[Drop, ...]:
        """Return every file that is gone on purpose."""
        with self._turn:
            gone = list(self._files.items())
        return tuple(each.drop(file) for file, each in gone)

    def all_without_memories(self) -> frozenset[str]:
        """Return every file whose memories are gone on purpose."""
        with self._turn:
            return frozenset(self._memories)


_opened: dict[Path, Dropped] = {}
_opening = threading.Lock()


def dropped_of(root: Path) -> Dropped:
    """
    Return what has been dropped from the spool at `root`, up to this moment.

    All of a process share one: each would take its own time and memory.
    """
    with _opening:
        dropped = _opened.get(root.absolute())
        if dropped is None:
            dropped = _opened[root.absolute()] = Dropped(root.absolute())
            return dropped
    dropped.refresh()
    return dropped
