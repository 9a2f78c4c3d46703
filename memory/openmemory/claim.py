"""A lock between processes: who works on one caller's rows in OpenMemory works alone."""

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from memory.errors import MemoryUnavailable

_STEP_S = 0.02


@asynccontextmanager
async def claimed(ledger: Path) -> AsyncIterator[None]:
    """
    Hold the lock beside the ledger, waiting for it as long as it takes.

    `memory sync` and a running mirror take turns by it, a caller at a time. It ends with the
    process at the latest.
    """
    path = ledger.with_name(f".{ledger.name}.lock")
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise MemoryUnavailable(f"cannot lock {path}: {error}") from error
    try:
        while not _take(descriptor):  # noqa: ASYNC110 - the system has no event for it
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
