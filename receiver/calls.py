"""/calls: start a call, and list those that were started here; for the owner alone."""

import asyncio
import math
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from receiver.asked import limit_of, parameters
from receiver.body import ask_for
from receiver.call_desk import CallDesk, CallRefused, WantedCall
from receiver.context import RECEIVER
from receiver.errors import error_response, json_response
from receiver.request_log import BODY, CALLER, CONVERSATION
from spool.format import is_conversation_id
from voice.document import read_object
from voice.errors import NotUnderstood

MAX_CALL_BODY_BYTES = 64 * 1024
STALL_SECONDS = 30.0
DEFAULT_CALLS = 20
MAX_CALLS = 1000

_MEMBERS = frozenset(["to", "agent_id", "from", "first_message", "variables", "idempotency_key"])
_REQUIRED = frozenset(["to", "agent_id"])
_KEY_HEADER = "Idempotency-Key"


async def list_calls(request: web.Request) -> web.Response:
    """Answer GET /calls."""
    return await _at_the_desk(request, _list)


async def start_call(request: web.Request) -> web.Response:
    """Answer POST /calls."""
    return await _at_the_desk(request, _start)


async def _at_the_desk(
    request: web.Request, ask: Callable[[web.Request, CallDesk], Awaitable[web.Response]]
) -> web.Response:
    receiver = request.app[RECEIVER]
    if receiver.calls is None:
        return error_response(503, "not_configured", "No calls can be started by this server.")
    try:
        return await ask(request, receiver.calls)
    except CallRefused as error:
        receiver.counts["calls_refused"] += 1
        after = error.retry_after_seconds
        return error_response(
            error.status,
            error.code,
            str(error),
            retry_after_seconds=None if after is None else math.ceil(after),
        )


async def _list(request: web.Request, desk: CallDesk) -> web.Response:
    asked = parameters(request, known=("limit",))
    limit = limit_of(asked, default=DEFAULT_CALLS, most=MAX_CALLS)
    return json_response({"calls": await desk.list(limit)})


async def _start(request: web.Request, desk: CallDesk) -> web.Response:
    receiver = request.app[RECEIVER]
    body = _object(await _read_body(request))
    wanted = _wanted(body, request.headers.get(_KEY_HEADER))
    started = await desk.start(wanted)
    request[CALLER] = started.to
    if is_conversation_id(started.conversation_id):
        request[CONVERSATION] = started.conversation_id
        # The platform does not ask us when it rings, but the agent will ask in the call.
        receiver.recent_calls.note(started.conversation_id, started.to)
    receiver.counts["calls_repeated" if started.is_repeated else "calls_started"] += 1
    call_id = "sip_call_id" if started.provider == "sip_trunk" else "call_sid"
    answer: dict[str, Any] = {
        "status": "started",
        "conversation_id": started.conversation_id or None,
        call_id: started.call_id or None,
        "provider": started.provider,
        "idempotency_key": started.key,
        "warnings": started.warnings,
    }
    if started.is_repeated:
        return json_response({**answer, "repeated": True})
    return json_response(answer, status=201)


async def _read_body(request: web.Request) -> bytes:
    """Return the body; raises CallRefused if it is too large, or stops coming."""
    body = b""
    try:
        await ask_for(request)
        async with asyncio.timeout(STALL_SECONDS):
            while len(body) <= MAX_CALL_BODY_BYTES and not request.content.at_eof():
                body += await request.content.read(MAX_CALL_BODY_BYTES + 1 - len(body))
    except TimeoutError:
        raise CallRefused(
            "The rest of the body did not come.",
            status=408, code="body_stalled", retry_after_seconds=None,
        ) from None  # fmt: skip
    if len(body) > MAX_CALL_BODY_BYTES:
        raise CallRefused(
            f"The body is larger than {MAX_CALL_BODY_BYTES // 1024} KB.",
            status=413, code="body_too_large", retry_after_seconds=None,
        )  # fmt: skip
    request[BODY] = body
    return body


def _object(body: bytes) -> dict[str, Any]:
    try:
        return read_object(body)
    except NotUnderstood as error:
        raise _wrong("invalid_json", "Send a JSON object with `to` and `agent_id`.") from error


def _wanted(body: dict[str, Any], key_header: str | None) -> WantedCall:
    if unknown := sorted(body.keys() - _MEMBERS):
        names = ", ".join(ascii(name[:40]) for name in unknown[:5])
        raise _wrong(
            "unknown_member",
            f"There is no member {names}; there are {', '.join(sorted(_MEMBERS))}.",
        )
    texts = {name: _text(body, name) for name in _MEMBERS - {"variables"}}
    if texts["idempotency_key"] and key_header and texts["idempotency_key"] != key_header:
        raise _wrong(
            "two_keys", f"`idempotency_key` and the header {_KEY_HEADER} must be the same key."
        )
    return WantedCall(
        to=texts["to"] or "",
        agent_id=texts["agent_id"] or "",
        from_=texts["from"],
        first_message=texts["first_message"],
        variables=_variables(body.get("variables")),
        key=texts["idempotency_key"] if key_header is None else key_header,
    )


def _text(body: dict[str, Any], name: str) -> str | None:
    value = body.get(name)
    if value is None and name not in _REQUIRED:
        return None
    if not isinstance(value, str):
        raise _wrong(f"invalid_{name}", f"`{name}` must be text.")
    return value


def _variables(value: Any) -> dict[str, str | int | float | bool]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _wrong("invalid_variables", "`variables` must be an object of names and values.")
    for name, item in value.items():
        if not isinstance(item, str | int | float):  # bool is an int
            message = f"The variable {name[:40]!a} must be text, a number, true or false."
            raise _wrong("invalid_variables", message)
    return value


def _wrong(code: str, message: str) -> CallRefused:
    return CallRefused(message, status=400, code=code, retry_after_seconds=None)
