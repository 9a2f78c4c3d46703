"""Missed calls are looked for by themselves, now and then, and nothing that goes wrong ends it."""

import asyncio
import json
import logging
import threading
import time
from contextlib import asynccontextmanager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from cli.assembly.receiver import reconciliation_state
from cloud.connecting.record import AgentRecord, Record, RecordFile
from cloud.fetching.intake import SpoolIntake
from cloud.fetching.last_run import LastRun, last_run_file, read_last_run, write_last_run
from cloud.fetching.reconcile import (
    FIRST_LOOK_BACK,
    LONGEST_HOLD,
    OVERLAP,
    ReconcileOptions,
    reconcile,
    run_reconciliation,
)
from cloud.fetching.whose import sending_agents
from cloud.options import CloudOptions
from settings import Settings
from spool.committer import Committer
from spool.writer import Spool
from tests.backfills import RECORDING, fetching, fill, quick_patience
from tests.platform import samples
from tests.receiving import receiving

NOW = datetime.fromtimestamp(samples.STARTED_AT, UTC) + timedelta(days=1)
HOUR = timedelta(hours=1)
A_RUN = LastRun(
    started_at=NOW - HOUR,
    finished_at=NOW - HOUR,
    status="ok",
    error="",
    listed=4,
    stored=2,
    recordings=1,
    failed=0,
    since=NOW - 7 * HOUR,
    complete_until=NOW - HOUR,
)


async def until(condition):
    """Wait until the condition holds."""
    async with asyncio.timeout(8):
        while not condition():
            await asyncio.sleep(0.01)


class Clock:
    """A clock that stands where the test puts it."""

    def __init__(self):
        self.now = NOW

    def __call__(self):
        return self.now


@asynccontextmanager
async def reconciling(tmp_path, *, every_seconds=0.05, attempts=2, **given):
    """Give a platform, and what reconciles a spool with it."""
    async with fetching(tmp_path) as fetched:
        spool = Spool.open(fetched.root)
        committer = Committer(spool)
        intake = SpoolIntake(spool, committer)
        fetched.open_intake = lambda: nullcontext(intake)
        fetched.clock = Clock()
        fetched.options = ReconcileOptions(
            cloud=CloudOptions(api_key=fetched.held.api_key, base_url=fetched.held.url),
            every_seconds=every_seconds,
            audio=True,
            first_run_seconds=0.0,
            clock=fetched.clock,
            make_patience=lambda: quick_patience(attempts=attempts),
            **given,
        )
        try:
            yield fetched
        finally:
            await committer.close()
            spool.close()


async def once(fetched):
    return await reconcile(fetched.root, fetched.open_intake, fetched.options)


@asynccontextmanager
async def service(fetched, **changes):
    stop = asyncio.Event()
    options = replace(fetched.options, **changes)
    running = asyncio.create_task(
        run_reconciliation(fetched.root, fetched.open_intake, options=options, stop=stop)
    )
    try:
        yield running
    finally:
        stop.set()
        await asyncio.wait_for(running, 2)


def add(fetched, number, *, ended_ago):
    """Add a call that ended so long before the clock's time; return its id."""
    body = samples.conversation(number)
    duration = body["metadata"]["call_duration_secs"]
    started = fetched.clock.now - ended_ago - timedelta(seconds=duration)
    body["metadata"]["start_time_unix_secs"] = int(started.timestamp())
    fetched.held.add_conversation(body, audio=RECORDING)
    return body["conversation_id"]


async def test_the_first_run_looks_back_three_days_and_leaves_the_newest_alone(tmp_path):
    async with reconciling(tmp_path) as fetched:
        fresh = add(fetched, 1, ended_ago=timedelta(minutes=4))
        missed = add(fetched, 2, ended_ago=timedelta(minutes=6))
        old = add(fetched, 3, ended_ago=FIRST_LOOK_BACK + HOUR)
        run = await once(fetched)
        assert (run.status, run.stored, run.recordings) == ("ok", 1, 1)
        assert (run.since, run.complete_until) == (NOW - FIRST_LOOK_BACK, NOW)
        assert missed in str(fetched.files())
        assert not {fresh, old} & {path.name for path in fetched.root.iterdir()}
        fetched.clock.now += timedelta(minutes=15)
        run = await once(fetched)
        assert (run.stored, run.since) == (1, NOW - OVERLAP)
        assert fresh in str(fetched.files())


async def test_after_days_of_silence_it_looks_back_over_all_of_them(tmp_path):
    async with reconciling(tmp_path) as fetched:
        await once(fetched)
        fetched.clock.now += timedelta(days=40)
        add(fetched, 1, ended_ago=timedelta(days=39))
        assert (await once(fetched)).stored == 1


async def test_a_failed_run_looks_at_the_same_time_again(tmp_path):
    async with reconciling(tmp_path) as fetched:
        first = await once(fetched)
        add(fetched, 1, ended_ago=timedelta(minutes=10))
        fetched.held.faults.add(path="/conversations$", status=500, times=2)
        fetched.clock.now += timedelta(days=2)
        failed = await once(fetched)
        assert (failed.status, failed.stored) == ("failed", 0)
        assert "500" in failed.error
        assert failed.complete_until == first.complete_until
        fetched.clock.now += timedelta(days=2)
        run = await once(fetched)
        assert (run.status, run.stored, run.error) == ("ok", 1, "")
        assert run.since == first.complete_until - OVERLAP
        assert run.complete_until == fetched.clock.now


async def test_a_first_run_that_fails_loses_nothing(tmp_path):
    async with reconciling(tmp_path) as fetched:
        add(fetched, 1, ended_ago=FIRST_LOOK_BACK - HOUR)
        fetched.held.faults.add(path="/conversations$", status=500, times=2)
        assert (await once(fetched)).status == "failed"
        fetched.clock.now += timedelta(days=5)
        assert (await once(fetched)).stored == 1


async def test_a_call_that_cannot_be_fetched_is_tried_for_a_week_and_not_for_ever(tmp_path):
    async with reconciling(tmp_path) as fetched:
        broken = add(fetched, 1, ended_ago=HOUR)
        good = add(fetched, 2, ended_ago=HOUR)
        fetched.held.faults.add(path=f"/{broken}$", status=500, times=None)
        run = await once(fetched)
        assert (run.status, run.stored, run.failed) == ("failed", 1, 1)
        assert "1 calls could not be fetched" in run.error
        assert good in str(fetched.files())
        fetched.clock.now += LONGEST_HOLD - timedelta(days=1)
        assert (await once(fetched)).failed == 1
        fetched.clock.now += timedelta(days=2)
        await once(fetched)
        fetched.clock.now += timedelta(days=2)
        run = await once(fetched)
        assert (run.status, run.failed) == ("ok", 0)


async def test_a_refused_key_is_one_clear_line(tmp_path, caplog):
    async with reconciling(tmp_path) as fetched:
        cloud = CloudOptions(api_key="xi-wrong", base_url=fetched.held.url)
        with caplog.at_level(logging.INFO, "cloud"):
            async with service(fetched, cloud=cloud, every_seconds=3600):
                await until(lambda: last_run_file(fetched.root).exists())
                await until(lambda: caplog.records)
        (record,) = caplog.records
        assert record.levelno == logging.WARNING
        assert "ELEVENLABS_API_KEY" in record.error
        assert "xi-wrong" not in caplog.text
        assert len(fetched.held.requests) == 1


def lines(caplog):
    """What was logged by the service: level and action, line by line."""
    found = (record for record in caplog.records if record.name == "cloud.fetching.reconcile")
    return [(record.levelno, record.action) for record in found]


async def test_what_goes_on_failing_is_said_once_until_it_changes_or_heals(tmp_path, caplog):
    refused = (logging.WARNING, "reconciliation_failed")
    async with reconciling(tmp_path) as fetched:
        fetched.held.faults.add(path="/conversations$", status=401, times=3)
        fetched.held.faults.add(path="/conversations$", status=403, times=3)
        with caplog.at_level(logging.DEBUG, "cloud.fetching.reconcile"):
            async with service(fetched, every_seconds=0.02):
                await until(lambda: len(lines(caplog)) > 9)
        again = (logging.DEBUG, "reconciliation_failed")
        done = (logging.DEBUG, "reconciled")
        assert lines(caplog)[:9] == [
            *(refused, again, again),
            *(refused, again, again),
            *((logging.INFO, "reconciliation_works_again"), done, done),
        ]


async def test_what_is_stored_while_the_same_call_goes_on_failing_is_said(tmp_path, caplog):
    async with reconciling(tmp_path, attempts=1) as fetched:
        broken = add(fetched, 1, ended_ago=HOUR)
        fetched.held.faults.add(path=f"/{broken}$", status=500, times=None)
        with caplog.at_level(logging.INFO, "cloud.fetching.reconcile"):
            async with service(fetched, every_seconds=0.02):
                await until(lambda: lines(caplog))
                add(fetched, 2, ended_ago=HOUR)
                await until(lambda: len(lines(caplog)) > 1)
        assert lines(caplog) == [
            (logging.WARNING, "reconciliation_failed"),
            (logging.INFO, "reconciliation_failed"),
        ]
        assert caplog.records[-1].stored == 1


async def test_calls_that_cannot_be_fetched_do_not_keep_it_at_the_same_time_for_ever(tmp_path):
    async with reconciling(tmp_path, attempts=1) as fetched:
        for number in range(60):
            conversation_id = add(fetched, number, ended_ago=2 * HOUR)
            fetched.held.audio[conversation_id] = b""
        broken = [add(fetched, number, ended_ago=2 * HOUR) for number in range(60, 120)]
        for conversation_id in broken:
            fetched.held.faults.add(path=f"/{conversation_id}$", status=500, times=None)
        good = add(fetched, 200, ended_ago=HOUR)
        run = await once(fetched)
        assert (run.stored, run.recordings, run.failed) == (61, 1, 60)
        assert good in str(fetched.files())
        fetched.clock.now += LONGEST_HOLD + timedelta(days=1)
        run = await once(fetched)
        assert run.complete_until == fetched.clock.now - LONGEST_HOLD
        fetched.clock.now += timedelta(days=1)
        assert (await once(fetched)).status == "ok"


async def test_a_run_under_a_clock_far_ahead_is_made_good(tmp_path):
    async with reconciling(tmp_path) as fetched:
        ahead = NOW + timedelta(days=4 * 365)
        write_last_run(
            fetched.root, replace(A_RUN, started_at=ahead, finished_at=ahead, complete_until=ahead)
        )
        add(fetched, 1, ended_ago=HOUR)
        run = await once(fetched)
        assert (run.stored, run.since, run.complete_until) == (1, NOW - FIRST_LOOK_BACK, NOW)


async def test_without_a_key_a_run_fails_and_says_why(tmp_path):
    async with reconciling(tmp_path) as fetched:
        options = replace(fetched.options, cloud=CloudOptions(api_key=""))
        run = await reconcile(fetched.root, fetched.open_intake, options)
        assert "ELEVENLABS_API_KEY is not set" in run.error


async def test_it_runs_again_and_again_and_survives_what_goes_wrong(tmp_path, caplog):
    async with reconciling(tmp_path) as fetched:
        fetched.held.faults.add(path="/conversations$", status=500, times=2)
        async with service(fetched):
            await until(lambda: last_run_file(fetched.root).exists())
            assert read_last_run(fetched.root).status == "failed"
            add(fetched, 1, ended_ago=HOUR)
            await until(fetched.sources)
            add(fetched, 2, ended_ago=HOUR)
            await until(lambda: len(fetched.sources()) == 4)
        assert [record.action for record in caplog.records] == ["reconciliation_failed"]


async def test_what_cannot_be_recorded_is_logged_and_tried_again(tmp_path, caplog):
    async with reconciling(tmp_path) as fetched:
        last_run_file(fetched.root).mkdir()
        async with service(fetched):
            await until(lambda: caplog.records and len(fetched.held.requests) > 1)
            last_run_file(fetched.root).rmdir()
            await until(lambda: read_last_run(fetched.root))
        assert [record.action for record in caplog.records] == ["reconciliation_broke"]
        assert sorted(path.name for path in last_run_file(fetched.root).parent.glob("*.json")) == [
            "reconciliation.json"
        ]


async def test_a_bug_is_logged_with_its_place_and_without_its_text(tmp_path, caplog):
    async with reconciling(tmp_path) as fetched:

        def broken():
            raise KeyError("+12025550142")

        fetched.open_intake = broken
        async with service(fetched, every_seconds=3600):
            await until(lambda: caplog.records)
        (record,) = caplog.records
        assert record.error == "KeyError"
        assert "test_reconcile" in record.trace
        assert "+12025550142" not in caplog.text


async def test_nothing_is_asked_before_a_run_is_due(tmp_path):
    async with reconciling(tmp_path) as fetched:
        async with service(fetched, first_run_seconds=3600, every_seconds=3600):
            await asyncio.sleep(0.2)
        assert fetched.held.requests == []
        assert read_last_run(fetched.root) is None


async def test_it_stops_at_once_in_the_middle_of_a_run_and_leaves_nothing_half_stored(
    tmp_path, caplog
):
    async with reconciling(tmp_path) as fetched:
        fill(fetched.held, 40)
        recorded = next(iter(fetched.held.audio))
        fetched.held.faults.slow(f"/{recorded}/audio", 30)
        stop = asyncio.Event()
        running = asyncio.create_task(
            run_reconciliation(
                fetched.root, fetched.open_intake, options=fetched.options, stop=stop
            )
        )
        await until(lambda: any(path.endswith("/audio") for path in fetched.asked()))
        stop.set()
        began = time.monotonic()
        await asyncio.wait_for(running, 5)
        assert time.monotonic() - began < 2
        assert list((fetched.root / ".spool/incoming").iterdir()) == []
        assert read_last_run(fetched.root) is None
        assert caplog.records == []
        assert all((fetched.root / file).stat().st_size for file, _ in fetched.sources())


async def test_a_run_keeps_out_of_the_loop_that_answers_calls(tmp_path):
    async with reconciling(tmp_path) as fetched:
        add(fetched, 1, ended_ago=HOUR)
        threads = []
        open_intake = fetched.open_intake

        def open_and_note():
            threads.append(threading.current_thread())
            return open_intake()

        fetched.open_intake = open_and_note
        async with service(fetched, every_seconds=3600):
            await until(lambda: read_last_run(fetched.root))
        assert len(fetched.sources()) == 2
        assert threading.current_thread() not in threads


def test_the_state_survives_a_round_trip_and_is_readable(tmp_path):
    (tmp_path / ".spool").mkdir()
    write_last_run(tmp_path, A_RUN)
    assert read_last_run(tmp_path) == A_RUN
    text = json.loads(last_run_file(tmp_path).read_text())
    assert text["status"] == "ok"
    assert text["complete_until"] == A_RUN.complete_until.isoformat()
    assert last_run_file(tmp_path).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "{}",
        "[" * 100_000,
        '{"started_at": 1}',
        json.dumps({"started_at": "2026-01-01T00:00:00"}),
    ],
)
def test_a_state_that_cannot_be_read_is_none(tmp_path, text):
    (tmp_path / ".spool").mkdir()
    last_run_file(tmp_path).write_text(text)
    assert read_last_run(tmp_path) is None


def test_what_health_says(tmp_path, monkeypatch):
    def state(**given):
        settings = Settings(_env_file=None, payload_storage_path=tmp_path, **given)
        return reconciliation_state(settings)()

    (tmp_path / ".spool").mkdir()
    assert state() == {"status": "off"}
    assert state(elevenlabs_api_key="xi", reconcile_every="off") == {"status": "off"}
    assert state(elevenlabs_api_key="xi") == {"status": "not run yet", "every_seconds": 900}
    write_last_run(tmp_path, A_RUN)
    assert state(elevenlabs_api_key="xi", reconcile_every="1h") == {
        "status": "ok",
        "last_run_at": A_RUN.started_at.isoformat(),
        "stored": 2,
        "failed": 0,
        "every_seconds": 3600,
    }


async def test_a_failing_reconciliation_is_shown_by_health_and_makes_it_no_worse(tmp_path):
    async with receiving(tmp_path) as running:
        answer = await running.client.get("/health")
        assert (await answer.json())["reconciliation"] == {"status": "off"}
        failing = {"status": "failed", "failed": 3}
        object.__setattr__(running.receiver, "reconciliation", lambda: failing)
        answer = await running.client.get("/health")
        assert answer.status == 200
        assert (await answer.json())["reconciliation"] == failing


@pytest.mark.parametrize(
    ("places", "expected"),
    [
        ({}, ()),
        ({"agent_b": "agent", "agent_a": "agent"}, ("agent_a", "agent_b")),
        ({"agent_b": "agent", "agent_a": "workspace"}, ()),
    ],
)
def test_only_agents_whose_calls_are_sent_here_are_looked_at(tmp_path, places, expected):
    agents = {
        name: AgentRecord(initiation="agent", post_call=place) for name, place in places.items()
    }
    RecordFile(tmp_path).save(Record(agents=agents))
    assert sending_agents(tmp_path) == expected
