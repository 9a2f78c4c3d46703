"""The processor: follows the ledger and keeps memory up with it, until it is told to stop."""

import asyncio
import logging
from contextlib import aclosing, suppress
from pathlib import Path

from memory.errors import MemoryDamaged, MemoryStoreError, PositionMoved
from memory.port import MemoryStore
from processor.apply import read_batch, why_not_from
from processor.decided import Decided
from processor.embedding import Embedding
from processor.errors import ProcessorError, ProcessorLocked, RebuildStopped
from processor.failure_log import log_failures
from processor.follow import follow
from processor.hooks import Hooks, unobserved
from processor.lock import held_by_server, processor_lock
from processor.options import ProcessorOptions
from processor.parked import mark_parked
from processor.rebuild import rebuild
from processor.reporting import Observe
from processor.schedule import Retries
from spool.format import STATE_FOLDER, SpoolError
from spool.layout import create_durably
from spool.standing_orders import Orders
from spool.version import check_format

logger = logging.getLogger(__name__)

_FIRST_PAUSE_S = 0.25
_MAX_PAUSE_S = 30.0


async def run_processor(
    root: Path,
    store: MemoryStore,
    *,
    stop: asyncio.Event,
    options: ProcessorOptions,
    hooks: Hooks | None = None,
) -> None:
    """
    Keep `store` up with the spool at `root` until `stop` is set.

    The spool's folder is made if a receiver has not made it yet, and a command that has the
    processor's place is waited for. Returns between two transactions. Raises `ProcessorLocked`
    if another processor works on this spool, and `SpoolError` if there can be no such folder;
    what goes wrong later is logged and tried again.
    """
    await asyncio.to_thread(check_format, root)
    await asyncio.to_thread(create_durably, root / STATE_FOLDER)
    lock = processor_lock(root)
    async with held_by_server(lock, refusal=ProcessorLocked, holder="processor"):
        logger.info(
            "following the spool", extra={"action": "processor_follows", "spool": str(root)}
        )
        orders = await asyncio.to_thread(Orders, root)
        processor = _Processor(root, store, options, stop, orders=orders, hooks=hooks or Hooks())
        try:
            await processor.keep_up()
        finally:
            await processor.close()


class _Processor:
    def __init__(
        self,
        root: Path,
        store: MemoryStore,
        options: ProcessorOptions,
        stop: asyncio.Event,
        *,
        orders: Orders,
        hooks: Hooks,
    ) -> None:
        self._root = root
        self._orders = orders
        self._decided = Decided(root, store, options, orders, hooks)
        self._store = store
        self._options = options
        self._stop = stop
        # Whoever derives and then stores holds this: see `Retries`.
        self._writing = asyncio.Lock()
        self._observe = hooks.observe
        self._retries = Retries(
            root, store, options, orders, writing=self._writing, observe=hooks.observe
        )
        self._embedding = Embedding(store, options)
        self._has_caught_up = False

    async def keep_up(self) -> None:
        async with aclosing(follow(self._root, stop=self._stop)) as wakes:
            async for _ in wakes:
                pause_seconds = _FIRST_PAUSE_S
                while not await self._look():
                    with suppress(TimeoutError):
                        await asyncio.wait_for(self._stop.wait(), pause_seconds)
                    pause_seconds = min(2 * pause_seconds, _MAX_PAUSE_S)

    async def close(self) -> None:
        await self._embedding.close()
        await self._retries.close()

    async def _look(self) -> bool:
        """Do all there is to do now; False if it has to be tried again after a pause."""
        try:
            async with self._writing:
                erased = await catch_up(
                    self._root,
                    self._store,
                    self._options,
                    orders=self._orders,
                    stop=self._stop,
                    observe=self._observe,
                )
                if not self._stop.is_set():
                    await self._begin()
                    await self._decided.obey(erased)
            if not self._stop.is_set():
                await self._retries.plan()
                self._embedding.wake()
        except MemoryDamaged as error:
            await self._mend(str(error))
        except (MemoryStoreError, SpoolError, ProcessorError) as error:
            logger.warning(
                "memory cannot be kept up now; trying again",
                extra={"action": "processor_waits", "error": str(error)},
            )
        except Exception:
            logger.exception("the processor failed", extra={"action": "processor_failed"})
        else:
            return True
        return self._stop.is_set()

    async def _mend(self, reason: str) -> None:
        try:
            await _rebuild(
                self._root,
                self._store,
                self._options,
                reason,
                stop=self._stop,
                observe=self._observe,
            )
        except (MemoryStoreError, SpoolError, ProcessorError) as error:
            logger.error(
                "damaged memory could not be rebuilt; trying again",
                extra={"action": "rebuild_failed", "error": str(error)},
            )

    async def _begin(self) -> None:
        """After the first catching up: put the markers right, and say that we are there."""
        if self._has_caught_up:
            return
        await mark_parked(self._root, self._store, now=self._options.clock())
        self._has_caught_up = True
        logger.info("memory is up to date", extra={"action": "processor_caught_up"})


async def catch_up(
    root: Path,
    store: MemoryStore,
    options: ProcessorOptions,
    *,
    orders: Orders,
    stop: asyncio.Event,
    observe: Observe = unobserved,
) -> list[str]:
    """
    Apply every line that `store` has not seen yet, a transaction at a time.

    A position that cannot be gone on from (another ledger, one cut short, other rules of
    deriving) starts a rebuild. Returns early, between two transactions, once `stop` is set.
    Return the conversations that came although they, or their callers, were erased. `observe`
    is told of every event but those that a rebuild found there.
    """
    erased: list[str] = []
    while not stop.is_set():
        await asyncio.to_thread(orders.refresh)
        since = await store.position()
        reason = await asyncio.to_thread(why_not_from, root, since, rules=options.rules)
        if reason:
            await _rebuild(root, store, options, reason, stop=stop, observe=observe)
            continue
        batch = await asyncio.to_thread(read_batch, root, since, options, orders=orders)
        if batch is None:
            break
        try:
            failed = await batch.store_in(store, options, observe=observe)
        except PositionMoved:
            continue  # a rebuild was adopted meanwhile: go on from where that one is
        logger.debug(
            "events applied", extra={"action": "events_applied", "offset": batch.to.offset}
        )
        erased += batch.erased
        log_failures(failed, batch.tried)
        if failed:
            await mark_parked(root, store, now=options.clock())
    return erased


async def _rebuild(
    root: Path,
    store: MemoryStore,
    options: ProcessorOptions,
    reason: str,
    *,
    stop: asyncio.Event,
    observe: Observe,
) -> None:
    logger.warning(
        "memory does not belong to this spool as it is; rebuilding it",
        extra={"action": "rebuild_needed", "reason": reason},
    )
    try:
        report = await rebuild(root, store, options=options, stop=stop, observe=observe)
    except RebuildStopped:
        return
    logger.info("memory rebuilt", extra={"action": "rebuilt", "events": report.events})
