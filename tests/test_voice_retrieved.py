"""From the API's answer to an event, and whether that is the event that came by webhook."""

import base64
import copy
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import (
    AGENT_ID,
    AGENT_LINE,
    CALLER,
    STARTED_AT,
    encoded,
    failure_payload,
    transcription_payload,
)
from tests.json_values import json_values, mutated
from voice.delivery import audio_content, identify
from voice.payload import RETRIEVED, parse_event
from voice.retrieved import (
    NotUnderstood,
    Retrieved,
    audio_event,
    event_of,
    is_same_event,
    was_retrieved,
)

ID = "conv_1"


def a_conversation(**changes):
    """What the API answers for a call that took place."""
    return {**transcription_payload(conversation_id=ID)["data"], **changes}


def a_failed_call(*, type_="twilio", direction="outbound", call_result=None, **metadata):
    """What the API answers for a call that failed before anything was said."""
    conversation = a_conversation(status="failed", transcript=[], analysis=None)
    found = conversation["metadata"]
    found["phone_call"] |= {"type": type_, "direction": direction, "call_result": call_result}
    found |= {"call_duration_secs": 0, "termination_reason": "", **metadata}
    return conversation


def test_a_call_that_took_place_is_a_transcription_word_for_word():
    conversation = a_conversation(note="größer \U0001f600")
    found = event_of(conversation)
    assert (found.kind, found.conversation_id) == ("transcription", ID)
    assert json.loads(found.body) == {
        "type": "post_call_transcription",
        "source": "backfill",
        "data": conversation,
    }
    assert found.body.startswith(b'{"type":"post_call_transcription","source":"backfill","data":{"')
    assert "größer \U0001f600".encode() in found.body
    assert event_of(copy.deepcopy(conversation)) == found


def test_a_retrieved_call_says_the_same_as_its_webhook_and_counts_less():
    signed = encoded(transcription_payload(conversation_id=ID))
    body = event_of(a_conversation()).body
    assert is_same_event("transcription", signed, body)
    assert is_same_event("transcription", body, signed)
    assert parse_event("transcription", body).event_timestamp == RETRIEVED < 0
    assert (was_retrieved(body), was_retrieved(signed)) == (True, False)


def test_no_time_comes_from_the_mark_of_a_retrieved_event():
    data = {"conversation_id": ID}
    marked = encoded({"source": "backfill", "event_timestamp": STARTED_AT, "data": data})
    for kind, at in (("transcription", "started_at"), ("failure", "failed_at")):
        event = parse_event(kind, marked)
        assert (event.event_timestamp, getattr(event, at).timestamp()) == (RETRIEVED, 0.0)
    other = encoded({"source": "somewhere", "event_timestamp": STARTED_AT, "data": data})
    assert parse_event("transcription", other).event_timestamp == STARTED_AT


@pytest.mark.parametrize("status", ["initiated", "in-progress", "processing"])
def test_what_is_still_running_is_no_event_yet(status):
    assert event_of(a_conversation(status=status)) is None


def test_what_failed_after_something_was_said_is_transcription_payload():
    assert event_of(a_conversation(status="failed")).kind == "transcription"


@pytest.mark.parametrize("direction", ["inbound", None, []])
def test_a_call_that_failed_with_nothing_said_and_was_not_ours_is_no_event(direction):
    assert event_of(a_failed_call(direction=direction)) is None
    assert event_of(a_conversation(status="failed", transcript=[], metadata=None)) is None


@pytest.mark.parametrize("call_result", ["answered", "voicemail"])
def test_a_call_that_was_answered_did_take_place(call_result):
    assert event_of(a_failed_call(call_result=call_result)).kind == "transcription"


def test_a_call_over_twilio_that_nobody_took_is_a_failure():
    reason = {"code": 1, "reason": "Called party did not answer"}
    conversation = a_failed_call(error=reason, termination_reason="Call failed")
    found = event_of(conversation)
    assert found == Retrieved(kind="failure", conversation_id=ID, body=found.body)
    assert json.loads(found.body) == {
        "type": "call_initiation_failure",
        "source": "backfill",
        "data": {
            "agent_id": AGENT_ID,
            "conversation_id": ID,
            "failure_reason": "no-answer",
            "metadata": {
                "type": "twilio",
                "body": {"From": AGENT_LINE, "To": CALLER, "CallSid": "CA5b1e90d3f2"},
                "start_time_unix_secs": STARTED_AT,
                "termination_reason": "Call failed",
                "error": reason,
            },
        },
    }
    event = parse_event("failure", found.body)
    assert (event.caller, event.agent_line, event.reason) == (CALLER, AGENT_LINE, "no-answer")
    assert (event.failed_at.timestamp(), event.event_timestamp) == (STARTED_AT, RETRIEVED)


@pytest.mark.parametrize("type_", ["sip_trunking", "exotel", None])
def test_a_call_over_another_provider_has_a_sip_failure(type_):
    found = event_of(a_failed_call(type_=type_, termination_reason="Busy Here"))
    metadata = json.loads(found.body)["data"]["metadata"]
    assert (metadata["type"], metadata["body"]) == (
        "sip",
        {
            "from_number": AGENT_LINE,
            "to_number": CALLER,
            "call_sid": "CA5b1e90d3f2",
            "error_reason": "Busy Here",
        },
    )
    event = parse_event("failure", found.body)
    assert (event.caller, event.agent_line, event.reason) == (CALLER, AGENT_LINE, "busy")


def test_a_retrieved_failure_says_the_same_as_a_webhook_of_its_second():
    signed = failure_payload(conversation_id=ID, event_timestamp=STARTED_AT, reason="no-answer")
    body = event_of(a_failed_call(call_result="no_answer")).body
    assert is_same_event("failure", body, encoded(signed))
    signed["event_timestamp"] += 1
    assert not is_same_event("failure", body, encoded(signed))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Busy Here", "busy"),
        ("USER_BUSY", "busy"),
        ("No answer", "no-answer"),
        ("no-answer", "no-answer"),
        ("NO_ANSWER", "no-answer"),
        ("The callee didn\u2019t answer", "no-answer"),
        ("Call was not answered", "no-answer"),
        ("not picked up", "no-answer"),
        ("nobody answered", "no-answer"),
        ("ringing timed out", "no-answer"),
        ("Ring timeout", "no-answer"),
        ("declined", "unknown"),
        ("businesslike", "unknown"),
        ("", "unknown"),
        (None, "unknown"),
        (["busy"], "unknown"),
    ],
)
def test_why_a_call_failed_is_said_in_the_platforms_three_words(text, reason):
    for conversation in (
        a_failed_call(termination_reason=text),
        a_failed_call(error={"code": 5, "reason": text}),
        a_failed_call(call_result=text),
    ):
        assert json.loads(event_of(conversation).body)["data"]["failure_reason"] == reason


def test_the_parts_of_a_failure_are_text_whatever_the_answer_has():
    conversation = a_failed_call()
    conversation["agent_id"] = None
    conversation["metadata"]["phone_call"] |= {
        "external_number": 12025550142, "agent_number": True, "call_sid": [1],
    }  # fmt: skip
    data = json.loads(event_of(conversation).body)["data"]
    assert data["agent_id"] == ""
    assert data["metadata"]["body"] == {"From": "", "To": "12025550142", "CallSid": ""}


@pytest.mark.parametrize(
    ("conversation", "reason"),
    [
        ([], "no object"),
        (a_conversation(conversation_id=None), "no usable id"),
        (a_conversation(conversation_id="../up"), "no usable id"),
        (a_conversation(transcript={}), "no list"),
        (a_conversation(transcript=""), "no list"),
        (a_conversation(transcript=0), "no list"),
        (a_conversation(status="gone"), "'gone'"),
        (a_conversation(status=["done"]), "none we know"),
        (a_conversation(note=b"bytes"), "cannot be written"),
        (a_conversation(note=10**5000), "cannot be written"),
    ],
)
def test_what_is_no_conversation_is_not_understood(conversation, reason):
    with pytest.raises(NotUnderstood, match=reason):
        event_of(conversation)


def without_transcript(conversation):
    return {name: value for name, value in conversation.items() if name != "transcript"}


def test_no_transcript_is_one_without_turns():
    signed = transcription_payload(conversation_id=ID)
    for data in ({**signed["data"], "transcript": None}, without_transcript(signed["data"])):
        body = event_of(data).body
        assert is_same_event("transcription", body, encoded({**signed, "data": data}))
        assert parse_event("transcription", body).turns == ()
    for conversation in (a_failed_call(), a_failed_call(direction="inbound")):
        expected = event_of(conversation)
        assert event_of({**conversation, "transcript": None}) == expected
        assert event_of(without_transcript(conversation)) == expected


@pytest.mark.parametrize("odd", [float("nan"), float("inf"), float("-inf")])
def test_a_number_that_json_does_not_have_is_null(odd):
    note = {"deep": [odd, 1.5, {"er": odd}], "other": "NaN"}
    body = event_of(a_conversation(note=note)).body
    expected = {"deep": [None, 1.5, {"er": None}], "other": "NaN"}
    assert strictly(body)["data"] == a_conversation(note=expected)


def strictly(body):
    """Read JSON as others do who do not know Python's NaN."""

    def refuse(name):
        raise AssertionError(f"{name} is no JSON")

    return json.loads(body, parse_constant=refuse)


def test_half_a_surrogate_pair_is_no_obstacle():
    found = event_of(a_conversation(note="half \ud800"))
    assert identify(found.body).conversation_id == ID
    assert is_same_event("transcription", found.body, event_of(a_conversation()).body)


def test_a_recording_goes_between_prefix_and_suffix():
    prefix, suffix = audio_event(ID, AGENT_ID)
    body = prefix + base64.b64encode(b"ID3 music") + suffix
    delivery = identify(body)
    assert (delivery.kind, delivery.conversation_id) == ("audio", ID)
    assert (delivery.source, delivery.event_timestamp) == ("backfill", None)
    recording = audio_content(body)
    assert recording.content == b"ID3 music"
    assert (recording.body_prefix.encode(), recording.body_suffix.encode()) == (prefix, suffix)
    with pytest.raises(NotUnderstood, match="no usable"):
        audio_event("../up", AGENT_ID)


def test_what_says_something_else_is_another_event():
    body = event_of(a_conversation()).body
    for other in (
        transcription_payload(conversation_id="conv_2"),
        transcription_payload(conversation_id=ID, summary="Something else."),
        transcription_payload(conversation_id=ID, turns=4),
        transcription_payload(conversation_id=ID, collected={"name": "Ana"}),
    ):
        assert not is_same_event("transcription", body, encoded(other))


@pytest.mark.parametrize("broken", [b"", b"[]", b'{"data":1}', b"\xff", b"[" * 100_000])
def test_what_cannot_be_read_is_the_same_as_nothing(broken):
    body = event_of(a_conversation()).body
    for kind in ("transcription", "failure"):
        assert not is_same_event(kind, broken, body)
        assert not is_same_event(kind, body, broken)
        assert not is_same_event(kind, broken, broken)
    assert not was_retrieved(broken)
    assert not is_same_event("audio", body, body)


@given(mutated(a_conversation()) | mutated(a_failed_call()))
def test_any_answer_is_an_event_or_none_or_not_understood(conversation):
    check(conversation)


@given(json_values, st.sampled_from(["done", "failed"]))
def test_any_json_is_an_event_or_none_or_not_understood(value, status):
    check(value)
    check({"conversation_id": ID, "status": status, "transcript": [], "metadata": value})
    check({"conversation_id": ID, "status": status, "transcript": [value], "analysis": value})


def check(conversation):
    try:
        found = event_of(conversation)
    except NotUnderstood:
        return
    if found is not None:
        delivery = identify(found.body)
        assert (delivery.kind, delivery.conversation_id) == (found.kind, found.conversation_id)
        assert delivery.source == "backfill"
        strictly(found.body)
        assert parse_event(found.kind, found.body).event_timestamp == RETRIEVED
        assert is_same_event(found.kind, found.body, found.body)
