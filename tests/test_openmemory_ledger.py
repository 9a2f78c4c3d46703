"""The mirror's ledger: which of our memories OpenMemory has, and under which of its ids."""

import re
import sqlite3
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from memory.errors import MemoryStoreError, MemoryUnavailable
from memory.holdings import Place
from memory.openmemory.ledger import Entry, Ledger, Report, Tally, ledger_beside
from tests.memories import ANA, BEN, MONDAY

PLACE = Place(kind="utterance", conversation_id="conv_1", source="call", id="conv_1/utterance/0")
STORED = Entry(
    key="call/conv_1/utterance/0",
    digest="d1",
    state="stored",
    backend_id="id-1",
    content_hash="c1",
    place=PLACE,
)
REPORT = Report(
    status="degraded",
    backend="the server",
    product="OpenMemory server 1.3",
    detail="it does not answer",
    keeps_users_apart=True,
    shortens=False,
    advice=("set a key",),
    at=datetime(2026, 11, 21, 10, 0, tzinfo=UTC),
)


@pytest.fixture
async def ledger(tmp_path):
    ledger = await Ledger.open(tmp_path / "memory.mirror.db")
    yield ledger
    await ledger.close()


async def test_entries_come_back_as_they_were_put(ledger):
    profile = Entry(key="profile", digest="d2", state="refused", attempts=3, reason="too long")
    await ledger.put(ANA, [STORED, profile], stamp="x/1", is_unsure=False)
    assert await ledger.entries(ANA) == ({STORED.key: STORED, "profile": profile}, False)
    assert await ledger.entries(BEN) == ({}, False)
    assert await ledger.stamps() == {ANA: "x/1"}
    await ledger.put(ANA, [], removed=["profile"])
    assert await ledger.entries(ANA) == ({STORED.key: STORED}, False)


async def test_a_caller_who_is_new_to_it_has_to_be_looked_at_first(ledger):
    await ledger.put(ANA, [STORED], stamp="x/1")
    assert (await ledger.entries(ANA))[1]
    assert await ledger.waiting(limit=9) == [ANA]
    await ledger.put(ANA, [], is_unsure=False)
    assert await ledger.waiting(limit=9) == []
    await ledger.distrust_all()
    assert await ledger.waiting(limit=9) == [ANA]


async def test_an_id_is_a_place_only_for_the_caller_whose_row_it_is(ledger):
    await ledger.put(ANA, [STORED])
    assert await ledger.places(ANA, ["id-1", "id-2"]) == {"id-1": PLACE}
    assert await ledger.places(BEN, ["id-1"]) == {}


@pytest.mark.parametrize("state", ["wanted", "unwanted", "dropped", "refused"])
async def test_an_id_of_a_row_that_is_not_there_is_no_place(ledger, state):
    await ledger.put(ANA, [Entry(key="k", digest="d", state=state, backend_id="id-1", place=PLACE)])
    assert await ledger.places(ANA, ["id-1"]) == {}


async def test_the_profiles_row_is_no_place(ledger):
    await ledger.put(ANA, [Entry(key="profile", digest="d", state="stored", backend_id="id-1")])
    assert await ledger.places(ANA, ["id-1"]) == {}


async def test_the_tally_counts_what_is_in_which_state(ledger):
    states = ["stored", "stored", "shortened", "dropped", "refused", "wanted", "unwanted"]
    entries = [Entry(key=str(n), digest="d", state=state) for n, state in enumerate(states)]
    await ledger.put(ANA, entries, is_unsure=False)
    await ledger.put(BEN, [], is_unsure=True)
    await ledger.begin_erasure(BEN)
    tally = await ledger.tally()
    assert tally == Tally(
        stored=2, shortened=1, dropped=1, refused=1, waiting=2, callers_waiting=2, erasing=1
    )
    assert tally.dropped_share == 0.25
    assert Tally().dropped_share == 0.0


def test_each_backend_has_a_ledger_of_its_own():
    memory = Path("data/memory.db")
    one, other = (ledger_beside(memory, identity) for identity in ("remote a", "local b"))
    assert one != other
    assert re.fullmatch(r"data/memory\.mirror-[0-9a-f]{8}\.db", str(one))


async def test_what_was_refused_can_be_sent_again_save_for_one_reason(ledger):
    entries = [Entry(key=str(n), digest="d", state="refused", attempts=3, reason=reason)
               for n, reason in enumerate(["too large", "no answer"])]  # fmt: skip
    await ledger.put(ANA, entries)
    await ledger.retry_refused(but="no answer")
    found, _ = await ledger.entries(ANA)
    assert [(each.state, each.attempts) for each in found.values()] == [
        ("wanted", 0),
        ("refused", 3),
    ]


async def test_only_some_callers_can_be_distrusted(ledger):
    for caller in (ANA, BEN):
        await ledger.put(caller, [], is_unsure=False)
    await ledger.distrust([BEN])
    assert await ledger.waiting(limit=9) == [BEN]


async def test_reports_and_erasures_are_kept(ledger):
    assert await ledger.report() is None
    await ledger.put_report(REPORT)
    assert await ledger.report() == REPORT
    await ledger.begin_erasure(ANA)
    assert await ledger.erasures() == [(ANA, None)]
    await ledger.note_deleted(ANA, at=MONDAY)
    assert await ledger.erasures() == [(ANA, MONDAY)]
    await ledger.put(ANA, [STORED])
    await ledger.forget(ANA)
    assert await ledger.is_erasing(ANA)
    assert await ledger.waiting(limit=9) == []
    await ledger.forget(ANA, ends_erasure=True)
    assert await ledger.erasures() == []


async def test_a_second_process_reads_what_the_first_writes(ledger):
    other = await Ledger.open(ledger.path)
    await ledger.put(ANA, [STORED])
    assert await other.places(ANA, ["id-1"]) == {"id-1": PLACE}
    await other.close()


async def test_the_file_is_for_its_owner_alone(ledger):
    assert stat.S_IMODE(ledger.path.stat().st_mode) == 0o600


@pytest.mark.parametrize("damage", ["garbage", "older"])
async def test_a_ledger_of_no_use_is_begun_anew(tmp_path, damage):
    path = tmp_path / "memory.mirror.db"
    if damage == "garbage":
        path.write_bytes(b"no database at all " * 500)
    else:
        ledger = await Ledger.open(path)
        await ledger.put(ANA, [STORED])
        await ledger.close()
        with sqlite3.connect(path) as connection:
            connection.execute("PRAGMA user_version = 0")
        connection.close()
    ledger = await Ledger.open(path)
    assert await ledger.entries(ANA) == ({}, False)
    await ledger.close()


async def test_another_programs_database_is_left_alone(tmp_path):
    path = tmp_path / "memory.mirror.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE theirs (x)")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(MemoryStoreError, match="not a mirror's ledger"):
        await Ledger.open(path)
    assert path.read_bytes() == before


async def test_damage_while_in_use_and_a_closed_ledger_are_errors_of_the_port(tmp_path):
    ledger = await Ledger.open(tmp_path / "memory.mirror.db")
    await ledger.close()
    with pytest.raises(MemoryUnavailable, match="closed"):
        await ledger.tally()
    with pytest.raises(MemoryUnavailable, match="closed"):
        await ledger.put(ANA, [])


async def test_a_folder_that_cannot_be_written_is_an_error_of_the_port(tmp_path):
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(MemoryUnavailable):
        await Ledger.open(tmp_path / "file" / "memory.mirror.db")
