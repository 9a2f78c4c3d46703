"""One log line for each request, and the payload log for debugging."""

import asyncio
import json
import logging
import os
import time
from pathlib import Path

from aiohttp import web

from receiver.context import RECEIVER
from receiver.errors import Handler
from voice.identity import mask

logger = logging.getLogger(__name__)

# What a handler found out about its request, for the log line and the payload log.
CONVERSATION = web.RequestKey("conversation", str)
CALLER = web.RequestKey("caller", str)
BODY = web.RequestKey("body", bytes)

MAX_LOGGED_BODY_BYTES = 64 * 1024


@web.middleware
async def log_requests(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Log method, path, status, milliseconds, conversation and masked caller: never a body."""
    began = time.perf_counter()
    status = 0
    try:
        response = await handler(request)
        status = response.status
    finally:
        milliseconds = (time.perf_counter() - began) * 1000
        _log_line(request, status, milliseconds)
    payload_log = request.app[RECEIVER].options.payload_log
    if payload_log is not None:
        await asyncio.to_thread(_append_payload, payload_log, request, response)
    return response


def _log_line(request: web.Request, status: int, milliseconds: float) -> None:
    if not logger.isEnabledFor(logging.INFO):
        return
    conversation = request.get(CONVERSATION, "")
    caller = request.get(CALLER, "")
    masked = mask(caller) if caller else ""
    # A path is the client's text: %-encoded as it came, so that it cannot break the line.
    path = request.rel_url.raw_path[:200]
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


def _append_payload(path: Path, request: web.Request, response: web.StreamResponse) -> None:
    body = request.get(BODY, b"")
    answer = response.body if isinstance(response, web.Response) else b""
    line = {
        "at": time.time(),
        "path": request.rel_url.raw_path,
        "status": response.status,
        "body": body[:MAX_LOGGED_BODY_BYTES].decode("utf-8", "backslashreplace"),
        "body_bytes": len(body),
        "answer": answer.decode() if isinstance(answer, bytes) else "",
    }
    data = json.dumps(line).encode() + b"\n"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(descriptor, data)
    finally:
        os.close(descriptor)
