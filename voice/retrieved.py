"""
Events asked of the platform: from its GET conversation to the body of an event, and whether a
body says the same as one that came by webhook.

Such a body has `"source":"backfill"` in its envelope and no event_timestamp. The same
conversation always gives the same bytes.
"""

import json
import math
import re
from dataclasses import dataclass, replace
from typing import Any

from voice.delivery import EventKind, source_of, usable_id
from voice.document import read_object, section, text
from voice.errors import NotUnderstood
from voice.events import Event
from voice.payload import parse_event

__all__ = [
    "NotUnderstood",
    "Retrieved",
    "audio_event",
    "event_of",
    "is_same_event",
    "was_retrieved",
]

_RUNNING = frozenset(["initiated", "in-progress", "processing"])
_WAS_ANSWERED = frozenset(["answered", "voicemail"])  # then the platform reports no failure
_BUSY = re.compile(r"\bbusy\b")
_NO_ANSWER = re.compile(
    r"\bno answer\b|unanswered|\bno(?:body| one) answered|\bno pick ?up\b"
    r"|(?:\bnot|n't|\bnever) (?:answer|pick)|\bring\w* time ?(?:d )?out\b"
)
_MAX_NUMBER = 10**32  # longer than every phone number


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrieved:
    """One event as `Delivery` knows it, and its body."""

    kind: EventKind
    conversation_id: str
    body: bytes


def event_of(conversation: dict[str, Any]) -> Retrieved | None:
    """
    Return the event of a conversation, in the form in which the platform's API gives it.

    None if there is none: it is still running, or failed before anything was said, and is no
    outbound call. No transcript is one without turns, as in a webhook. Raises `NotUnderstood`
    for what is no such conversation.
    """
    if not isinstance(conversation, dict):
        raise NotUnderstood(f"a conversation is no object: {type(conversation).__name__}")
    conversation_id = usable_id(
        conversation.get("conversation_id"), complaint="a conversation has no usable id"
    )
    transcript, status = conversation.get("transcript"), conversation.get("status")
    if transcript is not None and not isinstance(transcript, list):
        raise NotUnderstood(f"the transcript of {conversation_id} is no list")
    if text(status) in _RUNNING:
        return None
    if status not in ("done", "failed"):
        raise NotUnderstood(
            f"the status of {conversation_id} is none we know: {text(status)!r:.40}"
        )
    if status == "done" or transcript:
        return _retrieved("transcription", "post_call_transcription", conversation)
    phone_call = section(section(conversation, "metadata"), "phone_call")
    if phone_call.get("direction") != "outbound":
        return None
    if text(phone_call.get("call_result")) in _WAS_ANSWERED:
        return _retrieved("transcription", "post_call_transcription", conversation)
    return _retrieved("failure", "call_initiation_failure", _failure(conversation, phone_call))


def audio_event(conversation_id: str, agent_id: str) -> tuple[bytes, bytes]:
    """
    Return what stands before and after the base64 of a recording in the body of its event.

    Raises `NotUnderstood` for an unusable conversation id.
    """
    usable_id(conversation_id, complaint="a recording has no usable conversation id")
    data = {"agent_id": agent_id, "conversation_id": conversation_id, "full_audio": ""}
    return _body("post_call_audio", data)[: -len(b'"}}')], b'"}}'


def is_same_event(kind: str, one: bytes, other: bytes) -> bool:
    """
    Tell whether two bodies of this kind say the same, whenever each was sent.

    False if either cannot be parsed, and for recordings, which say nothing.
    """
    meaning = _meaning(kind, one)
    return meaning is not None and meaning == _meaning(kind, other)


def was_retrieved(body: bytes) -> bool:
    """Tell whether a body came by backfill; False if it cannot be read."""
    try:
        return source_of(read_object(body).get("source")) == "backfill"
    except NotUnderstood:
        return False


def _meaning(kind: str, body: bytes) -> Event | None:
    try:
        return replace(parse_event(kind, body), event_timestamp=0.0)
    except NotUnderstood:
        return None


def _retrieved(kind: EventKind, type_: str, data: dict[str, Any]) -> Retrieved:
    return Retrieved(kind=kind, conversation_id=data["conversation_id"], body=_body(type_, data))


def _body(type_: str, data: dict[str, Any]) -> bytes:
    event = {"type": type_, "source": "backfill", "data": data}
    try:
        try:
            return _written(event)
        except ValueError:  # rarely: looking for these numbers first would cost every event time
            return _written(_finite(event))
    except (TypeError, ValueError, RecursionError) as error:
        raise NotUnderstood(f"a conversation cannot be written as JSON: {error}") from error


def _written(event: Any) -> bytes:
    body = json.dumps(event, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    try:
        return body.encode()
    except UnicodeEncodeError:  # half of a surrogate pair, which only an escape can spell
        return json.dumps(event, allow_nan=False, separators=(",", ":")).encode()


def _finite(value: Any) -> Any:
    """Return `value` with null for NaN and the infinities, which Python reads and JSON has not."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {name: _finite(each) for name, each in value.items()}
    return list(map(_finite, value)) if isinstance(value, list) else value


def _failure(conversation: dict[str, Any], phone_call: dict[str, Any]) -> dict[str, Any]:
    """Return the `data` of a failed call, from nothing but what the conversation says."""
    metadata = section(conversation, "metadata")
    why = text(metadata.get("termination_reason"))
    why = text(section(metadata, "error").get("reason")) or why
    is_twilio = phone_call.get("type") == "twilio"
    names = ("From", "To", "CallSid") if is_twilio else ("from_number", "to_number", "call_sid")
    values = (phone_call.get(name) for name in ("agent_number", "external_number", "call_sid"))
    body = {name: _plain(value) for name, value in zip(names, values, strict=True)}
    kept = ("start_time_unix_secs", "termination_reason", "error")
    return {
        "agent_id": text(conversation.get("agent_id")),
        "conversation_id": conversation["conversation_id"],
        "failure_reason": _reason(metadata, phone_call),
        "metadata": {
            "type": "twilio" if is_twilio else "sip",
            "body": body if is_twilio else {**body, "error_reason": why},
            **{name: metadata[name] for name in kept if name in metadata},
        },
    }


def _plain(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _MAX_NUMBER:
        return str(value)
    return text(value)


def _reason(metadata: dict[str, Any], phone_call: dict[str, Any]) -> str:
    """Return the platform's word for why a call failed, as far as its text says it plainly."""
    texts = (
        phone_call.get("call_result"),
        metadata.get("termination_reason"),
        section(metadata, "error").get("reason"),
    )
    said = re.sub(r"[\s_-]+", " ", " / ".join(map(text, texts)).casefold().replace("\u2019", "'"))
    if _BUSY.search(said):
        return "busy"
    return "no-answer" if _NO_ANSWER.search(said) else "unknown"
