"""From settings to a memory store (the only place that names an adapter) and its processor."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from memory.embedded import EmbeddedStore
from memory.port import MemoryStore
from processor.options import ProcessorOptions
from processor.retry import RetryPolicy
from settings import Settings
from spool.format import STATE_FOLDER, SpoolError


@asynccontextmanager
async def open_store(
    settings: Settings, *, upgrade: bool = False, must_exist: bool = False
) -> AsyncIterator[MemoryStore]:
    """
    Open the memory store that the settings name, and close it at the end.

    With `upgrade`, for who derives it again, an older store is emptied and a damaged one set
    aside. With `must_exist`, for who only reads, nothing is made.
    """
    store = await EmbeddedStore.open(
        settings.openmemory_db_path, upgrade=upgrade, must_exist=must_exist
    )
    try:
        yield store
    finally:
        await store.close()


def require_spool(root: Path) -> None:
    """Raise SpoolError if there is no spool at `root`: nothing is to be made by who only looks."""
    if not (root / STATE_FOLDER).is_dir():
        raise SpoolError(
            f"there is no spool at {root.absolute()}: set PAYLOAD_STORAGE_PATH, or start "
            "`run.py all-in-one`, which makes it"
        )


def processor_options(settings: Settings) -> ProcessorOptions:
    """Return the processor's options as the settings have them."""
    retry = RetryPolicy(
        base_seconds=settings.retry_base_seconds,
        max_seconds=settings.retry_max_seconds,
        max_attempts=settings.retry_max_attempts,
    )
    return ProcessorOptions(retry=retry, region=settings.phone_region or None)
