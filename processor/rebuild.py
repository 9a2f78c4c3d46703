"""Rebuild: the whole spool replayed into a fresh memory, which then takes the old one's place."""

import asyncio
import os
import time
from array import array
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from queue import SimpleQueue

from memory.errors import MemoryDamaged
from memory.port import START, MemoryStore, Position
from processor.apply import noted, read_batch, why_not_from
from processor.compare import Comparison, compare
from processor.derive import origin
from processor.errors import RebuildFailed, RebuildRunning, RebuildStopped
from processor.hooks import unobserved
from processor.lock import held, rebuild_lock
from processor.options import ProcessorOptions
from processor.outcomes import EventOutcome
from processor.parked import mark_parked
from processor.replay import Derived, derive_at
from processor.reporting import Observe
from processor.settle import Standing, settle_since
from processor.storing import store_derived
from processor.worker import Worker
from spool.format import STATE_FOLDER, Receipt
from spool.reader import ledger_identity, read_receipts
from spool.standing_orders import Orders
from voice.rules import Rules

_CHUNK = 50  # events per request to a worker, and per transaction
_WORTH_WORKERS = 500  # fewer events are done before a worker has started
_MAX_WORKERS = 8
_MAX_COMPARISONS = 5

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class RebuildReport:
    """
    What a rebuild did, or would do. `events` are those that memory is derived from; `failed`
    of them could not be. `comparison` is there after a verification.
    """

    events: int = 0
    failed: int = 0
    seconds: float = 0.0
    is_adopted: bool = False
    comparison: Comparison | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """Where the events' ledger lines begin, in the order of the calls, and where reading ended."""

    offsets: "array[int]"
    end: Position


async def rebuild(
    root: Path,
    store: MemoryStore,
    *,
    options: ProcessorOptions,
    dry_run: bool = False,
    verify: bool = False,
    workers: int | None = None,
    on_progress: Progress | None = None,
    stop: asyncio.Event | None = None,
    observe: Observe = unobserved,
) -> RebuildReport:
    """
    Derive everything in the spool at `root` anew and switch `store` to it, atomically.

    Until the switch `store` answers from the old memory; after an error or a kill it goes on
    doing so. What arrives meanwhile is in the new memory, and `observe` is told of it then, or is
    applied to it by a running processor. `dry_run` only counts. `verify` compares instead of
    switching: everything up to the live memory's position. `on_progress` is given (done, total)
    events. Raises `RebuildRunning`, `RebuildFailed`, `RebuildStopped` soon after `stop` is set,
    or the error of spool or store.
    """
    began = time.monotonic()
    if not (root / STATE_FOLDER).is_dir():
        raise RebuildFailed(f"there is no spool at {root}; is that the right folder?")
    with held(rebuild_lock(root), refusal=RebuildRunning, holder="rebuild"):
        plan = await _prepare(root, store, options, verify=verify)
        report = RebuildReport()
        if not dry_run:
            fresh = await store.fresh()
            try:
                orders = await asyncio.to_thread(Orders, root)
                since = Standing.of(orders)
                async with aclosing(_derived(root, plan, options, workers=workers)) as derived:
                    await _replay(derived, fresh, plan, options, on_progress=on_progress, stop=stop)
                finish = _compare if verify else partial(_switch, observe=observe)
                report = await finish(root, store, fresh, options, orders=orders, since=since)
            finally:
                await fresh.close()
    return replace(report, events=len(plan.offsets), seconds=time.monotonic() - began)


async def _prepare(
    root: Path, store: MemoryStore, options: ProcessorOptions, *, verify: bool
) -> _Plan:
    """Plan the replay; raises RebuildFailed where it would replace memory by nothing."""
    rules, until_bytes = options.rules, None
    try:
        live: Position | None = await store.position()
    except MemoryDamaged:
        live = None  # to be replaced; there is nothing in it to compare with
        if verify:
            raise
    if verify and live is not None:
        until_bytes = live.offset
        if reason := await asyncio.to_thread(why_not_from, root, live, rules=rules):
            raise RebuildFailed(f"there is nothing to compare: {reason}; run `processor rebuild`")
    plan = await asyncio.to_thread(_plan, root, rules=rules, until_bytes=until_bytes)
    if plan.end == START and live != START:
        raise RebuildFailed(f"there is no ledger at {root}; is that the right folder?")
    return plan


def _plan(root: Path, *, rules: Rules, until_bytes: int | None) -> _Plan:
    """Read the ledger once, keeping two numbers an event, and order by when the calls ended."""
    moments, offsets = array("d"), array("Q")
    before = 0
    for receipt, after in read_receipts(root):
        if until_bytes is not None and after > until_bytes:
            break
        if not isinstance(receipt, Receipt) or receipt.kind in ("transcription", "failure"):
            moments.append(_moment(receipt) if isinstance(receipt, Receipt) else 0.0)
            offsets.append(before)
        before = after
    in_order = sorted(range(len(offsets)), key=moments.__getitem__)
    ledger = origin(ledger_identity(root), read_by=rules)
    end = Position(ledger=ledger, offset=before) if before else START
    return _Plan(offsets=array("Q", (offsets[index] for index in in_order)), end=end)


def _moment(receipt: Receipt) -> float:
    if receipt.event_timestamp is not None:
        return receipt.event_timestamp
    return receipt.received_at.timestamp()


async def _replay(
    derived: AsyncIterator[Derived],
    fresh: MemoryStore,
    plan: _Plan,
    options: ProcessorOptions,
    *,
    on_progress: Progress | None,
    stop: asyncio.Event | None,
) -> None:
    note = partial(noted, options=options)
    total, done = len(plan.offsets), 0
    async for chunk in derived:
        failed = [note(file, error) for file, error in chunk.failed]
        await store_derived(fresh, chunk.conversations, note=note, failed=failed)
        if stop is not None and stop.is_set():
            raise RebuildStopped("the rebuild was told to stop; the old memory is still in use")
        done = min(done + _CHUNK, total)
        if on_progress is not None:
            on_progress(done, total)
    await fresh.apply([], advance=(START, plan.end))


async def _derived(
    root: Path, plan: _Plan, options: ProcessorOptions, *, workers: int | None
) -> AsyncGenerator[Derived, None]:
    """Yield what the events come to, a chunk at a time, in order, working a little ahead."""
    if workers is None:
        workers = min(os.cpu_count() or 1, _MAX_WORKERS)
    if len(plan.offsets) < _WORTH_WORKERS:
        workers = 1
    loop = asyncio.get_running_loop()
    pending: deque[asyncio.Future[Derived]] = deque()
    async with _deriving(root, options, workers=workers) as (pool, derive):
        try:
            for start in range(0, len(plan.offsets), _CHUNK):
                chunk = plan.offsets[start : start + _CHUNK].tolist()
                pending.append(loop.run_in_executor(pool, derive, chunk))
                if len(pending) > 2 * workers:
                    yield await pending.popleft()
            while pending:
                yield await pending.popleft()
        finally:
            for future in pending:
                future.cancel()


@asynccontextmanager
async def _deriving(
    root: Path, options: ProcessorOptions, *, workers: int
) -> AsyncIterator[tuple[ThreadPoolExecutor, Callable[[Sequence[int]], Derived]]]:
    """
    Provide threads and the function to run in them: here for one, else in worker processes.

    Both end at once when the block does. That is waited for in a thread, as is their start:
    live answers may come from this event loop.
    """
    idle: SimpleQueue[Worker] = SimpleQueue()
    orders = await asyncio.to_thread(Orders, root)

    def derive_here(offsets: Sequence[int]) -> Derived:
        return derive_at(root, offsets, rules=options.rules, orders=orders)

    def derive_there(offsets: Sequence[int]) -> Derived:
        worker = idle.get()
        try:
            return worker.derive_at(offsets)
        finally:
            idle.put(worker)

    async with AsyncExitStack() as stack:
        pool = ThreadPoolExecutor(workers, thread_name_prefix="rebuild")
        stack.push_async_callback(asyncio.to_thread, pool.shutdown, cancel_futures=True)
        if workers == 1:
            yield pool, derive_here
            return
        for _ in range(workers):
            worker = await asyncio.to_thread(Worker, root, rules=options.rules)
            # before the threads: one that waits for it then ends
            stack.push_async_callback(asyncio.to_thread, worker.close)
            idle.put(worker)
        yield pool, derive_there


async def _follow_up(
    root: Path,
    fresh: MemoryStore,
    options: ProcessorOptions,
    *,
    orders: Orders,
    since: Standing,
    until_bytes: int | None = None,
    observe: Observe = unobserved,
) -> None:
    """Bring `fresh` up to what arrived, and to what was decided, since its replay began."""
    read = partial(read_batch, root, options=options, orders=orders, until_bytes=until_bytes)
    while True:
        await asyncio.to_thread(orders.refresh)
        batch = await asyncio.to_thread(read, since=await fresh.position())
        if batch is None:
            break
        await batch.store_in(fresh, options, observe=observe)
    await settle_since(root, fresh, orders, options, since=since)


async def _switch(
    root: Path,
    store: MemoryStore,
    fresh: MemoryStore,
    options: ProcessorOptions,
    *,
    orders: Orders,
    since: Standing,
    observe: Observe,
) -> RebuildReport:
    """Let `fresh`, with what arrived meanwhile, take the place of the live memory."""
    arrived: list[EventOutcome] = []
    await _follow_up(root, fresh, options, orders=orders, since=since, observe=arrived.append)
    failed = len(await fresh.failures())
    await store.adopt(fresh)
    for each in arrived:
        observe(each)
    await mark_parked(root, store, now=options.clock())
    return RebuildReport(failed=failed, is_adopted=True)


async def _compare(
    root: Path,
    store: MemoryStore,
    fresh: MemoryStore,
    options: ProcessorOptions,
    *,
    orders: Orders,
    since: Standing,
) -> RebuildReport:
    """Compare at the same position: a running processor may move the live one meanwhile."""
    for _ in range(_MAX_COMPARISONS):
        before = await store.position()
        until = before.offset
        await _follow_up(root, fresh, options, orders=orders, since=since, until_bytes=until)
        comparison = await compare(live=store.export(), rebuilt=fresh.export())
        if comparison.is_equal or await store.position() == before:
            failed = len(await fresh.failures())
            return RebuildReport(failed=failed, comparison=comparison)
    raise RebuildFailed("the live memory kept moving; verify again when fewer calls come in")
