"""The web application: routes and middlewares around one `Receiver`."""

import asyncio

from aiohttp import web

from receiver.context import RECEIVER, Receiver
from receiver.cors import mark_allowed, preflights
from receiver.endpoints import add_endpoints
from receiver.errors import errors_as_json
from receiver.request_log import log_requests


def build_app(receiver: Receiver) -> web.Application:
    """Return the application that serves `receiver`'s endpoints."""
    app = web.Application(middlewares=[log_requests, preflights, errors_as_json])
    app[RECEIVER] = receiver
    add_endpoints(app.router)

    async def close(_: web.Application) -> None:
        await asyncio.to_thread(receiver.close)

    app.on_response_prepare.append(mark_allowed)
    app.on_cleanup.append(close)
    return app
