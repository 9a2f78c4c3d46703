"""The conversations that were held, and their recordings."""

from dataclasses import dataclass

from aiohttp import web

from tests.platform.errors import detail, invalid, not_found
from tests.platform.paging import first, page, whole

_CHUNK = 16 * 1024
_STATUSES = ("initiated", "in-progress", "processing", "done", "failed")


@dataclass
class Recording:
    """A recording that is to be sent as a stream."""

    conversation_id: str
    audio: bytes


def _list(state, asked):
    after = whole(asked, "call_start_after_unix", None)
    before = whole(asked, "call_start_before_unix", None)
    agent_id, user_id = first(asked, "agent_id"), first(asked, "user_id")
    excluded = asked.query.get("exclude_statuses", [])
    if not set(excluded) <= set(_STATUSES):
        raise invalid(f"Input should be one of {_STATUSES}", "exclude_statuses")
    direction = first(asked, "sort_direction") or "desc"
    if direction not in ("asc", "desc"):
        raise invalid("Input should be 'asc' or 'desc'", "sort_direction")
    found = [
        body
        for body in state.conversations.values()
        if (agent_id is None or body["agent_id"] == agent_id)
        and (user_id is None or body.get("user_id") == user_id)
        and (after is None or _started_at(body) >= after)
        and (before is None or _started_at(body) <= before)
        and body["status"] not in excluded
    ]
    shown, cursor = page(
        found,
        asked,
        key=lambda body: (_started_at(body), body["conversation_id"]),
        default=30,
        epoch=state.cursor_epoch,
        descending=direction == "desc",
    )
    with_summary = first(asked, "summary_mode") == "include"
    rows = [_row(body, with_summary=with_summary) for body in shown]
    return {"conversations": rows, "next_cursor": cursor, "has_more": cursor is not None}


def _started_at(body):
    return body["metadata"]["start_time_unix_secs"]


def _row(body, *, with_summary):
    metadata, analysis = body["metadata"], body.get("analysis") or {}
    phone_call = metadata.get("phone_call") or {}
    messages = [turn for turn in body.get("transcript") or [] if turn.get("message")]
    return {
        "agent_id": body["agent_id"],
        "branch_id": body.get("branch_id"),
        "version_id": body.get("version_id"),
        "agent_name": body.get("agent_name"),
        "conversation_id": body["conversation_id"],
        "start_time_unix_secs": metadata["start_time_unix_secs"],
        "call_duration_secs": metadata["call_duration_secs"],
        "cost": metadata.get("cost"),
        "message_count": len(messages),
        "status": body["status"],
        "termination_reason": metadata.get("termination_reason"),
        "call_successful": analysis.get("call_successful", "unknown"),
        "transcript_summary": analysis.get("transcript_summary") if with_summary else None,
        "call_summary_title": analysis.get("call_summary_title"),
        "main_language": metadata.get("main_language"),
        "conversation_initiation_source": metadata.get("conversation_initiation_source"),
        "tool_names": [],
        "direction": phone_call.get("direction"),
        "rating": None,
        "tag_ids": [],
    }


def _get(state, asked, conversation_id):
    return _found(state, conversation_id)


def _audio(state, asked, conversation_id):
    _found(state, conversation_id)
    if conversation_id not in state.audio:
        raise detail(404, "audio_not_found", f"{conversation_id} has no audio")
    return Recording(conversation_id, state.audio[conversation_id])


def _found(state, conversation_id):
    if conversation_id not in state.conversations:
        raise not_found("Conversation", conversation_id)
    return state.conversations[conversation_id]


async def stream(request, state, recording):
    """Send a recording piece by piece; break off where a fault says so."""
    cut = state.faults.take_cut(recording.conversation_id)
    response = web.StreamResponse(headers={"Content-Type": "audio/mpeg"})
    response.enable_chunked_encoding()
    await response.prepare(request)
    audio = recording.audio if cut is None else recording.audio[:cut]
    for start in range(0, len(audio), _CHUNK):
        await response.write(audio[start : start + _CHUNK])
    if cut is not None:
        request.transport.close()  # sends what was written, but no end of the last chunk
        return response
    await response.write_eof()
    return response


ROUTES = (
    ("GET", "/v1/convai/conversations", _list),
    ("GET", "/v1/convai/conversations/{conversation_id}", _get),
    ("GET", "/v1/convai/conversations/{conversation_id}/audio", _audio),
)
