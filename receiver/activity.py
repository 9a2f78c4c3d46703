"""
GET /activity: what happens at this moment, a line of JSON each, for `run.py watch`.

It opens to ADMIN_KEY, and to whoever holds the post-call secret, which the program's own commands
do: so it needs no setting. Callers are masked, and nothing of what was said is told.
"""

import asyncio
import hashlib
import hmac
import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

from aiohttp import web

from memory.errors import MemoryStoreError
from receiver.access import has_bearer
from receiver.activity_events import caller_of, event_of
from receiver.context import RECEIVER, Receiver
from receiver.errors import Handler, Refusal
from receiver.owner import for_the_owner
from receiver.request_log import BODY, CALLER, CONVERSATION, EVENT
from receiver.request_metrics import LIVE_ANSWER
from spool.format import SpoolError
from telemetry.activity import MAX_WATCHERS, TooManyWatchers, Watcher
from telemetry.activity_logs import told_of_warnings
from voice.identity import mask

logger = logging.getLogger(__name__)

PULSE_SECONDS = 1.0
# What costs more than this share of the time is looked at less often.
_SHARE_FOR_LOOKING = 0.05
_LOOK_SECONDS = 2.0
# Who takes nothing for this long is gone, or asleep; the connection is wanted for others.
_WRITE_SECONDS = 20.0
_HELLO = b'{"event":"hello"}\n'
_HEADERS = {
    "Content-Type": "application/x-ndjson",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",  # nginx would keep the lines until there is a page of them
}


def watch_token(secret: str) -> str:
    """Return what opens /activity to who holds this post-call secret, and tells nothing of it."""
    return hmac.new(secret.encode(), b"callspool:activity", hashlib.sha256).hexdigest()


def for_whoever_watches(by_method: Mapping[str, Handler]) -> Handler:
    """Return what answers every method on a path of the owner's that `watch_token` opens too."""
    of_the_owner = for_the_owner(by_method)

    async def guarded(request: web.Request) -> web.StreamResponse:
        if request.method in by_method and _has_token(request):
            return await by_method[request.method](request)
        return await of_the_owner(request)

    return guarded


def _has_token(request: web.Request) -> bool:
    accepted = request.app[RECEIVER].options.post_call_secrets
    return any(has_bearer(request, watch_token(secret)) for secret in accepted)


@web.middleware
async def tell_activity(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Publish what becomes of each request, while somebody looks."""
    receiver = request.app[RECEIVER]
    if not receiver.activity.watchers:
        return await handler(request)
    began = time.perf_counter()
    response = await handler(request)
    _publish(request, response, (time.perf_counter() - began) * 1000)
    return response


def _publish(request: web.Request, response: web.StreamResponse, milliseconds: float) -> None:
    receiver = request.app[RECEIVER]
    # A path of ours only: any other is the client's text, and may hold anything.
    resource = request.match_info.route.resource
    path = resource.canonical if resource else "(no such path)"
    answer = response.body if isinstance(response, web.Response) else b""
    event = event_of(path, response.status, answer if isinstance(answer, bytes) else b"")
    if event is None:
        return
    name, members = event
    caller = request.get(CALLER)
    if name == "end":
        region = receiver.options.phone_region or None
        caller = caller_of(members["kind"], request.get(BODY, b""), region=region)
    if name in ("ring", "search"):
        members["answer"] = request.get(LIVE_ANSWER, "")
    shared = {
        "milliseconds": round(milliseconds, 2),
        "conversation_id": request.get(CONVERSATION, ""),
        "caller": mask(caller) if caller else "",
        "who": receiver.activity.alias(caller) if caller else "",
        "event_id": request.get(EVENT, ""),
    }
    receiver.activity.publish(name, members | shared)


async def show_activity(request: web.Request) -> web.StreamResponse:
    """Tell what happens, from now until one of the two sides has enough."""
    receiver = request.app[RECEIVER]
    response = web.StreamResponse(headers=_HEADERS)
    if request.method == "HEAD":
        return response
    try:
        with receiver.activity.looked_at(lambda: _meanwhile(receiver)) as watcher:
            with suppress(ConnectionError, TimeoutError):  # gone, which is how most looks end
                await response.prepare(request)
                await response.write(_HELLO)  # the answer begins with it, not a second later
                await _tell(watcher, response)
                return response
            response.force_close()
            if request.transport is not None:
                request.transport.abort()  # what it does not take is not waited for
    except TooManyWatchers:
        raise Refusal(
            503, "too_many_watchers", f"{MAX_WATCHERS} look on already: close one of them.",
            retry_after_seconds=10,
        ) from None  # fmt: skip
    return response


async def _tell(watcher: Watcher, response: web.StreamResponse) -> None:
    while lines := await watcher.take():
        async with asyncio.timeout(_WRITE_SECONDS):
            await response.write(lines)
    await response.write_eof()


@contextmanager
def _meanwhile(receiver: Receiver) -> Iterator[None]:
    """While anybody looks: warnings are told, and once a second how it all stands."""
    pulses = asyncio.get_running_loop().create_task(_pulses(receiver))
    try:
        with told_of_warnings(receiver.activity):
            yield
    finally:
        pulses.cancel()


async def _pulses(receiver: Receiver) -> None:
    clock = asyncio.get_running_loop().time
    backlog: int | None = None
    last = look_again_at = clock()
    while True:
        now = clock()
        if now >= look_again_at:
            backlog = await _backlog(receiver)
            look_again_at = clock() + (clock() - now) / _SHARE_FOR_LOOKING
        published, left_out = receiver.activity.take_counts()
        receiver.activity.publish(
            "pulse",
            {
                "backlog": backlog,
                "in_flight": receiver.requests.in_flight - receiver.activity.watchers,
                "spool": receiver.spool.state,
                "watchers": receiver.activity.watchers,
                "seconds": round(now - last, 3),
                "counts": {name: n for name, n in published.items() if name != "pulse"},
                "left_out": left_out,
            },
        )
        last = now
        await asyncio.sleep(PULSE_SECONDS)


async def _backlog(receiver: Receiver) -> int | None:
    """Return how many events are not in memory yet; None when nobody can tell."""
    try:
        return await asyncio.wait_for(receiver.backlog(), _LOOK_SECONDS)
    except (TimeoutError, MemoryStoreError, SpoolError, OSError):
        return None
    except Exception:
        logger.exception("the backlog cannot be counted", extra={"action": "backlog_failed"})
        return None
