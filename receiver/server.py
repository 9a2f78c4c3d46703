"""Serving the application until told to stop, and stopping without dropping anybody."""

import asyncio
import logging
from collections.abc import Callable

from aiohttp import web

from receiver.app import build_app
from receiver.context import Receiver

logger = logging.getLogger(__name__)

# Most uploads end within this; container engines kill after ten seconds.
SHUTDOWN_SECONDS = 8.0
_LOOK_AGAIN_SECONDS = 0.02


class CannotListen(Exception):
    """The address cannot be had."""


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
    Raises `CannotListen`.
    """
    runner = web.AppRunner(
        build_app(receiver),
        access_log=None,  # our own line says more, and never a caller's full number
        auto_decompress=False,  # signatures are over bytes as sent; and small stays small
        shutdown_timeout=1.0,  # by then nothing is in flight, or has been for too long
    )
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        try:
            await site.start()
        except OSError as error:
            reason = error.strerror or error
            raise CannotListen(
                f"cannot listen on {host}:{port}: {reason}; set HOST and PORT to an address of "
                "this machine that is free"
            ) from error
        bound = runner.addresses[0]
        on_ready(str(bound[0]), int(bound[1]))
        await stop.wait()
        await site.stop()
        await _finish(receiver)
    finally:
        await runner.cleanup()


async def _finish(receiver: Receiver) -> None:
    """
    Wait for the requests in flight. aiohttp's own clean-up would throw away what is still to
    come of their bodies, and a recording is sent only once.
    """
    receiver.requests.is_stopping = True
    logger.info(
        "finishing %d requests", receiver.requests.in_flight, extra={"action": "receiver_stopping"}
    )
    deadline = asyncio.get_running_loop().time() + SHUTDOWN_SECONDS
    while receiver.requests.in_flight and asyncio.get_running_loop().time() < deadline:  # noqa: ASYNC110  # once, at the end
        await asyncio.sleep(_LOOK_AGAIN_SECONDS)
    if receiver.requests.in_flight:
        logger.warning(
            "%d requests did not end within %.0f s and are dropped",
            receiver.requests.in_flight,
            SHUTDOWN_SECONDS,
            extra={"action": "requests_dropped"},
        )
