"""The log of the real program: one id from the request to memory, no secret, no flood."""

import json
import time
import urllib.error
import urllib.request

import pytest

from tests.factories import CALLER, encoded, signed, transcription_payload
from tests.program import program


def ask(started, path, *, body=None, headers=None):
    url = f"http://127.0.0.1:{started.port}{path}"
    request = urllib.request.Request(url, data=body, headers=headers or {})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.headers["X-Request-Id"]
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers["X-Request-Id"]


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """What the program said while it stored one call and refused many: lines, text, ledger, id."""
    with program(tmp_path_factory.mktemp("told")) as started:
        started.environment["LOG_FORMAT"] = "json"
        started.environment["LIMIT_PER_ADDRESS"] = "0"
        started.environment["ADMIN_KEY"] = "an-admin-key-of-the-test"
        started.environment["OPENAI_BASE_URL"] = "http://user:pass-of-the-test@127.0.0.1:9/v1"
        started.start("all-in-one")
        secret = started.secret("ELEVENLABS_POST_CALL_KEY")
        body = encoded(transcription_payload())
        status, request_id = ask(
            started, "/webhook/post-call", body=body, headers=signed(body, secret, time.time())
        )
        assert status == 200
        for _ in range(40):
            assert ask(started, "/webhook/post-call", body=b"{}")[0] == 401
        started.wait_for_memory()
        assert started.end() == 0
        text = started.log()
        lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
        [receipt] = (started.spool / ".spool/ledger.jsonl").read_text().splitlines()
        secrets = (started.folder / ".env").read_text()
        return lines, text, json.loads(receipt), request_id, secrets


def of_action(lines, action):
    return [line for line in lines if line["action"] == action]


def test_one_id_follows_an_event_from_the_request_to_memory(told):
    lines, _, receipt, request_id, _ = told
    [request] = [line for line in of_action(lines, "request") if line["request_id"] == request_id]
    [applied] = of_action(lines, "event_applied")
    assert request["event_id"] == applied["event_id"] == receipt["sha256"][:16]
    assert applied["message"] == "in memory"
    assert applied["file"] == receipt["file"]
    assert applied["memories"] > 0
    assert applied["milliseconds"] > 0


def test_a_flood_of_unsigned_requests_takes_a_few_lines(told):
    lines, _, _, _, _ = told
    refused = [line for line in of_action(lines, "request") if line["status"] == 401]
    left_out = [line for line in of_action(lines, "lines_left_out") if line["of_status"] == 401]
    assert 10 <= len(refused) < 40
    assert len(refused) + sum(line["count"] for line in left_out) == 40


def test_the_start_is_one_line_with_every_setting_and_no_secret(told):
    lines, text, _, _, secrets = told
    [start] = of_action(lines, "started")
    assert start["version"]
    assert start["held"]["events"] == 0
    assert start["settings"]["LOG_FORMAT"] == "json"
    assert start["settings"]["ADMIN_KEY"] == "set"
    assert start["settings"]["OPENAI_API_KEY"] == ""
    assert start["settings"]["OPENAI_BASE_URL"] == "http://127.0.0.1:9/v1"
    generated = [line.partition("=")[2] for line in secrets.splitlines() if "_KEY=" in line]
    assert len(generated) == 3
    assert not [each for each in (*generated, "an-admin-key", "pass-of-the-test") if each in text]


def test_a_person_reads_what_is_there_and_what_is_on(told):
    _, text, _, _, _ = told
    shown = [line for line in text.splitlines() if not line.startswith("{")]
    assert "  in the spool    0 events" in shown
    assert "  traces          off" in shown
    assert "  owner's API     on" in shown
    assert max(len(line) for line in shown if line.startswith("  ") and "/" not in line) <= 80


def test_no_caller_is_named(told):
    _, text, _, _, _ = told
    assert CALLER not in text
    assert CALLER.removeprefix("+") not in text
