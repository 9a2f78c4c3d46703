"""What is to be forgotten: asked for here, durably, and carried out by the processor."""

import asyncio
from datetime import datetime
from typing import Any

from aiohttp import web

from history.index import MAX_LIMIT, History
from history.values import Filters
from receiver.asked import parameters
from receiver.callers import known_caller
from receiver.errors import Refusal, json_response
from receiver.looking_back import Looking, looking_back
from spool.decisions import new_decision_id, write_decision
from spool.erasing import ask_to_forget, keys_of
from spool.forgotten import certificate_of
from spool.people import Decision

_ERASURE = "er_"  # any other id is that of a decision
_LOOK_AGAIN_SECONDS = 0.05


@looking_back
async def forget_conversation(looking: Looking) -> web.Response:
    """Answer DELETE /history/{conversation_id}."""
    parameters(looking.request, known=())
    entry = await looking.entry()
    root = looking.archive.root
    tombstone = await asyncio.to_thread(
        ask_to_forget, root, conversations=[entry.id], at=looking.receiver.clock()
    )
    return await _answer_erasure(looking, tombstone.id)


@looking_back
async def forget_caller(looking: Looking) -> web.Response:
    """
    Answer DELETE /callers/{caller}.

    Of a number nothing has to be known: quarantine may hold it, and only the processor looks there.
    """
    parameters(looking.request, known=())
    caller = await known_caller(looking)
    root, history = looking.archive.root, looking.history
    # What cannot be read no index can find: memory notes it, up to where it has come.
    applied_bytes = (await looking.receiver.memory.position()).offset
    scanned_bytes = min(await history.position(), applied_bytes)
    lines = keys_of(looking.view.people, caller)
    known: set[str] = set()
    for line in lines:
        known.update(await history.conversations_of(line))
        known.update(await looking.archive.memory.conversation_ids(line))
    now = looking.receiver.clock()
    for line in lines:
        known -= await _begun_since(history, line, now)
    tombstone = await asyncio.to_thread(
        ask_to_forget,
        root,
        callers=lines,
        conversations=known,
        at=now,
        scanned_bytes=scanned_bytes,
    )
    return await _answer_erasure(looking, tombstone.id)


async def _begun_since(history: History, caller: str, at: datetime) -> set[str]:
    """Return the conversations of a caller that begin later, by whatever clock."""
    found: set[str] = set()
    cursor = None
    while True:
        page = await history.page(Filters(caller=caller, since=at), limit=MAX_LIMIT, cursor=cursor)
        found.update(entry.id for entry in page.entries)
        if (cursor := page.next_cursor) is None:
            return found


@looking_back
async def forget_memory(looking: Looking) -> web.Response:
    """Answer DELETE /callers/{caller}/memories/{memory_id}: that was not so, or not this person."""
    parameters(looking.request, known=())
    caller = await known_caller(looking)
    memory_id = looking.request.match_info["memory_id"]
    holdings = await looking.archive.memory.holdings(caller)
    if memory_id not in {memory.id for _, memory in holdings.memories}:
        raise Refusal(
            404,
            "unknown_memory",
            "This caller has no memory with this id: GET /callers/{caller} lists them.",
        )
    now = looking.receiver.clock()
    # Of nobody: it is about the memory, whoever that turns out to be of.
    decision = Decision(id=new_decision_id(now), at=now, kind="untrue", memories=(memory_id,))
    await asyncio.to_thread(write_decision, looking.archive.root, decision)
    return await _answer_erasure(looking, decision.id)


@looking_back
async def show_erasure(looking: Looking) -> web.Response:
    """Answer GET /erasures/{erasure_id}."""
    parameters(looking.request, known=())
    erasure_id = looking.request.match_info["erasure_id"]
    if erasure_id not in looking.view.forgotten.ids | looking.view.untrue:
        raise Refusal(404, "unknown_erasure", "No erasure with this id was asked for.")
    return _told(erasure_id, await _certificate(looking, erasure_id))


async def _answer_erasure(looking: Looking, erasure_id: str) -> web.Response:
    """Answer 200 once it is carried out, or 202 if that takes longer than one waits."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + looking.archive.patience_seconds
    while (certificate := await _certificate(looking, erasure_id)) is None:
        if loop.time() >= deadline:
            break
        await asyncio.sleep(_LOOK_AGAIN_SECONDS)
    response = _told(erasure_id, certificate)
    response.set_status(202 if certificate is None else 200)
    response.headers["Location"] = f"/erasures/{erasure_id}"
    return response


async def _certificate(looking: Looking, erasure_id: str) -> dict[str, Any] | None:
    """Return what an erasure has removed; None while it is not complete."""
    if erasure_id.startswith(_ERASURE):
        return await asyncio.to_thread(certificate_of, looking.archive.root, erasure_id)
    is_in_memory = erasure_id in await looking.archive.memory.settled()
    return {"id": erasure_id, "kind": "memory", "status": "complete"} if is_in_memory else None


def _told(erasure_id: str, certificate: dict[str, Any] | None) -> web.Response:
    return json_response(
        {
            "id": erasure_id,
            "status": "pending" if certificate is None else "complete",
            "url": f"/erasures/{erasure_id}",
            "certificate": certificate,
        }
    )
