"""From real payloads to events; and that no payload at all can make reading fail."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given

from tests.factories import encoded, failure_payload, transcription_payload
from tests.json_values import json_values, mutated
from voice.delivery import identify
from voice.events import CallEnded, CallFailed
from voice.payload import NotUnderstood, parse_event

SAMPLES = Path(__file__).parent / "samples"


def sample(name):
    body = (SAMPLES / f"{name}.json").read_bytes()
    return parse_event(identify(body).kind, body)


def call(**fields):
    return parse_event("transcription", encoded(transcription_payload(**fields)))


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.json")), ids=lambda path: path.stem)
def test_every_sample_is_identified(path):
    assert identify(path.read_bytes()).conversation_id.startswith("conv_")


@pytest.mark.parametrize(
    ("name", "caller", "channel", "direction", "agent_line", "language"),
    [
        ("twilio_inbound", "+15550100142", "phone", "inbound", "+15550100900", "en"),
        ("twilio_outbound", "+15550100142", "phone", "outbound", "+15550100900", "en"),
        ("sip_withheld", None, "phone", "inbound", "+15550100900", "en"),
        ("sms", "+15550100142", "sms", "inbound", "+15550100900", "en"),
        ("whatsapp", "+15550100177", "whatsapp", "inbound", "+104550100900", "de"),
        ("web", "web:member-2291", "web", "", "", "en"),
        ("earlier_field_names", "+15550100188", "phone", "", "", ""),
    ],
)
def test_each_channel_says_who_called(name, caller, channel, direction, agent_line, language):
    event = sample(name)
    assert isinstance(event, CallEnded)
    assert (event.caller, event.channel, event.direction) == (caller, channel, direction)
    assert (event.agent_line, event.language) == (agent_line, language)


def test_a_call_is_read_with_all_it_says():
    event = sample("twilio_inbound")
    assert event.conversation_id == "conv_twilio_in_20c7"
    assert event.agent_id == "agent_4f1c8a"
    assert event.event_timestamp == 1790001090.0
    assert event.started_at == datetime(2026, 9, 21, 14, 30, tzinfo=UTC)
    assert event.duration_secs == 74.0
    assert event.outcome == "success"
    assert event.summary.endswith("booked a service for Tuesday at nine.")
    assert [(item.key, item.value) for item in event.collected] == [
        ("bikes", "1"),
        ("first_name", "Ana"),
        ("is_member", "no"),
        ("last_name", "Torres"),
        ("preferred_day", "Tuesday"),
    ]
    assert [(turn.index, turn.seconds) for turn in event.turns if turn.role == "user"] == [
        (1, 4.0),
        (4, 12.0),
        (6, 17.0),
        (8, 24.0),
        (9, 30.0),
        (11, 35.0),
    ]
    assert [turn.index for turn in event.turns if turn.is_backchannel] == [4]


def test_earlier_field_names_are_read_as_well():
    event = sample("earlier_field_names")
    assert (event.summary, event.duration_secs) == ("A table for two was booked.", 61.0)
    assert event.started_at == datetime(1970, 1, 1, tzinfo=UTC)
    assert event.event_timestamp == 0.0


@pytest.mark.parametrize(
    ("name", "reason", "failed_at"),
    [
        ("failure_sip", "busy", datetime(2026, 9, 21, 14, 46, 40, tzinfo=UTC)),
        ("failure_twilio", "no-answer", datetime(2026, 9, 21, 14, 48, 20, tzinfo=UTC)),
    ],
)
def test_a_failed_call_says_who_was_called(name, reason, failed_at):
    event = sample(name)
    assert isinstance(event, CallFailed)
    assert (event.caller, event.agent_line) == ("+15550100142", "+15550100900")
    assert (event.reason, event.failed_at) == (reason, failed_at)


def test_without_a_start_time_the_next_best_time_counts():
    payload = transcription_payload(event_timestamp=1_790_000_500)
    metadata = payload["data"]["metadata"]
    metadata["start_time_unix_secs"] = None
    metadata["accepted_time_unix_secs"] = "1790000001"
    event = parse_event("transcription", encoded(payload))
    assert event.started_at.timestamp() == 1790000001
    del metadata["accepted_time_unix_secs"]
    event = parse_event("transcription", encoded(payload))
    assert event.started_at.timestamp() == 1790000500


def test_times_that_no_calendar_has_are_ignored():
    payload = transcription_payload(started_at=1e300, duration_secs=-5, event_timestamp=None)
    payload["data"]["transcript"][0]["time_in_call_secs"] = 1e300
    payload["data"]["metadata"]["accepted_time_unix_secs"] = 250_000_000_000
    event = parse_event("transcription", encoded(payload))
    assert event.started_at.year == 9892
    assert event.duration_secs == 0.0
    assert event.turns[0].seconds == 10_000_000.0


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Ana", "Ana"),
        (" Ana\0 ", "Ana"),
        (3, "3"),
        (3.0, "3"),
        (2.5, "2.5"),
        (-1, "-1"),
        (0, "0"),
        (10**25, str(10**25)),
        (True, "yes"),
        (["red", 2, None, False], "red, 2, no"),
        ({"b": 1, "a": "é"}, '{"a": "é", "b": 1}'),
        ([["x"]], '[["x"]]'),
        ("none", "none"),
        ("half \ud800", "half ?"),
    ],
)
def test_a_collected_value_is_text(written, read):
    assert call(collected={"key": written}).collected[0].value == read


@pytest.mark.parametrize(
    "nothing",
    [
        None,
        "",
        "  ",
        "null",
        "N/A",
        "Unknown",
        "Not provided.",
        "not mentioned",
        [],
        {},
        [None],
        float("nan"),
        float("inf"),
    ],
)
def test_what_was_not_collected_is_left_out(nothing):
    assert call(collected={"key": nothing}).collected == ()


def test_collected_values_may_come_as_a_list():
    payload = transcription_payload()
    payload["data"]["analysis"]["data_collection_results"] = None
    payload["data"]["analysis"]["data_collection_results_list"] = [
        {"data_collection_id": "first_name", "value": "Ana"},
        {"value": "nameless"},
        "x",
    ]
    event = parse_event("transcription", encoded(payload))
    assert [(item.key, item.value) for item in event.collected] == [("first_name", "Ana")]


def evaluated(results, *, listed=None):
    payload = transcription_payload()
    analysis = payload["data"]["analysis"]
    analysis["evaluation_criteria_results"] = results
    analysis["evaluation_criteria_results_list"] = listed
    found = parse_event("transcription", encoded(payload)).evaluations
    return [(each.criterion, each.result, each.rationale) for each in found]


def test_evaluation_results_are_read():
    promised = {"criteria_id": "promise_kept", "result": "success", "rationale": "It was sent. "}
    results = {
        "promise_kept": promised,
        "polite": {"result": "Failure"},
        " ": promised,
        "odd": "success",
        "half": {"result": 1, "rationale": ["x"]},
    }
    expected = [
        ("half", "", ""),
        ("polite", "failure", ""),
        ("promise_kept", "success", "It was sent."),
    ]
    assert evaluated(results) == expected


@pytest.mark.parametrize("nothing", [None, {}, [], "x", 5])
def test_evaluation_results_may_come_as_a_list(nothing):
    listed = [
        {"criteria_id": "solved", "result": "unknown", "rationale": "Nobody said."},
        {"result": "success"},
        "x",
    ]
    expected = [("solved", "unknown", "Nobody said.")]
    assert evaluated(nothing, listed=listed) == expected
    assert evaluated(listed) == [("solved", "unknown", "Nobody said.")]


def test_without_evaluation_results_there_are_none():
    assert call().evaluations == ()
    assert evaluated(None, listed={"a": 1}) == []


def test_an_integer_too_large_for_an_integer_is_no_obstacle():
    body = encoded(transcription_payload(collected={"key": "BIG"})).replace(b'"BIG"', b"9" * 5000)
    assert parse_event("transcription", body).collected == ()


def test_a_value_nested_as_deep_as_json_can_be_read_is_no_obstacle():
    body = encoded(transcription_payload(collected={"key": "DEEP"}))
    for depth in range(700, 1000):
        deep = body.replace(b'"DEEP"', b"[" * depth + b"1" + b"]" * depth)
        read_anything("transcription", deep)


@pytest.mark.parametrize("language", ["pt-BR", "pt_br"])
def test_a_language_has_one_spelling(language):
    assert call(language=language).language == "pt-br"


@pytest.mark.parametrize("language", ["english please", "", "x" * 90, "{{x}}"])
def test_what_is_no_language_is_left_out(language):
    assert call(language=language).language == ""


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"data": []}', b'{"data": null}', b"\xff", b"[" * 100_000]
)
def test_a_body_without_data_is_not_understood(body):
    with pytest.raises(NotUnderstood):
        parse_event("transcription", body)


@pytest.mark.parametrize("kind", ["audio", "quarantine"])
def test_only_transcriptions_and_failures_have_an_event(kind):
    with pytest.raises(NotUnderstood):
        parse_event(kind, b'{"data": {}}')


@given(mutated(transcription_payload(turns=2, collected={"first_name": "Ana", "visits": 3})))
def test_any_transcription_is_read_or_not_understood(payload):
    read_anything("transcription", json.dumps(payload).encode())


@given(mutated(failure_payload()))
def test_any_failure_is_read_or_not_understood(payload):
    read_anything("failure", json.dumps(payload).encode())


@given(json_values)
def test_any_json_is_read_or_not_understood(value):
    for kind in ("transcription", "failure"):
        read_anything(kind, json.dumps(value).encode())
        read_anything(kind, json.dumps({"data": {"metadata": value, "analysis": value}}).encode())


def read_anything(kind, body):
    try:
        event = parse_event(kind, body)
    except NotUnderstood:
        return
    repr(event).encode()


def test_an_event_that_names_no_time_is_dated_at_the_epoch():
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    data = {"conversation_id": "c", "analysis": {"summary": "A table for two."}}
    body = encoded({"type": "post_call_transcription", "data": data})
    assert parse_event("transcription", body).started_at == epoch
    assert parse_event("failure", body).failed_at == epoch


def test_in_which_order_the_platform_gives_results_means_nothing():
    def payload(results, criteria):
        value = transcription_payload()
        value["data"]["analysis"]["data_collection_results"] = results
        value["data"]["analysis"]["evaluation_criteria_results"] = criteria
        return encoded(value)

    collected = {"order": {"value": 7}, "first_name": {"value": "Ana"}}
    criteria = {"polite": {"result": "success"}, "kept": {"result": "failure"}}
    backwards = (dict(reversed(collected.items())), dict(reversed(criteria.items())))
    assert parse_event("transcription", payload(collected, criteria)) == parse_event(
        "transcription", payload(*backwards)
    )


def test_a_number_of_a_failed_call_may_come_as_a_json_number():
    payload = failure_payload()
    payload["data"]["metadata"] = {
        "type": "sip",
        "body": {"to_number": 12025550151, "from_number": 15550100900, "sip_status_code": 486},
    }
    for region in (None, "US", "DE"):
        event = parse_event("failure", encoded(payload), region=region)
        assert (event.caller, event.agent_line) == ("+12025550151", "+15550100900")
