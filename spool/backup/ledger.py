"""The ledger in a backup: grown by appending, written anew once an erasure has blanked a line."""

import hashlib
import os
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import IO

from spool.backup.folder import BackupRefused
from spool.backup.manifest import Part
from spool.format import LEDGER_FILE, DamagedLine, SpoolError, decode_receipt, is_intact
from spool.reader import ledger_lines, open_plain
from spool.staging import translate
from spool.sync import choose_sync

_BLOCK_BYTES = 1 << 20


def whole_end(root: Path) -> int:
    """Return where the last whole line of the ledger ends at this moment, in bytes."""
    end = 0
    for line, after in ledger_lines(root):
        if is_intact(line):
            end = after
    return end


def copy_ledger(root: Path, place: Path, *, end: int, before: Part | None, new_name: str) -> Part:
    """
    Have the first `end` bytes of the ledger in the backup, durably; return what they are there.

    `before` is what the last backup has: that stays as it is whatever happens. Raises BackupRefused
    if the spool has not got everything that the backup has, SpoolFull or SpoolFailed.
    """
    try:
        kept = _prefix(root, place, before, end)
    except OSError as error:
        raise SpoolError(f"cannot read {root / LEDGER_FILE}: {error}; check the disk") from error
    start = before.size if before is not None and kept is not None else 0
    name = before.name if before is not None and kept is not None else new_name
    try:
        return _append(root, place / name, kept or hashlib.sha256(), start=start, end=end)
    except OSError as error:
        raise translate(error, f"copy the ledger to {place}") from error


def _prefix(root: Path, place: Path, before: Part | None, end: int) -> "hashlib._Hash | None":
    """Return the running hash of what is there already; None if it has to be written anew."""
    if before is None:
        return None
    digest = hashlib.sha256()
    is_same = True
    try:
        there = open_plain(place / before.name)
    except OSError:  # missing, or something else in its place: it is written anew, beside that
        return None
    with os.fdopen(there, "rb") as theirs:
        # Never into a file that has a second name: that may be anybody's, and the spool's own.
        is_shared = os.fstat(there).st_nlink > 1
        with (root / LEDGER_FILE).open("rb") as ours:
            for one, other in zip(
                _blocks(ours, before.size), _blocks(theirs, before.size), strict=False
            ):
                is_same = is_same and one == other
                digest.update(one)
    if is_same and digest.hexdigest() == before.sha256 and end >= before.size:
        return None if is_shared else digest
    _require_the_same_events(root, place, before, end)
    return None


def _require_the_same_events(root: Path, place: Path, before: Part, end: int) -> None:
    """
    Raise BackupRefused if the backup's ledger names a file that the spool's does not, in its place.

    Blanked lines keep their place, their length and what they name.
    """
    ours = (line for line, after in ledger_lines(root) if after <= end)
    for line, other in zip_longest(ours, _lines(place / before.name, before.size)):
        if other is None:
            return
        known = _named(other)
        if known is not None and (line is None or _named(line) != known):
            raise BackupRefused(
                f"the backup at {place} holds events that the spool {root} has not ({known[0]}): "
                "was an older copy put back, or is its ledger damaged? Look with `run.py spool "
                "verify`, bring them in with `run.py import`, or back up to another folder"
            )


def _named(line: bytes) -> tuple[str, str] | None:
    try:
        receipt = decode_receipt(line)
    except DamagedLine:
        return None
    return receipt.file, receipt.sha256


def _lines(path: Path, size: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        read = 0
        for line in file:
            read += len(line)
            if read > size:
                return
            yield line


def _append(root: Path, path: Path, digest: "hashlib._Hash", *, start: int, end: int) -> Part:
    """Write what stands between `start` and `end`; return the whole, durable."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        offset = start
        with (root / LEDGER_FILE).open("rb") as ledger:
            ledger.seek(start)
            for block in _blocks(ledger, end - start):
                digest.update(block)
                written = 0
                while written < len(block):
                    written += os.pwrite(fd, block[written:], offset + written)
                offset += len(block)
        os.ftruncate(fd, offset)
        choose_sync("fsync").file(fd)
    finally:
        os.close(fd)
    if offset != end:
        raise SpoolError(f"{root / LEDGER_FILE} has become shorter meanwhile; run `spool verify`")
    return Part(name=path.name, size=end, sha256=digest.hexdigest())


def _blocks(file: IO[bytes], size: int) -> Iterator[bytes]:
    while size and (block := file.read(min(_BLOCK_BYTES, size))):
        size -= len(block)
        yield block
