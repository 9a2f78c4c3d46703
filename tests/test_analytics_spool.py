"""The figures of a real spool: the same for every replay, and obedient to what was decided."""

import json
from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest

from analytics.report import as_members
from analytics.summarise import summarise
from history.figures import encode_figures
from history.values import Filters
from processor.derive import derive
from processor.kept import write_kept
from spool.standing_orders import Orders
from tests.factories import audio_payload, encoded, failure_payload
from tests.histories import BEA, CALLER, RULES, a_payload, at, caught_up, indexed
from tests.spools import a_spool, deliver, poison
from tests.test_analytics_figures import FOUND, SAMPLE, a_call, a_result
from tests.test_history_orders import NOW, decide, drop, forget
from voice.figures import UNKNOWN
from voice.payload import parse_event
from voice.rules import Rules


def a_story(number=0, *, cost=412, reason="Bike service", searches=1, outcome="success", **given):
    """A call with a cost, a reason, and searches that find something."""
    payload = a_payload(number, collected={"call_reason": reason}, **given)
    data = payload["data"]
    data["metadata"]["cost"] = cost
    data["analysis"]["call_successful"] = outcome
    data["transcript"][0]["tool_calls"] = [a_call(request=f"r{n}") for n in range(searches)]
    data["transcript"][1]["tool_results"] = [
        a_result(FOUND, request=f"r{n}") for n in range(searches)
    ]
    return payload


async def summary(history, **filters):
    return await history.fold(Filters(**filters), summarise)


async def told(folder, **given):
    """Everything that is told of the spool in `folder`, by an index made for it."""
    async with indexed(folder, **given) as history:
        return json.dumps(as_members(await summary(history)))


async def test_what_is_in_the_spool_is_counted(tmp_path):
    with a_spool(tmp_path / "spool") as spool:
        deliver(spool, a_story(0), a_story(1, cost=88, caller=BEA, outcome="failure"))
        deliver(spool, a_story(2, searches=0, reason="Opening hours"), SAMPLE)
        deliver(spool, failure_payload(conversation_id="conv_f", reason="busy"))
        poison(spool)
    async with indexed(tmp_path) as history:
        report = await summary(history)
    total = report.total
    assert (total.calls, total.failed_calls, report.unread) == (4, 1, 1)
    assert total.credits == 412 + 88 + 412 + SAMPLE["data"]["metadata"]["cost"]
    assert (total.searches, total.search_hits, total.search_answers) == (3, 2, 3)
    reasons = {each.name: each.count for each in report.reasons}
    assert (reasons["Bike service"], reasons["Opening hours"]) == (2, 1)
    assert [(each.name, each.count) for each in report.failures] == [("busy", 1)]


async def test_filters_choose_and_do_not_make_callers_new(tmp_path):
    with a_spool(tmp_path / "spool") as spool:
        deliver(spool, a_story(0), a_story(1), a_story(2, direction="outbound"), SAMPLE)
        deliver(spool, a_story(3, caller=BEA))
    async with indexed(tmp_path) as history:
        late = (await summary(history, since=at(1), until=at(3))).total
        assert (late.calls, late.new_callers, late.returning_calls) == (2, 0, 2)
        assert (await summary(history, direction="outbound")).total.calls == 1
        assert (await summary(history, agent="agent_4f1c8a")).total.calls == 1
        assert (await summary(history, caller=BEA)).total.new_callers == 1
        assert (await summary(history, agent="nobody")).total.calls == 0
        assert (await summary(history, text="?!")).total.calls == 0


async def test_of_calls_that_begin_at_one_moment_just_one_is_the_first(tmp_path):
    began = {"started_at": at(0).timestamp()}
    with a_spool(tmp_path / "spool") as spool:
        deliver(spool, failure_payload(conversation_id="conv_f", event_timestamp=1_780_000_000))
        deliver(spool, *(a_story(n, **began) for n in range(4)))
    async with indexed(tmp_path) as history:
        total = (await summary(history)).total
    assert (total.new_callers, total.returning_calls) == (1, 3)


async def test_every_replay_in_any_order_tells_the_same(tmp_path):
    bodies = [a_story(n, caller=CALLER if n % 3 else BEA, cost=n + 0.1) for n in range(12)]
    again = a_story(3, cost=7, reason="Something else", outcome="failure")
    again["event_timestamp"] += 60
    failures = [failure_payload(conversation_id=f"conv_f{n}") for n in range(2)]
    recording = audio_payload(conversation_id="conv_00001")
    deliveries = [*bodies, again, *failures, recording, bodies[0], recording]
    found = set()
    for seed in range(3):
        Random(seed).shuffle(deliveries)
        folder = tmp_path / str(seed)
        with a_spool(folder / "spool") as spool:
            async with indexed(folder) as history:
                deliver(spool, *deliveries[:6])
                await caught_up(history, folder)
                deliver(spool, *deliveries[6:])
                await caught_up(history, folder)
                report = await summary(history)
                found.add(json.dumps(as_members(report)))
                await history.rebuild(folder / "spool", Orders(folder / "spool"), RULES)
                found.add(json.dumps(as_members(await summary(history))))
    assert len(found) == 1
    assert (report.total.calls, report.total.failed_calls) == (12, 2)
    assert (report.total.failure, report.reasons[1].name) == (1, "Something else")  # the later one
    assert report.total.credits == pytest.approx(sum(n + 0.1 for n in range(12)) - 3.1 + 7)


async def test_of_an_expired_transcript_that_counts_which_was_kept(tmp_path):
    root = tmp_path / "spool"
    with a_spool(root) as spool:
        deliver(spool, a_story(0), a_story(1, caller=BEA, reason="Opening hours"))
    conversation = derive(parse_event("transcription", encoded(a_story(0))), sha256="a" * 64)
    file = "conv_00000/conv_00000_transcription.json"
    async with indexed(tmp_path) as history:
        drop(root, file, kept=write_kept(root, file, conversation))
        await caught_up(history, tmp_path)
        report = await summary(history)
        told_now = json.dumps(as_members(report))
    total = report.total
    assert (total.calls, total.duration_total_secs, total.success) == (2, 240.0, 2)
    assert {each.name for each in report.reasons} == {"Bike service", "Opening hours"}
    assert (total.credits, total.credits_calls) == (412, 1)  # what the other one cost
    assert (total.transcript_calls, total.told_calls, total.searches_per_call) == (1, 1, 1.0)
    (tmp_path / "memory.history.db").unlink()
    assert await told(tmp_path) == told_now


async def test_a_transcript_that_left_nothing_is_an_unread_call(tmp_path):
    root = tmp_path / "spool"
    with a_spool(root) as spool:
        deliver(spool, a_story(0), a_story(1))
    async with indexed(tmp_path) as history:
        drop(root, "conv_00000/conv_00000_transcription.json", reason="erased")
        await caught_up(history, tmp_path)
        report = await summary(history)
    assert (report.total.calls, report.unread) == (1, 1)


async def test_a_forgotten_caller_is_in_no_figure(tmp_path):
    root = tmp_path / "spool"
    with a_spool(root) as spool:
        deliver(spool, a_story(0, reason="Parrot food"), a_story(1, caller=BEA))
    async with indexed(tmp_path) as history:
        forget(root, callers=[CALLER])
        await caught_up(history, tmp_path)
        report = await summary(history)
        await history.remove(["conv_00000"])
        await history.scrub()
    assert (report.total.calls, report.total.callers, report.unread) == (1, 1, 0)
    assert [each.name for each in report.reasons] == ["Bike service"]
    assert b"Parrot food" not in (tmp_path / "memory.history.db").read_bytes()


async def test_two_numbers_of_one_person_are_one_caller_who_returns(tmp_path):
    root = tmp_path / "spool"
    with a_spool(root) as spool:
        deliver(spool, a_story(0), a_story(1, caller=BEA))
    async with indexed(tmp_path) as history:
        decide(root, "merge", BEA, into=CALLER)
        await caught_up(history, tmp_path)
        total = (await summary(history)).total
    assert (total.callers, total.new_callers, total.returning_calls) == (1, 1, 1)


async def test_no_secret_is_in_a_reason(tmp_path):
    card = "Card 4111 1111 1111 1111 declined"
    titled = a_payload(1)
    titled["data"]["analysis"]["call_summary_title"] = card
    with a_spool(tmp_path / "spool") as spool:
        deliver(spool, a_story(0, reason=card), titled)
    async with indexed(tmp_path, rules=replace(Rules(), redact=frozenset(["card"]))) as history:
        (reason,) = (await summary(history)).reasons
    assert reason.count == 2
    assert "4111" not in reason.name
    assert "declined" in reason.name


async def test_an_index_of_the_release_before_is_made_again(tmp_path):
    import sqlite3

    with a_spool(tmp_path / "spool") as spool:
        deliver(spool, a_story(0))
    before = await told(tmp_path)
    connection = sqlite3.connect(tmp_path / "memory.history.db")
    connection.execute("ALTER TABLE conversations DROP COLUMN figures")
    connection.execute("PRAGMA user_version = 1")
    connection.close()
    assert await told(tmp_path) == before


def test_nothing_is_stored_where_nothing_is_known():
    assert encode_figures(UNKNOWN) == b""


async def test_the_days_are_those_on_which_calls_began(tmp_path):
    with a_spool(tmp_path / "spool") as spool:
        deliver(spool, a_story(0), a_story(24 * 60), received_at=NOW + timedelta(days=3))
    async with indexed(tmp_path) as history:
        report = await summary(history)
    assert [each.day for each in report.days] == [at(0).date(), at(24 * 60).date()]
