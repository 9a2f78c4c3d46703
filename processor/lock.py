"""Locks between processes: one processor, and one rebuild, for one spool."""

import asyncio
import fcntl
import os
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path

from processor.errors import ProcessorError
from spool.format import STATE_FOLDER

# Asking whether a lock is held takes it for an instant; whoever wants it waits longer than that.
_PATIENCE_S = 0.3
_STEP_S = 0.02
# A command is done soon; whoever serves waits for it.
_PATIENCE_WITH_COMMAND_S = 15.0
_COMMAND = "command"


def processor_lock(root: Path) -> Path:
    """Return the file that a running processor holds."""
    return root / STATE_FOLDER / "processor.lock"


def rebuild_lock(root: Path) -> Path:
    """Return the file that a running rebuild holds."""
    return root / STATE_FOLDER / "rebuild.lock"


@contextmanager
def held(
    path: Path,
    *,
    refusal: type[ProcessorError],
    holder: str,
    place: str = "spool",
    is_command: bool = False,
    patience_seconds: float = _PATIENCE_S,
) -> Iterator[None]:
    """
    Hold the lock at `path`, which ends with the process at the latest.

    `is_command` tells others that this comes to its end by itself: see `held_by_server`. Raises
    `refusal`, naming `holder`, its process and the `place`, if another process holds it, and
    `ProcessorError` if there can be no such file: its folder must be there.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise ProcessorError(f"cannot lock {path}: {error}; check who owns the folder") from error
    try:
        if not _take(descriptor, patience_seconds):
            pid = _told(descriptor)[0]
            raise refusal(
                f"another {holder} works on this {place} (pid {pid}); stop it, or let it do the "
                "work"
            )
        os.ftruncate(descriptor, 0)
        told = f"{os.getpid()} {_COMMAND}\n" if is_command else f"{os.getpid()}\n"
        os.pwrite(descriptor, told.encode(), 0)
        yield
    finally:
        os.close(descriptor)  # the lock goes with it


@asynccontextmanager
async def held_by_server(
    path: Path, *, refusal: type[ProcessorError], holder: str, place: str = "spool"
) -> AsyncIterator[None]:
    """Hold the lock as `held` does, but wait some time for a command that holds it."""
    began = time.monotonic()
    with ExitStack() as stack:
        while True:
            lock = held(path, refusal=refusal, holder=holder, place=place, patience_seconds=0)
            try:
                stack.enter_context(lock)
            except refusal:
                patience = _PATIENCE_WITH_COMMAND_S if _is_of_command(path) else _PATIENCE_S
                if time.monotonic() - began > patience:
                    raise
            else:
                break
            await asyncio.sleep(_STEP_S)
        yield


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


def _is_of_command(path: Path) -> bool:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return _COMMAND in _told(descriptor)
    finally:
        os.close(descriptor)


def _told(descriptor: int) -> list[str]:
    """Return what the holder says: its process, and what it is."""
    return os.pread(descriptor, 40, 0).decode("ascii", "replace").split() or ["unknown"]


def _take(descriptor: int, patience_seconds: float) -> bool:
    deadline = time.monotonic() + patience_seconds
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
