"""A mirror of a real embedded store onto a backend of a test's choice."""

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta

from memory.embedded import EmbeddedStore
from memory.openmemory.ledger import Ledger, ledger_beside
from memory.openmemory.mirror import Mirror, MirrorOptions
from memory.openmemory.wanted import wanted_of
from tests.memories import MONDAY


class Clock:
    """A clock that only moves when it is told to."""

    def __init__(self):
        self.now = MONDAY
        self.passed = 0.0

    def __call__(self):
        return self.now

    def monotonic(self):
        return self.passed

    def pass_(self, seconds):
        self.passed += seconds
        self.now += timedelta(seconds=seconds)


def quick(**given):
    """Options that do not let a test wait."""
    values = {"first_pause": 0.01, "longest_pause": 0.02, "refused_pause": 0.05,
              "report_every": 0.05, "caller_pause": 0.0}  # fmt: skip
    return MirrorOptions(**(values | given))


@asynccontextmanager
async def mirrored(folder, backend, *, options=None):
    """Yield (embedded store, mirror) in `folder`; what is there already is opened again."""
    store = await EmbeddedStore.open(folder / "memory.db")
    ledger = await Ledger.open(ledger_beside(folder / "memory.db", backend.identity))
    try:
        yield store, Mirror(store, ledger, backend, options=options or quick())
    finally:
        await ledger.close()
        await store.close()


@asynccontextmanager
async def running(mirror):
    """Let the mirror run beside the test."""
    stop = asyncio.Event()
    task = asyncio.create_task(mirror.run(stop))
    try:
        yield
    finally:
        stop.set()
        await task


async def until(condition, *, seconds=20.0):
    """Wait until `condition`, a coroutine function, returns something true; return that."""
    async with asyncio.timeout(seconds):
        while not (result := await condition()):
            await asyncio.sleep(0.01)
    return result


async def wanted_rows(store, caller):
    """What is to be there of `caller`, by key: (content, metadata)."""
    wanted = wanted_of(await store.holdings(caller))
    return {key: (row.content, row.metadata) for key, row in wanted.items()}


def rows_there(backend, caller):
    """What is there of `caller`, by key: (content, metadata); doubles are an error."""
    rows = backend.listed(caller)
    found = {row.metadata["callspool_key"]: (row.content, row.metadata) for row in rows}
    assert len(found) == len(rows)
    return found
