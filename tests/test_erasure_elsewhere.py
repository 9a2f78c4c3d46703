"""What an erasure has to wait for, and what it leaves to others."""

import json
from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest

from cloud.calling.call_log import CallLog, CallRecord
from memory.errors import MemoryUnavailable
from processor.erasure.carry_out import carry_out
from processor.erasure.leftovers import remove_leftovers
from processor.erasure.mentions import Mentions
from spool.decisions import new_decision_id, read_decisions, write_decision
from spool.erasing import ask_to_forget, keys_of, read_erasing, stray_notes
from spool.forgotten import certificate_of
from spool.people import Decision, People
from tests.erasures import (
    ANA,
    ANAS_MOBILE,
    ASKED,
    BEN,
    a_data_folder,
    call_of,
    deliver_one,
    secrets_in,
)
from tests.spools import a_spool


class Mirror:
    """An OpenMemory that says how far it is, and takes down what it was asked."""

    def __init__(self, *, state="pending", is_away=False):
        self.state = state
        self.is_away = is_away
        self.asked = []
        self.purged = []
        self.scrubbed = 0
        self.known = set()

    async def erase(self, caller, *, conversations=None):
        self.asked.append((caller, tuple(conversations)))
        self.known.add(caller)

    async def erasure_state(self, caller):
        return self.state if caller in self.known else "none"

    async def purge(self, caller, conversations):
        if self.is_away:
            raise MemoryUnavailable("it is away")
        self.purged.append((caller, tuple(conversations)))

    async def scrub(self):
        self.scrubbed += 1


async def test_openmemory_is_asked_before_memory_forgets_and_waited_for(tmp_path):
    async with a_data_folder(tmp_path / "data") as data:
        mirror = Mirror()
        held = []

        class Watched(Mirror):
            async def erase(self, caller, *, conversations=None):
                held.append(await data.store.conversation_ids(caller))
                await mirror.erase(caller, conversations=conversations)

        watched = Watched()
        watched.erasure_state, watched.scrub = mirror.erasure_state, mirror.scrub
        steps = []
        parts = replace(data.parts, mirror=watched, on_step=steps.append)
        tombstone = ask_to_forget(data.root, callers=[ANA], at=ASKED)
        first = await carry_out(tombstone, parts)
        assert first.completed_at is None
        assert first.waiting_for == "OpenMemory"
        assert held[0] != []
        assert certificate_of(data.root, tombstone.id) is None
        done_before = len(steps)
        again = await carry_out(tombstone, parts)
        assert again.completed_at is None
        assert steps[done_before:] == ["openmemory"]  # nothing here is done twice while it waits
        mirror.state = "complete"
        last = await carry_out(tombstone, parts)
        assert last.completed_at is not None
        assert last.removed == first.removed
        assert mirror.scrubbed == 1
        assert len(mirror.asked) == 1
        assert secrets_in(data.folder / "spool", [ANA]) == []


async def test_after_a_new_start_openmemory_is_asked_again(tmp_path):
    async with a_data_folder(tmp_path / "data") as data:
        tombstone = ask_to_forget(data.root, callers=[ANA], at=ASKED)
        await carry_out(tombstone, replace(data.parts, mirror=Mirror()))
        fresh = Mirror(state="complete")
        assert (await carry_out(tombstone, replace(data.parts, mirror=fresh))).completed_at is None
        assert [caller for caller, _ in fresh.asked] == [ANA]
        assert (await carry_out(tombstone, replace(data.parts, mirror=fresh))).completed_at


async def test_of_one_conversation_openmemory_purges_the_rows_once_it_is_back(tmp_path):
    async with a_data_folder(tmp_path / "data") as data:
        mirror = Mirror(is_away=True)
        parts = replace(data.parts, mirror=mirror)
        tombstone = ask_to_forget(data.root, conversations=["conv_ben1"], at=ASKED)
        assert (await carry_out(tombstone, parts)).waiting_for == "OpenMemory"
        assert not (data.root / "conv_ben1").exists()
        mirror.is_away = False
        assert (await carry_out(tombstone, parts)).completed_at is not None
        assert mirror.purged == [(BEN, ("conv_ben1",))]
        assert mirror.asked == []


async def test_an_openmemory_that_is_not_set_any_more_forgets_and_stands_in_the_certificate(
    tmp_path,
):
    async with a_data_folder(tmp_path / "data") as data:
        asked = []

        async def forget_former(callers):
            asked.append(tuple(callers))
            # Only the first time it is known who held what.
            return ["OpenMemory at http://127.0.0.1:1"] if len(asked) == 1 else []

        mirror = Mirror()
        parts = replace(data.parts, forget_former=forget_former, mirror=mirror)
        tombstone = ask_to_forget(data.root, callers=[ANA], at=ASKED)
        waiting = await carry_out(tombstone, parts)
        assert waiting.may_remain_in == ("OpenMemory at http://127.0.0.1:1",)
        mirror.state = "complete"
        await carry_out(tombstone, parts)
        told = certificate_of(data.root, tombstone.id)
        assert told["may_remain_in"] == ["OpenMemory at http://127.0.0.1:1"]
        assert asked == [(ANA,)]


async def test_of_one_conversation_a_former_openmemory_forgets_the_people(tmp_path):
    async with a_data_folder(tmp_path / "data") as data:
        asked = []

        async def forget_former(callers):
            asked.append(tuple(callers))
            return []

        tombstone = ask_to_forget(data.root, conversations=["conv_ben1"], at=ASKED)
        parts = replace(data.parts, forget_former=forget_former)
        assert (await carry_out(tombstone, parts)).may_remain_in == ()
        assert asked == [(BEN,)]


async def test_killed_after_a_former_openmemory_forgot_it_is_named_all_the_same(tmp_path):
    async with a_data_folder(tmp_path / "data") as data:
        held = ["OpenMemory"]

        async def forget_former(callers):
            return [held.pop()] if held else []

        def kill(step):
            if step == "bytes":
                raise KeyboardInterrupt

        parts = replace(data.parts, forget_former=forget_former)
        tombstone = ask_to_forget(data.root, callers=[ANA], at=ASKED)
        with pytest.raises(KeyboardInterrupt):
            await carry_out(tombstone, replace(parts, on_step=kill))
        assert (await carry_out(tombstone, parts)).may_remain_in == ("OpenMemory",)


async def test_a_call_that_is_being_dialled_is_waited_for(tmp_path):
    async with a_data_folder(tmp_path / "data") as data:
        log = CallLog(data.root)
        record = CallRecord(
            key="now", state="dialling", to=ANA, agent_id="a", line_id="l", provider="twilio",
            started_at=ASKED - timedelta(seconds=2), fingerprint="f",
        )  # fmt: skip
        tombstone = ask_to_forget(data.root, callers=[ANA, ANAS_MOBILE], at=ASKED)
        with log.reserve(record, quiet=None) as reserved:
            waiting = await carry_out(tombstone, data.parts)
            assert waiting.waiting_for == "a call that is being dialled"
            reserved.settle(msgspec.structs.replace(record, state="started"))
        assert (await carry_out(tombstone, data.parts)).completed_at is not None
        assert secrets_in(data.folder) == []


async def test_what_arrives_while_it_is_carried_out_goes_too(tmp_path):
    async with a_data_folder(tmp_path / "data") as data:
        late = call_of(ANA, "conv_late", at=50, said=["Quillfeather, a last word"])

        def at(step):
            if step == "log" and not (data.root / "conv_late").exists():
                with a_spool(data.root) as spool:  # as a receiver that knew of no erasure yet
                    deliver_one(spool, late)

        tombstone = ask_to_forget(data.root, callers=[ANA, ANAS_MOBILE], at=ASKED)
        await carry_out(tombstone, replace(data.parts, on_step=at))
        assert secrets_in(data.folder) == []


async def test_notes_of_an_erasure_in_progress_are_gone_with_it(tmp_path):
    async with a_data_folder(tmp_path / "data") as data:
        tombstone = ask_to_forget(data.root, callers=[ANA], at=ASKED)
        assert read_erasing(data.root, tombstone.id).callers == (ANA,)
        stray = data.root / ".spool/forgotten/er_abandoned.progress"
        stray.write_text(json.dumps({"callers": [ANA]}))
        assert stray_notes(data.root) == [".spool/forgotten/er_abandoned.progress"]
        await carry_out(tombstone, data.parts)
        assert read_erasing(data.root, tombstone.id) is None
        assert not stray.exists()


async def test_a_decision_that_is_also_about_others_stays(tmp_path):
    async with a_data_folder(tmp_path / "data") as data:
        apart = Decision(
            id=new_decision_id(ASKED), at=ASKED, kind="split", caller=BEN,
            conversations=("conv_ben0", "conv_ben1"),
        )  # fmt: skip
        write_decision(data.root, apart)
        await data.catch_up()
        before = len(read_decisions(data.root))
        tombstone = ask_to_forget(data.root, conversations=["conv_ben0"], at=ASKED)
        await carry_out(tombstone, data.parts)
        assert len(read_decisions(data.root)) == before


def test_with_a_number_everybody_on_its_line_goes_but_one_of_them_can_go_alone():
    at = ASKED
    people = People(
        [
            Decision(id="1", at=at, kind="merge", caller=ANAS_MOBILE, into=ANA),
            Decision(id="2", at=at, kind="split", caller=ANA, conversations=("conv_1",)),
        ]
    )
    assert keys_of(people, ANA) == {ANA, ANAS_MOBILE, f"{ANA}~2"}
    assert keys_of(people, ANAS_MOBILE) == {ANA, ANAS_MOBILE, f"{ANA}~2"}
    assert keys_of(people, f"{ANA}~2") == {f"{ANA}~2"}


def test_uploads_of_a_running_receiver_are_left_to_it(tmp_path):
    with a_spool(tmp_path) as spool:
        staged = spool.stage()
        staged.write(ANA.encode())
        leftover = tmp_path / ".spool/incoming/0123456789abcdef.part"
        leftover.write_text(ANA)
        remove_leftovers(tmp_path, Mentions(callers=[ANA]))
        assert staged.path.exists()
        assert not leftover.exists()
        staged.discard()
    left = tmp_path / ".spool/incoming/1-0.part"
    left.write_bytes(b"\xff")
    remove_leftovers(tmp_path, Mentions(callers=[ANA]))
    assert not left.exists()
