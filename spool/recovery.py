"""
Recovery: files that have their name but no receipt are found, made durable and entered.

A file without a receipt is not yet stored: recovery may put a fresh copy of it in its place.
What a receipt names is never changed.
"""

import hashlib
import json
import logging
import os
from dataclasses import dataclass
from datetime import UTC, datetime

from spool.format import (
    QUARANTINE_FOLDER,
    DamagedLine,
    Receipt,
    SpoolFull,
    decode_receipt,
    encode_receipt,
    finite,
    identify_file,
    is_conversation_id,
    is_intact,
    sidecar_path,
)
from spool.layout import Layout
from spool.ledger import Ledger
from spool.reader import ledger_lines
from spool.staging import write_all
from spool.sync import is_no_room

logger = logging.getLogger(__name__)

_BLOCK_BYTES = 1 << 20
_CHUNK_FILES = 256
_MARGIN_SECONDS = 600.0
_LARGEST_DOCUMENT_BYTES = 16 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """What recovery did: files swept from incoming/, files entered, bytes cut off the ledger."""

    swept: int
    entered: int
    cut_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """A file without a receipt. Times are in unix seconds."""

    file: str
    modified_at: float


def enter_missing(layout: Layout, ledger: Ledger, *, rewrite: bool, now: datetime) -> int:
    """
    Write a receipt for every file that has a name of ours and none; return how many.

    Each is durable, name and content, before its receipt is. Files are looked for in folders
    that changed since shortly before the last recovery; everywhere if that cannot be relied on.
    With `rewrite`, a new copy takes the place of each: after a failed fsync, memory may show
    what the disk does not hold, and nothing but a new file is sure.
    What cannot be read is skipped (logged), and looked at again by the next recovery.
    Raises SpoolFull, SpoolFailed or OSError; trying again later goes on where it stopped.
    """
    found, is_complete = _without_receipt(layout, ledger, now)
    entered = 0
    for start in range(0, len(found), _CHUNK_FILES):
        chunk = found[start : start + _CHUNK_FILES]
        receipts = [
            receipt
            for each in chunk
            if (receipt := _secure(layout, each, rewrite=rewrite)) is not None
        ]
        layout.make_names_durable(
            sorted({receipt.file.rpartition("/")[0] for receipt in receipts}),
            at_once=len(chunk) > 1,
        )
        if ledger.append([encode_receipt(receipt) for receipt in receipts]) < len(receipts):
            message = "no room for the receipts of recovered files; free some space"
            raise SpoolFull(message)
        entered += len(receipts)
    if is_complete and entered == len(found):
        layout.note_recovery(now)
    return entered


def _without_receipt(layout: Layout, ledger: Ledger, now: datetime) -> tuple[list[_Found], bool]:
    """Return the files that no receipt names, oldest first, and whether all could be listed."""
    folders = _changed_folders(layout, _look_since(layout, ledger, now))
    listings = [_list(layout, folder) for folder in folders]
    candidates = {each.file: each for listing in listings for each in listing or ()}
    if candidates:
        for line, _ in ledger_lines(layout.root):
            try:
                candidates.pop(_file_of(line), None)
            except DamagedLine:
                continue
    found = sorted(candidates.values(), key=lambda each: each.modified_at)
    return found, None not in listings


def _file_of(line: bytes) -> str:
    """Return the file that a line names, fast; raises DamagedLine."""
    parts = line.split(b'"', 6)
    if is_intact(line) and parts[3:4] == [b"file"]:
        return parts[5].decode("ascii", "replace")
    return decode_receipt(line).file


def _look_since(layout: Layout, ledger: Ledger, now: datetime) -> float:
    """Return the time (unix seconds) before which every file is known to have its receipt."""
    recovered_at = layout.last_recovery()
    if recovered_at is None or recovered_at > now or not ledger.last_line or ledger.is_damaged:
        return 0.0
    try:
        received_at = decode_receipt(ledger.last_line).received_at
    except DamagedLine:
        return 0.0
    # The earliest of all: a wrong clock or an older ledger, copied here, can spoil any of them.
    times = (recovered_at.timestamp(), received_at.timestamp(), ledger.changed_at)
    return min(times) - _MARGIN_SECONDS


def _changed_folders(layout: Layout, since: float) -> list[str]:
    """Return the folders that can hold a file of ours and have changed after `since`."""
    with os.scandir(layout.root) as folders:
        names = [
            entry.name
            for entry in folders
            if is_conversation_id(entry.name)
            and entry.is_dir(follow_symlinks=False)
            and entry.stat(follow_symlinks=False).st_ctime >= since
        ]
    if (layout.root / QUARANTINE_FOLDER).lstat().st_ctime >= since:
        names.append(QUARANTINE_FOLDER)
    return names


def _list(layout: Layout, folder: str) -> list[_Found] | None:
    """Return every file with a name of ours in `folder`; None (logged) if it is unreadable."""
    found = []
    try:
        with os.scandir(layout.root / folder) as files:
            for entry in files:
                file = f"{folder}/{entry.name}"
                if identify_file(file) and entry.is_file(follow_symlinks=False):
                    modified_at = entry.stat(follow_symlinks=False).st_mtime
                    found.append(_Found(file=file, modified_at=modified_at))
    except OSError as error:
        _skip(folder, error)
        return None
    return found


def _skip(path: str, error: OSError) -> None:
    """Log that `path` is left for the next recovery; raises `error` if there was no room."""
    if is_no_room(error):
        raise error
    details = {"action": "recovery_skipped", "file": path, "error": str(error)}
    logger.warning("what may lack a receipt cannot be read, skipped", extra=details)


def _secure(layout: Layout, found: _Found, *, rewrite: bool) -> Receipt | None:
    """
    Make a file's content durable and return its receipt; None (logged) if it is unreadable.

    Raises SpoolFailed, or OSError when it cannot be written.
    """
    try:
        fd = os.open(found.file, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=layout.root_fd)
    except OSError as error:
        _skip(found.file, error)
        return None
    try:
        layout.sync.forget(fd)
        try:
            size, sha256, timestamp = _measure(fd, found.file)
        except OSError as error:
            _skip(found.file, error)
            return None
        if rewrite:
            _replace(layout, fd, found.file)
        else:
            layout.sync.file(fd)
    except PermissionError as error:  # copied in by another user: not ours to replace
        _skip(found.file, error)
        return None
    finally:
        os.close(fd)
    kind, conversation_id = identify_file(found.file) or ("quarantine", None)
    return Receipt(
        file=found.file,
        kind=kind,
        conversation_id=conversation_id,
        sha256=sha256,
        size=size,
        received_at=datetime.fromtimestamp(found.modified_at, UTC),
        event_timestamp=timestamp,
        signature="",
        source="recovered",
        reason=_reason(layout, sha256) if kind == "quarantine" else "",
    )


def _measure(fd: int, file: str) -> tuple[int, str, float | None]:
    """Return size in bytes, SHA-256 (hex) and event timestamp of a file; raises OSError."""
    digest = hashlib.sha256()
    size = 0
    head = b""
    while block := os.pread(fd, _BLOCK_BYTES, size):
        digest.update(block)
        size += len(block)
        if file.endswith(".json") and size <= _LARGEST_DOCUMENT_BYTES:
            head += block
    return size, digest.hexdigest(), _timestamp(head) if len(head) == size else None


def _timestamp(document: bytes) -> float | None:
    """Return the event timestamp (unix seconds) of a body, if it has a plain one."""
    try:
        value = json.loads(document)["event_timestamp"]
        return finite(value) if isinstance(value, int | float) else None
    except (ValueError, KeyError, TypeError, IndexError, OverflowError, RecursionError):
        return None


def _replace(layout: Layout, fd: int, file: str) -> None:
    """Put a durable copy in the place of `file`, which has no receipt; raises OSError."""
    copy, copy_fd = layout.create_temporary()
    try:
        try:
            offset = 0
            while block := os.pread(fd, _BLOCK_BYTES, offset):
                write_all(copy_fd, block)
                offset += len(block)
            layout.sync.file(copy_fd)
        finally:
            os.close(copy_fd)
        os.rename(copy, file, src_dir_fd=layout.root_fd, dst_dir_fd=layout.root_fd)
    finally:
        layout.remove([copy])  # if it has not got the other name


def _reason(layout: Layout, sha256: str) -> str:
    """Return why a body is in quarantine, as its sidecar tells; "" if it does not."""
    try:
        sidecar = json.loads((layout.root / sidecar_path(sha256)).read_bytes())
        return str(sidecar["reason"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return ""
