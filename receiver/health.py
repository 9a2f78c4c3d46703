"""GET /health: whether calls are answered and kept, and how far memory is behind."""

import asyncio
from contextlib import suppress
from typing import Any

from aiohttp import web

from memory.errors import MemoryStoreError
from receiver.context import RECEIVER, Receiver
from receiver.errors import json_response
from spool.format import SpoolError

CHECK_SECONDS = 2.0


async def health(request: web.Request) -> web.Response:
    """
    Answer 200 while events are accepted and memory answers, else 503.

    An OpenMemory that is behind or away makes it "degraded": calls are answered in full.
    """
    receiver = request.app[RECEIVER]
    with suppress(TimeoutError):  # a disk that hangs is not waited for
        await asyncio.wait_for(receiver.committer.mend(), CHECK_SECONDS)
    spool = receiver.spool.state
    memory = await _memory_check(receiver)
    backlog = await _backlog(receiver)
    openmemory = await _openmemory(receiver)
    is_healthy = spool == "ok" and memory == "ok" and backlog is not None
    well = "ok" if openmemory["status"] in ("ok", "off") else "degraded"
    value: dict[str, Any] = {
        "status": well if is_healthy else "failing",
        "backlog": backlog,
        "checks": {"spool": spool, "memory": memory},
        "counts": dict(sorted(receiver.counts.items())),
        "reconciliation": receiver.reconciliation(),  # no reason to be failing: calls go on
        "openmemory": openmemory,
    }
    return json_response(value, status=200 if is_healthy else 503)


async def _memory_check(receiver: Receiver) -> str:
    try:
        await asyncio.wait_for(receiver.memory.position(), CHECK_SECONDS)
    except TimeoutError:
        return f"no answer within {CHECK_SECONDS:g} s"
    except MemoryStoreError as error:
        return str(error)
    return "ok"


async def _backlog(receiver: Receiver) -> int | None:
    """Return how many events are not yet in memory; None when nobody can tell."""
    try:
        return await asyncio.wait_for(receiver.backlog(), CHECK_SECONDS)
    except (TimeoutError, MemoryStoreError, SpoolError, OSError):
        return None


async def _openmemory(receiver: Receiver) -> dict[str, Any]:
    if receiver.mirror is None:
        return {"status": "off"}
    try:
        return await asyncio.wait_for(receiver.mirror(), CHECK_SECONDS)
    except TimeoutError:
        reason = f"the mirror's ledger does not answer within {CHECK_SECONDS:g} s"
    except MemoryStoreError as error:
        reason = str(error)
    return {"status": "degraded", "reason": reason}
