"""Locks between processes: one processor, and one rebuild, for one spool."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from processor.errors import ProcessorError
from spool.format import STATE_FOLDER

# Asking whether a lock is held takes it for an instant; whoever wants it waits longer than that.
_PATIENCE_S = 0.3
_STEP_S = 0.02


def processor_lock(root: Path) -> Path:
    """Return the file that a running processor holds."""
    return root / STATE_FOLDER / "processor.lock"


def rebuild_lock(root: Path) -> Path:
    """Return the file that a running rebuild holds."""
    return root / STATE_FOLDER / "rebuild.lock"


@contextmanager
def held(
    path: Path, *, refusal: type[ProcessorError], holder: str, place: str = "spool"
) -> Iterator[None]:
    """
    Hold the lock at `path`, which ends with the process at the latest.

    Raises `refusal`, naming `holder`, its process and the `place`, if another process holds it, and
    `ProcessorError` if there can be no such file: its folder must be there.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise ProcessorError(f"cannot lock {path}: {error}; check who owns the folder") from error
    try:
        if not _take(descriptor):
            pid = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip() or "unknown"
            raise refusal(
                f"another {holder} works on this {place} (pid {pid}); stop it, or let it do the "
                "work"
            )
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)  # the lock goes with it


def is_held(path: Path) -> bool:
    """Tell whether a process holds the lock at `path`."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        return not _try(descriptor, fcntl.LOCK_SH)
    finally:
        os.close(descriptor)


def _take(descriptor: int) -> bool:
    deadline = time.monotonic() + _PATIENCE_S
    while not _try(descriptor, fcntl.LOCK_EX):
        if time.monotonic() > deadline:
            return False
        time.sleep(_STEP_S)
    return True


def _try(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
