"""Asking OpenMemory: in time, or not at all."""

import asyncio
import logging

import pytest

from memory.errors import MemoryUnavailable
from memory.openmemory.backend import BackendRefused, BackendUnreachable
from memory.openmemory.recall import Ranked, Recall
from tests.memories import ANA, BEN, a_memory
from tests.recalls import AskedBackend, AskedLedger, Clock, a_report, place_of

SOON = 30.0  # nothing here waits that long
AT_ONCE = 0.01

TABLE = a_memory("A table for two.", id="conv_1/utterance/1")
TERRACE = a_memory("On the terrace.", id="conv_1/utterance/2")


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def backend():
    backend = AskedBackend()
    backend.single_out("row-1")
    return backend


@pytest.fixture
def ledger():
    ledger = AskedLedger()
    ledger.know(ANA, **{"row-1": TABLE, "row-2": TERRACE})
    return ledger


@pytest.fixture
async def recalls(backend, ledger, clock):
    """Makes recalls that wait so many seconds and know what the mirror says."""
    made = []

    async def make(seconds=SOON):
        recall = Recall(backend, ledger, wait_seconds=seconds, clock=clock)
        made.append(recall)
        await recall.look()
        return recall

    yield make
    backend.gate.set()
    for recall in made:
        await recall.close()


async def matches(recall, query="a table?", caller=ANA):
    """Ask and return what came of it; None if nothing was asked that is waited for."""
    asked = recall.ask(caller, query, limit=5)
    return None if asked is None else await recall.matches(asked)


async def until(condition):
    while not condition():
        await asyncio.sleep(0)


def actions(caplog):
    return [record.action for record in caplog.records if hasattr(record, "action")]


async def test_what_stands_out_is_returned_by_place_and_rank(recalls, backend):
    recall = await recalls()
    backend.single_out("row-2", "row-1")
    assert await matches(recall) == [
        Ranked(place=place_of(TERRACE), rank=0),
        Ranked(place=place_of(TABLE), rank=1),
    ]
    assert recall.counts == {"asked": 1, "answered": 1, "unmapped": 0}


@pytest.mark.parametrize(("limit", "rows"), [(1, 20), (10, 20), (11, 22), (25, 50), (50, 50)])
async def test_more_rows_are_fetched_than_results_are_wanted_within_bounds(
    recalls, backend, limit, rows
):
    recall = await recalls()
    await recall.matches(recall.ask(ANA, "a table?", limit=limit))
    assert backend.asked == [(ANA, "a table?", rows)]


async def test_rows_of_others_and_unknown_ones_are_not_returned_but_counted(
    recalls, backend, ledger
):
    recall = await recalls()
    ledger.know(BEN, **{"row-of-ben": a_memory(caller=BEN)})
    backend.single_out("row-of-ben", "row-1", "row-unknown")
    [ranked] = await matches(recall)
    assert ranked.place == place_of(TABLE)
    assert recall.counts["unmapped"] == 2


async def test_what_is_no_memory_of_the_caller_takes_no_rank_from_one_that_is(recalls, backend):
    recall = await recalls()
    backend.single_out("row-profile", "row-2", "row-unknown", "row-1")
    assert await matches(recall) == [
        Ranked(place=place_of(TERRACE), rank=0),
        Ranked(place=place_of(TABLE), rank=1),
    ]


async def test_where_nothing_stands_out_the_ledger_is_not_asked(recalls, backend, ledger):
    recall = await recalls()
    backend.answer(("row-1", 0.5), ("row-2", 0.5))
    ledger.gate.clear()
    assert await matches(recall) == []


@pytest.mark.parametrize("query", ["", "  \n"])
async def test_a_blank_question_is_not_asked(recalls, backend, query):
    assert await matches(await recalls(), query) is None
    assert backend.asked == []


@pytest.mark.parametrize(
    ("caller", "limit", "seconds"), [("", 5, SOON), (ANA, 0, SOON), (ANA, 5, 0)]
)
async def test_nobodys_question_no_results_and_no_budget_ask_nothing(
    recalls, backend, caller, limit, seconds
):
    recall = await recalls(seconds)
    assert recall.ask(caller, "a table?", limit=limit) is None
    await asyncio.sleep(0)
    assert backend.asked == []
    assert recall.counts == {}


async def test_a_question_is_cut_and_broken_characters_are_replaced(recalls, backend):
    recall = await recalls()
    await matches(recall, "\ud800" + "x" * 5000)
    [(_, text, _)] = backend.asked
    assert text == "?" + "x" * 1999


async def test_a_late_answer_is_given_up_and_no_other_call_is_begun_meanwhile(recalls, backend):
    recall = await recalls(AT_ONCE)
    backend.gate.clear()
    assert await matches(recall) == []
    assert await matches(recall) is None
    assert len(backend.asked) == 1
    assert recall.counts == {"asked": 1, "late": 1, "skipped": 1}
    assert backend.cancelled == 0


async def test_no_trial_is_begun_while_a_late_call_still_runs(recalls, backend, clock):
    recall = await recalls(AT_ONCE)
    backend.gate.clear()
    assert await matches(recall) == []
    clock.now += 5
    assert await matches(recall) is None
    await asyncio.sleep(0)
    assert len(backend.asked) == 1
    assert recall.counts == {"asked": 1, "late": 1, "skipped": 1}
    backend.gate.set()
    await until(lambda: not recall._late)
    assert await matches(recall) is None
    assert recall.counts["trials"] == 1


async def test_a_late_call_that_never_ends_is_cancelled_at_last_and_counts_once(
    recalls, backend, clock, monkeypatch
):
    monkeypatch.setattr("memory.openmemory.recall._GRACE_S", AT_ONCE)
    recall = await recalls(AT_ONCE)
    backend.gate.clear()
    assert await matches(recall) == []
    while recall._late:
        await asyncio.sleep(AT_ONCE)
    assert backend.cancelled == 1
    assert recall.counts == {"asked": 1, "late": 1}
    clock.now += 5
    assert await matches(recall) is None
    assert recall.counts["trials"] == 1


async def test_an_answer_that_nobody_collects_is_late_all_the_same(recalls, backend):
    recall = await recalls(AT_ONCE)
    backend.gate.clear()
    recall.ask(ANA, "a table?", limit=5)
    while not recall.counts["late"]:
        await asyncio.sleep(AT_ONCE)
    assert await matches(recall) is None


async def test_a_dead_backend_costs_one_wait_until_a_trial_succeeds(recalls, backend, clock):
    recall = await recalls(AT_ONCE)
    assert not recall.is_sparing
    backend.gate.clear()
    assert await matches(recall) == []
    assert recall.is_sparing
    backend.gate.set()
    await until(lambda: not recall._late)
    for _ in range(3):
        assert await matches(recall) is None
    assert len(backend.asked) == 1
    clock.now += 5
    assert await matches(recall, "on trial") is None
    await until(lambda: recall.counts["answered"])
    assert [text for _, text, _ in backend.asked] == ["a table?", "on trial"]
    assert not recall.is_sparing
    assert len(await matches(recall)) == 1
    assert recall.counts["trials"] == 1


async def test_one_trial_is_under_way_at_a_time_and_a_late_one_opens_for_longer(
    recalls, backend, clock
):
    recall = await recalls(AT_ONCE)
    backend.problem = BackendUnreachable("out of order")
    await matches(recall)
    backend.problem = None
    clock.now += 5
    backend.gate.clear()
    for _ in range(3):
        assert await matches(recall) is None
    while not recall.counts["late"]:
        await asyncio.sleep(AT_ONCE)
    backend.gate.set()
    await until(lambda: not recall._late)
    clock.now += 9
    assert await matches(recall) is None
    assert recall.counts["trials"] == 1
    clock.now += 1
    assert await matches(recall) is None
    assert recall.counts["trials"] == 2


async def test_a_late_call_that_ends_well_does_not_close_the_breaker(recalls, backend):
    recall = await recalls(AT_ONCE)
    backend.gate.clear()
    await matches(recall)
    backend.gate.set()
    await until(lambda: not recall._late)
    assert await matches(recall) is None
    assert recall.counts["answered"] == 0


async def test_a_late_call_that_then_fails_counts_once(recalls, backend, clock):
    recall = await recalls(AT_ONCE)
    backend.gate.clear()
    await matches(recall)
    clock.now += 5
    backend.problem = BackendUnreachable("out of order")
    backend.gate.set()
    await until(lambda: not recall._late)
    assert recall.counts == {"asked": 1, "late": 1}


@pytest.mark.parametrize("problem", [BackendUnreachable("no answer"), BackendRefused("wrong key")])
async def test_a_failure_costs_nothing_but_the_matches(recalls, backend, problem):
    recall = await recalls()
    backend.problem = problem
    assert await matches(recall) == []
    assert await matches(recall) is None
    assert recall.counts == {"asked": 1, "failed": 1, "skipped": 1}


async def test_it_is_left_alone_for_as_long_as_it_asks_for(recalls, backend, clock):
    recall = await recalls()
    backend.problem = BackendUnreachable("slow down", retry_after_seconds=30)
    await matches(recall)
    clock.now += 29
    await matches(recall)
    assert recall.counts["trials"] == 0
    clock.now += 1
    await matches(recall)
    assert recall.counts["trials"] == 1


async def test_a_defect_costs_nothing_but_the_matches_and_its_text_is_not_logged(
    recalls, backend, caplog
):
    recall = await recalls()
    backend.problem = ZeroDivisionError("a table for two?")
    assert await matches(recall) == []
    assert recall.counts["defects"] == 1
    assert [record.error for record in caplog.records] == ["ZeroDivisionError"]


async def test_a_ledger_that_is_late_or_fails_is_no_error_either(recalls, ledger):
    recall = await recalls(AT_ONCE)
    ledger.gate.clear()
    assert await matches(recall) == []
    assert recall.counts["late"] == 1
    other = await recalls()
    ledger.gate.set()
    ledger.problem = MemoryUnavailable("the ledger cannot be read")
    assert await matches(other) == []
    assert other.counts["failed"] == 1


async def test_however_many_ask_only_a_few_calls_run_at_once(recalls, backend):
    recall = await recalls()
    backend.gate.clear()
    asking = [asyncio.create_task(matches(recall)) for _ in range(20)]
    await until(lambda: len(backend.asked) == 8)
    backend.gate.set()
    answers = await asyncio.gather(*asking)
    assert sum(answer is not None for answer in answers) == 8
    assert recall.counts["skipped"] == 12


async def test_nobody_waits_to_learn_whether_it_may_be_asked(backend, ledger, clock):
    recall = Recall(backend, ledger, wait_seconds=SOON, clock=clock)
    assert await matches(recall) is None
    await until(recall._looking.done)
    assert len(await matches(recall)) == 1
    await recall.close()


@pytest.mark.parametrize(
    "report",
    [
        None,
        a_report(status="refused"),
        a_report(status="degraded", keeps_users_apart=None),
        a_report(backend="another OpenMemory"),
    ],
)
async def test_a_backend_that_no_mirror_vouches_for_is_not_asked(recalls, backend, ledger, report):
    ledger.said = report
    recall = await recalls()
    assert await matches(recall) is None
    assert backend.asked == []


async def test_a_degraded_backend_and_one_that_mixes_users_up_in_queries_are_asked(recalls, ledger):
    ledger.said = a_report(status="degraded", keeps_users_apart=False)
    assert await matches(await recalls()) != []


async def test_what_the_mirror_says_is_looked_at_again_after_a_while(recalls, ledger, clock):
    recall = await recalls()
    ledger.said = a_report(status="refused")
    clock.now += 4
    assert await matches(recall) is not None
    assert ledger.looks == 1
    clock.now += 1
    assert await matches(recall) is not None
    await until(recall._looking.done)
    assert await matches(recall) is None
    assert ledger.looks == 2


@pytest.mark.parametrize("problem", [MemoryUnavailable("not now"), ZeroDivisionError("a defect")])
async def test_a_ledger_that_cannot_be_read_means_that_nothing_is_asked(
    recalls, backend, ledger, problem
):
    ledger.problem = problem
    recall = await recalls()
    assert await matches(recall) is None
    assert await matches(recall) is None
    assert backend.asked == []


async def test_failing_is_logged_once_and_so_is_being_back(recalls, backend, clock, caplog):
    caplog.set_level(logging.INFO)
    recall = await recalls()
    backend.problem = BackendUnreachable("nothing listens at port 1")
    await matches(recall)
    for _ in range(2):
        clock.now += 60
        await matches(recall)
        await until(lambda: not recall._running)
    backend.problem = None
    clock.now += 60
    await matches(recall)
    await until(lambda: recall.counts["answered"])
    await matches(recall)
    assert actions(caplog) == ["openmemory_recall_failing", "openmemory_recall_back"]
    assert caplog.records[0].error == "nothing listens at port 1"


async def test_who_stops_waiting_disturbs_nobody(recalls, backend):
    recall = await recalls()
    backend.gate.clear()
    waiting = asyncio.create_task(matches(recall))
    await until(lambda: backend.asked)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    backend.gate.set()
    await until(lambda: recall.counts["answered"])
    assert len(await matches(recall)) == 1


async def test_closing_gives_up_what_runs_and_nothing_is_asked_after_it(recalls, backend, clock):
    waiting, late = await recalls(), await recalls(AT_ONCE)
    backend.gate.clear()
    asked = waiting.ask(ANA, "a table?", limit=5)
    assert await matches(late) == []
    clock.now += 5
    waiting.ask(ANA, "a table?", limit=5)
    await asyncio.sleep(0)
    await waiting.close()
    await late.close()
    assert backend.cancelled == 3
    assert waiting.counts == {"asked": 2}
    assert late.counts == {"asked": 1, "late": 1}
    assert await waiting.matches(asked) == []
    assert await matches(waiting) is None
