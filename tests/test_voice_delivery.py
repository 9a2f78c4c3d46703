"""What a signed body is taken for, and what is not understood, with its reason."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import audio_payload, encoded, failure_payload, transcription_payload
from tests.json_values import json_values, mutated
from voice.delivery import BadBase64, Delivery, NotUnderstood, audio_content, identify
from voice.payload import parse_event


def event(type_="post_call_transcription", **fields):
    data = {"conversation_id": "conv_1", **fields.pop("data", {})}
    return json.dumps({"type": type_, "data": data, **fields}).encode()


@pytest.mark.parametrize(
    ("payload", "kind"),
    [
        (transcription_payload(conversation_id="conv_1", event_timestamp=5), "transcription"),
        (audio_payload(conversation_id="conv_1", event_timestamp=5), "audio"),
        (failure_payload(conversation_id="conv_1", event_timestamp=5), "failure"),
    ],
)
def test_each_event_is_recognised(payload, kind):
    assert identify(encoded(payload)) == Delivery(
        kind=kind, type=payload["type"], conversation_id="conv_1", event_timestamp=5.0
    )


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "not JSON"),
        (b"hello", "not JSON"),
        (b"null", "not an object"),
        (b"[]", "not an object"),
        (b"{}", "unknown event type"),
        (b'{"type": "post_call_transcription"', "not JSON"),
        (event() + b"x", "not JSON"),
        (event() + event(), "not JSON"),
        (b'{"type": "post_call_transcription", "data": {"conversation_id": "\xff"}}', "not UTF-8"),
        (event(data={"note": "N"}).replace(b"N", b"\xff"), "not UTF-8"),
        (event().decode().encode("utf-16"), "not UTF-8"),
        (b"[" * 100_000 + b"]" * 100_000, "too deeply"),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "too deeply"),
        (event("voice_removal"), "unknown event type: 'voice_removal'"),
        (event("post_call_transcription_otel"), 'transcript_format to "json"'),
        (event(7), "unknown event type: int"),
        (event(data={"conversation_id": None}), "no usable data.conversation_id: NoneType"),
        (event(data={"conversation_id": "../up"}), "no usable data.conversation_id: '../up'"),
        (event(data={"conversation_id": "a\0b"}), "conversation_id"),
        (event(data={"conversation_id": "a\n"}), "conversation_id"),
        (event(data={"conversation_id": "a" * 129}), "conversation_id"),
        (event(data={"conversation_id": "é"}), "conversation_id"),
        (event(data={"conversation_id": ""}), "conversation_id"),
        (b'{"type": "post_call_transcription", "data": []}', "conversation_id"),
        (event("post_call_audio"), "no data.full_audio"),
        (event("post_call_audio", data={"full_audio": 5}), "no data.full_audio"),
        (event("post_call_audio", data={"full_audio": None}), "no data.full_audio"),
    ],
)
def test_what_is_no_event_is_refused_with_a_reason(body, reason):
    with pytest.raises(NotUnderstood, match=reason):
        identify(body)


@pytest.mark.parametrize(
    "extra",
    [b"NaN", b"-Infinity", b'"\\ud800"', b"9" * 5000, b"1e999", b'"\xf0\x9f\x98\x80"'],
)
def test_what_pythons_encoder_emits_is_understood(extra):
    body = event(data={"extra": "EXTRA"}).replace(b'"EXTRA"', extra)
    assert identify(body).conversation_id == "conv_1"
    parse_event("transcription", body)


def test_a_byte_order_mark_is_understood():
    assert identify(b"\xef\xbb\xbf" + event()).kind == "transcription"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (1790000000, 1790000000.0),
        (1790000000.25, 1790000000.25),
        ("1790000000", 1790000000.0),
        ("soon", None),
        (None, None),
        (True, None),
        ([1], None),
        (float("nan"), None),
        (float("inf"), None),
        (-1, None),
        (10**400, None),
        (10**30, None),
    ],
)
def test_the_event_timestamp_is_read_in_every_spelling(written, read):
    assert identify(event(event_timestamp=written)).event_timestamp == read


@pytest.mark.parametrize("slow", [b"", b"\xef\xbb\xbf"])  # a byte order mark: read in another way
@pytest.mark.parametrize(
    ("marker", "source"),
    [("backfill", "backfill"), ("webhook", "webhook"), ("Backfill", "webhook"), (None, "webhook")]
    + [(value, "webhook") for value in (["backfill"], {"backfill": 1}, 5, True, "\ud800", 1e999)],
)
def test_only_the_mark_of_the_envelope_makes_a_backfill(marker, source, slow):
    assert identify(slow + event(source=marker)).source == source
    assert identify(slow + event(data={"source": "backfill"})).source == "webhook"


def test_a_recording_is_decoded_and_its_body_can_be_put_together_again():
    body = encoded(audio_payload(mp3=b"ID3 music"))
    recording = audio_content(body)
    assert recording.content == b"ID3 music"
    again = recording.body_prefix.encode() + base64.b64encode(b"ID3 music")
    assert again + recording.body_suffix.encode() == body


def test_a_recording_in_another_spelling_is_decoded_without_prefix_and_suffix():
    body = encoded(audio_payload(mp3=b"\xff\xff\xfe")).replace(b"///+", rb"\/\/\/+")
    recording = audio_content(body)
    assert (recording.content, recording.body_prefix, recording.body_suffix) == (
        b"\xff\xff\xfe",
        "",
        "",
    )


@pytest.mark.parametrize("text", ["AAA", "AA-_", "AAAA\n", "AA==AAAA", "é", "A", "\ud800AAA"])
def test_what_is_not_base64_is_refused(text):
    with pytest.raises(BadBase64):
        audio_content(event("post_call_audio", data={"full_audio": text}))


def test_an_empty_recording_is_refused():
    with pytest.raises(NotUnderstood):
        audio_content(event("post_call_audio", data={"full_audio": ""}))


def outcome_of(body):
    try:
        return identify(body)
    except NotUnderstood:
        return None


@given(st.binary(max_size=200) | json_values.map(json.dumps).map(str.encode))
def test_any_body_is_identified_or_not_understood(body):
    outcome_of(body)


@given(mutated(transcription_payload(turns=2, collected={"name": "Ana"})))
def test_what_is_accepted_can_be_parsed(payload):
    body = encoded(payload)
    if outcome_of(body):
        parse_event("transcription", body)


@given(mutated(audio_payload()))
def test_an_accepted_recording_is_decoded_or_not_understood(payload):
    body = encoded(payload)
    found = outcome_of(body)
    if found and found.kind == "audio":
        try:
            recording = audio_content(body)
        except NotUnderstood:
            return
        if recording.body_prefix:
            text = base64.b64encode(recording.content)
            assert recording.body_prefix.encode() + text + recording.body_suffix.encode() == body
