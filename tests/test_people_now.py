"""Who is behind a number, for live answers: decided at once, and never waited for twice."""

import asyncio
import threading
import time
from datetime import UTC, datetime

import pytest

from cli.assembly.people import PeopleNow, by_person
from memory.errors import MemoryUnavailable
from memory.in_memory import InMemoryStore
from spool.decisions import new_decision_id, write_decision
from spool.erasing import ask_to_forget
from spool.forgotten import DamagedTombstone, note_complete
from spool.format import SpoolFailed
from spool.people import Decision
from spool.standing_orders import Decisions
from tests.memories import a_call
from tests.spools import a_spool

ANA, BEN = "+15550100142", "+15550100143"


@pytest.fixture
def root(tmp_path):
    with a_spool(tmp_path / "spool"):
        pass
    return tmp_path / "spool"


def decide(root, **given):
    at = datetime.now(UTC)
    write_decision(root, Decision(id=new_decision_id(at), at=at, **given))


async def a_store():
    store = InMemoryStore()
    said = {"said": ["The brakes squeak."], "facts": {"name": "Ana"}}
    await store.apply([a_call("conv_1", caller=ANA, **said)])
    return store


async def soon(check):
    async with asyncio.timeout(5):
        while not await check():
            await asyncio.sleep(0.05)


async def test_a_number_is_answered_for_the_person_as_soon_as_that_is_decided(root):
    store = await by_person(await a_store(), root)
    assert await store.profile(BEN) is None
    assert (await store.profile(ANA)).name == "Ana"
    decide(root, kind="merge", caller=BEN, into=ANA)

    async def is_told():
        return (await store.profile(BEN)) is not None

    await soon(is_told)
    assert await store.search(BEN, "brakes", limit=3)


async def test_of_a_line_of_several_people_nothing_is_told(root):
    decide(root, kind="split", caller=ANA, conversations=("conv_9",), name="Bea")
    store = await by_person(await a_store(), root)
    assert await store.profile(ANA) is None
    assert await store.search(ANA, "brakes", limit=3) == []


async def test_of_somebody_who_is_being_erased_nothing_is_told(root):
    tombstone = ask_to_forget(root, callers=[ANA], at=datetime.now(UTC))
    store = await by_person(await a_store(), root)
    assert await store.profile(ANA) is None
    note_complete(root, tombstone.id, {})

    async def is_over():
        return (await store.profile(ANA)) is not None

    await soon(is_over)


async def test_a_deadline_that_passes_while_decisions_are_read_costs_the_next_caller_nothing(root):
    decisions = Decisions(root)
    people = PeopleNow(decisions)
    looks, go = [], threading.Event()

    def slowly():
        looks.append(time.monotonic())
        go.wait(5)

    decisions.refresh = slowly
    people._looked_at -= 1
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(people.resolve(ANA), 0.05)
    waiting = [asyncio.create_task(people.resolve(ANA)) for _ in range(5)]
    await asyncio.sleep(0.05)
    go.set()
    assert await asyncio.gather(*waiting) == [ANA] * 5
    assert len(looks) == 1


async def test_decisions_that_cannot_be_read_are_memory_that_is_not_there(root, monkeypatch):
    decisions = Decisions(root)
    people = PeopleNow(decisions)

    def failing():
        raise SpoolFailed("the disk is on strike")

    decisions.refresh = failing
    people._looked_at -= 1
    with pytest.raises(MemoryUnavailable, match="on strike"):
        await people.resolve(ANA)


async def test_a_start_says_that_decisions_cannot_be_read(root):
    (root / ".spool" / "forgotten").mkdir()
    (root / ".spool" / "forgotten" / "er_bad.json").write_bytes(b"{")
    with pytest.raises(DamagedTombstone, match="backup"):
        await by_person(InMemoryStore(), root)
