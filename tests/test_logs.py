"""Log lines: all that was given with the sentence, the ids it belongs to, no request's header."""

import asyncio
import json
import logging
import re

import pytest

from cli.logs import QUIET, set_up_logging
from memory.errors import MemoryUnavailable
from memory.in_memory import InMemoryStore
from telemetry.ids import in_request, new_request_id, of_event
from tests.factories import encoded, transcription_payload
from tests.receiving import receiving

REQUEST, EVENT = "0123456789abcdef", "fedcba9876543210"


@pytest.fixture(autouse=True)
def _restored():
    root, server = logging.getLogger(), logging.getLogger("aiohttp.server")
    before = root.handlers[:], root.level, server.filters[:]
    levels = {name: logging.getLogger(name).level for name in QUIET}
    yield
    root.handlers[:], root.level, server.filters[:] = before
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


def json_lines(capsys):
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def warn(**extra):
    logging.getLogger("processor.service").warning("an event failed", extra=extra)


def test_a_console_line_shows_what_was_given_with_the_sentence(capsys):
    set_up_logging("INFO", "console")
    warn(action="event_failed", file="a/b.json")
    line = capsys.readouterr().err
    assert "WARNING processor" in line
    assert line.endswith("an event failed  file=a/b.json\n")


def test_a_json_line_has_the_same_members_always_and_then_what_was_given(capsys):
    set_up_logging("INFO", "json")
    warn(action="event_failed", file="a/b.json")
    logging.getLogger("somebody.elses").warning("no action")
    first, second = json_lines(capsys)
    stable = ["time", "level", "logger", "message", "action", "request_id", "event_id"]
    assert list(first) == [*stable, "file"]
    assert list(second) == stable
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", first.pop("time"))
    assert first == {
        "level": "WARNING",
        "logger": "processor.service",
        "message": "an event failed",
        "action": "event_failed",
        "request_id": "",
        "event_id": "",
        "file": "a/b.json",
    }


def test_a_line_says_which_request_and_event_it_belongs_to(capsys):
    set_up_logging("INFO", "json")
    with in_request(REQUEST):
        with of_event(EVENT):
            warn()
            warn(event_id="another")  # who knows better says so
        warn()
    warn()
    ids = [(line["request_id"], line["event_id"]) for line in json_lines(capsys)]
    assert ids == [(REQUEST, EVENT), (REQUEST, "another"), (REQUEST, ""), ("", "")]


def test_a_console_line_shows_the_ids_that_there_are(capsys):
    set_up_logging("INFO", "console")
    with in_request(REQUEST):
        warn(file="a/b.json")
    assert capsys.readouterr().err.endswith(f"  file=a/b.json  request_id={REQUEST}\n")


def test_a_malformed_request_does_not_bring_its_headers_into_the_log(capsys):
    set_up_logging("INFO", "console")
    try:
        raise ValueError("X-Api-Key: a-secret")
    except ValueError:
        logging.getLogger("aiohttp.server").exception("Error handling request from %s", "127.0.0.1")
    line = capsys.readouterr().err
    assert "Error handling request from 127.0.0.1 (ValueError)" in line
    assert "a-secret" not in line
    assert "Traceback" not in line
    assert " ERROR " in line  # a defect


@pytest.mark.parametrize(("level", "lines"), [("INFO", 1), ("ERROR", 0)])
async def test_what_is_no_http_is_told_in_one_line(tmp_path, capsys, level, lines):
    async with receiving(tmp_path) as running:
        set_up_logging(level, "json")
        reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
        writer.write(b"GET / HTTP/1.1\r\nX-Api-Key: a-secret\r\n: no name\r\n\r\n")
        assert (await reader.readline()).startswith(b"HTTP/1.0 400")
        writer.close()
        await writer.wait_closed()
    text = capsys.readouterr().err
    bad = [line for line in map(json.loads, text.splitlines()) if line["action"] == "request"]
    assert [line["status"] for line in bad] == [400] * lines
    assert "a-secret" not in text


async def test_every_answer_has_an_id_of_ours_that_its_lines_have_too(tmp_path, capsys):
    async with receiving(tmp_path) as running:
        set_up_logging("INFO", "json")
        answers = [
            await running.client.get(path, headers={"X-Request-Id": "theirs"})
            for path in ("/health", "/health", "/nowhere", "/webhook/post-call", "/stats")
        ]
        answers.append(await running.client.post("/webhook/post-call", data=b"{}"))
    ids = [answer.headers["X-Request-Id"] for answer in answers]
    assert [answer.status for answer in answers] == [200, 200, 404, 405, 404, 401]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch("[0-9a-f]{16}", each) for each in ids)
    lines = json_lines(capsys)
    requests = [line["request_id"] for line in lines if line["action"] == "request"]
    assert requests == ids
    [refused] = [line for line in lines if line["action"] == "delivery_refused"]
    assert refused["request_id"] == ids[-1]


async def test_a_line_in_the_middle_of_a_request_has_its_id_though_it_waited(tmp_path, capsys):
    class Broken(InMemoryStore):
        async def is_agent_line(self, number):
            await asyncio.sleep(0)
            raise MemoryUnavailable("out of order")

    async with receiving(tmp_path, memory=Broken()) as running:
        set_up_logging("WARNING", "json")
        body = {"caller_id": "+15550100142", "called_number": "+15550100900"}
        pairs = await asyncio.gather(
            *(running.client.post("/webhook/client-data", json=body) for _ in range(3))
        )
    failed = [line for line in json_lines(capsys) if line["action"] == "live_answer_failed"]
    answered = {answer.headers["X-Request-Id"] for answer in pairs}
    assert {line["request_id"] for line in failed} == answered
    assert len(failed) == 3


async def test_the_line_of_a_delivery_has_the_event_by_which_the_ledger_knows_it(tmp_path, capsys):
    async with receiving(tmp_path) as running:
        set_up_logging("INFO", "json")
        body = encoded(transcription_payload())
        for sent in (body, body, b'{"type": "unheard of"}'):
            assert (await running.deliver(sent)).status == 200
        stored, quarantined = [receipt.sha256[:16] for receipt in running.receipts()]
    lines = json_lines(capsys)
    requests = [line["event_id"] for line in lines if line["action"] == "request"]
    assert requests == [stored, stored, quarantined]
    [kept] = [line for line in lines if line["action"] == "quarantined"]
    assert kept["event_id"] == quarantined


async def test_the_line_of_a_request_says_what_came_of_it(tmp_path, capsys):
    async with receiving(tmp_path) as running:
        body = encoded(transcription_payload())
        set_up_logging("INFO", "json")
        for sent in (body, body, b"no JSON"):
            await running.deliver(sent)
        await running.client.post("/webhook/client-data", json={"caller_id": "+15550100142"})
        await running.client.post("/webhook/client-data", data=b"no JSON")
        await running.client.get("/health")
    requests = [line for line in json_lines(capsys) if line["action"] == "request"]
    outcomes = ["stored", "duplicate", "quarantined", "stranger", "unreadable", ""]
    assert [line["outcome"] for line in requests] == outcomes
    assert " 200 duplicate " in requests[1]["message"]
    assert "/health 200 0" in re.sub(r" [\d.]+ms", " 0ms", requests[-1]["message"])


async def test_what_several_requests_wait_for_is_logged_as_of_none_of_them(tmp_path, capsys):
    async with receiving(tmp_path) as running:
        set_up_logging("ERROR", "json")

        def broken(_):
            raise ZeroDivisionError

        running.receiver.spool.commit = broken
        assert (await running.deliver(encoded(transcription_payload()))).status == 503
    lines = {line["action"]: line for line in json_lines(capsys)}
    assert lines["commit_broke_off"]["request_id"] == ""
    assert lines["commit_broke_off"]["event_id"] == ""
    assert lines["delivery_not_stored"]["request_id"]
    assert lines["delivery_not_stored"]["event_id"]


def test_two_requests_never_have_the_same_id():
    assert len({new_request_id() for _ in range(1000)}) == 1000
