"""The web application: routes and middlewares around one `Receiver`."""

import asyncio

from aiohttp import web

from receiver.activity import tell_activity
from receiver.context import RECEIVER, Receiver
from receiver.cors import mark_allowed, preflights
from receiver.endpoints import add_endpoints
from receiver.errors import errors_as_json
from receiver.guard import guard
from receiver.request_log import log_requests, tell_request_id
from receiver.request_metrics import measure
from receiver.security_headers import secure


def build_app(receiver: Receiver) -> web.Application:
    """Return the application that serves `receiver`'s endpoints."""
    app = web.Application(
        middlewares=[log_requests, measure, tell_activity, preflights, errors_as_json, guard]
    )
    app[RECEIVER] = receiver
    receiver.metrics.follow_counts(receiver.counts)
    add_endpoints(app.router)

    async def close(_: web.Application) -> None:
        await asyncio.to_thread(receiver.close)

    app.on_response_prepare.append(secure)
    app.on_response_prepare.append(mark_allowed)
    app.on_response_prepare.append(tell_request_id)
    app.on_cleanup.append(close)
    return app
