"""Counts and times each request, outermost: what a limit turns away is measured too."""

import time

from aiohttp import web

from receiver.context import RECEIVER
from receiver.errors import Handler
from telemetry.metrics_labels import LIVE_ENDPOINTS

# What the agent of a caller was told, one of `telemetry.metrics_labels.ANSWERS`: set by whoever
# answers, if the status does not say it.
LIVE_ANSWER = web.RequestKey("live_answer", str)

NO_ENDPOINT = "none"
_GONE = "gone"
_ANSWER_OF_STATUS = {"400": "invalid", "401": "wrong_key", "429": "limited", _GONE: _GONE}


@web.middleware
async def measure(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Note endpoint, method, status and seconds; of a live one what was answered, too."""
    began = time.perf_counter()
    status = _GONE
    try:
        response = await handler(request)
        status = str(response.status)
    finally:
        # A path of ours only: any other is the client's text, and may hold anything.
        resource = request.match_info.route.resource
        endpoint = resource.canonical if resource else NO_ENDPOINT
        metrics = request.app[RECEIVER].metrics
        metrics.answered(
            endpoint=endpoint,
            method=request.method,
            status=status,
            seconds=time.perf_counter() - began,
        )
        if endpoint in LIVE_ENDPOINTS:
            by_status = _ANSWER_OF_STATUS.get(status, "refused")
            metrics.live_answer(endpoint, request.get(LIVE_ANSWER, by_status))
    return response
