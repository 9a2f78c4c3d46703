"""The HTTP server: who may, what goes wrong, what was asked; the answers are elsewhere."""

import asyncio
import json
import re
import time
import traceback
from contextlib import asynccontextmanager

from aiohttp import web

from tests.platform import agents, calls, conversations, secrets, settings, tools, webhooks
from tests.platform.errors import Answer, detail
from tests.platform.state import Options, Platform, Request
from tests.serving import end, in_thread

STATE = web.AppKey("platform", Platform)
ASKED = web.RequestKey("asked", Request)
_MODULES = (agents, calls, conversations, secrets, settings, tools, webhooks)
_STATUS_CODES = {
    401: "invalid_api_key",
    403: "missing_permissions",
    404: "not_found",
    408: "request_timeout",
    409: "conflict",
    429: "rate_limit_exceeded",
    503: "system_busy",
}


@asynccontextmanager
async def platform(**options):
    """Run a platform on a free port of this machine until the block ends; see `Options`."""
    state = Platform(Options(**options))
    runner = web.AppRunner(application(state), access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        state.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield state
    finally:
        await end(runner)
    # Outside of `finally`: it must not hide why the block failed.
    if state.crashes:
        raise AssertionError(f"the platform itself failed:\n{state.crashes[0]}")


def platform_in_thread(**options):
    """Run the same in a thread with a loop of its own."""
    return in_thread(platform(**options), name="platform")


def application(state):
    """Return the server's application over this state."""
    app = web.Application(middlewares=[_middleware], client_max_size=64 * 1024 * 1024)
    app[STATE] = state
    for module in _MODULES:
        for method, path, handler in module.ROUTES:
            app.router.add_route(method, path, _handled(handler))
    return app


def _handled(handler):
    """Call it under the lock with the state, what was asked, and the path's parts."""

    async def handle(request):
        state = request.app[STATE]
        with state.lock:
            answer = handler(state, request[ASKED], **request.match_info)
            if not isinstance(answer, web.Response | conversations.Recording):
                answer = web.json_response(answer)
        if isinstance(answer, conversations.Recording):
            return await conversations.stream(request, state, answer)
        return answer

    return handle


@web.middleware
async def _middleware(request, handler):
    state = request.app[STATE]
    asked = await _read(request)
    request[ASKED] = asked
    state.requests.append(asked)
    ahead = state.faults.take(asked.method, asked.path)
    if ahead.seconds:
        await asyncio.sleep(ahead.seconds)
    fault = ahead.fault
    if fault is None or not fault.before:
        response = await _answered(request, handler)
    if fault is not None and fault.kind == "drop":
        request.transport.abort()
        return web.Response(status=500)  # goes nowhere: the connection is closed
    if fault is not None:
        response = _failure(fault)
    asked.status = response.status
    return response


async def _read(request):
    raw = await request.read()
    try:
        body = json.loads(raw) if raw else None
    except ValueError:
        body = None
    query = {key: request.query.getall(key) for key in request.query}
    return Request(request.method, request.path, query, body, time.monotonic())


async def _answered(request, handler):
    state = request.app[STATE]
    try:
        if request.headers.get("xi-api-key") != state.api_key:
            raise detail(401, "invalid_api_key", "Invalid API key")
        for beginning in state.options.permissions_missing:
            if request.path.startswith(beginning):
                message = "The API key you used is missing the permission for this operation."
                raise detail(401, "missing_permissions", message)
        return await handler(request)
    except Answer as answer:
        return web.json_response(answer.body, status=answer.status, headers=answer.headers)
    except web.HTTPException as error:
        return web.json_response({"detail": re.sub(r"^\d+: ", "", error.text)}, status=error.status)
    except ConnectionError:  # the client has gone
        raise
    except Exception:
        state.crashes.append(traceback.format_exc())
        raise


def _failure(fault):
    headers = {}
    if fault.retry_after is not None:
        headers["Retry-After"] = str(fault.retry_after)
    code = _STATUS_CODES.get(fault.status, "internal_server_error")
    body = {"detail": {"status": code, "message": "It went wrong, as the test wanted."}}
    return web.json_response(body, status=fault.status, headers=headers)
