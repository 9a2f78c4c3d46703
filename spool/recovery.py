"""Recovery: files that have their name but no receipt are found, made durable and entered."""

import hashlib
import json
import logging
import os
from collections.abc import Iterator
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


def enter_missing(layout: Layout, ledger: Ledger, *, rewrite: bool) -> int:
    """
    Write a receipt for every file that has a name of ours and none; return how many.

    Each is durable, name and content, before its receipt is. Files are looked for in folders
    that changed since shortly before the last receipt; everywhere if that cannot be relied on.
    With `rewrite`, a new copy takes the place of each: after a failed fsync, memory may show
    what the disk does not hold, and nothing but a new file is sure.
    Raises SpoolFull, SpoolFailed or OSError; trying again later goes on where it stopped.
    """
    found = sorted(_without_receipt(layout, ledger), key=lambda each: each.modified_at)
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
    return entered


def _without_receipt(layout: Layout, ledger: Ledger) -> list[_Found]:
    """Return the files of ours that no receipt names, as far as they can be new."""
    since = _last_change(ledger)
    candidates = {each.file: each for each in _candidates(layout, since)}
    if candidates:
        for line, _ in ledger_lines(layout.root):
            try:
                candidates.pop(_file_of(line), None)
            except DamagedLine:
                continue
    return list(candidates.values())


def _file_of(line: bytes) -> str:
    """Return the file that a line names, fast; raises DamagedLine."""
    parts = line.split(b'"', 6)
    if is_intact(line) and parts[3:4] == [b"file"]:
        return parts[5].decode("ascii", "replace")
    return decode_receipt(line).file


def _last_change(ledger: Ledger) -> float:
    """Return the time (unix seconds) before which every file is known to have its receipt."""
    if not ledger.last_line or ledger.is_damaged:
        return 0.0
    try:
        received_at = decode_receipt(ledger.last_line).received_at.timestamp()
    except DamagedLine:
        return 0.0
    # The earlier of the two: a wrong clock or a copied ledger can spoil either of them.
    return min(received_at, ledger.changed_at) - _MARGIN_SECONDS


def _candidates(layout: Layout, since: float) -> Iterator[_Found]:
    """Yield every file with a name of ours in a folder that changed after `since`."""
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
    for name in names:
        with os.scandir(layout.root / name) as files:
            for entry in files:
                file = f"{name}/{entry.name}"
                if identify_file(file) and entry.is_file(follow_symlinks=False):
                    modified_at = entry.stat(follow_symlinks=False).st_mtime
                    yield _Found(file=file, modified_at=modified_at)


def _secure(layout: Layout, found: _Found, *, rewrite: bool) -> Receipt | None:
    """
    Make a file's content durable and return its receipt; None (logged) if it is unreadable.

    Raises SpoolFailed, or OSError when it cannot be written.
    """
    try:
        fd = os.open(found.file, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=layout.root_fd)
    except FileNotFoundError:
        return None
    try:
        layout.sync.forget(fd)
        try:
            size, sha256, timestamp = _measure(fd, found.file)
        except OSError as error:
            details = {"action": "recovery_skipped", "file": found.file, "error": str(error)}
            logger.warning("a file without a receipt cannot be read, skipped", extra=details)
            return None
        if rewrite:
            _replace(layout, fd, found.file)
        else:
            layout.sync.file(fd)
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
    except BaseException:
        layout.remove([copy])
        raise


def _reason(layout: Layout, sha256: str) -> str:
    """Return why a body is in quarantine, as its sidecar tells; "" if it does not."""
    try:
        sidecar = json.loads((layout.root / sidecar_path(sha256)).read_bytes())
        return str(sidecar["reason"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return ""
