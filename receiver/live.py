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
from memory.port import Found, Profile
from receiver.access import has_key, is_admin
from receiver.context import RECEIVER, Receiver
from receiver.errors import error_response, json_response
from receiver.request_log import BODY, CALLER, CONVERSATION
from spool.format import is_conversation_id
from voice.answer import initiation_answer, search_answer
from voice.document import read_object
from voice.errors import NotUnderstood
from voice.identity import (
    caller_at_initiation,
    caller_of_search,
    messaging_key,
    phone_key,
)

logger = logging.getLogger(__name__)

# A part of the deadline is left for reading the request and writing the answer.
SHARE_FOR_MEMORY = 0.9
MAX_LIVE_BODY_BYTES = 1024 * 1024
MAX_QUERY_CHARACTERS = 2000
DEFAULT_LIMIT = 5
MAX_LIMIT = 50

Body = dict[str, Any]
Answer = TypeVar("Answer")


async def client_data(request: web.Request) -> web.Response:
    """Answer the ring: dynamic variables and greeting for whoever is calling."""
    receiver = request.app[RECEIVER]
    if not has_key(request, receiver.options.client_data_key):
        return _unauthorized("ELEVENLABS_CLIENT_DATA_KEY")
    answer = await _within_deadline(receiver, _answer_ring(request, receiver))
    return answer or json_response(initiation_answer(None, greeting=receiver.options.greeting))


async def search_data(request: web.Request) -> web.Response:
    """Answer the agent's question about what this caller said before."""
    receiver = request.app[RECEIVER]
    options = receiver.options
    if not (is_admin(request, options.admin_key) or has_key(request, options.search_data_key)):
        return _unauthorized("ELEVENLABS_SEARCH_DATA_KEY")
    answer = await _within_deadline(receiver, _answer_question(request, receiver))
    return answer or json_response(search_answer(None, [], now=receiver.clock()))


async def _answer_ring(request: web.Request, receiver: Receiver) -> web.Response:
    profile = await _profile_at_ring(request, receiver)
    return json_response(initiation_answer(profile, greeting=receiver.options.greeting))


async def _profile_at_ring(request: web.Request, receiver: Receiver) -> Profile | None:
    body = await _read_object(request)
    if body is None:
        receiver.counts["unreadable_live_requests"] += 1
        return None
    caller_id, call_sid = body.get("caller_id"), body.get("call_sid")
    conversation_id = _note_conversation(request, body)
    region = receiver.options.phone_region
    calling = caller_at_initiation(
        caller_id, None, caller_is_agent_line=False, call_sid=call_sid, region=region
    )
    is_outbound = calling is not None and await receiver.memory.is_agent_line(calling)
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
    return await receiver.memory.profile(caller)


async def _answer_question(request: web.Request, receiver: Receiver) -> web.Response:
    body = await _read_object(request)
    if body is None:
        return error_response(400, "invalid_json", "Send a JSON object with `query`.")
    query = body.get("query")
    if not isinstance(query, str):
        return error_response(400, "query_missing", "`query` must be text: what to look up.")
    if body.get("explain") is True and not is_admin(request, receiver.options.admin_key):
        return error_response(
            403, "admin_key_needed", "`explain` needs the header Authorization: Bearer ADMIN_KEY."
        )
    profile, found = await _recall(request, receiver, body, query[:MAX_QUERY_CHARACTERS])
    return json_response(search_answer(profile, found, now=receiver.clock()))


async def _recall(
    request: web.Request, receiver: Receiver, body: Body, query: str
) -> tuple[Profile | None, list[Found]]:
    caller = await _caller_mid_call(receiver, body, _note_conversation(request, body))
    if caller is None:
        return None, []
    request[CALLER] = caller
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


async def _within_deadline(receiver: Receiver, answer: Awaitable[Answer]) -> Answer | None:
    """Return memory's answer, or None if it is late or broken: logged and counted."""
    seconds = receiver.options.live_deadline_seconds * SHARE_FOR_MEMORY
    try:
        return await asyncio.wait_for(answer, seconds)
    except TimeoutError:
        receiver.counts["live_answers_late"] += 1
        logger.warning(
            "memory did not answer within %.0f ms, the neutral answer goes out",
            seconds * 1000,
            extra={"action": "live_answer_late"},
        )
    except MemoryStoreError as error:
        receiver.counts["live_answers_failed"] += 1
        logger.warning(
            "memory failed, the neutral answer goes out: %s",
            error,
            extra={"action": "live_answer_failed"},
        )
    except Exception:
        # The one place that may not let a defect through: an error here ends the phone call.
        receiver.counts["defects"] += 1
        logger.exception("live answer failed", extra={"action": "live_answer_defect"})
    return None


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
    """Return the request's JSON object, None if there is none."""
    try:
        return read_object(await _read_body(request))
    except (NotUnderstood, web.RequestPayloadError, ConnectionError):
        return None


async def _read_body(request: web.Request) -> bytes:
    """Return the body, or its beginning, which is no JSON any more, if it is too large."""
    body = await request.content.read(MAX_LIVE_BODY_BYTES)
    while len(body) < MAX_LIVE_BODY_BYTES and not request.content.at_eof():
        body += await request.content.read(MAX_LIVE_BODY_BYTES - len(body))
    request[BODY] = body
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


def _unauthorized(setting: str) -> web.Response:
    return error_response(
        401, "unauthorized", f"The header X-Api-Key must hold the value of {setting}."
    )
