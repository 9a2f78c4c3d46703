"""
One log line and, for webhooks, one trace for each request; bodies only into the payload log.

Every request gets an id, which its answer carries and every log line until then.
"""

import logging
import time
from contextlib import AbstractContextManager

from aiohttp import web

from receiver.context import RECEIVER, Receiver
from receiver.errors import Handler
from receiver.request_metrics import LIVE_ANSWER
from telemetry.ids import in_request
from telemetry.tracing import NoTracer, Span
from voice.identity import mask

logger = logging.getLogger(__name__)

# What a handler found out about its request, for the log line and the payload log.
CONVERSATION = web.RequestKey("conversation", str)
CALLER = web.RequestKey("caller", str)
BODY = web.RequestKey("body", bytes)
EVENT = web.RequestKey("event", str)  # the event's id: see `telemetry.ids`
OUTCOME = web.RequestKey("outcome", str)  # what came of a delivery: "stored", "duplicate", …

# A client may send this header too, but what it says is the client's text: it is not used.
REQUEST_ID_HEADER = "X-Request-Id"
_REQUEST_ID = web.RequestKey("request_id", str)

# What the payload log is for. What the owner looks up or has erased is none of its business.
_LOGGED = ("/webhook/", "/calls")
_TRACED = "/webhook/"
_UNTRACED = NoTracer()
_SERVER_ERROR = 500


@web.middleware
async def log_requests(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Log method, path, status, milliseconds, conversation and masked caller: never a body."""
    receiver = request.app[RECEIVER]
    request[_REQUEST_ID] = request_id = receiver.new_request_id()
    began = time.perf_counter()
    status = 0
    receiver.requests.in_flight += 1
    with in_request(request_id), _trace(request, receiver) as span:
        try:
            response = await handler(request)
            status = response.status
        finally:
            receiver.requests.in_flight -= 1
            _log_line(request, status, (time.perf_counter() - began) * 1000)
            _tell_span(span, request, status)
    if receiver.requests.is_stopping:
        response.force_close()
    if receiver.payload_log is not None and request.path.startswith(_LOGGED):
        answer = response.body if isinstance(response, web.Response) else b""
        receiver.payload_log.note(
            request.rel_url.raw_path,
            status,
            request.get(BODY, b""),
            answer if isinstance(answer, bytes) else b"",
        )
    return response


async def tell_request_id(request: web.Request, response: web.StreamResponse) -> None:
    """Give the answer its request's id, so that who asked can say which one it was."""
    if request_id := request.get(_REQUEST_ID):
        response.headers[REQUEST_ID_HEADER] = request_id


def _path(request: web.Request) -> str:
    """Return a path of ours: any other is the client's text, and may hold anything."""
    resource = request.match_info.route.resource
    return resource.canonical if resource else "(no such path)"


def _trace(request: web.Request, receiver: Receiver) -> AbstractContextManager[Span]:
    path = _path(request)
    tracer = receiver.tracer if path.startswith(_TRACED) else _UNTRACED
    return tracer.request(f"{request.method} {path}")


def _tell_span(span: Span, request: web.Request, status: int) -> None:
    span.set(
        {
            "http.request.method": request.method,
            "http.route": _path(request),
            "http.response.status_code": status,
            "callspool.request_id": request[_REQUEST_ID],
            "callspool.event_id": request.get(EVENT, ""),
            "callspool.conversation_id": request.get(CONVERSATION, ""),
        }
    )
    if status >= _SERVER_ERROR:
        span.fail("answered with an error")
    elif not status:
        span.fail("gone")


def _log_line(request: web.Request, status: int, milliseconds: float) -> None:
    if not logger.isEnabledFor(logging.INFO):
        return
    conversation = request.get(CONVERSATION, "")
    caller = request.get(CALLER, "")
    masked = mask(caller) if caller else ""
    path = _path(request)
    outcome = request.get(OUTCOME) or request.get(LIVE_ANSWER, "")
    logger.info(
        "%s %s %s%s %.1fms %s %s",
        request.method,
        path,
        status or "gone",
        f" {outcome}" if outcome else "",
        milliseconds,
        conversation or "-",
        masked or "-",
        extra={
            "action": "request",
            "method": request.method,
            "path": path,
            "status": status,
            "outcome": outcome,
            "milliseconds": round(milliseconds, 1),
            "conversation_id": conversation,
            "caller": masked,
            "event_id": request.get(EVENT, ""),
        },
    )
