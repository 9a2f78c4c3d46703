"""The processor tells of each event what became of it, once memory has it, and only once."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from cli.serving.observers import counting
from memory.errors import MemoryUnavailable
from memory.in_memory import InMemoryStore
from processor.hooks import Hooks
from processor.rebuild import rebuild
from processor.schedule import Retries
from processor.service import catch_up, run_processor
from spool.erasing import ask_to_forget
from spool.format import Receipt
from spool.ledger import LEDGER_FILE
from spool.reader import read_receipts
from spool.standing_orders import Orders
from telemetry.metrics import Metrics
from tests.factories import transcription_payload
from tests.measurements import Shown
from tests.retentions import an_event
from tests.spools import POISON, QUICK, RECEIVED, a_spool, calls, commit, deliver, poison, until


async def caught_up(root, store, observe, *, options=QUICK):
    orders = Orders(root)
    return await catch_up(
        root, store, options, orders=orders, stop=asyncio.Event(), observe=observe
    )


async def test_each_event_is_told_with_what_it_came_to(tmp_path):
    told = []
    with a_spool(tmp_path) as spool:
        [call] = deliver(spool, transcription_payload(conversation_id="conv_1"))
        commit(spool, an_event("conv_1", b"ID3 a recording", None, kind="audio"))
        bad = poison(spool)
    store = InMemoryStore()
    await caught_up(tmp_path, store, told.append)
    receipts = {r.file: r for r, _ in read_receipts(tmp_path) if isinstance(r, Receipt)}
    assert [(each.kind, each.outcome) for each in told] == [
        ("transcription", "applied"), ("audio", "nothing"), ("transcription", "failed"),
    ]  # fmt: skip
    first, _, third = told
    assert (first.file, first.conversation_id, first.received_at) == (call, "conv_1", RECEIVED)
    assert first.event_id == receipts[call].sha256[:16]
    assert first.memories == (await store.counts()).memories > 0
    assert (third.file, third.memories) == (bad, 0)
    assert third.error == (await store.failures())[0].error != ""
    assert all(each.seconds > 0 for each in told)
    await caught_up(tmp_path, store, told.append)
    assert len(told) == 3


async def test_nothing_is_told_before_memory_has_it(tmp_path):
    with a_spool(tmp_path) as spool:
        deliver(spool, *calls(2))
    store, told = InMemoryStore(), []
    apply = store.apply

    async def refuse(*given, **more):
        raise MemoryUnavailable("the disk is gone")

    store.apply = refuse
    with pytest.raises(MemoryUnavailable):
        await caught_up(tmp_path, store, told.append)
    assert told == []
    store.apply = apply
    await caught_up(tmp_path, store, told.append)
    assert [each.outcome for each in told] == ["applied", "applied"]


async def test_an_event_of_somebody_erased_is_told_as_that(tmp_path):
    told = []
    with a_spool(tmp_path) as spool:
        deliver(spool, transcription_payload(conversation_id="conv_gone"))
        ask_to_forget(tmp_path, conversations=["conv_gone"], at=RECEIVED)
    await caught_up(tmp_path, InMemoryStore(), told.append)
    assert [each.outcome for each in told] == ["erased"]


async def test_what_fails_is_told_at_each_attempt_until_it_is_parked(tmp_path):
    told = []
    with a_spool(tmp_path) as spool:
        poison(spool)
        store, stop = InMemoryStore(), asyncio.Event()
        running = run_processor(
            tmp_path, store, stop=stop, options=QUICK, hooks=Hooks(observe=told.append)
        )
        task = asyncio.create_task(running)

        async def is_parked():
            return len(told) >= QUICK.retry.max_attempts

        await until(is_parked)
        stop.set()
        await task
    assert [each.outcome for each in told] == ["failed", "failed", "parked"]


async def test_what_fails_and_then_does_not_is_told_as_applied(tmp_path):
    told = []
    with a_spool(tmp_path) as spool:
        [file] = deliver(spool, *calls(1))
        path = tmp_path / file
        content = path.read_bytes()
        path.write_bytes(POISON)
        store = InMemoryStore()
        await caught_up(tmp_path, store, told.append)
        path.write_bytes(content)
        later = replace(QUICK, clock=lambda: QUICK.clock() + timedelta(hours=1))
        retries = Retries(tmp_path, store, later, Orders(tmp_path), observe=told.append)
        await retries._run()
        await retries.close()
    assert [each.outcome for each in told] == ["failed", "applied"]
    assert told[1].memories == (await store.counts()).memories


async def test_a_damaged_line_is_told_without_an_event(tmp_path):
    told = []
    with a_spool(tmp_path) as spool:
        deliver(spool, *calls(2))
    ledger = tmp_path / LEDGER_FILE
    content = ledger.read_bytes()
    ledger.write_bytes(b"X" + content[1:])
    await caught_up(tmp_path, InMemoryStore(), told.append)
    assert [each.outcome for each in told] == ["failed", "applied"]
    assert (told[0].event_id, told[0].kind, told[0].received_at) == ("", "", None)


def test_the_metrics_take_in_what_is_told(tmp_path):
    metrics = Metrics()
    told = []
    with a_spool(tmp_path) as spool:
        deliver(spool, *calls(2))
        poison(spool)
    asyncio.run(caught_up(tmp_path, InMemoryStore(), told.append))
    observe = counting(metrics, clock=lambda: RECEIVED + timedelta(seconds=3))
    for each in told:
        observe(each)
    shown = Shown(metrics.exposition("")[0].decode())
    assert shown.value("applied_events_total", outcome="applied") == 2
    assert shown.value("applied_events_total", outcome="failed") == 1
    assert shown.value("apply_duration_seconds_count") == 3
    assert shown.value("time_to_memory_seconds_sum") == 6
    assert shown.value("memories_per_call_count") == 2
    assert shown.value("memories_per_call_sum") == sum(each.memories for each in told)


async def test_what_arrives_during_a_rebuild_is_told_once_that_is_adopted(tmp_path):
    told = []
    with a_spool(tmp_path) as spool:
        deliver(spool, *calls(2))
        store = InMemoryStore()
        fresh, adopt = store.fresh, store.adopt

        async def fresh_a_little_later():
            deliver(spool, *calls(1, first=7))
            return await fresh()

        async def adopt_untold(made):
            assert told == []
            await adopt(made)

        store.fresh, store.adopt = fresh_a_little_later, adopt_untold
        await rebuild(tmp_path, store, options=QUICK, observe=told.append)
    assert [(each.conversation_id, each.outcome) for each in told] == [("conv_00007", "applied")]
    assert (await store.counts()).conversations == 3
