"""A lock between processes: who works on one caller's rows in OpenMemory works alone."""

import asyncio
import fcntl
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from memory.errors import MemoryUnavailable

_STEP_S = 0.02
_PATIENCE_S = 600.0  # thousands of memories of one caller take minutes


@asynccontextmanager
async def claimed(ledger: Path) -> AsyncIterator[None]:
    """
    Hold the lock beside the ledger, waiting for it up to ten minutes.

    `memory sync` and a running mirror take turns by it, a caller at a time. It ends with the
    process at the latest. Raises MemoryUnavailable if it cannot be had.
    """
    path = ledger.with_name(f".{ledger.name}.lock")
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise MemoryUnavailable(f"cannot lock {path}: {error}") from error
    try:
        deadline = time.monotonic() + _PATIENCE_S
        while not _take(descriptor):
            if time.monotonic() > deadline:
                raise MemoryUnavailable(
                    "another process has worked on one caller's rows in OpenMemory for ten "
                    "minutes: is a `memory sync` stopped somewhere?"
                )
            await asyncio.sleep(_STEP_S)
        yield
    finally:
        os.close(descriptor)  # the lock goes with it


def _take(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
