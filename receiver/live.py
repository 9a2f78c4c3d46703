"""
The live answers: who is calling, and what did they say before.

An error here ends the phone call, so memory that is late or broken costs the caller nothing
but the personal touch: the neutral answer goes out instead, counted and logged.
"""

import asyncio
import logging
from collections.abc import Awaitable
from math import isfinite
from typing import Any, TypeVar

from aiohttp import web

from memory.errors import MemoryStoreError
from memory.port import Found, MemoryStore, Profile
from receiver.access import (
    has_bearer,
    has_key,
    in_seconds,
    is_admin,
    limit_open_endpoint,
    refuse_wrong_key,
)
from receiver.body import ask_for
from receiver.context import RECEIVER, Receiver
from receiver.errors import Refusal, error_response, json_response
from receiver.request_log import BODY, CALLER, CONVERSATION
from receiver.request_metrics import LIVE_ANSWER
from spool.format import is_conversation_id
from voice.answer import initiation_answer, search_answer
from voice.document import MAX_DEPTH, read_object
from voice.errors import NotUnderstood, TooDeep
from voice.identity import (
    caller_at_initiation,
    caller_of_search,
    messaging_key,
    phone_key,
)

logger = logging.getLogger(__name__)

# A part of the deadline is left for reading the request and writing the answer.
SHARE_FOR_MEMORY = 0.9
MAX_LIVE_BODY_BYTES = 64 * 1024
MAX_QUERY_CHARACTERS = 2000
DEFAULT_LIMIT = 5
MAX_LIMIT = 50

_RING = "/webhook/client-data"
_QUESTION = "/webhook/search-data"

Body = dict[str, Any]
Answer = TypeVar("Answer")


async def client_data(request: web.Request) -> web.Response:
    """Answer the ring: dynamic variables and greeting for whoever is calling."""
    receiver = request.app[RECEIVER]
    key = receiver.options.client_data_key
    if not has_key(request, key):
        refuse_wrong_key(request, setting="ELEVENLABS_CLIENT_DATA_KEY")
    limit_open_endpoint(request, endpoint=_RING, key=key)
    answer = await _within_deadline(request, _answer_ring(request, receiver))
    return answer or json_response(initiation_answer(None, greeting=receiver.options.greeting))


async def search_data(request: web.Request) -> web.Response:
    """Answer the agent's question about what this caller said before."""
    receiver = request.app[RECEIVER]
    options = receiver.options
    if not (has_key(request, options.search_data_key) or is_admin(request, options.admin_key)):
        refuse_wrong_key(request, setting="ELEVENLABS_SEARCH_DATA_KEY")
    limit_open_endpoint(request, endpoint=_QUESTION, key=options.search_data_key)
    answer = await _within_deadline(request, _answer_question(request, receiver))
    return answer or json_response(search_answer(None, [], now=receiver.clock()))


async def _answer_ring(request: web.Request, receiver: Receiver) -> web.Response:
    request[LIVE_ANSWER] = "stranger"
    profile = await _profile_at_ring(request, receiver)
    if profile is not None:
        request[LIVE_ANSWER] = "personal"
    return json_response(initiation_answer(profile, greeting=receiver.options.greeting))


async def _profile_at_ring(request: web.Request, receiver: Receiver) -> Profile | None:
    body = await _read_object(request)
    if body is None:
        receiver.counts["unreadable_live_requests"] += 1
        request[LIVE_ANSWER] = "unreadable"
        return None
    caller_id, call_sid = body.get("caller_id"), body.get("call_sid")
    conversation_id = _note_conversation(request, body)
    region = receiver.options.phone_region
    calling = caller_at_initiation(
        caller_id, None, caller_is_agent_line=False, call_sid=call_sid, region=region
    )
    is_outbound, of_calling = await _at_ring(receiver.memory, calling)
    caller = caller_at_initiation(
        caller_id,
        body.get("called_number"),
        caller_is_agent_line=is_outbound,
        call_sid=call_sid,
        region=region,
    )
    if caller is None:
        return None
    request[CALLER] = caller
    if conversation_id:
        receiver.recent_calls.note(conversation_id, caller)
    if _wait_of_caller(receiver, _RING, caller):
        request[LIVE_ANSWER] = "limited"  # neutral: an error would end the phone call
        return None
    return of_calling if caller == calling else await receiver.memory.profile(caller)


async def _at_ring(memory: MemoryStore, calling: str | None) -> tuple[bool, Profile | None]:
    """
    Tell whether a number is an agent's own, and return its profile, which is then nobody's.

    Both at once: nearly always a human calls, and to ask first would take twice as long.
    """
    if calling is None:
        return False, None
    return await asyncio.gather(memory.is_agent_line(calling), memory.profile(calling))


async def _answer_question(request: web.Request, receiver: Receiver) -> web.Response:
    body = await _read_object(request)
    if body is None:
        request[LIVE_ANSWER] = "unreadable"
        return error_response(400, "invalid_json", "Send a JSON object with `query`.")
    query = body.get("query")
    if not isinstance(query, str):
        return error_response(400, "query_missing", "`query` must be text: what to look up.")
    if body.get("explain") is True and not _may_explain(request, receiver):
        return error_response(
            403, "admin_key_needed", "`explain` needs the header Authorization: Bearer ADMIN_KEY."
        )
    profile, found = await _recall(request, receiver, body, query[:MAX_QUERY_CHARACTERS])
    if profile is None:
        request[LIVE_ANSWER] = "stranger"
    else:
        request[LIVE_ANSWER] = "personal" if found else "empty"
    return json_response(search_answer(profile, found, now=receiver.clock()))


async def _recall(
    request: web.Request, receiver: Receiver, body: Body, query: str
) -> tuple[Profile | None, list[Found]]:
    caller = await _caller_mid_call(receiver, body, _note_conversation(request, body))
    if caller is None:
        return None, []
    request[CALLER] = caller
    if wait := _wait_of_caller(receiver, _QUESTION, caller):
        raise Refusal(
            429, "too_many_questions", "Too many questions about this caller (LIMIT_PER_CALLER).",
            retry_after_seconds=in_seconds(wait),
        )  # fmt: skip
    profile = await receiver.memory.profile(caller)
    if profile is None or not query.strip():
        return profile, []
    found = await receiver.memory.search(
        caller,
        query,
        limit=_limit(body.get("limit")),
        now=receiver.clock(),
        explain=body.get("explain") is True,
    )
    return profile, found


async def _within_deadline(request: web.Request, answer: Awaitable[Answer]) -> Answer | None:
    """Return memory's answer, or None if it is late or broken: logged and counted."""
    receiver = request.app[RECEIVER]
    seconds = receiver.options.live_deadline_seconds * SHARE_FOR_MEMORY
    try:
        return await asyncio.wait_for(answer, seconds)
    except Refusal:  # not a defect: what is refused on purpose
        raise
    except TimeoutError:
        receiver.counts["live_answers_late"] += 1
        request[LIVE_ANSWER] = "late"
        logger.warning(
            "memory did not answer within %.0f ms, the neutral answer goes out",
            seconds * 1000,
            extra={"action": "live_answer_late"},
        )
    except MemoryStoreError as error:
        receiver.counts["live_answers_failed"] += 1
        request[LIVE_ANSWER] = "failed"
        logger.warning(
            "memory failed, the neutral answer goes out: %s",
            error,
            extra={"action": "live_answer_failed"},
        )
    except Exception:
        # The one place that may not let a defect through: an error here ends the phone call.
        receiver.counts["defects"] += 1
        request[LIVE_ANSWER] = "defect"
        logger.exception("live answer failed", extra={"action": "live_answer_defect"})
    return None


def _wait_of_caller(receiver: Receiver, endpoint: str, caller: str) -> float:
    """Count a request about a caller; return 0.0 or, over the limit, the seconds to wait."""
    wait = receiver.limits.take_for_caller(
        endpoint, caller, per_minute=receiver.options.limit_per_caller
    )
    if wait:
        receiver.counts["limited_caller"] += 1
    return wait


def _may_explain(request: web.Request, receiver: Receiver) -> bool:
    options = receiver.options
    if options.search_data_key != options.admin_key and has_bearer(
        request, options.search_data_key
    ):
        return False  # the other key, and no guess of this one
    return is_admin(request, options.admin_key)


async def _caller_mid_call(receiver: Receiver, body: Body, conversation_id: str) -> str | None:
    if receiver.calls is not None and (callee := await receiver.calls.callee(conversation_id)):
        return callee  # a call that was started here, by whichever process
    region = receiver.options.phone_region
    rang = receiver.recent_calls.caller(conversation_id)
    caller_id = body.get("caller_id")
    given = caller_of_search(caller_id, body.get("user_id"), region=region)
    if given is not None and await receiver.memory.is_agent_line(given):
        # On an outbound call the platform's caller id is the agent's own number.
        return phone_key(body.get("called_number"), region=region) or rang
    if rang is not None and rang == messaging_key(caller_id, region=region):
        return rang  # WhatsApp: that its ids are no phone numbers only the ring shows
    return given


async def _read_object(request: web.Request) -> Body | None:
    """Return the request's JSON object, None if there is none, or one that nobody sends."""
    receiver = request.app[RECEIVER]
    try:
        with receiver.tracer.span("read"):
            body = await _read_body(request)
        return None if body is None else read_object(body, max_depth=MAX_DEPTH)
    except TooDeep:
        receiver.counts["too_deep"] += 1
        return None
    except (NotUnderstood, web.RequestPayloadError, ConnectionError):
        return None


async def _read_body(request: web.Request) -> bytes | None:
    """Return the body, None if it is too large: then the rest of it stays unread."""
    if (request.content_length or 0) > MAX_LIVE_BODY_BYTES:
        return None
    await ask_for(request)
    pieces, room = [], MAX_LIVE_BODY_BYTES
    while not request.content.at_eof():
        piece = await request.content.readany()
        room -= len(piece)
        if room < 0:
            return None
        pieces.append(piece)
    request[BODY] = body = b"".join(pieces)
    return body


def _note_conversation(request: web.Request, body: Body) -> str:
    conversation_id = _text(body, "conversation_id")
    if not is_conversation_id(conversation_id):
        return ""
    request[CONVERSATION] = conversation_id
    return conversation_id


def _text(body: Body, name: str) -> str:
    value = body.get(name)
    return value if isinstance(value, str) else ""


def _limit(value: object) -> int:
    """Return how many memories are wanted: a model fills this in, so anything may come."""
    if isinstance(value, str) and value.strip().isdecimal():
        value = int(value.strip()[:6])
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not isfinite(value):
        return DEFAULT_LIMIT
    return int(min(max(value, 1), MAX_LIMIT))
