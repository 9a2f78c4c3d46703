"""From the platform's JSON to events: the one place that knows its field names."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from voice.delivery import source_of
from voice.document import number, read_object, section, text, unix_seconds
from voice.errors import NotUnderstood
from voice.events import CallEnded, CallFailed, CollectedValue, Evaluation, Event, Turn
from voice.identity import caller_of_call, phone_key

__all__ = ["RETRIEVED", "NotUnderstood", "event_of", "parse_event"]

# The event timestamp of what was asked of the platform. Of several versions the latest counts,
# and no webhook is this early: what the platform signed and sent always counts more.
RETRIEVED = -1.0

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MAX_CALL_SECONDS = 10_000_000.0
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*")
# What a model writes when it has found nothing to collect.
_NOTHING_COLLECTED = frozenset(
    ["", "null", "undefined", "n/a", "unknown", "not provided", "not mentioned", "not specified"]
)


def parse_event(kind: str, body: bytes, *, region: str | None = None) -> Event:
    """
    Return what a stored body of this kind ("transcription" or "failure") says.

    `region` is that of `voice.identity.phone_key`. An event that names no time is dated at the
    epoch: when it was received is no part of it, and changes when it is received again. An
    event that came by backfill has the timestamp `RETRIEVED`, which dates nothing. A field that
    is missing or of another type than expected counts as unknown. Raises `NotUnderstood` only
    if `body` is not a JSON object with an object `data`, or if the kind is another.
    """
    return event_of(kind, read_object(body), region=region)


def event_of(kind: str, event: dict[str, Any], *, region: str | None = None) -> Event:
    """Return what a body says that has been read as JSON; see `parse_event`."""
    data = event.get("data")
    if not isinstance(data, dict):
        raise NotUnderstood("the event has no object data")
    if source_of(event.get("source")) == "backfill":
        return replace(_read(kind, data, None, region), event_timestamp=RETRIEVED)
    return _read(kind, data, unix_seconds(event.get("event_timestamp")), region)


def _read(kind: str, data: dict[str, Any], timestamp: float | None, region: str | None) -> Event:
    match kind:
        case "transcription":
            return _call_ended(data, timestamp, region)
        case "failure":
            return _call_failed(data, timestamp, region)
    raise NotUnderstood(f"a stored file of kind {kind} has no event to read")


def _call_ended(data: dict[str, Any], timestamp: float | None, region: str | None) -> CallEnded:
    metadata = section(data, "metadata")
    analysis = section(data, "analysis")
    parties = caller_of_call(data, region=region)
    return CallEnded(
        conversation_id=text(data.get("conversation_id")),
        agent_id=text(data.get("agent_id")),
        event_timestamp=timestamp or 0.0,
        caller=parties.caller,
        channel=parties.channel,
        direction=parties.direction,
        agent_line=parties.agent_line,
        started_at=_started_at(metadata, timestamp),
        duration_secs=_seconds(metadata.get("call_duration_secs", metadata.get("call_duration"))),
        language=_language(data),
        outcome=text(analysis.get("call_successful")),
        summary=text(analysis.get("transcript_summary")) or text(analysis.get("summary")),
        collected=_collected(analysis),
        evaluations=_evaluations(analysis),
        turns=_turns(data.get("transcript")),
        title=text(analysis.get("call_summary_title")),
    )


def _call_failed(data: dict[str, Any], timestamp: float | None, region: str | None) -> CallFailed:
    metadata = section(data, "metadata")
    body = section(metadata, "body")
    # Only an event that came by backfill names its start: it has no timestamp that dates it.
    failed_at = timestamp or unix_seconds(metadata.get("start_time_unix_secs")) or 0.0
    # Only outbound calls fail so: the human is the one called. SIP and Twilio spell it apart.
    called = _dialled(body.get("to_number", body.get("To", body.get("Called"))))
    calling = _dialled(body.get("from_number", body.get("From", body.get("Caller"))))
    return CallFailed(
        conversation_id=text(data.get("conversation_id")),
        agent_id=text(data.get("agent_id")),
        event_timestamp=timestamp or 0.0,
        caller=phone_key(called, region=region),
        agent_line=phone_key(calling, region=region) or "",
        failed_at=_moment(failed_at),
        reason=text(data.get("failure_reason")) or "unknown",
    )


def _dialled(number: object) -> object:
    """Return a number of an outbound call, which is E.164: a JSON number cannot carry the plus."""
    return f"+{number}" if isinstance(number, int) and not isinstance(number, bool) else number


def _started_at(metadata: dict[str, Any], timestamp: float | None) -> datetime:
    times = (
        unix_seconds(metadata.get("start_time_unix_secs")),
        unix_seconds(metadata.get("accepted_time_unix_secs")),
        timestamp,
    )
    return _moment(next(filter(None, times), 0.0))


def _moment(seconds: float) -> datetime:
    return _EPOCH + timedelta(seconds=seconds)


def _seconds(value: object) -> float:
    if type(value) is int and 0 <= value <= _MAX_CALL_SECONDS:  # nearly always
        return float(value)
    return min(max(number(value) or 0.0, 0.0), _MAX_CALL_SECONDS)


def _language(data: dict[str, Any]) -> str:
    initiation = section(data, "conversation_initiation_client_data")
    override = section(section(initiation, "conversation_config_override"), "agent")
    for value in (section(data, "metadata").get("main_language"), override.get("language")):
        if _LANGUAGE.fullmatch(text(value)):
            return text(value).lower().replace("_", "-")
    return ""


def _turns(transcript: object) -> tuple[Turn, ...]:
    turns = []
    for index, item in enumerate(transcript if isinstance(transcript, list) else ()):
        if not isinstance(item, dict):
            continue
        role, message = item.get("role"), text(item.get("message"))
        if message and role in ("user", "agent"):
            turn = Turn(
                index=index,
                role=role,
                message=message,
                seconds=_seconds(item.get("time_in_call_secs")),
                is_backchannel=item.get("ignored_as_backchannel") is True,
            )
            turns.append(turn)
    return tuple(turns)


# Sorted, both of them: the platform keeps them by name, and gives them in no certain order.
def _collected(analysis: dict[str, Any]) -> tuple[CollectedValue, ...]:
    values = {}
    for key, item in _results(analysis, "data_collection_results", id_field="data_collection_id"):
        value = _value_text(item.get("value") if isinstance(item, dict) else item)
        if value.casefold().rstrip(".") not in _NOTHING_COLLECTED:
            values[key] = value
    return tuple(CollectedValue(key=key, value=value) for key, value in sorted(values.items()))


def _evaluations(analysis: dict[str, Any]) -> tuple[Evaluation, ...]:
    found = {
        key: Evaluation(
            criterion=key,
            result=text(item.get("result")).casefold(),
            rationale=text(item.get("rationale")),
        )
        for key, item in _results(analysis, "evaluation_criteria_results", id_field="criteria_id")
        if isinstance(item, dict)
    }
    return tuple(found[key] for key in sorted(found))


def _results(analysis: dict[str, Any], name: str, *, id_field: str) -> list[tuple[str, Any]]:
    """Return (id, result) pairs, whether they come as an object by id or as a list."""
    results = analysis.get(name)
    if isinstance(results, dict) and results:
        pairs = list(results.items())
    else:
        has_list = isinstance(results, list) and results
        listed = results if has_list else analysis.get(f"{name}_list")
        items = listed if isinstance(listed, list) else []
        pairs = [(item.get(id_field), item) for item in items if isinstance(item, dict)]
    return [(text(key), item) for key, item in pairs if text(key)]


def _value_text(value: object) -> str:
    match value:
        case str():
            return text(value)
        case bool():
            return "yes" if value else "no"
        case int() | float() if number(value) is not None:
            return str(int(value)) if float(value).is_integer() else str(value)
        case list() if not any(isinstance(item, list | dict) for item in value):
            return ", ".join(part for part in map(_value_text, value) if part)
        case list() | dict() if value:
            return _json_text(value)
    return ""


def _json_text(value: object) -> str:
    try:
        return text(json.dumps(value, ensure_ascii=False, sort_keys=True))
    except RecursionError:
        return ""
