"""/history: the conversations, newest first, and all that is kept of each."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from aiohttp import web

from history.reading import as_text, audio, functions, payload, transcript
from history.values import Filters, Stored
from memory.port import Memory
from receiver.asked import choice_of, flag_of, limit_of, moment_of, parameters
from receiver.audio import send_recording
from receiver.errors import json_response
from receiver.looking_back import Looking, looking_back
from receiver.shown import (
    entry_json,
    file_json,
    function_json,
    line_json,
    memories_json,
    showing,
)
from spool.format import FileDamaged
from spool.reader import open_file

DEFAULT_CONVERSATIONS = 50
MAX_CONVERSATIONS = 500
DIRECTIONS = ("inbound", "outbound")
KINDS = ("call", "failure")
FORMATS = ("json", "text")
_ACCEPTED = {"application/json": "json", "text/plain": "text"}
_TEXTS = ("agent", "outcome", "text")
_FILTERS = ("caller", "since", "until", "direction", "kind", *_TEXTS)


@looking_back
async def list_conversations(looking: Looking) -> web.Response:
    """Answer GET /history."""
    asked = parameters(looking.request, known=(*_FILTERS, "limit", "cursor", "full"))
    limit = limit_of(asked, default=DEFAULT_CONVERSATIONS, most=MAX_CONVERSATIONS)
    show = showing(full=flag_of(asked, "full"))
    filters = Filters(
        agent=asked.get("agent"),
        since=moment_of(asked, "since", is_end=False),
        until=moment_of(asked, "until", is_end=True),
        outcome=asked.get("outcome"),
        direction=choice_of(asked, "direction", DIRECTIONS),
        text=asked.get("text"),
        kind=choice_of(asked, "kind", KINDS),  # type: ignore[arg-type]  # one of the two
    )
    if "caller" in asked:
        caller = await looking.caller(asked["caller"])
        if caller is None:
            return json_response({"conversations": [], "next_cursor": None})
        filters = replace(filters, caller=caller)
    page = await looking.history.page(filters, limit=limit, cursor=asked.get("cursor"))
    shown = [
        entry_json(entry, show, looking.view.id_of) for entry in looking.view.kept(page.entries)
    ]
    return json_response({"conversations": shown, "next_cursor": page.next_cursor})


@looking_back
async def show_conversation(looking: Looking) -> web.Response:
    """Answer GET /history/{conversation_id}."""
    asked = parameters(looking.request, known=("full",))
    entry = await looking.entry()
    files = await looking.history.files(entry.id)
    answer: dict[str, Any] = entry_json(
        entry, showing(full=flag_of(asked, "full")), looking.view.id_of
    )
    return json_response({**answer, "files": [file_json(each) for each in files]})


@looking_back
async def show_transcript(looking: Looking) -> web.Response:
    """Answer GET /history/{conversation_id}/transcript: as JSON, or as text for reading."""
    asked = parameters(looking.request, known=("format",))
    wanted = choice_of(asked, "format", FORMATS) or _accepted(looking.request)
    entry = await looking.entry()
    lines = transcript(await _payload(looking, entry.id))
    if wanted == "text":
        response = web.Response(text=as_text(lines), content_type="text/plain", charset="utf-8")
    else:
        shown = [line_json(line) for line in lines]
        response = json_response({"conversation_id": entry.id, "lines": shown})
    response.headers["Vary"] = "Accept"
    return response


@looking_back
async def list_functions(looking: Looking) -> web.Response:
    """Answer GET /history/{conversation_id}/functions: the tool calls that the agent made."""
    parameters(looking.request, known=())
    entry = await looking.entry()
    calls = functions(await _payload(looking, entry.id))
    shown = [function_json(call) for call in calls]
    return json_response({"conversation_id": entry.id, "functions": shown})


@looking_back
async def play_recording(looking: Looking) -> web.StreamResponse:
    """Answer GET and HEAD on /history/{conversation_id}/audio, whole or in part."""
    parameters(looking.request, known=())
    entry = await looking.entry()
    root, files = looking.archive.root, await looking.history.files(entry.id)
    recording, descriptor = await asyncio.to_thread(_open_recording, root, files)
    return await send_recording(looking.request, descriptor, recording, name=entry.id)


@looking_back
async def list_memories(looking: Looking) -> web.Response:
    """Answer GET /history/{conversation_id}/memories: what this call added to memory."""
    parameters(looking.request, known=())
    entry = await looking.entry()
    memories: list[Memory] = []
    if entry.caller is not None:
        memories = await looking.archive.memory.memories_of(entry.caller, entry.id)
    return json_response({"conversation_id": entry.id, "memories": memories_json(memories)})


async def _payload(looking: Looking, conversation_id: str) -> dict[str, Any]:
    files = await looking.history.files(conversation_id)
    return await asyncio.to_thread(payload, looking.archive.root, files)


def _open_recording(root: Path, files: Sequence[Stored]) -> tuple[Stored, int]:
    recording, _ = audio(root, files)
    try:
        return recording, open_file(root, recording.file)
    except OSError as error:  # deleted since
        raise FileDamaged(f"{recording.file} cannot be read: {error}; try again") from error


def _accepted(request: web.Request) -> str:
    """Return the first of our formats that the header Accept names; JSON if it names none."""
    for each in request.headers.get("Accept", "").split(","):
        kind = each.partition(";")[0].strip().lower()
        if kind in _ACCEPTED:
            return _ACCEPTED[kind]
    return "json"
