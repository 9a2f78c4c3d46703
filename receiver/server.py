"""Serving the application until told to stop, and stopping without dropping anybody."""

import asyncio
import logging
from collections.abc import Callable

from aiohttp import web

from receiver.app import build_app
from receiver.context import Receiver

logger = logging.getLogger(__name__)

# A request in flight at shutdown may still be uploading a recording.
SHUTDOWN_SECONDS = 30.0


async def serve(
    receiver: Receiver,
    *,
    host: str,
    port: int,
    stop: asyncio.Event,
    on_ready: Callable[[str, int], None],
) -> None:
    """
    Serve until `stop` is set; then accept nothing new and finish the requests in flight.

    Calls `on_ready(host, port)` once requests are accepted: with `port` 0 the system chooses.
    Raises OSError when the address cannot be had.
    """
    # Our own log line says more and, unlike the access log, never a caller's full number.
    runner = web.AppRunner(build_app(receiver), access_log=None, shutdown_timeout=SHUTDOWN_SECONDS)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        await site.start()
        bound = runner.addresses[0]
        on_ready(str(bound[0]), int(bound[1]))
        await stop.wait()
        logger.info("finishing the requests in flight", extra={"action": "receiver_stopping"})
    finally:
        await runner.cleanup()
