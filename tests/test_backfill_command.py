"""`run.py backfill` as a user runs it: real processes, real signals, a platform over HTTP."""

import asyncio
import json
import signal
import time
import urllib.request
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime

import pytest

import cli.elevenlabs.backfill
from cli.elevenlabs.backfill import moment_of
from cli.elevenlabs.fetched import print_report_problems
from cloud.fetching.report import BackfillReport
from settings import Settings
from spool.format import SpoolFull
from tests.backfills import expected_files, fill
from tests.platform import platform_in_thread
from tests.program import program
from voice.signature import sign

pytestmark = pytest.mark.timeout(120)

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
SINCE = ("--since", "2026-09-01")


@contextmanager
def a_program(tmp_path, count):
    """Give a platform with calls, and the program with its key, before its first start."""
    with platform_in_thread() as held, program(tmp_path) as running:
        fill(held, count)
        running.environment |= {
            "ELEVENLABS_API_KEY": held.api_key,
            "ELEVENLABS_BASE_URL": held.url,
            "ELEVENLABS_POST_CALL_KEY": "wsec_test",
            "RECONCILE_EVERY": "off",
        }
        yield held, running


def files(running):
    paths = running.spool.glob("conv_*/*")
    return {str(path.relative_to(running.spool)) for path in paths}


def fetched(held):
    """The conversations that were asked for, with repetitions."""
    asked = held.requested("GET", "/v1/convai/conversations/")
    return [request.path.split("/")[4] for request in asked if not request.path.endswith("/audio")]


@pytest.mark.parametrize(
    ("since", "moment"),
    [
        ("12h", "2026-11-20T00:00:00+00:00"),
        ("30d", "2026-10-21T12:00:00+00:00"),
        (" 2W ", "2026-11-06T12:00:00+00:00"),
        ("2026-11-01", "2026-11-01T00:00:00+00:00"),
        ("2026-11-01T06:00+02:00", "2026-11-01T04:00:00+00:00"),
        ("999999w", "1970-01-01T00:00:00+00:00"),
    ],
)
def test_how_far_back(since, moment):
    assert moment_of(since, now=NOW) == datetime.fromisoformat(moment)


@pytest.mark.parametrize("since", ["", "yesterday", "30", "2026-13-01", "-3d", "2026-11-21"])
def test_what_is_no_time_in_the_past_is_refused(since):
    with pytest.raises(ValueError, match=r"give 12h|future"):
        moment_of(since, now=NOW)


def test_missed_calls_are_fetched_and_the_second_time_there_is_nothing_to_do(tmp_path):
    with a_program(tmp_path, 20) as (held, running):
        done = running.run("backfill", *SINCE, "--audio")
        assert "20 calls looked at since 2026-09-01 00:00 UTC: 20 were missing" in done.stdout
        assert f"with {len(held.audio)} recordings" in done.stdout
        assert "No processor is running" in done.stdout
        assert "HTTP Request" not in done.stderr
        assert held.api_key not in done.stdout + done.stderr
        assert files(running) == expected_files(held)
        running.run("spool", "verify")
        report = json.loads(running.run("backfill", *SINCE, "--audio", "--json").stdout)
        assert (report["stored"], report["there"], report["recordings"]) == (0, 20, 0)
        assert report["stored_by"] == "backfill"
        assert len(fetched(held)) == 20


def test_bad_arguments_and_a_missing_key_are_one_line_each(tmp_path):
    with a_program(tmp_path, 1) as (held, running):
        refused = running.run("backfill", "--since", "yesterday", expect=2)
        assert "give 12h, 30d, 2w or a date" in refused.stderr
        running.environment["ELEVENLABS_API_KEY"] = ""
        refused = running.run("backfill", *SINCE, expect=1)
        assert "ELEVENLABS_API_KEY is not set" in refused.stderr
        assert "Traceback" not in refused.stderr
        assert held.requests == []


def test_what_failed_is_named_and_the_exit_code_says_so(tmp_path):
    with a_program(tmp_path, 5) as (held, running):
        broken = next(iter(held.conversations))
        held.faults.add(path=f"/{broken}$", status=422, times=None)
        failed = running.run("backfill", *SINCE, expect=1)
        assert "4 were missing" in failed.stdout
        assert "1 calls could not be fetched" in failed.stderr
        assert broken in failed.stderr
        assert "Running it again does not help" in failed.stderr
        assert "Run it again" not in failed.stderr


@pytest.mark.parametrize(
    ("report", "helps"),
    [
        (BackfillReport(failed=1, failures=[("conv_1", "no answer")], may_help=True), True),
        (BackfillReport(failed=1, failures=[("conv_1", "no known status")]), False),
        (BackfillReport(broken_off="refused"), True),
        (BackfillReport(is_stopped=True), True),
        (BackfillReport(), None),
    ],
)
def test_it_is_said_whether_running_it_again_helps(report, helps, capsys):
    print_report_problems(report)
    said = capsys.readouterr().err
    assert ("Run it again to go on" in said) == (helps is True)
    assert ("Running it again does not help" in said) == (helps is False)


def test_an_agent_of_whom_there_is_no_call_is_named_and_an_unknown_one_is_an_error(tmp_path):
    with a_program(tmp_path, 3) as (held, running):
        held.add_agent("agent_quiet")
        quiet = running.run("backfill", *SINCE, "--agent", "agent_quiet")
        assert "No call of agent_quiet since 2026-09-01 00:00 UTC" in quiet.stdout
        assert "check the id" in quiet.stdout
        options = ("--agent", "agent_typo", "--agent", "agent_books")
        typo = running.run("backfill", *SINCE, *options, expect=1)
        assert "3 were missing" in typo.stdout
        assert "ElevenLabs knows no agent agent_typo: check the id" in typo.stderr
        report = json.loads(running.run("backfill", *SINCE, *options, "--json", expect=1).stdout)
        assert (report["there"], report["unknown_agents"]) == (3, ["agent_typo"])
        held.faults.add(path="/agents/", status=403, times=None)
        hidden = running.run("backfill", *SINCE, "--agent", "agent_typo")
        assert "No call of agent_typo" in hidden.stdout
        assert "403" in hidden.stdout


def test_a_full_disk_at_the_start_says_what_to_do(tmp_path, monkeypatch):
    @asynccontextmanager
    async def full(settings):
        raise SpoolFull("no room to recover the spool: x; free some space, it goes on by itself")
        yield

    async def begin():
        async with cli.elevenlabs.backfill.open_intake(Settings(_env_file=None)):
            raise AssertionError("there is no room")

    monkeypatch.setattr(cli.elevenlabs.backfill, "open_spool", full)
    with pytest.raises(SpoolFull, match=r"spool: x; free some space and run it again$"):
        asyncio.run(begin())


def test_a_refused_key_is_one_clear_line(tmp_path):
    with a_program(tmp_path, 5) as (held, running):
        running.environment["ELEVENLABS_API_KEY"] = "xi-wrong"
        refused = running.run("backfill", *SINCE, expect=1)
        assert "check ELEVENLABS_API_KEY" in refused.stderr
        assert "xi-wrong" not in refused.stderr + refused.stdout
        assert len(held.requests) == 1


@contextmanager
def spawned(running, *arguments):
    """Run a command beside the test; it does not outlive the block."""
    process = running.spawn(*arguments)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def wait_for(condition, running):
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, running.log()
        time.sleep(0.01)


def test_killed_in_the_middle_and_run_again_nothing_is_missing_and_nothing_double(tmp_path):
    with a_program(tmp_path, 60) as (held, running):
        for stored in (15, 40):
            with spawned(running, "backfill", *SINCE, "--audio"):
                wait_for(lambda stored=stored: len(files(running)) >= stored, running)
            assert files(running) < expected_files(held)
        held.requests.clear()
        report = json.loads(running.run("backfill", *SINCE, "--audio", "--json").stdout)
        assert report["failed"] == 0
        assert files(running) == expected_files(held)
        assert list((running.spool / ".spool/incoming").iterdir()) == []
        running.run("spool", "verify")
        ledger = (running.spool / ".spool/ledger.jsonl").read_text().splitlines()
        named = [json.loads(line)["file"] for line in ledger]
        assert sorted(named) == sorted(expected_files(held))
        assert len(fetched(held)) <= 60 - 15  # those that were stored first, not again


def test_ctrl_c_finishes_what_is_in_flight_and_says_how_to_go_on(tmp_path):
    with a_program(tmp_path, 40) as (held, running):
        with spawned(running, "backfill", *SINCE) as process:
            wait_for(lambda: len(files(running)) >= 5, running)
            process.send_signal(signal.SIGINT)
            assert process.wait(10) == 130
        log = running.log()
        assert "Stopped" in log
        assert "Run it again" in log
        assert "Traceback" not in log
        assert files(running) < expected_files(held)
        running.run("spool", "verify")
        running.run("backfill", *SINCE)
        assert files(running) == expected_files(held, audio=False)


def test_beside_a_running_server_it_is_the_server_who_stores(tmp_path):
    with a_program(tmp_path, 20) as (held, running):
        running.start("all-in-one")
        ids = list(held.conversations)
        for conversation_id in ids[:10]:
            deliver(running, held.delivery(conversation_id))
        done = running.run("backfill", *SINCE, "--audio")
        assert "owns the spool" in done.stderr
        assert "10 were missing" in done.stdout
        assert "No processor" not in done.stdout
        for conversation_id in ids[10:15]:
            deliver(running, held.delivery(conversation_id))
        running.wait_for_memory()
        revised = {name for name in files(running) if ".rev-" in name}
        assert all("_failure" in name for name in revised)
        assert files(running) - revised == expected_files(held)
        exported = running.export()
        assert len(exported.splitlines()) == 20
        running.run("processor", "rebuild")
        assert running.export() == exported
        assert running.end() == 0
        running.run("spool", "verify")


def test_another_backfill_is_named_when_no_server_answers(tmp_path):
    with a_program(tmp_path, 5) as (held, running):
        held.faults.slow("/conversations/", 60)
        with spawned(running, "backfill", *SINCE):
            wait_for(lambda: held.requests, running)
            second = running.run("backfill", *SINCE, expect=1)
        assert "if that is another backfill, wait for its end" in second.stderr


def test_the_server_looks_for_missed_calls_by_itself_and_health_says_so(tmp_path):
    with a_program(tmp_path, 5) as (held, running):
        now = int(time.time())
        for body in held.conversations.values():
            body["metadata"]["start_time_unix_secs"] = now - 7200
        running.environment["RECONCILE_EVERY"] = "1s"
        running.start("all-in-one")
        assert running.health()["reconciliation"]["status"] in ("not run yet", "ok")
        wait_for(lambda: running.health()["reconciliation"]["status"] == "ok", running)
        assert files(running) == expected_files(held)
        held.faults.add(path="/conversations$", status=401, times=None)
        wait_for(lambda: running.health()["reconciliation"]["status"] == "failed", running)
        assert "error" not in running.health()["reconciliation"]
        wait_for(lambda: "API key" in running.log(), running)  # said after it is noted
        assert running.health()["status"] == "ok"
        assert running.end() == 0
        assert "Traceback" not in running.log()


def test_a_processor_alone_has_the_receiver_store_what_it_finds(tmp_path):
    with a_program(tmp_path, 5) as (held, running):
        now = int(time.time())
        for body in held.conversations.values():
            body["metadata"]["start_time_unix_secs"] = now - 7200
        running.environment["RECONCILE_EVERY"] = "1s"
        running.start("receiver")
        assert running.health()["reconciliation"]["status"] == "not run yet"
        with spawned(running, "processor") as processor:
            wait_for(lambda: running.health()["reconciliation"]["status"] == "ok", running)
            assert files(running) == expected_files(held)
            running.wait_for_memory()
            processor.send_signal(signal.SIGTERM)
            assert processor.wait(10) == 0
        assert running.end() == 0
        assert "Traceback" not in running.log()


def deliver(running, body):
    request = urllib.request.Request(
        f"http://127.0.0.1:{running.port}/webhook/post-call",
        body,
        {"ElevenLabs-Signature": sign(body, "wsec_test", timestamp=int(time.time()))},
    )
    with urllib.request.urlopen(request, timeout=10) as response:
        assert json.loads(response.read())["status"] in ("stored", "duplicate")
