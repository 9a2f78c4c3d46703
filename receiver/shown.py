"""What the owner is shown, as JSON: times in ISO 8601, numbers masked unless asked for in full."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from history.reading import Call, Line
from history.shown import masked
from history.values import CallerRow, Entry, Stored
from memory.moments import is_known_moment
from memory.port import Fact, Memory, Noted, Profile

Show = Callable[[str], str]


def in_full(caller: str) -> str:
    """Return a caller's key as it is."""
    return caller


def showing(*, full: bool) -> Show:
    """Return how callers' keys are shown."""
    return in_full if full else _masked


def _masked(caller: str) -> str:
    return masked(caller) or ""


def entry_json(entry: Entry, show: Show, id_of: Show) -> dict[str, Any]:
    """Return a conversation of the history; `id_of` gives the opaque id of a caller."""
    return {
        "id": entry.id,
        "kind": entry.kind,
        "caller_id": id_of(entry.caller) if entry.caller else None,
        "caller": show(entry.caller) if entry.caller else None,
        "line": show(entry.line) if entry.line else None,
        "channel": entry.channel,
        "direction": entry.direction,
        "agent_id": entry.agent_id,
        "started_at": moment(entry.started_at),
        "duration_secs": entry.duration_secs,
        "language": entry.language,
        "outcome": entry.outcome,
        "summary": entry.summary,
        "has_transcript": entry.has_transcript,
        "has_audio": entry.has_audio,
        "size_bytes": entry.size_bytes,
    }


def file_json(stored: Stored) -> dict[str, Any]:
    """Return one file of a conversation; `dropped` says why it is gone on purpose."""
    return {
        "file": stored.file,
        "kind": stored.kind,
        "sha256": stored.sha256,
        "size_bytes": stored.size,
        "received_at": moment(stored.received_at),
        "source": stored.source,
        "dropped": stored.dropped or None,
        "dropped_at": moment(stored.dropped_at) if stored.dropped_at else None,
    }


def line_json(line: Line) -> dict[str, Any]:
    """Return one message of a transcript."""
    return {"role": line.role, "time_secs": line.time_secs, "text": line.text}


def function_json(call: Call) -> dict[str, Any]:
    """Return one tool call with its result."""
    return {
        "name": call.name,
        "type": call.type,
        "request_id": call.request_id,
        "parameters": call.parameters,
        "result": call.result,
        "is_error": call.is_error,
        "time_secs": call.time_secs,
        "latency_secs": call.latency_secs,
    }


def caller_json(row: CallerRow, show: Show) -> dict[str, Any]:
    """Return a caller of a list."""
    return {
        "id": row.id,
        "caller": show(row.caller),
        "calls": row.calls,
        "first_at": moment(row.first_at),
        "last_at": moment(row.last_at),
    }


def memories_json(memories: Iterable[Memory]) -> list[dict[str, Any]]:
    """Return memories, the latest first, each with where it comes from."""
    latest = sorted(memories, key=lambda each: (each.occurred_at, each.id), reverse=True)
    return [
        {
            "id": memory.id,
            "kind": memory.kind,
            "key": memory.key,
            "content": memory.content,
            "sector": memory.sector,
            "salience": memory.salience,
            "occurred_at": moment(memory.occurred_at),
            "conversation_id": memory.conversation_id,
            "agent_id": memory.agent_id,
        }
        for memory in latest
    ]


def profile_json(profile: Profile) -> dict[str, Any]:
    """Return a profile, with the provenance of everything in it."""
    return {
        "name": profile.name,
        "preferred_name": profile.preferred_name,
        "first_name": profile.first_name,
        "full_name": profile.full_name,
        "language": profile.language,
        "call_count": profile.call_count,
        "first_call_at": _known(profile.first_call_at),
        "last_call_at": _known(profile.last_call_at),
        "summary": profile.summary,
        "last_call_summary": profile.last_call_summary,
        "facts": [_fact(fact) for fact in profile.facts],
        "others": [
            {
                "name": other.name,
                "calls": other.calls,
                "last_at": moment(other.last_at),
                "facts": [_fact(fact) for fact in other.facts],
            }
            for other in profile.others
        ],
        "preferences": [_noted(noted) for noted in profile.preferences],
        "open_commitments": [_noted(noted) for noted in profile.commitments],
        "unanswered_calls": [
            {
                "at": moment(attempt.at),
                "reason": attempt.reason,
                "conversation_id": attempt.conversation_id,
            }
            for attempt in profile.attempts
        ],
    }


def moment(at: datetime) -> str:
    """Return a time as ISO 8601 in UTC."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _fact(fact: Fact) -> dict[str, Any]:
    return {
        "key": fact.key,
        "value": fact.value,
        "occurred_at": moment(fact.occurred_at),
        "conversation_id": fact.conversation_id,
        "previous": [
            {
                "value": before.value,
                "occurred_at": moment(before.occurred_at),
                "conversation_id": before.conversation_id,
            }
            for before in fact.previous
        ],
    }


def _noted(noted: Noted) -> dict[str, Any]:
    return {
        "text": noted.note.text,
        "by": noted.note.by,
        "source": noted.note.source,
        "key": noted.note.key,
        "occurred_at": moment(noted.occurred_at),
        "conversation_id": noted.conversation_id,
    }


def _known(at: datetime) -> str | None:
    return moment(at) if is_known_moment(at) else None
