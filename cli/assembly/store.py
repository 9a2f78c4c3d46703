"""From settings to a memory store (the only place that names an adapter) and its processor."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from memory.embedded import EmbeddedStore
from memory.embedding.encoder import Encoder
from memory.embedding.open import EncoderOptions, open_encoder
from memory.port import MemoryStore
from processor.options import ProcessorOptions
from processor.retry import RetryPolicy
from settings import Settings
from spool.format import STATE_FOLDER, SpoolError

if TYPE_CHECKING:
    from cli.assembly.openmemory import OpenMemory

_SHARE_FOR_MODEL = 0.4  # of a live answer's time; words need hardly any of the rest


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedMemory:
    """The store that answers, and the OpenMemory beside it, None in embedded mode."""

    store: MemoryStore
    openmemory: "OpenMemory | None" = None


@asynccontextmanager
async def open_memory(
    settings: Settings,
    *,
    upgrade: bool = False,
    must_exist: bool = False,
    mirrors: bool = False,
    wait_seconds: float | None = None,
) -> AsyncIterator[OpenedMemory]:
    """
    Open the memory store for who searches or processes, with the OpenMemory that settings name.

    `upgrade` and `must_exist` are those of `open_store`. With `mirrors` there is a mirror, to be
    run. A search waits `wait_seconds` for OpenMemory, or as long as the settings say.
    """
    async with open_store(
        settings, upgrade=upgrade, must_exist=must_exist, with_model=True
    ) as embedded:
        if settings.openmemory_mode == "embedded":
            yield OpenedMemory(store=embedded)
            return
        # Only for who has one: nobody else's start is to take longer for it.
        from cli.assembly.openmemory import open_openmemory
        from memory.openmemory.store import MirroredStore

        async with open_openmemory(
            settings, embedded, mirrors=mirrors, wait_seconds=wait_seconds
        ) as opened:
            store = MirroredStore(embedded, opened.recall, opened.mirror)
            yield OpenedMemory(store=store, openmemory=opened)


@asynccontextmanager
async def open_store(
    settings: Settings,
    *,
    upgrade: bool = False,
    must_exist: bool = False,
    with_model: bool = False,
) -> AsyncIterator[EmbeddedStore]:
    """
    Open the embedded store that the settings name, and close it at the end.

    With `upgrade`, for who derives it again, an older store is emptied and a damaged one set
    aside. With `must_exist`, for who only reads, nothing is made. With `with_model`, for who
    searches or processes, the embedding model that the settings name is opened too.
    """
    async with AsyncExitStack() as stack:
        encoder = await open_model(settings) if with_model else None
        if encoder is not None:
            stack.push_async_callback(encoder.close)
        store = await EmbeddedStore.open(
            settings.openmemory_db_path,
            upgrade=upgrade,
            must_exist=must_exist,
            cache_bytes=settings.memory_cache_mb * 1024 * 1024,
            encoder=encoder,
            query_seconds=_SHARE_FOR_MODEL * settings.live_deadline_ms / 1000,
        )
        stack.push_async_callback(store.close)
        yield store


async def open_model(settings: Settings) -> Encoder | None:
    """Open the embedding model that the settings name; None if it is off."""
    return await open_encoder(
        EncoderOptions(
            spec=settings.memory_embeddings,
            openai_api_key=settings.openai_api_key.get_secret_value(),
            openai_base_url=settings.openai_base_url,
            ollama_host=settings.ollama_host,
        )
    )


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
    return ProcessorOptions(
        retry=retry, region=settings.phone_region or None, redact=settings.redacted_kinds
    )
