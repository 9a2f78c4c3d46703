"""The web application: routes and middlewares around one `Receiver`."""

import asyncio

from aiohttp import web

from receiver.calls import calls
from receiver.context import RECEIVER, Receiver
from receiver.cors import cross_origin
from receiver.errors import errors_as_json
from receiver.health import health
from receiver.live import client_data, search_data
from receiver.post_call import post_call
from receiver.request_log import log_requests


def build_app(receiver: Receiver) -> web.Application:
    """Return the application that serves `receiver`'s endpoints."""
    app = web.Application(middlewares=[log_requests, cross_origin, errors_as_json])
    app[RECEIVER] = receiver
    app.router.add_post("/webhook/client-data", client_data)
    app.router.add_post("/webhook/search-data", search_data)
    app.router.add_post("/webhook/post-call", post_call)
    app.router.add_get("/health", health)
    # Every method, so that without ADMIN_KEY not even a 405 tells that there is something.
    app.router.add_route("*", "/calls", calls)

    async def close(_: web.Application) -> None:
        await asyncio.to_thread(receiver.close)

    app.on_cleanup.append(close)
    return app
