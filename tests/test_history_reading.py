"""What is read of one conversation from the spool: payload, transcript, tool calls, recording."""

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from history.errors import NotKept, NotReadable, NotStored
from history.reading import as_text, audio, functions, open_audio, payload, transcript
from history.sources import collected_name
from spool.dropped import Drop, note_dropped
from spool.format import FileDamaged
from spool.writer import Arrival
from tests.factories import STARTED_AT, encoded, failure_payload
from tests.histories import a_payload, indexed
from tests.spools import RECEIVED, a_spool, commit, deliver, poison
from voice.payload import parse_event

SAMPLES = Path(__file__).parent / "samples"


def a_recording(spool, mp3=b"ID3 a recording", conversation_id="conv_00000", sent=STARTED_AT):
    arrival = Arrival(
        kind="audio",
        conversation_id=conversation_id,
        content=mp3,
        event_timestamp=sent,
        signature="",
        source="webhook",
        received_at=RECEIVED,
    )
    return commit(spool, arrival)[0]


async def files_of(tmp_path, conversation_id="conv_00000"):
    async with indexed(tmp_path) as history:
        return await history.files(conversation_id)


def with_turns(*turns):
    event = a_payload(0)
    event["data"]["transcript"] = list(turns)
    return event


async def test_the_transcript_is_what_was_said_in_order(tmp_path):
    with a_spool(tmp_path / "spool") as spool:
        deliver(spool, a_payload(0, messages=[("agent", "Hello,\n you."), ("user", "Hi!")]))
    event = payload(tmp_path / "spool", await files_of(tmp_path))
    lines = transcript(event)
    assert [(line.role, line.time_secs, line.text) for line in lines] == [
        ("agent", 0.0, "Hello,\n you."), ("user", 5.0, "Hi!"),
    ]  # fmt: skip
    assert as_text(lines) == "00:00  Agent   Hello, you.\n00:05  Caller  Hi!\n"


async def test_of_several_revisions_the_one_that_memory_has_is_read(tmp_path):
    late, early = (
        a_payload(0, summary=text, event_timestamp=STARTED_AT + seconds)
        for text, seconds in (("Late.", 300), ("Early.", 200))
    )
    with a_spool(tmp_path / "spool") as spool:
        deliver(spool, late, early)
    event = payload(tmp_path / "spool", await files_of(tmp_path))
    assert event["data"]["analysis"]["transcript_summary"] == "Late."


async def test_a_failed_call_has_a_payload_without_a_transcript(tmp_path):
    with a_spool(tmp_path / "spool") as spool:
        deliver(spool, failure_payload(conversation_id="conv_f"))
    event = payload(tmp_path / "spool", await files_of(tmp_path, "conv_f"))
    assert event["type"] == "call_initiation_failure"
    assert transcript(event) == []
    assert functions(event) == []


async def test_a_tool_call_has_its_result_though_that_stands_in_a_later_turn(tmp_path):
    with a_spool(tmp_path / "spool") as spool:
        deliver(spool, (SAMPLES / "twilio_inbound.json").read_bytes())
    files = await files_of(tmp_path, "conv_twilio_in_20c7")
    (call,) = functions(payload(tmp_path / "spool", files))
    assert (call.name, call.type, call.request_id) == ("search_memory", "webhook", "toolu_1")
    assert call.parameters == {"query": "Ana Torres bike"}
    assert call.result == {"profile": None, "memories": []}
    assert (call.is_error, call.time_secs, call.latency_secs) == (False, 9.0, 0.08)


def a_call(request_id, name="look_up", **given):
    return {"request_id": request_id, "tool_name": name, "params_as_json": "{}", **given}


def a_result(request_id, value, **given):
    return {"request_id": request_id, "tool_name": "look_up", "result_value": value, **given}


def test_tool_calls_of_any_shape_are_read():
    event = with_turns(
        {"role": "agent", "tool_calls": None, "tool_results": None, "time_in_call_secs": None},
        {"role": "agent", "tool_calls": [a_call("a"), a_call("b", params_as_json="not JSON")]},
        {"tool_results": [a_result("b", "plain text", is_error=True), a_result("a", None)]},
        {"tool_calls": [a_call("none"), "nonsense", {}], "time_in_call_secs": 7},
        {"tool_results": [a_result("lost", "[1]", tool_latency_secs=1.5)], "time_in_call_secs": 9},
        "nonsense",
    )
    found = [
        (call.name, call.parameters, call.result, call.is_error, call.time_secs)
        for call in functions(event)
    ]
    assert found == [
        ("look_up", {}, None, False, 0.0),
        ("look_up", "not JSON", "plain text", True, 0.0),
        ("look_up", {}, None, None, 7.0),
        ("unknown", None, None, None, 7.0),
        ("look_up", None, [1], False, 9.0),
    ]


@pytest.mark.parametrize("value", [None, {}, [], "text", 5, {"data": None}, {"data": []}])
def test_an_event_without_turns_has_none(value):
    event = {"data": {"transcript": value}} if not isinstance(value, dict) else value
    assert transcript(event) == []
    assert functions(event) == []


@pytest.mark.parametrize(
    "given",
    [
        '{"x": NaN, "y": -Infinity}',
        '{"\\ud800": "\\udfff"}',
        "9" * 400,
        "9" * 4000,
        "9" * 5000,
        "[" * 300 + "]" * 300,
        "[" * 100_000,
        '{"a":' * 200 + "1" + "}" * 200,
        [[[["deep"]]]],
        {"a": float("inf"), "b": 10**30, "c": True},
    ],
)
def test_whatever_a_tool_was_given_can_be_told_as_json(given):
    event = with_turns({"tool_calls": [a_call("a", params_as_json=given)]})
    (call,) = functions(event)
    told = json.dumps(asdict(call), allow_nan=False, ensure_ascii=False).encode()
    msgspec.json.decode(msgspec.json.encode(asdict(call)))
    assert told


async def test_the_recording_is_the_newest_revision(tmp_path):
    root = tmp_path / "spool"
    with a_spool(root) as spool:
        a_recording(spool, b"ID3 new", sent=STARTED_AT + 5)
        a_recording(spool, b"ID3 old", sent=STARTED_AT)
    files = await files_of(tmp_path)
    stored, path = audio(root, files)
    assert path.read_bytes() == b"ID3 new"
    assert stored.size == 7
    with open_audio(root, files) as recording:
        assert recording.read() == b"ID3 new"


async def test_a_symbolic_link_is_never_followed(tmp_path):
    root = tmp_path / "spool"
    with a_spool(root) as spool:
        file = a_recording(spool)
    files = await files_of(tmp_path)
    secret = tmp_path / "secret"
    secret.write_bytes((root / file).read_bytes())
    (root / file).unlink()
    (root / file).symlink_to(secret)
    for read in (audio, open_audio):
        with pytest.raises(FileDamaged, match="spool verify"):
            read(root, files)
    (root / "conv_00000").rename(root / "aside")
    (root / "conv_00000").symlink_to(root / "aside")
    with pytest.raises(FileDamaged):
        audio(root, files)


async def test_a_torn_recording_and_a_changed_transcript_are_refused(tmp_path):
    root = tmp_path / "spool"
    with a_spool(root) as spool:
        file = a_recording(spool)
        (transcription,) = deliver(spool, a_payload(0))
    files = await files_of(tmp_path)
    (root / file).write_bytes(b"ID3")
    (root / transcription).write_bytes(b"{}")
    with pytest.raises(FileDamaged, match="3 of 15 bytes"):
        audio(root, files)
    with pytest.raises(FileDamaged, match="not what its receipt says"):
        payload(root, files)


async def test_what_never_came_and_what_was_dropped_are_told_apart(tmp_path):
    root = tmp_path / "spool"
    with a_spool(root) as spool:
        file = a_recording(spool)
        poison(spool)
    files = await files_of(tmp_path)
    with pytest.raises(NotStored, match="no transcript of this conversation has arrived") as caught:
        payload(root, files)
    assert not isinstance(caught.value, NotKept)
    moment = datetime(2026, 11, 20, 3, tzinfo=UTC)
    note_dropped(root, [Drop(file=file, what="file", reason="retention", at=moment)])
    (root / file).unlink()
    with pytest.raises(NotKept, match="recording was deleted by retention on 2026-11-20"):
        audio(root, await files_of(tmp_path))
    with pytest.raises(NotReadable, match="cannot be understood"):
        payload(root, await files_of(tmp_path, "conv_poison"))


def test_the_collected_name_is_who_spoke():
    for collected, name in (
        ({"first_name": "Bea"}, "Bea"),
        ({"name": "Bea Holm"}, "Bea Holm"),
        ({"city": "Bergen"}, ""),
        ({}, ""),
    ):
        event = parse_event("transcription", encoded(a_payload(0, collected=collected)))
        assert collected_name(event) == name
