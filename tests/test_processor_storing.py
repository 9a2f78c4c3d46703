"""An event that the store refuses becomes a failure and holds up none of the others."""

import asyncio
from functools import partial

import pytest

from memory.errors import MemoryStoreError, MemoryUnavailable, PositionMoved
from memory.in_memory import InMemoryStore
from memory.port import START, Position
from processor.apply import noted
from processor.rebuild import rebuild
from processor.schedule import Retries
from processor.service import catch_up
from processor.storing import store_derived
from spool.standing_orders import Orders
from tests.memories import MONDAY, a_call, a_failure
from tests.spools import QUICK, a_spool, calls, deliver

NOTE = partial(noted, options=QUICK)


def refusing(conversation_id, *, error=MemoryStoreError):
    """A store that never takes this conversation."""
    store = InMemoryStore()
    apply, fresh = store.apply, store.fresh

    async def refuse(conversations, **more):
        if any(conversation_id in ("any", c.id) for c in conversations):
            raise error(f"{conversation_id} is too big")
        await apply(conversations, **more)

    async def refusing_too():
        made = await fresh()
        made.apply = partial(refuse_in, made.apply)
        return made

    async def refuse_in(inner, conversations, **more):
        if any(c.id == conversation_id for c in conversations):
            raise error(f"{conversation_id} is too big")
        await inner(conversations, **more)

    store.apply, store.fresh = refuse, refusing_too
    return store


async def test_following_goes_past_what_the_store_refuses(tmp_path, caplog):
    with a_spool(tmp_path) as spool:
        files = deliver(spool, *calls(5))
    store = refusing("conv_00002")
    await catch_up(tmp_path, store, QUICK, orders=Orders(tmp_path), stop=asyncio.Event())
    assert (await store.counts()).conversations == 4
    [failure] = await store.failures()
    assert (failure.file, failure.attempts) == (files[2], 1)
    assert failure.error == "conv_00002 is too big"
    assert (await store.position()).offset > 0
    assert "an event could not be applied" in caplog.text


async def test_a_rebuild_notes_what_the_store_refuses(tmp_path):
    with a_spool(tmp_path) as spool:
        files = deliver(spool, *calls(5))
    store = refusing("conv_00002")
    report = await rebuild(tmp_path, store, options=QUICK)
    assert (report.failed, report.is_adopted) == (1, True)
    assert (await store.counts()).conversations == 4
    assert [f.file for f in await store.failures()] == [files[2]]


async def test_a_retry_of_what_the_store_refuses_blocks_no_other_retry(tmp_path):
    with a_spool(tmp_path) as spool:
        files = deliver(spool, *calls(3))
    store = refusing("conv_00001")
    await store.apply([], failed=[a_failure(f, attempts=2, next_attempt_at=MONDAY) for f in files])
    retries = Retries(tmp_path, store, QUICK, Orders(tmp_path))
    await retries._run()
    await retries.close()
    assert (await store.counts()).conversations == 2
    [failure] = await store.failures()
    assert (failure.file, failure.attempts, failure.next_attempt_at) == (files[1], 3, None)


@pytest.mark.parametrize("error", [MemoryUnavailable, PositionMoved])
async def test_what_is_nobodys_fault_is_noted_for_nobody(error):
    store = refusing("conv_1", error=error)
    with pytest.raises(error):
        await store_derived(store, [("a", a_call("conv_0")), ("b", a_call("conv_1"))], note=NOTE)
    assert await store.failures() == []
    assert (await store.counts()).conversations == 0


async def test_a_store_that_takes_nothing_at_all_keeps_its_position():
    store = InMemoryStore()

    async def refuse(conversations, **more):
        raise MemoryStoreError("the disk image is malformed")

    store.apply = refuse
    step = (START, Position(ledger="abc", offset=5))
    with pytest.raises(MemoryStoreError):
        await store_derived(store, [("a", a_call())], note=NOTE, advance=step)
    assert await store.position() == START
    assert await store.failures() == []


async def test_a_position_that_moved_meanwhile_stops_the_single_steps():
    store = refusing("conv_1")
    step = (Position(ledger="abc", offset=3), Position(ledger="abc", offset=5))
    with pytest.raises(PositionMoved):
        await store_derived(
            store, [("a", a_call("conv_1")), ("b", a_call("conv_2"))], note=NOTE, advance=step
        )
    assert (await store.counts()).conversations == 0
