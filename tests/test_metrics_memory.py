"""A measured store passes everything on, and tells how long each use took and how it ended."""

import asyncio

import pytest

from memory.errors import MemoryUnavailable, PositionMoved
from memory.in_memory import InMemoryStore
from memory.instrumented import InstrumentedStore
from memory.port import MemoryStore, Position
from telemetry.metrics import Metrics
from tests.measurements import Shown
from tests.memories import ANA, a_call, exported

# What is not measured, and why: see `InstrumentedStore`.
UNMEASURED = {"export", "fresh", "close"}


class Hanging(InMemoryStore):
    """Never answers who somebody is, and cannot be searched."""

    async def profile(self, caller):
        await asyncio.sleep(60)

    async def search(self, caller, query, **more):
        raise MemoryUnavailable("the disk is gone")


async def test_every_method_of_the_port_is_told_by_its_name():
    told = []
    store = InstrumentedStore(InMemoryStore(), lambda *given: told.append(given))
    here, there = Position(), Position(ledger="a", offset=10)
    await store.apply([a_call(said=["one"])], advance=(here, there))
    await store.embed_pending(limit=1)
    await store.position()
    await store.failures()
    await store.settled()
    await store.conversation_ids(ANA)
    await store.holdings(ANA)
    await store.memories_of(ANA, "conv_1")
    await store.profile(ANA)
    await store.search(ANA, "one", limit=5)
    await store.is_agent_line(ANA)
    await store.counts()
    await store.scrub()
    fresh = await store.fresh()
    await fresh.apply([a_call("conv_2", said=["two"])])
    await store.adopt(fresh)
    methods = {name for name in vars(MemoryStore) if not name.startswith("_")}
    assert sorted(name for name, _, _ in told) == sorted(methods - UNMEASURED)
    assert {outcome for _, _, outcome in told} == {"ok"}
    assert all(seconds >= 0 for _, seconds, _ in told)
    assert "conv_2" in (await exported(store))[0]


async def test_what_fails_or_is_given_up_is_told_as_that():
    metrics = Metrics()
    store = InstrumentedStore(Hanging(), metrics.memory_operation)
    with pytest.raises(MemoryUnavailable):
        await store.search(ANA, "one", limit=5)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(store.profile(ANA), 0.01)
    with pytest.raises(PositionMoved):
        await store.apply([], advance=(Position(ledger="a", offset=1), Position()))
    shown = Shown(metrics.exposition("")[0].decode())
    count = "memory_operation_duration_seconds_count"
    assert shown.value(count, operation="search") == 1
    assert shown.value(count, operation="search", outcome="failed") == 1
    assert shown.value(count, operation="profile", outcome="cancelled") == 1
    assert shown.value(count, operation="apply", outcome="failed") == 1
