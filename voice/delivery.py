"""What a signed body is: which event, of which conversation. Its meaning comes later."""

import re
from dataclasses import dataclass
from typing import Any, Literal

import msgspec
import pybase64

from voice.document import check_depth, read_object, section, unix_seconds
from voice.errors import BadBase64, NotUnderstood

__all__ = ["BadBase64", "Delivery", "NotUnderstood", "Recording", "audio_content", "identify"]

EventKind = Literal["transcription", "audio", "failure"]
EventSource = Literal["webhook", "backfill"]

KINDS: dict[str, EventKind] = {
    "post_call_transcription": "transcription",
    "post_call_audio": "audio",
    "call_initiation_failure": "failure",
}

# The id becomes a folder name: nothing else may pass, whatever the platform sends one day.
_CONVERSATION_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")
_QUOTED_CHARS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """
    One event that we know how to store.

    `type` is the platform's name of the event. `event_timestamp` is in unix seconds, None
    if the body has none. `source` is "backfill" for an event that was asked of the platform.
    """

    kind: EventKind
    type: str
    conversation_id: str
    event_timestamp: float | None
    source: EventSource = "webhook"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """
    The decoded recording of an audio event.

    The signed body is `body_prefix` + base64 of `content` + `body_suffix`; both are "" where
    that would not give the same bytes.
    """

    content: bytes
    body_prefix: str
    body_suffix: str


def identify(body: bytes) -> Delivery:
    """Return which event `body` is; raise `NotUnderstood` if it is none that we can store."""
    check_depth(body)
    try:
        peeked = _PEEK.decode(body)
        if not body.isascii():
            body.decode()  # the peek skips over most strings without reading them
    except (ValueError, RecursionError):
        return _identify_slowly(body)
    data = peeked.data
    has_audio = bytes(memoryview(data.full_audio)[:1]) == b'"'
    return _delivery(
        peeked.type,
        data.conversation_id,
        peeked.event_timestamp,
        source=peeked.source,
        has_audio=has_audio,
    )


def source_of(marker: object) -> EventSource:
    """Return where an event came from, by the member "source" of its envelope."""
    return "backfill" if marker == "backfill" else "webhook"


def usable_id(conversation_id: object, *, complaint: str) -> str:
    """Return the id if it can name a folder; else raise `NotUnderstood` with the complaint."""
    if not isinstance(conversation_id, str) or not _CONVERSATION_ID.fullmatch(conversation_id):
        raise NotUnderstood(f"{complaint}: {_quote(conversation_id)}")
    return conversation_id


def audio_content(body: bytes) -> Recording:
    """Return the recording in an audio event; raise `NotUnderstood` if it has no valid one."""
    encoded = section(read_object(body), "data").get("full_audio")
    if not isinstance(encoded, str) or not encoded:
        raise NotUnderstood("the audio event has no data.full_audio text")
    try:
        content = pybase64.b64decode(encoded, validate=True)
    except ValueError as error:
        raise BadBase64(f"data.full_audio is not base64: {error}") from error
    prefix, quoted, suffix = body.partition(pybase64.b64encode(content))
    if not quoted:  # escaped, or encoded in another way than ours
        return Recording(content=content, body_prefix="", body_suffix="")
    return Recording(content=content, body_prefix=prefix.decode(), body_suffix=suffix.decode())


class _PeekedData(msgspec.Struct):
    conversation_id: str
    full_audio: msgspec.Raw = msgspec.Raw()


class _Peeked(msgspec.Struct):
    type: str
    data: _PeekedData
    event_timestamp: int | float | str | None = None
    source: Any = None


_PEEK = msgspec.json.Decoder(_Peeked)  # five times faster than reading the whole document


def _identify_slowly(body: bytes) -> Delivery:
    event = read_object(body)
    data = section(event, "data")
    return _delivery(
        event.get("type"),
        data.get("conversation_id"),
        event.get("event_timestamp"),
        source=event.get("source"),
        has_audio=isinstance(data.get("full_audio"), str),
    )


def _delivery(
    type_: Any, conversation_id: Any, timestamp: Any, *, source: Any, has_audio: bool
) -> Delivery:
    if not isinstance(type_, str) or type_ not in KINDS:
        raise NotUnderstood(_unknown(type_))
    id_ = usable_id(conversation_id, complaint=f"{type_} has no usable data.conversation_id")
    if type_ == "post_call_audio" and not has_audio:
        raise NotUnderstood("the audio event has no data.full_audio text")
    return Delivery(
        kind=KINDS[type_],
        type=type_,
        conversation_id=id_,
        event_timestamp=unix_seconds(timestamp),
        source=source_of(source),
    )


def _unknown(type_: Any) -> str:
    if type_ == "post_call_transcription_otel":
        return (
            "post_call_transcription_otel is not supported: "
            'set transcript_format to "json" in the agent workspace\'s webhook settings'
        )
    return f"unknown event type: {_quote(type_)}"


def _quote(value: Any) -> str:
    return repr(value)[:_QUOTED_CHARS] if isinstance(value, str) else type(value).__name__
