"""From settings to a memory store: the only place that names an adapter."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from memory.embedded import EmbeddedStore
from memory.port import MemoryStore
from settings import Settings


@asynccontextmanager
async def open_store(settings: Settings, *, upgrade: bool = False) -> AsyncIterator[MemoryStore]:
    """
    Open the memory store that the settings name, and close it at the end.

    With `upgrade` a store of an older version is emptied: only for who derives it again.
    """
    store = await EmbeddedStore.open(settings.openmemory_db_path, upgrade=upgrade)
    try:
        yield store
    finally:
        await store.close()
