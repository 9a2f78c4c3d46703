"""The payload log holds no secrets, over real HTTP; and what it does with any body."""

import json
import urllib.request
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver.payload_log import MAX_LOGGED_BYTES, PayloadLog
from tests.factories import encoded, transcription_payload
from tests.json_values import json_values
from tests.program import program
from tests.receiving import receiving
from voice.redaction import redact_body

KINDS = ("card", "cvv", "iban", "ssn", "otp")
ANA = "+15550100142"
SAID = [
    ("agent", "Your card number?"),
    ("user", "four two four two 4242"),
    ("agent", "Go on."),
    ("user", "4242 4242, \u201cyes\u201d"),
    ("agent", "And the security code?"),
    ("user", "907"),
]


def without_secrets(body):
    return redact_body(body, KINDS)


async def test_no_secret_reaches_the_payload_log(tmp_path):
    file = tmp_path / "payloads.jsonl"
    payload = transcription_payload(
        messages=SAID,
        summary="Paid with 4242 4242 4242 4242.",
        collected={"iban": "DE89 3704 0044 0532 0130 00", "cvv": "907", "card": 4242424242424242},
    )
    async with receiving(tmp_path) as running:
        log = PayloadLog(file, redact=partial(redact_body, kinds=KINDS))
        object.__setattr__(running.receiver, "payload_log", log)
        await running.deliver_json(payload)
        question = {"caller_id": ANA, "query": "card 4242-4242-4242-4242"}
        await running.client.post("/webhook/search-data", json=question)
        await running.client.post("/webhook/search-data", data=b"no JSON: 4242 4242 4242 4242")
        await running.client.post("/4242-4242-4242-4242", json={})
        stored = running.root / payload["data"]["conversation_id"]
        (kept,) = stored.glob("*.json")
        assert kept.read_bytes() == encoded(payload)  # the signed original stays what it is
    log.close()
    written = file.read_text()
    assert written.count("[card number]") >= 6
    assert "[card code]" in written
    assert "[IBAN]" in written
    for secret in ("4242", "four two", "907", "DE89"):
        assert secret not in written
    event = json.loads(json.loads(written.splitlines()[0])["body"])
    assert [turn["message"] for turn in event["data"]["transcript"]] == [
        "Your card number?",
        "[card number]",
        "Go on.",
        "[card number], \u201cyes\u201d",
        "And the security code?",
        "[card code]",
    ]


def test_the_program_redacts_its_payload_log(tmp_path):
    log = tmp_path / "log.jsonl"
    with program(tmp_path) as running:
        running.environment |= {"PAYLOAD_LOG_PATH": str(log), "REDACT": "card,cvv"}
        running.start("all-in-one")
        request = urllib.request.Request(
            f"http://127.0.0.1:{running.port}/webhook/search-data",
            json.dumps({"query": "4242 4242 4242 4242, 123-45-6789", "caller_id": ANA}).encode(),
            {"X-Api-Key": running.secret("ELEVENLABS_SEARCH_DATA_KEY")},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert answer.status == 200
        running.end()
    written = log.read_text()
    assert "[card number], 123-45-6789" in written
    assert "4242" not in written


def logged(tmp_path, body, **options):
    log = PayloadLog(tmp_path / "log", **options)
    log.note("/", 200, body, b"")
    log.close()
    return json.loads((tmp_path / "log").read_text())["body"]


def test_a_number_at_the_cut_is_redacted_before_it_is_cut(tmp_path):
    text = "x " * (MAX_LOGGED_BYTES // 2 - 5) + "4242 4242 4242 4242"
    body = logged(tmp_path, json.dumps({"text": text}).encode(), redact=without_secrets)
    assert len(body.encode()) <= MAX_LOGGED_BYTES
    assert "42" not in body


def test_of_a_body_that_is_too_large_nothing_is_logged(tmp_path):
    body = b"4242 4242 4242 4242" + b" " * 5_000_000
    assert "4242" not in logged(tmp_path, body, redact=without_secrets)


@pytest.mark.parametrize("body", [b"\xff\xfe4242 4242 4242 4242", b"\xed\xa0\x80 {", b""])
def test_bytes_that_are_no_text_are_logged_without_secrets(tmp_path, body):
    assert "4242" not in logged(tmp_path, body, redact=without_secrets)


def test_without_kinds_the_log_is_as_it_was(tmp_path):
    assert logged(tmp_path, b"4242 4242 4242 4242") == "4242 4242 4242 4242"
    assert redact_body("4242 4242 4242 4242", ()) == "4242 4242 4242 4242"


def test_a_body_without_secrets_is_returned_to_the_letter():
    body = '{ "b":1.0, "a" : [1, 2,\t3], "a":"\\u00e9" }'
    assert without_secrets(body) == body


@pytest.mark.parametrize(
    "body",
    [
        "[" * 100_000 + "4242424242424242",
        '{"a":' * 5_000 + '"4242424242424242"' + "}" * 5_000,
        '{"a": 4242424242424242',
        '{"a": [4242424242424242, "378282246310005"], "4242424242424242": null}',
        '{"a": "4242\\n4242\\n4242\\n4242"}',
        '{"a": "\\u0034242\\u00a04242 4242 4242"}',
        '{"transcript": [{"role": "user", "message": "4242 4242"}, {"role": "user", "message":'
        ' "4242 4242"}, {"role": 1, "message": "x"}, {"message": null}, 5, null]}',
    ],
)
def test_whatever_the_shape_of_a_body_no_card_number_is_left(body):
    redacted = without_secrets(body)
    assert "4242" not in redacted
    assert without_secrets(redacted) == redacted


@given(json_values)
def test_every_document_is_redacted_to_a_document(value):
    body = json.dumps(value)
    once = without_secrets(body)
    json.loads(once)
    assert without_secrets(once) == once


@given(st.text())
def test_every_text_is_redacted(text):
    once = without_secrets(text)
    assert without_secrets(once) == once
