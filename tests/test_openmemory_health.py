"""What /health says of an OpenMemory, in every state of its mirror."""

import asyncio
from datetime import timedelta

import pytest

from cli.assembly.openmemory import OpenMemory
from cli.assembly.openmemory_state import described, mirror_state, state_of
from memory.errors import MemoryUnavailable
from memory.openmemory.ledger import Entry, Ledger, Report, Tally
from memory.openmemory.recall import Recall
from receiver import health
from tests.memories import ANA, MONDAY
from tests.openmemory.fake import FakeBackend
from tests.receiving import receiving

NAME = "the OpenMemory server at http://127.0.0.1:8080"
SOON = MONDAY + timedelta(seconds=30)


def a_report(**given):
    values = {
        "status": "ok",
        "backend": NAME,
        "product": "OpenMemory server 1.3",
        "keeps_users_apart": True,
        "shortens": False,
        "advice": ("start it with OM_TELEMETRY=false",),
        "at": MONDAY,
    }
    return Report(**(values | given))


def state(report, tally=None, *, backend=NAME, now=SOON):
    return state_of(report, tally or Tally(), backend=backend, now=now)


async def answered(tmp_path, mirror):
    """Return (HTTP status, body) of /health with this mirror."""
    async with receiving(tmp_path, mirror=mirror) as running:
        response = await running.client.get("/health")
        return response.status, await response.json()


async def saying(value):
    return value


def test_a_mirror_that_keeps_up_is_ok_and_says_what_it_found_and_did():
    tally = Tally(stored=80, shortened=4, dropped=16, refused=1, waiting=3, callers_waiting=2)
    assert state(a_report(), tally) == {
        "status": "ok",
        "backend": NAME,
        "product": "OpenMemory server 1.3",
        "reason": "",
        "keeps_users_apart": True,
        "shortens": False,
        "is_open": False,
        "advice": ["start it with OM_TELEMETRY=false"],
        "backlog": 3,
        "callers_waiting": 2,
        "stored": 84,
        "dropped": 16,
        "dropped_share": 0.16,
        "refused": 1,
        "erasing": 0,
    }


def test_one_that_answers_everybody_is_said_to():
    assert state(a_report(is_open=True))["is_open"] is True


def test_the_counts_are_told_in_words():
    tally = Tally(stored=80, shortened=4, dropped=16, waiting=3)
    assert described(tally) == (
        "84 of 103 memories there, 16 dropped as duplicates (16.0%), 3 waiting"
    )


def test_what_was_refused_is_said_with_what_to_do():
    assert described(Tally(stored=8, refused=2, erasing=2)) == (
        "8 of 10 memories there, 0 dropped as duplicates, "
        "2 refused (`run.py memory sync` tries them again), 0 waiting; callers being erased: 2"
    )


@pytest.mark.parametrize("status", ["degraded", "refused"])
def test_a_mirror_that_cannot_says_why(status):
    said = state(a_report(status=status, detail="it cannot be connected to"))
    assert (said["status"], said["reason"]) == (status, "it cannot be connected to")


def test_what_a_mirror_said_long_ago_does_not_count():
    said = state(a_report(), now=MONDAY + timedelta(minutes=6))
    assert (said["status"], said["reason"]) == ("degraded", "no processor mirrors now: start one")


@pytest.mark.parametrize("report", [None, a_report(backend="the OpenMemory SDK (database x)")])
def test_before_the_first_look_at_this_one_nothing_is_claimed(report):
    said = state(report, Tally(waiting=7))
    assert (said["status"], said["backend"], said["backlog"]) == ("not run yet", NAME, 7)
    assert "keeps_users_apart" not in said


async def test_it_is_read_from_the_ledger_whichever_process_mirrors(tmp_path):
    mirroring, asking = [await Ledger.open(tmp_path / "memory.mirror.db") for _ in range(2)]
    backend = FakeBackend()
    recall = Recall(backend, asking, wait_seconds=0.1)
    recall.counts["asked"] += 2
    tell = mirror_state(OpenMemory(backend=backend, ledger=asking, recall=recall, mirror=None))
    assert (await tell())["status"] == "not run yet"
    await mirroring.put(ANA, [Entry(key="profile", digest="x", state="wanted")])
    await mirroring.put_report(a_report(backend=backend.name))
    said = await tell()
    assert said["reason"] == "no processor mirrors now: start one"  # Monday is long ago
    assert (said["backlog"], said["search"]) == (1, {"asked": 2})
    assert ANA not in str(said)
    await asyncio.gather(recall.close(), mirroring.close(), asking.close())


async def test_without_an_openmemory_it_is_off_and_all_is_well(tmp_path):
    status, body = await answered(tmp_path, None)
    assert (status, body["status"], body["openmemory"]) == (200, "ok", {"status": "off"})


async def test_an_openmemory_that_keeps_up_is_well(tmp_path):
    status, body = await answered(tmp_path, lambda: saying({"status": "ok", "backlog": 3}))
    assert (status, body["status"]) == (200, "ok")
    assert body["openmemory"] == {"status": "ok", "backlog": 3}


@pytest.mark.parametrize("said", ["degraded", "refused", "not run yet"])
async def test_any_other_state_degrades_the_whole_but_calls_are_answered(tmp_path, said):
    status, body = await answered(tmp_path, lambda: saying({"status": said}))
    assert (status, body["status"]) == (200, "degraded")
    assert body["checks"] == {"spool": "ok", "memory": "ok"}


async def test_a_ledger_that_cannot_be_read_is_a_reason_and_no_error(tmp_path):
    async def failing():
        raise MemoryUnavailable("the mirror's ledger is locked")

    status, body = await answered(tmp_path, failing)
    assert (status, body["status"]) == (200, "degraded")
    assert body["openmemory"]["reason"] == "the mirror's ledger is locked"


async def test_a_ledger_that_hangs_is_not_waited_for(tmp_path, monkeypatch):
    monkeypatch.setattr(health, "CHECK_SECONDS", 0.05)
    status, body = await answered(tmp_path, asyncio.Event().wait)
    assert (status, body["status"]) == (200, "degraded")
    assert "does not answer within 0.05 s" in body["openmemory"]["reason"]


async def test_what_fails_calls_counts_for_more(tmp_path, monkeypatch):
    async def broken(_receiver):
        return "it is gone"

    monkeypatch.setattr(health, "_memory_check", broken)
    status, body = await answered(tmp_path, lambda: saying({"status": "degraded"}))
    assert (status, body["status"]) == (503, "failing")
