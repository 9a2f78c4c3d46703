"""One key dials once: whatever the platform answers, whoever asks again, whoever is killed."""

import asyncio
import errno
import json
import logging
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from aiohttp import ClientSession, web

from cloud.calling.call_log import CallLog, CallRecord, DamagedCall
from cloud.calling.request import CallError
from cloud.options import CloudOptions
from spool import sync
from spool.format import SpoolFailed, SpoolFull
from tests.outbound import (
    ANA,
    BOB,
    NOW,
    allow_overrides,
    calling_platform,
    dialler,
    outbound_requests,
    prepare,
    request,
)
from tests.platform import platform_in_thread
from tests.serving import end

OUTBOUND = "/outbound-call"


async def refusal(caller, **changes):
    """Start a call that must be refused; return the error."""
    with pytest.raises(CallError) as caught:
        await caller.start(request(**changes), profile=None)
    return caught.value


async def test_the_same_key_again_is_the_same_call_and_asks_nothing(tmp_path):
    async with calling_platform() as state:
        first = await dialler(state, tmp_path).start(request(key="order 17"), profile=None)
        asked = len(state.requests)
        again = await dialler(state, tmp_path).start(request(key="order 17"), profile=None)
        assert len(state.requests) == asked
    assert again.is_repeated
    assert again.call == first.call
    assert len(state.dialled) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"to": BOB}, {"from_": "phnum_sip"}, {"first_message": "Hello"},
        {"variables": {"plan": "gold"}}, {"agent_id": "agent_other"},
    ],
)  # fmt: skip
async def test_a_key_belongs_to_one_request(tmp_path, changes):
    async with calling_platform() as state:
        caller = dialler(state, tmp_path)
        await caller.start(request(key="k"), profile=None)
        error = await refusal(caller, key="k", **changes)
    assert (error.status, error.code) == (422, "key_reused")
    assert len(outbound_requests(state)) == 1


async def test_the_same_number_spelt_otherwise_is_the_same_request(tmp_path):
    async with calling_platform() as state:
        caller = dialler(state, tmp_path)
        await caller.start(request(key="k"), profile=None)
        spelt = request(to="+1 (202) 555-0142", key="k")
        assert (await caller.start(spelt, profile=None)).is_repeated


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
async def test_an_error_of_the_platform_is_one_request_and_not_known(tmp_path, status, before):
    async with calling_platform() as state:
        state.faults.add(method="POST", path=OUTBOUND, status=status, before=before, retry_after=0)
        caller = dialler(state, tmp_path)
        error = await refusal(caller, key="k")
        again = await refusal(caller, key="k")
    assert (error.status, error.code) == (504, "outcome_unknown")
    assert (again.status, again.code) == (409, "outcome_unknown")
    assert "key k" in str(error)
    assert "calls list" in str(again)
    assert len(outbound_requests(state)) == 1
    assert CallLog(tmp_path).find("k").state == "unknown"


async def test_a_lost_answer_is_not_dialled_again(tmp_path):
    async with calling_platform() as state:
        state.faults.drop("POST", OUTBOUND, 1, after_work=True)
        caller = dialler(state, tmp_path)
        first = await refusal(caller, key="k")
        again = await refusal(caller, key="k")
        other = await caller.start(request(key="another"), profile=None)
    assert first.code == again.code == "outcome_unknown"
    assert other.call.state == "started"
    assert len(state.dialled) == 2  # the lost one, and what was asked for under a new key


async def test_a_platform_that_does_not_answer_in_time_may_have_dialled(tmp_path):
    async with calling_platform() as state:
        state.faults.slow(OUTBOUND, 5)
        caller = dialler(state, tmp_path, dial_seconds=1)
        error = await refusal(caller, key="k")
    assert (error.status, error.code) == (504, "outcome_unknown")
    assert len(outbound_requests(state)) == 1


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        ("busy", "The number is busy; the line is busy: call again later"),
        ("invalid", "not a valid phone number; check the number"),
        ("blocked", "Account not authorized"),
    ],
)
async def test_a_clear_no_is_told_in_the_platforms_words_and_may_be_tried_again(
    tmp_path, outcome, words
):
    async with calling_platform() as state:
        state.outcomes[ANA] = outcome
        caller = dialler(state, tmp_path)
        error = await refusal(caller, key="k")
        assert CallLog(tmp_path).find("k").state == "refused"
        del state.outcomes[ANA]
        started = await caller.start(request(key="k"), profile=None)
    assert (error.status, error.code) == (502, "call_refused")
    assert words in str(error)
    assert started.call.state == "started"
    assert not started.is_repeated
    assert len(state.dialled) == 1


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (400, (502, "call_refused")), (404, (502, "call_refused")), (409, (502, "call_refused")),
        (422, (502, "call_refused")), (429, (429, "rate_limited")),
        (401, (502, "invalid_api_key")), (403, (502, "missing_permission")),
    ],
)  # fmt: skip
async def test_a_refusal_is_one_request_and_leaves_the_key_free(tmp_path, status, expected):
    async with calling_platform() as state:
        state.faults.add(method="POST", path=OUTBOUND, status=status, retry_after=7)
        caller = dialler(state, tmp_path)
        error = await refusal(caller, key="k")
        assert len(outbound_requests(state)) == 1
        await caller.start(request(key="k"), profile=None)
    assert (error.status, error.code) == expected
    if status == 429:
        assert error.retry_after_seconds == 7
    assert len(state.dialled) == 1


async def test_a_key_without_the_permission_says_which_to_give(tmp_path):
    async with calling_platform(may_dial=False) as state:
        error = await refusal(dialler(state, tmp_path), key="k")
    assert (error.status, error.code) == (502, "missing_permission")
    assert "permission" in str(error)
    assert "dashboard" in str(error)


@pytest.mark.parametrize(
    "answer", [b"[]", b"null", b"{}", b'{"success": null}', b"<html>", b'"\xff"']
)
async def test_an_odd_answer_is_no_started_call(tmp_path, answer):
    async with calling_platform() as state, odd_answers(state, answer) as caller_of:
        caller = caller_of(tmp_path)
        error = await refusal(caller, key="k")
        again = await refusal(caller, key="k")
    assert error.code == again.code == "outcome_unknown"


class odd_answers:
    """A server between us and the platform that answers a dial with these bytes."""

    def __init__(self, state, answer):
        self.state, self.answer = state, answer

    async def __aenter__(self):
        async def handle(asked):
            if asked.method == "POST":
                return web.Response(body=self.answer, content_type="application/json")
            async with ClientSession() as session:
                headers = {"xi-api-key": self.state.api_key}
                url = self.state.url + asked.path
                async with session.get(url, headers=headers) as response:
                    body = await response.read()
            return web.Response(body=body, content_type="application/json")

        app = web.Application()
        app.router.add_route("*", "/{path:.*}", handle)
        self.runner = web.AppRunner(app, access_log=None)
        await self.runner.setup()
        await web.TCPSite(self.runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{self.runner.addresses[0][1]}"
        options = CloudOptions(api_key="k", base_url=url)
        return lambda folder: dialler(self.state, folder, options=options)

    async def __aexit__(self, *_):
        await end(self.runner)


async def test_without_a_key_a_second_call_within_a_minute_is_held_back(tmp_path):
    moments = iter([NOW, NOW + timedelta(seconds=59), NOW + timedelta(seconds=61)])
    async with calling_platform() as state:
        caller = dialler(state, tmp_path, clock=lambda: next(moments))
        first = await caller.start(request(), profile=None)
        error = await refusal(caller)
        later = await caller.start(request(), profile=None)
    assert (error.status, error.code) == (409, "call_under_way")
    assert first.call.key in str(error)
    assert first.call.conversation_id in str(error)
    assert error.retry_after_seconds == 1
    assert later.call.key != first.call.key
    assert len(state.dialled) == 2


async def test_the_minute_is_for_calls_that_may_ring_and_for_who_gives_no_key(tmp_path):
    async with calling_platform() as state:
        caller = dialler(state, tmp_path)
        state.outcomes[ANA] = "busy"
        assert (await refusal(caller)).code == "call_refused"
        del state.outcomes[ANA]
        state.faults.drop("POST", OUTBOUND, 1)
        assert (await refusal(caller)).code == "outcome_unknown"
        assert (await refusal(caller)).code == "call_under_way"
        await caller.start(request(to=BOB), profile=None)
        await caller.start(request(key="k"), profile=None)
    assert [body["to_number"] for body in state.dialled] == [BOB, ANA]


async def test_many_at_once_with_one_key_dial_once(tmp_path):
    async with calling_platform() as state:
        state.faults.slow(OUTBOUND, 0.3)
        caller = dialler(state, tmp_path)
        answers = await asyncio.gather(
            *(caller.start(request(key="k"), profile=None) for _ in range(8)),
            return_exceptions=True,
        )
    assert len(state.dialled) == 1
    started = [each for each in answers if not isinstance(each, CallError)]
    assert len(started) == 1
    others = [each for each in answers if isinstance(each, CallError)]
    assert {(each.status, each.code) for each in others} == {(409, "call_under_way")}
    assert all(each.retry_after_seconds for each in others)


async def test_many_at_once_without_a_key_dial_one_number_once(tmp_path):
    async with calling_platform() as state:
        caller = dialler(state, tmp_path)
        answers = await asyncio.gather(
            *(caller.start(request(), profile=None) for _ in range(6)), return_exceptions=True
        )
    assert len(state.dialled) == 1
    assert sum(not isinstance(each, CallError) for each in answers) == 1


async def test_who_is_cancelled_while_it_dials_leaves_a_key_that_is_not_dialled_again(tmp_path):
    async with calling_platform() as state:
        state.faults.slow(OUTBOUND, 5)
        caller = dialler(state, tmp_path)
        dialling = asyncio.create_task(caller.start(request(key="k"), profile=None))
        while not outbound_requests(state):
            await asyncio.sleep(0.01)
        assert CallLog(tmp_path).find("k").state == "dialling"
        assert (await refusal(caller, key="k")).code == "call_under_way"
        dialling.cancel()
        with pytest.raises(asyncio.CancelledError):
            await dialling
        error = await refusal(caller, key="k")
    assert error.code == "outcome_unknown"
    assert len(outbound_requests(state)) == 1


async def test_a_full_disk_is_told_before_anything_rings(tmp_path, monkeypatch):
    def full(fd, content):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("cloud.calling.call_log.write_all", full)
    async with calling_platform() as state:
        with pytest.raises(SpoolFull):
            await dialler(state, tmp_path).start(request(key="k"), profile=None)
        assert outbound_requests(state) == []
        monkeypatch.undo()
        await dialler(state, tmp_path).start(request(key="k"), profile=None)
    assert len(state.dialled) == 1


async def test_a_call_that_cannot_be_noted_any_more_is_still_told_and_never_repeated(
    tmp_path, monkeypatch
):
    async with calling_platform() as state:
        caller = dialler(state, tmp_path)

        def fail(log, record):
            raise SpoolFailed("the disk is gone")

        monkeypatch.setattr(CallLog, "settle", fail)
        started = await caller.start(request(key="k"), profile=None)
        error = await refusal(caller, key="k")
    assert started.call.conversation_id == state.dialled[0]["conversation_id"]
    assert "could not be stored" in started.call.warnings[-1]
    assert error.code == "outcome_unknown"
    assert len(state.dialled) == 1


async def test_a_damaged_record_is_never_dialled(tmp_path):
    async with calling_platform() as state:
        await dialler(state, tmp_path).start(request(key="k"), profile=None)
        (file,) = (tmp_path / ".spool/calls").glob("*.json")
        file.write_bytes(b'{"key": "k", "state": "refu')
        with pytest.raises(DamagedCall, match="move it"):
            await dialler(state, tmp_path).start(request(key="k"), profile=None)
        (shown,) = CallLog(tmp_path).newest(5)
    assert len(state.dialled) == 1
    assert (shown.state, shown.code) == ("unknown", "damaged")


async def test_the_record_is_durable_before_it_rings(tmp_path, monkeypatch):
    synced = []
    plain = sync.choose_sync("fsync")

    def noting(fd):
        plain.file(fd)
        path = Path(f"/proc/self/fd/{fd}").readlink()
        synced.append((path, len(outbound_requests(state))))

    async with calling_platform() as state:
        caller = dialler(state, tmp_path)
        monkeypatch.setattr(caller.log, "_sync", replace(plain, file=noting))
        await caller.start(request(key="k"), profile=None)
    calls = tmp_path / ".spool/calls"
    before = [path for path, dialled in synced if not dialled]
    assert before[-2:] == [calls / "new.part", calls]


async def test_the_record_is_private_and_holds_no_variable(tmp_path):
    async with calling_platform() as state:
        asked = request(variables={"pin": "4711-secret"}, first_message="Secret hello")
        await dialler(state, tmp_path).start(asked, profile=None)
    calls = tmp_path / ".spool/calls"
    files = [path for path in calls.rglob("*") if path.is_file()]
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert stat.S_IMODE(calls.stat().st_mode) == 0o700
    content = b"".join(path.read_bytes() for path in files).decode()
    assert ANA in content
    assert "4711" not in content
    assert "Secret hello" not in content
    assert not [path for path in files if path.suffix == ".part"]


async def test_numbers_are_masked_in_the_log(tmp_path, caplog):
    caplog.set_level(logging.DEBUG)
    async with calling_platform() as state:
        caller = dialler(state, tmp_path)
        await caller.start(request(), profile=None)
        state.outcomes[BOB] = {"success": False, "message": f"{BOB} is busy"}
        await refusal(caller, to=BOB)
    texts = [f"{record.getMessage()} {vars(record)}" for record in caplog.records]
    assert any("0142" in text for text in texts)
    for number in (ANA, BOB):
        assert not [text for text in texts if number in text or number[1:] in text]
    actions = [getattr(record, "action", "") for record in caplog.records]
    assert "call_started" in actions
    assert "call_refused" in actions


def start_from_a_shell(state, folder, *, key):
    """Start the same call in a process of its own; return it."""
    program = (
        "import asyncio, sys\n"
        "from pathlib import Path\n"
        "from tests.outbound import dialler, request\n"
        "from cloud.calling.request import CallError\n"
        "from types import SimpleNamespace\n"
        "state = SimpleNamespace(api_key=sys.argv[1], url=sys.argv[2])\n"
        "call = dialler(state, Path(sys.argv[3])).start(request(key=sys.argv[4]), profile=None)\n"
        "try:\n"
        "    print('started', asyncio.run(call).is_repeated)\n"
        "except CallError as error:\n"
        "    print('refused', error.code)\n"
    )
    return subprocess.Popen(
        [sys.executable, "-c", program, state.api_key, state.url, str(folder), key],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_processes_with_one_key_dial_once(tmp_path):
    with platform_in_thread() as state:
        prepare(state)
        # Everybody has read before anybody dials: the key alone decides.
        state.faults.slow(OUTBOUND, 1.0)
        processes = [start_from_a_shell(state, tmp_path, key="k") for _ in range(2)]
        told = sorted(process.communicate(timeout=50)[0].strip() for process in processes)
        assert len(state.dialled) == 1
        assert len(outbound_requests(state)) == 1
    assert told.count("started False") == 1
    assert set(told) <= {"started False", "started True", "refused call_under_way"}


def test_after_a_kill_while_dialling_the_key_says_that_it_is_not_known(tmp_path):
    with platform_in_thread() as state:
        prepare(state)
        state.faults.slow(OUTBOUND, 3.0)
        process = start_from_a_shell(state, tmp_path, key="k")
        deadline = time.monotonic() + 30
        while not outbound_requests(state):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        assert CallLog(tmp_path).find("k").state == "dialling"
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=10)
        assert CallLog(tmp_path).find("k").state == "unknown"
        error = asyncio.run(refusal(dialler(state, tmp_path), key="k"))
        assert (error.status, error.code) == (409, "outcome_unknown")
        assert len(outbound_requests(state)) == 1


def test_a_reader_never_takes_a_call_that_ends_for_one_that_was_abandoned(tmp_path):
    log, stop, seen = CallLog(tmp_path), threading.Event(), set()

    def look():
        while not stop.is_set():
            if found := log.find("k"):
                seen.add((found.state, found.code))

    readers = [threading.Thread(target=look) for _ in range(3)]
    for reader in readers:
        reader.start()
    try:
        for _ in range(60):
            with taken(log, "k") as reserved:
                reserved.settle(changed(reserved.record, state="refused"))
    finally:
        stop.set()
        for reader in readers:
            reader.join()
    assert seen <= {("dialling", ""), ("refused", "")}


@contextmanager
def taken(log, key):
    """Take a key, as who dials does."""
    with log.reserve(record(key), quiet=None) as reserved:
        yield reserved


def record(key, **changes):
    plain = {
        "key": key, "state": "dialling", "to": ANA, "agent_id": "agent_x", "line_id": "phnum_x",
        "provider": "twilio", "started_at": NOW, "fingerprint": "f",
    }  # fmt: skip
    return CallRecord(**{**plain, **changes})


def changed(call, **changes):
    return msgspec.structs.replace(call, **changes)


def test_what_a_kill_left_behind_is_in_nobodys_way(tmp_path):
    log = CallLog(tmp_path)
    with taken(log, "first"):
        pass
    calls = tmp_path / ".spool/calls"
    (first,) = calls.glob("*.json")
    os.link(first, calls / "new.part")  # killed between the name and the end of the temporary one
    content = first.read_bytes()
    with taken(log, "second"):
        pass
    assert first.read_bytes() == content
    assert json.loads(content)["key"] == "first"
    assert not (calls / "new.part").exists()


def test_the_newest_calls_are_listed_first_and_only_so_many_are_read(tmp_path, monkeypatch):
    log = CallLog(tmp_path)
    for number in (3, 1, 4, 2, 5):
        call = record(f"k{number}", started_at=NOW + timedelta(minutes=number))
        with log.reserve(call, quiet=None) as reserved:
            reserved.settle(changed(call, state="started"))
    read = []
    look = CallLog._look
    monkeypatch.setattr(CallLog, "_look", lambda *each: read.append(each) or look(*each))
    assert [call.key for call in log.newest(3)] == ["k5", "k4", "k3"]
    assert len(read) == 3


async def test_an_agents_overrides_are_asked_for_each_call(tmp_path):
    async with calling_platform() as state:
        agent = state.agents["agent_books"]
        allowed = agent["platform_settings"]["overrides"]["conversation_config_override"]["agent"]
        allowed["first_message"] = False
        caller = dialler(state, tmp_path)
        refused = await refusal(caller, key="k", first_message="Hello")
        assert refused.code == "override_not_allowed"
        assert CallLog(tmp_path).find("k") is None
        allow_overrides(agent, "first_message")
        await caller.start(request(key="k", first_message="Hello"), profile=None)
    assert len(state.dialled) == 1
