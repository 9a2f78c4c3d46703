"""How bytes and names are made durable here: the primitives that this system offers."""

import ctypes
import errno
import fcntl
import os
import platform
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from spool.format import SpoolFailed, UnsuitableFolder

SyncMode = Literal["auto", "syncfs", "fsync"]

# The errors that mean "not now": nothing is damaged, and later there may be room again.
_NO_ROOM = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG, errno.EMFILE, errno.ENFILE, errno.ENOMEM}
)
# Before Linux 5.8, syncfs did not report a failed write: it could not be trusted.
_HONEST_SYNCFS = (5, 8)


def is_no_room(error: OSError) -> bool:
    """Tell whether `error` says that there is no room now, rather than that the disk failed."""
    return error.errno in _NO_ROOM


@dataclass(frozen=True, slots=True, kw_only=True)
class Sync:
    """
    The durability primitives of this system; each raises SpoolFailed.

    `file(fd)` makes an open file, or the names in an open folder, durable. `content(fd)` does
    so for the bytes of a file alone. `everything(fd)` does it for the whole file system in one
    call; it is None where that does not exist. `forget(fd)` drops what the page cache
    holds of a file, so that reading it shows what the disk holds; it never fails.
    """

    file: Callable[[int], None]
    content: Callable[[int], None]
    everything: Callable[[int], None] | None
    forget: Callable[[int], None]


def choose_sync(
    mode: SyncMode,
    *,
    system: Any = os,
    control: Any = fcntl,
    library: Any = None,
    release: str | None = None,
) -> Sync:
    """
    Return the best primitives that this system offers under `mode`.

    Raises UnsuitableFolder if syncfs is asked for and not there. The keyword arguments are the
    modules and the kernel release to look at: by default, those of the running system.
    """
    library = ctypes.CDLL(None, use_errno=True) if library is None else library
    syncfs = getattr(library, "syncfs", None)
    if mode == "syncfs" and syncfs is None:
        message = 'this system has no syncfs: choose "auto" or "fsync"'
        raise UnsuitableFolder(message)
    is_honest = _version(platform.release() if release is None else release) >= _HONEST_SYNCFS
    use_syncfs = mode == "syncfs" or (mode == "auto" and syncfs is not None and is_honest)
    file = _full_fsync(system, control)
    return Sync(
        file=_translated(file, "fsync"),
        content=_translated(getattr(system, "fdatasync", file), "fdatasync"),
        everything=_translated(_checked(syncfs), "syncfs") if use_syncfs and syncfs else None,
        forget=_forget(system),
    )


def _full_fsync(system: Any, control: Any) -> Callable[[int], None]:
    """Return fsync; on macOS the one that also empties the cache of the drive."""
    fsync: Callable[[int], None] = system.fsync
    full = getattr(control, "F_FULLFSYNC", None)
    if full is None:
        return fsync

    def full_fsync(fd: int) -> None:
        try:
            control.fcntl(fd, full)
        except OSError as error:
            if error.errno not in {errno.ENOTSUP, errno.EINVAL, errno.ENOTTY}:
                raise
            fsync(fd)  # a file system, such as a network one, that knows only the plain call

    return full_fsync


def _checked(function: Any) -> Callable[[int], None]:
    """Return the C function as one that raises OSError."""

    def call(fd: int) -> None:
        if function(ctypes.c_int(fd)) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))

    return call


def _translated(function: Callable[[int], None], name: str) -> Callable[[int], None]:
    """Return `function` raising SpoolFailed in place of OSError."""

    def call(fd: int) -> None:
        try:
            function(fd)
        except OSError as error:
            message = f"{name} failed: {error}; the disk may be damaged, look at the system log"
            raise SpoolFailed(message) from error

    return call


def _forget(system: Any) -> Callable[[int], None]:
    """Return the call that drops a file from the page cache; one that does nothing elsewhere."""
    advise = getattr(system, "posix_fadvise", None)

    def call(fd: int) -> None:
        if advise is not None:
            advise(fd, 0, 0, system.POSIX_FADV_DONTNEED)

    return call


def _version(release: str) -> tuple[int, ...]:
    """Return the leading numbers of a kernel release such as 6.1.0-13."""
    return tuple(int(number) for number in re.findall(r"\d+", release)[:2])
