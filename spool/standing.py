"""What stands under a final name already: whether it is what has arrived once more."""

import errno
import hashlib
import os
from collections.abc import Iterator

from spool.arrival import Arrival
from spool.format import Receipt
from spool.layout import Layout

_BLOCK_BYTES = 1 << 20
# What opening answers when something that is not ours stands under a name of ours.
_NOT_OURS = frozenset(
    {errno.ELOOP, errno.EISDIR, errno.ENOTDIR, errno.ENXIO, errno.EACCES, errno.EPERM}
)


def is_same_content(layout: Layout, name: str, *, size: int, sha256: str) -> bool | None:
    """Tell whether `name` holds this content, and make it durable; None if it is free."""
    try:
        fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=layout.root_fd)
    except FileNotFoundError:
        return None
    except OSError as error:
        if error.errno in _NOT_OURS:
            return False
        raise
    try:
        if os.fstat(fd).st_size != size:
            return False
        layout.sync.forget(fd)  # compare with the disk, not with what should be there
        if _hash(fd) != sha256:
            return False
        layout.sync.file(fd)
        return True
    finally:
        os.close(fd)


def is_same_event(layout: Layout, arrival: Arrival, receipt: Receipt) -> bool:
    """
    Tell whether other content, which `receipt` speaks for, is the event of `arrival` all the same.

    So it is for a backfill, whatever stands there, and for what the platform sends after a
    backfill brought the same. Raises OSError.
    """
    if arrival.source == "backfill":
        return True
    if arrival.kind == "audio":  # too large to look into
        return receipt.source == "backfill" and _size(layout, receipt.file) == receipt.size
    # Not only "backfill": after a crash, or for a lost ledger, its receipt says "recovered".
    if receipt.source == "webhook" or arrival.is_same_event is None:
        return False
    if _has_revision(layout, receipt.file):  # then the latest must be stored, so that it counts
        return False
    content = _read(layout, receipt.file)
    is_whole = hashlib.sha256(content).hexdigest() == receipt.sha256
    return is_whole and arrival.is_same_event(content)


def _size(layout: Layout, name: str) -> int:
    return os.stat(name, dir_fd=layout.root_fd, follow_symlinks=False).st_size


def _has_revision(layout: Layout, name: str) -> bool:
    """Tell whether any revision stands beside what has this plain name; raises OSError."""
    path = layout.root / name
    return any(other.name.startswith(f"{path.stem}.rev-") for other in path.parent.iterdir())


def _read(layout: Layout, name: str) -> bytes:
    """Return the content of a file; b"" if it cannot be read, so that it is no event."""
    try:
        fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=layout.root_fd)
    except OSError as error:
        if error.errno in _NOT_OURS:
            return b""
        raise
    try:
        layout.sync.forget(fd)
        return b"".join(_blocks(fd))
    except OSError:
        return b""
    finally:
        os.close(fd)


def _hash(fd: int) -> str:
    """Return the SHA-256 (hex) of an open file; "" if it cannot be read, so it equals nothing."""
    digest = hashlib.sha256()
    try:
        for block in _blocks(fd):
            digest.update(block)
    except OSError:
        return ""
    return digest.hexdigest()


def _blocks(fd: int) -> Iterator[bytes]:
    while block := os.read(fd, _BLOCK_BYTES):
        yield block
