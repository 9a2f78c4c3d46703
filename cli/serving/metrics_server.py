"""GET /metrics of a processor that runs alone: there is no receiver to serve them."""

import asyncio
import logging

from aiohttp import web

from receiver.metrics import comes_from, show_metrics
from receiver.security_headers import secure
from receiver.server import CannotListen
from settings import Settings
from telemetry.metrics import Metrics

logger = logging.getLogger(__name__)


async def serve_metrics(settings: Settings, metrics: Metrics, *, stop: asyncio.Event) -> None:
    """
    Serve /metrics on HOST and METRICS_PORT until `stop` is set, to METRICS_FROM alone.

    Raises `CannotListen`.
    """

    async def answer(request: web.Request) -> web.Response:
        if not comes_from(request, settings.metrics_networks):
            raise web.HTTPNotFound
        return await show_metrics(request, metrics)

    app = web.Application()
    app.router.add_get("/metrics", answer)
    app.on_response_prepare.append(secure)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        host, port = settings.host, settings.metrics_port
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            reason = error.strerror or error
            message = f"cannot listen on {host}:{port}: {reason}; set METRICS_PORT to a free one"
            raise CannotListen(message) from error
        logger.info(
            "metrics at http://%s:%d/metrics", host, port, extra={"action": "metrics_served"}
        )
        await stop.wait()
    finally:
        await runner.cleanup()
