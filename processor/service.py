"""The processor: follows the ledger and keeps memory up with it, until it is told to stop."""

import asyncio
import logging
from contextlib import aclosing, suppress
from pathlib import Path

from memory.port import MemoryStore, MemoryStoreError, PositionMoved
from processor.apply import Batch, is_position_in, read_batch
from processor.errors import ProcessorLocked, RebuildRunning
from processor.follow import follow
from processor.lock import held, processor_lock
from processor.options import ProcessorOptions
from processor.parked import mark_parked
from processor.rebuild import rebuild
from processor.schedule import Retries
from spool.format import SpoolError

logger = logging.getLogger(__name__)

_FIRST_PAUSE_S = 0.25
_MAX_PAUSE_S = 30.0


async def run_processor(
    root: Path,
    store: MemoryStore,
    *,
    stop: asyncio.Event,
    options: ProcessorOptions | None = None,
) -> None:
    """
    Keep `store` up with the spool at `root` until `stop` is set.

    Returns between two transactions. Raises `ProcessorLocked` if another processor works on
    this spool; what goes wrong later is logged and tried again.
    """
    options = options or ProcessorOptions()
    with held(processor_lock(root), refusal=ProcessorLocked, holder="processor"):
        retries = Retries(root, store, options)
        try:
            await _keep_up(root, store, retries, options, stop)
        finally:
            await retries.close()


async def _keep_up(
    root: Path,
    store: MemoryStore,
    retries: Retries,
    options: ProcessorOptions,
    stop: asyncio.Event,
) -> None:
    async with aclosing(follow(root, stop=stop)) as wakes:
        async for _ in wakes:
            pause_seconds = _FIRST_PAUSE_S
            while not await _look(root, store, retries, options, stop):
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), pause_seconds)
                pause_seconds = min(2 * pause_seconds, _MAX_PAUSE_S)


async def _look(
    root: Path,
    store: MemoryStore,
    retries: Retries,
    options: ProcessorOptions,
    stop: asyncio.Event,
) -> bool:
    """Do all there is to do now; False if it has to be tried again after a pause."""
    try:
        await catch_up(root, store, options, stop=stop)
        if not stop.is_set():
            await retries.plan()
    except (MemoryStoreError, SpoolError, RebuildRunning) as error:
        logger.warning(
            "memory cannot be kept up now; trying again",
            extra={"action": "processor_waits", "error": str(error)},
        )
    except Exception:
        logger.exception("the processor failed", extra={"action": "processor_failed"})
    else:
        return True
    return stop.is_set()


async def catch_up(
    root: Path, store: MemoryStore, options: ProcessorOptions, *, stop: asyncio.Event
) -> None:
    """
    Apply every line that `store` has not seen yet, a transaction at a time.

    A position that cannot be gone on from (another ledger, a ledger cut short) starts a
    rebuild. Returns early, between two transactions, once `stop` is set.
    """
    while not stop.is_set():
        since = await store.position()
        if not await asyncio.to_thread(is_position_in, root, since):
            logger.warning(
                "memory is not of this ledger; rebuilding it",
                extra={"action": "rebuild_needed", "offset": since.offset},
            )
            report = await rebuild(root, store, options=options)
            logger.info("memory rebuilt", extra={"action": "rebuilt", "events": report.events})
            continue
        batch = await asyncio.to_thread(read_batch, root, since, options)
        if batch is None:
            return
        try:
            await batch.store_in(store)
        except PositionMoved:
            continue  # a rebuild was adopted meanwhile: go on from where that one is
        await _report(root, store, batch, options)


async def _report(root: Path, store: MemoryStore, batch: Batch, options: ProcessorOptions) -> None:
    logger.debug(
        "events applied",
        extra={"action": "events_applied", "offset": batch.to.offset},
    )
    for failure in batch.failed:
        logger.warning(
            "an event could not be applied",
            extra={"action": "event_failed", "file": failure.file, "error": failure.error},
        )
    if batch.failed:
        await mark_parked(root, store, now=options.clock())
