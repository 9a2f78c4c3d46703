"""Bodies in quarantine that mention who is erased: nobody can tell whose they are, so they go."""

import os
from collections.abc import Collection, Iterator
from datetime import datetime
from pathlib import Path

from processor.erasure.mentions import Mentions
from spool.dropped import Drop, note_dropped
from spool.durable import remove_files
from spool.format import QUARANTINE_FOLDER, identify_file
from spool.staging import translate

_BLOCK_BYTES = 4 << 20
_OVERLAP_BYTES = 4096  # what is looked for is shorter, with all its escapes


def mentioning(root: Path, mentions: Mentions, *, also: Collection[str] = ()) -> list[str]:
    """
    Return the paths below the spool of every file in quarantine that mentions one of them.

    The bodies `also` (paths) are among them, if they are there.
    """
    wanted = {file.rpartition("/")[2].partition(".")[0] for file in also}
    try:
        names = sorted(path.name for path in (root / QUARANTINE_FOLDER).iterdir())
        found = {
            name.partition(".")[0]
            for name in names
            if name.partition(".")[0] in wanted
            or any(map(mentions.in_bytes, _blocks(root / QUARANTINE_FOLDER / name)))
        }
    except FileNotFoundError:
        return []
    except OSError as error:
        raise translate(error, "read what is in quarantine") from error
    # A body goes with the file that says why it is there.
    return [f"{QUARANTINE_FOLDER}/{name}" for name in names if name.partition(".")[0] in found]


def erase_quarantined(root: Path, files: list[str], *, at: datetime) -> None:
    """Delete these, noted first as gone on purpose, so that they are not taken in again."""
    bodies = [file for file in files if identify_file(file) is not None]
    drops = [Drop(file=file, what="file", reason="erased", at=at) for file in bodies]
    note_dropped(root, drops)
    remove_files(root, files)


def _blocks(path: Path) -> Iterator[bytes]:
    """Yield the content in blocks that overlap; nothing for what is no plain file."""
    if path.is_symlink() or not path.is_file():
        return
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
        tail = b""
        while block := file.read(_BLOCK_BYTES):
            yield tail + block
            tail = block[-_OVERLAP_BYTES:]
