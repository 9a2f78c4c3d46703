"""What became of the calls that were started here: the record, joined with what arrived since."""

from pathlib import Path
from typing import Any

from cloud.calling.call_log import CallRecord
from spool.format import Kind, file_path, is_conversation_id
from spool.reader import open_file
from voice.document import read_object, section, text
from voice.errors import NotUnderstood
from voice.events import CallEnded, Event
from voice.identity import mask
from voice.payload import parse_event

NO_WORD, NOT_READABLE = "no_word_yet", "not_readable"

# What a transcription may say of a call that no human answered.
_UNANSWERED = frozenset(["voicemail", "busy", "no_answer", "failed"])
_IN_WORDS = {
    NO_WORD: "no word yet",
    NOT_READABLE: "its file is not readable: run `spool verify`",
    "no-answer": "no answer",
    "no_answer": "no answer",
    "failed": "did not get through",
    "unknown": "did not get through",
}


def report(spool: Path, call: CallRecord) -> dict[str, Any]:
    """Return a call and what became of it as JSON, the number masked; reads two files at most."""
    masked = mask(call.to or None)
    message = call.message.replace(call.to, masked) if call.to else call.message
    return {
        "key": call.key,
        "state": call.state,
        "started_at": call.started_at.isoformat(),
        "to": masked,
        "agent_id": call.agent_id,
        "provider": call.provider,
        "conversation_id": call.conversation_id or None,
        "call_id": call.call_id or None,
        "error": {"code": call.code, "message": message} if call.code else None,
        "outcome": _outcome(spool, call.conversation_id),
    }


def in_words(reported: dict[str, Any]) -> str:
    """Return what became of a reported call, for a person."""
    outcome = reported["outcome"]
    if outcome is None or (outcome["what"] == NO_WORD and reported["error"]):
        return str(reported["error"]["message"]) if reported["error"] else _IN_WORDS[NO_WORD]
    what = str(outcome["what"])
    words = [_IN_WORDS.get(what, what)]
    if outcome["duration_secs"] is not None:
        words.append(f"{outcome['duration_secs']:.0f} s")
    if outcome["call_successful"]:
        words.append(outcome["call_successful"])
    return ", ".join(words)


def has_ended(reported: dict[str, Any]) -> bool:
    """Tell whether the call is over for certain."""
    outcome = reported["outcome"]
    return outcome is not None and outcome["what"] != NO_WORD


def _outcome(spool: Path, conversation_id: str) -> dict[str, Any] | None:
    if not is_conversation_id(conversation_id):
        return None
    kinds: tuple[Kind, ...] = ("transcription", "failure")
    for kind in kinds:
        try:
            body = _content(spool, file_path(kind, conversation_id))
            if body is not None:
                return _told(parse_event(kind, body), body)
        except (OSError, NotUnderstood):
            return _as_outcome(NOT_READABLE)
    return _as_outcome(NO_WORD)


def _content(spool: Path, file: str) -> bytes | None:
    try:
        fd = open_file(spool, file)
    except FileNotFoundError:
        return None
    with open(fd, "rb") as content:  # noqa: PTH123  # a descriptor
        return content.read()


def _told(event: Event, body: bytes) -> dict[str, Any]:
    if not isinstance(event, CallEnded):
        return _as_outcome(event.reason)
    metadata = section(section(read_object(body), "data"), "metadata")
    result = text(section(metadata, "phone_call").get("call_result"))
    what = result if result in _UNANSWERED else "answered"
    return _as_outcome(what, duration_secs=event.duration_secs, successful=event.outcome)


def _as_outcome(
    what: str, *, duration_secs: float | None = None, successful: str = ""
) -> dict[str, Any]:
    return {"what": what, "duration_secs": duration_secs, "call_successful": successful or None}
