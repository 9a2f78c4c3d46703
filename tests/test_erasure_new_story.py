"""What begins after an erasure was asked for is a new story: it is never touched, and is right."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from history.index import History
from processor.erasure.carry_out import carry_out
from processor.erasure.parts import Parts
from processor.erasure.steps import STEPS
from processor.errors import ProcessorError
from processor.lock import held, rebuild_lock
from spool.decisions import new_decision_id, read_decisions, write_decision
from spool.erasing import ask_to_forget, keys_of
from spool.forgotten import Forgotten, read_tombstones
from spool.people import Decision, People
from spool.standing_orders import Orders
from tests.memories import exported
from tests.spools import a_spool, a_store, deliver
from tests.test_processor_settle import ANA, BEN, brought_up, call, decide, is_as_rebuilt
from tests.test_processor_settle import root as root  # noqa: PLC0414  # a fixture
from voice.rules import Rules

HOUR = timedelta(hours=1)


def parts_of(root, store, **more):
    return Parts(root=root, store=store, orders=Orders(root), rules=Rules(redact=()), **more)


def call_at(root, conversation_id, at, **given):
    """Have a call of Ben's delivered that began at this moment."""
    began = at.timestamp()
    body = call(conversation_id, BEN, started_at=began, event_timestamp=began + 60, **given)
    with a_spool(root) as spool:
        deliver(spool, body)


def conversations(root):
    return sorted(path.name for path in root.glob("conv_*"))


class Away:
    """An OpenMemory that never comes to it."""

    async def erase(self, caller, *, conversations=None):
        pass

    async def erasure_state(self, caller):
        return "pending"

    async def purge(self, owner, conversations):
        pass

    async def scrub(self):
        pass


async def test_a_call_that_began_before_the_processor_came_to_it_stays(root, tmp_path):
    asked = datetime.now(UTC) - HOUR
    async with a_store(tmp_path / "m.db") as store:
        history = await History.open(tmp_path / "h.db")
        tombstone = ask_to_forget(root, callers=[BEN], at=asked)
        call_at(root, "conv_b9", asked)  # at that very moment: it is not before it
        call_at(root, "conv_b8", asked - HOUR)
        parts = parts_of(root, store, history=history)
        await brought_up(root, store)
        await history.catch_up(root, Orders(root), parts.rules)
        assert (await carry_out(tombstone, parts)).removed["conversations"] == 3
        assert conversations(root) == ["conv_a1", "conv_a2", "conv_b9"]
        assert not Forgotten(root).is_conversation("conv_b9")
        assert await store.conversation_ids(BEN) == ["conv_b9"]
        assert await history.conversations_of(BEN) == ["conv_b9"]
        await history.close()
        await is_as_rebuilt(root, store)


async def test_a_call_that_comes_while_an_erasure_waits_stays(root, tmp_path):
    async with a_store(tmp_path / "m.db") as store:
        await brought_up(root, store)
        parts = replace(parts_of(root, store), mirror=Away())
        tombstone = ask_to_forget(root, callers=[BEN])
        assert (await carry_out(tombstone, parts)).waiting_for == "OpenMemory"
        call_at(root, "conv_b9", datetime.now(UTC))
        await brought_up(root, store)
        assert (await carry_out(tombstone, parts)).waiting_for == "OpenMemory"
        assert await store.conversation_ids(BEN) == ["conv_b9"]
        assert "conv_b9" in conversations(root)
        named = [hashed for each in read_tombstones(root) for hashed in each.conversations]
        assert Forgotten(root).hash_of("conversation", "conv_b9") not in named


@pytest.mark.parametrize("comes", ["before", "quarantine", "decisions", "openmemory"])
async def test_after_a_merge_was_erased_a_new_call_is_of_its_own_number(root, tmp_path, comes):
    async with a_store(tmp_path / "m.db") as store:
        await brought_up(root, store)
        decide(root, kind="merge", caller=BEN, into=ANA)
        await brought_up(root, store)
        tombstone = ask_to_forget(root, callers=keys_of(People(read_decisions(root)), ANA))
        came = []

        def now(step):
            if step == comes and not came:
                came.append(call_at(root, "conv_b9", datetime.now(UTC)))

        now("before")
        await brought_up(root, store)
        certificate = await carry_out(tombstone, replace(parts_of(root, store), on_step=now))
        assert certificate.completed_at is not None
        await brought_up(root, store)
        assert read_decisions(root) == []
        assert await store.conversation_ids(ANA) == []
        assert await store.conversation_ids(BEN) == ["conv_b9"]
        await is_as_rebuilt(root, store)


@pytest.mark.parametrize("step", [name for name, _ in STEPS][8:])
async def test_killed_around_that_it_comes_out_the_same(root, tmp_path, step):
    async with a_store(tmp_path / "m.db") as store:
        decide(root, kind="merge", caller=BEN, into=ANA)
        tombstone = ask_to_forget(root, callers=[ANA, BEN])
        call_at(root, "conv_b9", datetime.now(UTC))
        await brought_up(root, store)

        def kill(name):
            if name == step:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            await carry_out(tombstone, replace(parts_of(root, store), on_step=kill))
        await carry_out(tombstone, parts_of(root, store))
        assert await store.conversation_ids(BEN) == ["conv_b9"]
        await is_as_rebuilt(root, store)


async def test_who_was_merged_into_the_number_since_is_not_erased_with_it(root, tmp_path):
    async with a_store(tmp_path / "m.db") as store:
        await brought_up(root, store)
        tombstone = ask_to_forget(root, callers=[BEN])
        decide(root, kind="merge", caller=ANA, into=BEN)
        await brought_up(root, store)
        await carry_out(tombstone, parts_of(root, store))
        assert conversations(root) == ["conv_a1", "conv_a2"]
        assert await store.conversation_ids(ANA) == ["conv_a1", "conv_a2"]
        await is_as_rebuilt(root, store)


def parted(root, *conversation_ids, name="", into=""):
    decide(root, kind="split", caller=BEN, conversations=conversation_ids, name=name, into=into)


@pytest.mark.parametrize("explicit", [True, False])
async def test_of_three_people_of_a_line_one_goes_and_the_others_keep_their_keys(
    root, tmp_path, explicit
):
    bea, carl = (f"{BEN}~2", f"{BEN}~3") if explicit else ("", "")
    with a_spool(root) as spool:
        deliver(spool, call("conv_b3", BEN, name="Carl", day=4), call("conv_b4", BEN, day=5))
    async with a_store(tmp_path / "m.db") as store:
        parted(root, name="Bea", into=bea)
        parted(root, "conv_b3", name="Carl", into=carl)
        await brought_up(root, store)
        tombstone = ask_to_forget(root, callers=keys_of(People(read_decisions(root)), f"{BEN}~2"))
        call_at(root, "conv_b9", datetime.now(UTC), name="Bea")
        await brought_up(root, store)
        assert await store.conversation_ids(f"{BEN}~2") == ["conv_b2", "conv_b9"]
        await carry_out(tombstone, parts_of(root, store))
        assert "conv_b2" not in conversations(root)
        assert await store.conversation_ids(f"{BEN}~2") == []
        assert await store.conversation_ids(f"{BEN}~3") == ["conv_b3"]
        assert await store.conversation_ids(BEN) == ["conv_b1", "conv_b4", "conv_b9"]
        await is_as_rebuilt(root, store)


async def test_with_who_was_parted_by_name_alone_the_name_goes_and_the_line_is_one_persons(
    root, tmp_path
):
    async with a_store(tmp_path / "m.db") as store:
        parted(root, name="Bea")
        await brought_up(root, store)
        assert Orders(root).people.is_shared(BEN)
        tombstone = ask_to_forget(root, callers=keys_of(People(read_decisions(root)), f"{BEN}~2"))
        await carry_out(tombstone, parts_of(root, store))
        named = [path for path in tmp_path.rglob("*") if path.is_file()]
        assert [path for path in named if b"Bea" in path.read_bytes()] == []
        assert not Orders(root).people.is_shared(BEN)


async def test_what_was_not_true_of_others_stays_and_names_nobody(root, tmp_path):
    async with a_store(tmp_path / "m.db") as store:
        decide(root, kind="merge", caller=BEN, into=ANA)
        await brought_up(root, store)
        held = await store.holdings(ANA)
        untrue = next(each.id for _, each in held.memories if each.conversation_id == "conv_b1")
        at = datetime.now(UTC)
        decision = Decision(
            id=new_decision_id(at), at=at, kind="untrue", caller=ANA, memories=(untrue,)
        )
        write_decision(root, decision)
        decide(root, kind="split", caller=BEN)
        await brought_up(root, store)
        await carry_out(ask_to_forget(root, callers=[ANA]), parts_of(root, store))
        [left] = [each for each in read_decisions(root) if each.kind == "untrue"]
        assert left == replace(decision, caller="")
        assert untrue not in json.dumps(await exported(store))
        await is_as_rebuilt(root, store)


async def test_a_rebuild_that_may_know_of_a_decision_still_is_waited_for(root, tmp_path):
    async with a_store(tmp_path / "m.db") as store, a_store(tmp_path / "old.db") as as_before:
        decide(root, kind="merge", caller=BEN, into=ANA)
        call_at(root, "conv_b9", datetime.now(UTC) + HOUR)
        await brought_up(root, store)
        await brought_up(root, as_before)
        tombstone = ask_to_forget(root, callers=[ANA, BEN])
        with held(rebuild_lock(root), refusal=ProcessorError, holder="rebuild"):
            assert (await carry_out(tombstone, parts_of(root, store))).waiting_for == "a rebuild"
        # It has come to its end, and memory is what that had made of it.
        assert await as_before.conversation_ids(ANA) == [
            "conv_a1", "conv_a2", "conv_b1", "conv_b2", "conv_b9",
        ]  # fmt: skip
        parts = parts_of(root, as_before)
        assert (await carry_out(tombstone, parts)).completed_at is not None
        assert await as_before.conversation_ids(BEN) == ["conv_b9"]
