"""Decisions of the owner: memory obeys them, and a rebuild repeats them."""

import asyncio
import json
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from processor import rebuild as rebuilding
from processor import schedule
from processor.apply import attempt, derive_alone, read_batch
from processor.hooks import Hooks
from processor.kept import read_kept, write_kept
from processor.rebuild import rebuild
from processor.service import catch_up, run_processor
from processor.settle import came_back, settle
from spool.decisions import new_decision_id, remove_decisions, write_decision
from spool.dropped import Drop, kept_path, note_dropped
from spool.durable import remove_files
from spool.erasing import ask_to_forget
from spool.forgotten import (
    Forgotten,
    Tombstone,
    keyed_hash,
    new_erasure_id,
    note_complete,
    spool_key,
    write_tombstone,
)
from spool.format import FileDamaged, Receipt, SpoolFailed
from spool.people import Decision
from spool.reader import read_receipts
from spool.standing_orders import Orders
from spool.verify import verify
from tests.factories import failure_payload, transcription_payload
from tests.memories import exported
from tests.spools import QUICK, a_spool, a_store, deliver, until
from voice.rules import Rules

ANA, BEN = "+15550100142", "+15550100143"
START = datetime(2026, 9, 1, tzinfo=UTC).timestamp()
SAID = [("agent", "How can I help?"), ("user", "My green bicycle needs new brakes.")]


def call(conversation_id, caller=ANA, *, name="", day=0, **given):
    at = START + day * 86_400
    return transcription_payload(
        **{
            "conversation_id": conversation_id,
            "caller": caller,
            "started_at": at,
            "event_timestamp": at + 60,
            "messages": SAID,
            "collected": {"first_name": name} if name else None,
            **given,
        }
    )


def decide(root, **given):
    at = datetime.now(UTC)
    decision = Decision(id=new_decision_id(at), at=at, **given)
    write_decision(root, decision)
    return decision


def bury(root, *callers, at=None):
    key = spool_key(root)
    tombstone = Tombstone(
        id=new_erasure_id(),
        kind="caller",
        at=at or datetime.now(UTC),
        callers=tuple(keyed_hash(key, "caller", each) for each in callers),
    )
    write_tombstone(root, tombstone)
    return tombstone


async def brought_up(root, store):
    orders = Orders(root)
    erased = await catch_up(root, store, QUICK, orders=orders, stop=asyncio.Event())
    return [*erased, *await settle(root, store, orders, QUICK)]


async def is_as_rebuilt(root, store):
    live = await exported(store)
    report = await rebuild(root, store, options=QUICK, verify=True)
    assert report.comparison.is_equal, report.comparison.differences
    await rebuild(root, store, options=QUICK)
    assert await exported(store) == live
    assert await settle(root, store, Orders(root), QUICK) == []
    assert await exported(store) == live


@pytest.fixture
def root(tmp_path):
    with a_spool(tmp_path / "spool") as spool:
        deliver(
            spool,
            call("conv_a1", name="Ana"),
            call("conv_a2", day=1),
            call("conv_b1", BEN, day=2),
            call("conv_b2", BEN, name="Bea", day=3),
        )
    return tmp_path / "spool"


async def test_merged_callers_are_one_and_a_split_takes_it_back(root, tmp_path):
    async with a_store(tmp_path / "m.db") as store:
        await brought_up(root, store)
        apart = await exported(store)
        decide(root, kind="merge", caller=BEN, into=ANA)
        await brought_up(root, store)
        assert (await store.profile(ANA)).call_count == 4
        assert await store.profile(BEN) is None
        assert await store.conversation_ids(BEN) == []
        found = await store.search(ANA, "brakes", limit=10)
        assert {each.memory.conversation_id for each in found} >= {"conv_a1", "conv_b1"}
        await is_as_rebuilt(root, store)
        with a_spool(root) as spool:
            deliver(spool, call("conv_b3", BEN, day=4))
        await brought_up(root, store)
        assert (await store.profile(ANA)).call_count == 5
        decide(root, kind="split", caller=BEN)
        await brought_up(root, store)
        assert (await store.profile(BEN)).call_count == 3
        assert set(apart) < set(await exported(store))
        await is_as_rebuilt(root, store)


async def test_two_people_of_one_line_have_a_memory_each(root, tmp_path):
    async with a_store(tmp_path / "m.db") as store:
        await brought_up(root, store)
        decide(root, kind="split", caller=BEN, conversations=("conv_b1",), name="Bea")
        await brought_up(root, store)
        bea = f"{BEN}~2"
        assert await store.conversation_ids(bea) == ["conv_b1", "conv_b2"]
        assert await store.profile(BEN) is None
        with a_spool(root) as spool:
            deliver(spool, call("conv_b3", BEN, day=4, name="Bea"), call("conv_b4", BEN, day=5))
        await brought_up(root, store)
        assert await store.conversation_ids(bea) == ["conv_b1", "conv_b2", "conv_b3"]
        assert await store.conversation_ids(BEN) == ["conv_b4"]
        await is_as_rebuilt(root, store)


async def test_what_was_not_true_is_gone_with_all_that_came_of_it(tmp_path):
    root = tmp_path / "spool"
    payload = call(
        "conv_a1", collected={"first_name": "Bert", "call_back": "Agent will call back on Friday."}
    )
    with a_spool(root) as spool:
        deliver(spool, payload, call("conv_a2", day=-1))
    async with a_store(tmp_path / "m.db") as store:
        await brought_up(root, store)
        before = await store.holdings(ANA)
        assert before.profile.commitments
        ids = {memory.id for _, memory in before.memories}
        untrue = ("conv_a1/fact/first_name", "conv_a1/fact/call_back", "conv_a1/summary")
        assert set(untrue) < ids
        decide(root, kind="untrue", memories=untrue)
        await brought_up(root, store)
        after = await store.holdings(ANA)
        assert {memory.id for _, memory in after.memories} == ids - set(untrue)
        assert (after.profile.name, after.profile.commitments) == ("", ())
        assert "Bert" not in json.dumps(await exported(store))
        await is_as_rebuilt(root, store)


async def test_a_decision_about_nobody_changes_nothing_and_is_settled(root, tmp_path):
    async with a_store(tmp_path / "m.db") as store:
        await brought_up(root, store)
        before = await exported(store)
        decision = decide(root, kind="untrue", memories=("conv_none/summary",))
        await brought_up(root, store)
        assert decision.id in await store.settled()
        assert await exported(store) == before


async def test_a_decision_that_is_not_stored_is_settled_by_the_next_look(
    root, tmp_path, monkeypatch
):
    async with a_store(tmp_path / "m.db") as store:
        await brought_up(root, store)
        before = await exported(store)
        decide(root, kind="merge", caller=BEN, into=ANA)
        apply = store.apply

        async def failing(*given, **more):
            await apply([], advance=None)
            raise SpoolFailed("the disk is on strike")

        monkeypatch.setattr(store, "apply", failing)
        with pytest.raises(SpoolFailed):
            await settle(root, store, Orders(root), QUICK)
        assert await exported(store) == before
        monkeypatch.undo()
        await settle(root, store, Orders(root), QUICK)
        assert (await store.profile(ANA)).call_count == 4


async def test_what_is_decided_during_a_rebuild_holds_after_it(root, tmp_path, monkeypatch):
    monkeypatch.setattr(rebuilding, "_CHUNK", 1)
    decided = []

    def decide_now(done, total):
        if done == 2:
            decided.append(decide(root, kind="merge", caller=BEN, into=ANA))
            bury(root, ANA, at=datetime.fromtimestamp(START + 3600, UTC))
            file = "conv_b1/conv_b1_transcription.json"
            at = datetime.now(UTC)
            note_dropped(root, [Drop(file=file, what="memories", reason="retention", at=at)])

    async with a_store(tmp_path / "m.db") as store:
        await rebuild(root, store, options=QUICK, workers=1, on_progress=decide_now)
        assert decided[0].id in await store.settled()
        assert await store.conversation_ids(ANA) == ["conv_a2", "conv_b2"]
        await is_as_rebuilt(root, store)


async def test_an_erased_caller_is_not_derived_and_what_came_is_told(root, tmp_path):
    bury(root, ANA)
    batch = read_batch(root, (await _start()), QUICK, orders=Orders(root))
    assert [each.id for _, each in batch.derived] == ["conv_b1", "conv_b2"]
    assert list(batch.erased) == ["conv_a1", "conv_a2"]
    async with a_store(tmp_path / "m.db") as store:
        assert await brought_up(root, store) == ["conv_a1", "conv_a2"]
        assert await store.profile(ANA) is None
        await is_as_rebuilt(root, store)
        with a_spool(root) as spool:
            later = (datetime.now(UTC) + timedelta(days=1)).timestamp()
            deliver(spool, call("conv_a9", started_at=later, event_timestamp=later))
        assert await brought_up(root, store) == []
        assert (await store.profile(ANA)).call_count == 1


async def test_a_person_who_was_split_off_is_erased_without_the_line(root, tmp_path):
    decide(root, kind="split", caller=BEN, conversations=("conv_b2",), name="Bea")
    bury(root, f"{BEN}~2")
    async with a_store(tmp_path / "m.db") as store:
        assert set(await brought_up(root, store)) == {"conv_b2"}
        assert await store.conversation_ids(BEN) == ["conv_b1"]


async def _start():
    from memory.port import START as BEGINNING

    return BEGINNING


async def test_a_running_processor_has_erased_what_came_and_what_came_back(root, tmp_path):
    erased = []

    async def erase(tombstone):
        erased.append(tombstone)
        note_complete(root, tombstone.id, {})

    stop = asyncio.Event()
    async with a_store(tmp_path / "m.db") as store:
        await brought_up(root, store)
        first = bury(root, ANA)
        task = asyncio.create_task(
            run_processor(root, store, stop=stop, options=QUICK, hooks=Hooks(erase=erase))
        )

        async def is_done():
            return len(erased) >= 1 and not Forgotten(root).pending()

        await until(is_done)
        assert erased == [first]
        stop.set()
        await task
    # as after a backup was put back: the files of an erased conversation stand there again
    key = spool_key(root)
    hashes = (keyed_hash(key, "conversation", "conv_a1"),)
    write_tombstone(
        root,
        Tombstone(id=new_erasure_id(), kind="conversation", at=first.at, conversations=hashes),
    )
    assert came_back(root, Orders(root)) == ["conv_a1"]


async def test_an_erasure_that_fails_is_tried_again_and_holds_up_no_event(root, tmp_path, caplog):
    tries = []

    async def erase(tombstone):
        tries.append(tombstone.id)
        raise SpoolFailed("the disk is on strike")

    stop = asyncio.Event()
    async with a_store(tmp_path / "m.db") as store:
        bury(root, ANA)
        task = asyncio.create_task(
            run_processor(root, store, stop=stop, options=QUICK, hooks=Hooks(erase=erase))
        )

        async def is_tried():
            return bool(tries) and await store.profile(BEN) is not None

        await until(is_tried)
        stop.set()
        await task
    assert any("erasure" in record.message for record in caplog.records)


def receipts(root):
    return {each.file: each for each, _ in read_receipts(root) if isinstance(each, Receipt)}


def drop(root, receipt, *, keeps=True):
    kept = ""
    if keeps:
        kept = write_kept(root, receipt.file, derive_alone(root, receipt, rules=Rules()))
    at = datetime.now(UTC)
    dropped = Drop(file=receipt.file, what="file", reason="retention", at=at, kept_sha256=kept)
    note_dropped(root, [dropped])
    remove_files(root, [receipt.file])
    return dropped


async def test_a_rebuild_after_the_transcripts_are_gone_loses_no_memory(root, tmp_path):
    with a_spool(root) as spool:
        deliver(spool, failure_payload(), call("conv_a2", day=1, summary="A revision."))
    async with a_store(tmp_path / "m.db") as store:
        await brought_up(root, store)
        before = await exported(store)
        for receipt in receipts(root).values():
            drop(root, receipt)
        await is_as_rebuilt(root, store)
        assert await exported(store) == before
        assert verify(root).findings == ()
        decide(root, kind="merge", caller=BEN, into=ANA)
        await brought_up(root, store)
        assert (await store.profile(ANA)).call_count == 4
        await is_as_rebuilt(root, store)


async def test_what_was_not_kept_or_has_expired_is_remembered_no_more(root, tmp_path):
    files = receipts(root)
    drop(root, files["conv_a1/conv_a1_transcription.json"], keeps=False)
    expired = "conv_a2/conv_a2_transcription.json"
    at = datetime.now(UTC)
    note_dropped(root, [Drop(file=expired, what="memories", reason="retention", at=at)])
    async with a_store(tmp_path / "m.db") as store:
        await brought_up(root, store)
        assert await store.conversation_ids(ANA) == []
        assert await store.failures() == []


@pytest.mark.parametrize("damage", ["missing", "changed", "nonsense"])
async def test_what_was_kept_and_is_damaged_is_a_failure_that_is_seen(root, tmp_path, damage):
    receipt = receipts(root)["conv_a1/conv_a1_transcription.json"]
    dropped = drop(root, receipt)
    path = root / kept_path(receipt.file)
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes(b"{}" if damage == "nonsense" else path.read_bytes() + b" ")
    with pytest.raises(FileDamaged, match="spool verify"):
        read_kept(root, dropped)
    result = attempt(root, receipt, rules=Rules(), orders=Orders(root))
    assert "spool verify" in result
    assert verify(root).findings


def test_what_is_kept_can_be_written_again_until_it_is_noted(root):
    receipt = receipts(root)["conv_a1/conv_a1_transcription.json"]
    conversation = derive_alone(root, receipt, rules=Rules())
    first = write_kept(root, receipt.file, conversation)
    assert write_kept(root, receipt.file, conversation) == first
    dropped = Drop(
        file=receipt.file, what="file", reason="space", at=datetime.now(UTC), kept_sha256=first
    )
    assert read_kept(root, dropped) == conversation


async def test_card_numbers_never_reach_memory(tmp_path):
    root = tmp_path / "spool"
    said = [("agent", "Your card?"), ("user", "It is 4242 4242 4242 4242, four two four.")]
    with a_spool(root) as spool:
        deliver(spool, call("conv_a1", messages=said, summary="Paid with 4242-4242-4242-4242."))
    options = replace(QUICK, redact=("card", "cvv"))
    async with a_store(tmp_path / "m.db") as store:
        await catch_up(root, store, options, orders=Orders(root), stop=asyncio.Event())
        lines = json.dumps(await exported(store))
        assert "4242" not in lines
        assert "[card number]" in lines
        # another choice is another memory: it is derived anew, by itself
        await catch_up(root, store, QUICK, orders=Orders(root), stop=asyncio.Event())
        assert "4242 4242" in json.dumps(await exported(store))


async def test_who_is_merged_with_a_number_that_was_once_erased_is_not_erased_with_it(
    root, tmp_path
):
    bury(root, BEN, at=datetime.fromtimestamp(START + 2.5 * 86_400, UTC))  # before conv_b2
    async with a_store(tmp_path / "m.db") as store:
        assert await brought_up(root, store) == ["conv_b1"]
        assert await store.conversation_ids(BEN) == ["conv_b2"]
        decide(root, kind="merge", caller=ANA, into=BEN)
        assert await brought_up(root, store) == []
        assert await store.conversation_ids(BEN) == ["conv_a1", "conv_a2", "conv_b2"]
        await is_as_rebuilt(root, store)


async def test_a_retry_brings_nobody_back_who_is_erased_meanwhile(root, tmp_path, monkeypatch):
    path, aside = root / "conv_b1/conv_b1_transcription.json", tmp_path / "aside"
    path.rename(aside)
    deriving, go = threading.Event(), threading.Event()
    attempt_all = schedule.Retries._attempt

    def slowly(self, due, receipts):
        found = attempt_all(self, due, receipts)
        deriving.set()
        go.wait(5)
        return found

    monkeypatch.setattr(schedule.Retries, "_attempt", slowly)
    erased = []

    async def erase(tombstone):
        assert not await store.conversation_ids(BEN) or go.is_set()
        await store.apply([], replaced=["conv_b1", "conv_b2"])
        note_complete(root, tombstone.id, {})
        erased.append(tombstone)

    stop = asyncio.Event()
    async with a_store(tmp_path / "m.db") as store:
        await brought_up(root, store)
        aside.rename(path)
        running = asyncio.create_task(
            run_processor(root, store, stop=stop, options=QUICK, hooks=Hooks(erase=erase))
        )
        await asyncio.to_thread(deriving.wait, 5)
        bury(root, BEN)
        await asyncio.sleep(1.5)  # a look's time
        assert not erased  # it waits for what is being derived
        go.set()

        async def is_erased():
            return bool(erased)

        await until(is_erased)
        stop.set()
        await running
        assert await store.conversation_ids(BEN) == []


async def test_a_failure_that_a_decision_derives_again_is_one_no_more(root, tmp_path):
    path, aside = root / "conv_b1/conv_b1_transcription.json", tmp_path / "aside"
    path.rename(aside)
    async with a_store(tmp_path / "m.db") as store:
        await brought_up(root, store)
        [failure] = await store.failures()
        decide(root, kind="merge", caller=BEN, into=ANA)
        await brought_up(root, store)
        assert await store.failures() == [failure]  # as it was, attempts included
        aside.rename(path)
        decide(root, kind="untrue", memories=("conv_b1/summary",))
        await brought_up(root, store)
        assert await store.failures() == []
        assert "conv_b1" in await store.conversation_ids(ANA)


async def test_a_memory_file_older_than_an_erasure_forgets_at_the_next_look(root, tmp_path):
    async with a_store(tmp_path / "m.db") as store:
        await brought_up(root, store)
        tombstone = bury(root, ANA)
        note_complete(root, tombstone.id, {})  # by another memory file; this one is a copy
        assert set(await brought_up(root, store)) == {"conv_a1", "conv_a2"}
        assert await store.conversation_ids(ANA) == []
        assert tombstone.id in await store.settled()
        await is_as_rebuilt(root, store)


async def test_an_erased_person_of_a_line_is_known_by_name_afterwards(root, tmp_path):
    decision = decide(root, kind="split", caller=BEN, conversations=("conv_b2",), name="Bea Lopez")
    ask_to_forget(root, callers=[f"{BEN}~2"])
    remove_decisions(root, [decision.id])
    with a_spool(root) as spool:  # nobody had seen it; it began before
        deliver(spool, call("conv_b0", BEN, name="Bea", day=-9), call("conv_b3", BEN, day=4))
    async with a_store(tmp_path / "m.db") as store:
        assert set(await brought_up(root, store)) >= {"conv_b0"}
        assert "conv_b0" not in await store.conversation_ids(BEN)
        assert "conv_b3" in await store.conversation_ids(BEN)
