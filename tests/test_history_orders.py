"""The index obeys what the owner decides: erasures, drops, and who is who; and forgets for good."""

import asyncio
import sqlite3
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from history.errors import HistoryUnavailable
from history.values import Filters
from processor.derive import derive
from processor.kept import write_kept
from spool.decisions import new_decision_id, remove_decisions, write_decision
from spool.dropped import Drop, note_dropped
from spool.forgotten import (
    Forgotten,
    Tombstone,
    new_erasure_id,
    note_complete,
    write_tombstone,
)
from spool.people import Decision
from spool.standing_orders import Orders
from tests.factories import audio_payload, encoded
from tests.histories import BEA, CALLER, RULES, a_payload, at, caught_up, ids, indexed
from tests.spools import a_spool, deliver
from voice.payload import parse_event

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def a_story(n=0, **given):
    """A call that begins before NOW, with a sentence of its own."""
    values = {
        "messages": [("agent", "Hello?"), ("user", f"My parrot number{n} is called Bartleby")],
        "summary": f"The parrot of story{n}.",
    }
    return a_payload(n, **(values | given))


def forget(root, *, callers=(), conversations=(), kind="caller", moment=NOW):
    forgotten = Forgotten(root)
    tombstone = Tombstone(
        id=new_erasure_id(),
        kind=kind,
        at=moment,
        callers=tuple(forgotten.hash_of("caller", each) for each in callers),
        conversations=tuple(forgotten.hash_of("conversation", each) for each in conversations),
    )
    write_tombstone(root, tombstone)
    return tombstone.id


def decide(root, kind, caller, **given):
    at_ = given.pop("at", NOW)
    decision = Decision(id=new_decision_id(at_), at=at_, kind=kind, caller=caller, **given)
    write_decision(root, decision)
    return decision.id


def drop(root, file, *, what="file", reason="retention", kept="", moment=NOW):
    note_dropped(root, [Drop(file=file, what=what, reason=reason, at=moment, kept_sha256=kept)])
    if what == "file":
        (root / file).unlink()


def bytes_beside(folder):
    return b"".join(path.read_bytes() for path in folder.glob("*memory.history.db*"))


async def test_a_forgotten_caller_has_no_entry_but_whoever_erases_finds_the_conversations(tmp_path):
    root = tmp_path / "spool"
    with a_spool(root) as spool:
        deliver(spool, a_story(0), a_story(1), a_story(2, caller=BEA))
        async with indexed(tmp_path) as history:
            forget(root, callers=[CALLER])
            deliver(spool, a_story(3))  # came about before, and arrives late
            await caught_up(history, tmp_path)
            assert await ids(history, Filters()) == ["conv_00002"]
            assert [row.caller for row in (await history.callers(limit=9)).callers] == [BEA]
            erased = ["conv_00000", "conv_00001", "conv_00003"]
            assert await history.conversations_of(CALLER) == erased
            assert await history.forgotten() == [(each, CALLER) for each in erased]
            assert (await history.files("conv_00000"))[0].kind == "transcription"
            assert (await history.totals()).conversations == 1


async def test_what_is_removed_and_scrubbed_is_in_no_byte_and_does_not_come_back(tmp_path):
    root = tmp_path / "spool"
    with a_spool(root) as spool:
        deliver(spool, *(a_story(n, caller=CALLER if n % 3 else BEA) for n in range(30)))
    async with indexed(tmp_path) as history:
        await caught_up(history, tmp_path)
        others = await ids(history, Filters(caller=BEA))
        erasure = forget(root, callers=[CALLER])
        await caught_up(history, tmp_path)
        await history.remove(await history.conversations_of(CALLER))
        await history.scrub()
        note_complete(root, erasure, {})
        for again in (caught_up(history, tmp_path), rebuilt(history, root)):
            await again
            assert await ids(history, Filters()) == others
            assert await history.conversations_of(CALLER) == []
            assert await history.files("conv_00001") == []
            found = bytes_beside(tmp_path)
            for trace in (
                b"15550100142",
                b"number1 ",
                b"story1.",
                b"conv_00001",
                b"parrot of story4",
            ):
                assert trace not in found, trace
            assert b"number3" in found


async def rebuilt(history, root):
    await history.rebuild(root, Orders(root), RULES)


async def test_a_new_call_of_a_forgotten_number_is_a_new_story(tmp_path):
    root = tmp_path / "spool"
    with a_spool(root) as spool:
        deliver(spool, a_story(0))
        note_complete(root, forget(root, callers=[CALLER], moment=at(5)), {})
        deliver(spool, a_story(6))
    async with indexed(tmp_path) as history:
        assert await ids(history, Filters(caller=CALLER)) == ["conv_00006"]
        assert await history.conversations_of(CALLER) == ["conv_00006"]
        assert await history.files("conv_00000") == []


async def test_one_forgotten_conversation_goes_and_the_others_stay(tmp_path):
    root = tmp_path / "spool"
    with a_spool(root) as spool:
        deliver(spool, a_story(0), a_story(1))
    async with indexed(tmp_path) as history:
        forget(root, conversations=["conv_00000"], kind="conversation")
        await caught_up(history, tmp_path)
        assert await ids(history, Filters()) == ["conv_00001"]
        (caller,) = (await history.callers(limit=5)).callers
        assert (caller.calls, caller.first_at) == (1, at(1))


HOLDING = """
import sqlite3, sys, time
connection = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True, isolation_level=None)
connection.execute("BEGIN")
connection.execute("SELECT count(*) FROM conversations").fetchall()
print("reading", flush=True)
time.sleep(float(sys.argv[2]))
connection.close()
"""


async def test_a_scrub_waits_for_who_still_reads_the_old_state(tmp_path):
    with a_spool(tmp_path / "spool") as spool:
        deliver(spool, a_story(0), a_story(1))
    async with indexed(tmp_path) as history:
        path = str(tmp_path / "memory.history.db")
        with subprocess.Popen(
            [sys.executable, "-c", HOLDING, path, "1.5"], stdout=subprocess.PIPE, cwd=Path.cwd()
        ) as reader:
            await asyncio.to_thread(reader.stdout.readline)
            await history.remove(["conv_00000"])
            await history.scrub()
        found = bytes_beside(tmp_path)
    assert b"number0" not in found
    assert b"number1" in found


async def test_a_scrub_says_so_if_the_old_state_is_read_for_ever(tmp_path, monkeypatch):
    monkeypatch.setattr("history.scrubbing._PATIENCE_S", 0.2)
    with a_spool(tmp_path / "spool") as spool:
        deliver(spool, a_story(0))
    async with indexed(tmp_path) as history:
        reader = sqlite3.connect(tmp_path / "memory.history.db", isolation_level=None)
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM conversations").fetchall()
        await history.remove(["conv_00000"])
        with pytest.raises(HistoryUnavailable, match="end it"):
            await history.scrub()
        reader.close()
        await history.scrub()
    assert b"number0" not in bytes_beside(tmp_path)


async def test_a_merge_and_taking_it_back_move_the_calls(tmp_path):
    root = tmp_path / "spool"
    with a_spool(root) as spool:
        deliver(spool, a_story(0), a_story(1, caller=BEA))
        async with indexed(tmp_path) as history:
            decide(root, "merge", BEA, into=CALLER)
            deliver(spool, a_story(2, caller=BEA))
            await caught_up(history, tmp_path)
            assert await ids(history, Filters(caller=CALLER)) == [
                f"conv_0000{n}" for n in (2, 1, 0)
            ]
            assert await ids(history, Filters(caller=BEA)) == ["conv_00002", "conv_00001"]
            entry = await history.entry("conv_00001")
            assert (entry.caller, entry.line) == (CALLER, BEA)
            (caller,) = (await history.callers(limit=9)).callers
            assert (caller.caller, caller.calls) == (CALLER, 3)
            decide(root, "split", BEA, at=NOW + timedelta(minutes=1))
            await caught_up(history, tmp_path)
            assert await ids(history, Filters(caller=CALLER)) == ["conv_00000"]
            rows = (await history.callers(limit=9)).callers
            assert [(row.caller, row.calls) for row in rows] == [(BEA, 2), (CALLER, 1)]
            rebuilt_rows = rows
            await rebuilt(history, root)
            assert (await history.callers(limit=9)).callers == rebuilt_rows


async def test_a_split_tells_people_of_one_line_apart_by_conversation_and_by_name(tmp_path):
    root = tmp_path / "spool"
    with a_spool(root) as spool:
        deliver(spool, a_story(0), a_story(1), a_story(2, collected={"first_name": "Bea"}))
        async with indexed(tmp_path) as history:
            decision = decide(root, "split", CALLER, conversations=("conv_00001",), name="Bea")
            deliver(spool, a_story(3, collected={"name": "Bea Holm"}))
            await caught_up(history, tmp_path)
            second = f"{CALLER}~2"
            assert await ids(history, Filters(caller=second)) == [
                "conv_00003", "conv_00002", "conv_00001",
            ]  # fmt: skip
            assert len(await ids(history, Filters(caller=CALLER))) == 4  # the line
            assert (await history.entry("conv_00000")).caller == CALLER
            remove_decisions(root, [decision])
            await caught_up(history, tmp_path)
            assert await ids(history, Filters(caller=second)) == []


async def test_the_speaker_may_be_told_by_others(tmp_path):
    root = tmp_path / "spool"
    with a_spool(root) as spool:
        deliver(spool, a_story(0))
    decide(root, "split", CALLER, name="Bea")
    async with indexed(tmp_path, speaker_of=lambda _: "bea") as history:
        assert (await history.entry("conv_00000")).caller == f"{CALLER}~2"


async def test_a_transcript_that_was_dropped_leaves_what_memory_keeps_of_it(tmp_path):
    root = tmp_path / "spool"
    payload = a_story(0)
    with a_spool(root) as spool:
        (file,) = deliver(spool, payload)
    async with indexed(tmp_path) as history:
        event = parse_event("transcription", encoded(payload))
        sha256 = (await history.files("conv_00000"))[0].sha256
        conversation = replace(derive(event, sha256=sha256), search_terms=b"")
        drop(root, file, kept=write_kept(root, file, conversation))
        await caught_up(history, tmp_path)
        for _ in range(2):
            entry = await history.entry("conv_00000")
            assert (entry.caller, entry.has_transcript, entry.size_bytes) == (CALLER, False, 0)
            assert entry.started_at == at(0)
            assert entry.summary == "The parrot of story0."
            assert await ids(history, Filters(text="bartleby")) == ["conv_00000"]
            (stored,) = await history.files("conv_00000")
            assert (stored.dropped, stored.dropped_at) == ("retention", NOW)
            dropped = (await history.totals()).dropped["retention"]
            assert (dropped.files, dropped.size_bytes) == (1, len(encoded(payload)))
            await rebuilt(history, root)
        (root / "conv_00000/conv_00000_transcription.memories.json").unlink()
        drop(root, file, what="memories")
        await caught_up(history, tmp_path)
        entry = await history.entry("conv_00000")
        assert (entry.kind, entry.caller, entry.summary) == ("call", None, "")
        assert await ids(history, Filters(text="bartleby")) == []
        assert await history.conversations_of(CALLER) == []
        assert (await history.callers(limit=5)).callers == ()


async def test_a_recording_that_was_dropped_is_gone_from_the_entry_alone(tmp_path):
    root = tmp_path / "spool"
    with a_spool(root) as spool:
        deliver(spool, a_story(0))
        (file,) = deliver(spool, audio_payload(conversation_id="conv_00000"))
    async with indexed(tmp_path) as history:
        assert (await history.entry("conv_00000")).has_audio
        drop(root, file, reason="space")
        assert await caught_up(history, tmp_path) == 1
        entry = await history.entry("conv_00000")
        assert (entry.has_audio, entry.has_transcript) == (False, True)
        assert await ids(history, Filters(text="bartleby")) == ["conv_00000"]


async def test_a_drop_that_was_noted_before_the_index_was_made_counts(tmp_path):
    root = tmp_path / "spool"
    with a_spool(root) as spool:
        deliver(spool, a_story(0))
        (file,) = deliver(spool, audio_payload(conversation_id="conv_00000"))
    drop(root, file)
    async with indexed(tmp_path) as history:
        assert not (await history.entry("conv_00000")).has_audio
        assert {stored.dropped for stored in await history.files("conv_00000")} == {"", "retention"}
