"""One log line for each request; bodies only into the payload log, if there is one."""

import logging
import time

from aiohttp import web

from receiver.context import RECEIVER
from receiver.errors import Handler
from voice.identity import mask

logger = logging.getLogger(__name__)

# What a handler found out about its request, for the log line and the payload log.
CONVERSATION = web.RequestKey("conversation", str)
CALLER = web.RequestKey("caller", str)
BODY = web.RequestKey("body", bytes)

# What the owner looks up or has erased is no business of the payload log.
_LOOKING_BACK = ("/history", "/callers", "/erasures")


@web.middleware
async def log_requests(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Log method, path, status, milliseconds, conversation and masked caller: never a body."""
    receiver = request.app[RECEIVER]
    began = time.perf_counter()
    status = 0
    receiver.requests.in_flight += 1
    try:
        response = await handler(request)
        status = response.status
    finally:
        receiver.requests.in_flight -= 1
        _log_line(request, status, (time.perf_counter() - began) * 1000)
    if receiver.requests.is_stopping:
        response.force_close()
    if receiver.payload_log is not None and not request.path.startswith(_LOOKING_BACK):
        answer = response.body if isinstance(response, web.Response) else b""
        receiver.payload_log.note(
            request.rel_url.raw_path,
            status,
            request.get(BODY, b""),
            answer if isinstance(answer, bytes) else b"",
        )
    return response


def _log_line(request: web.Request, status: int, milliseconds: float) -> None:
    if not logger.isEnabledFor(logging.INFO):
        return
    conversation = request.get(CONVERSATION, "")
    caller = request.get(CALLER, "")
    masked = mask(caller) if caller else ""
    # A path of ours only: any other is the client's text, and may hold anything.
    resource = request.match_info.route.resource
    path = resource.canonical if resource else "(no such path)"
    logger.info(
        "%s %s %s %.1fms %s %s",
        request.method,
        path,
        status or "gone",
        milliseconds,
        conversation or "-",
        masked or "-",
        extra={
            "action": "request",
            "method": request.method,
            "path": path,
            "status": status,
            "milliseconds": round(milliseconds, 1),
            "conversation_id": conversation,
            "caller": masked,
        },
    )
