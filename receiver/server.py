"""Serving the application until told to stop, and stopping without dropping anybody."""

import asyncio
import logging
import socket
from collections.abc import Callable, Sequence
from typing import Any, cast

from aiohttp import web

from receiver.app import build_app
from receiver.client_address import client_behind
from receiver.connections import REASONS, ConnectionLimits, Connections
from receiver.context import Receiver
from receiver.protocol import HttpProtocol
from receiver.sockets import CannotListen, Listening, open_sockets

__all__ = ("SHUTDOWN_SECONDS", "CannotListen", "serve")

logger = logging.getLogger(__name__)

# Most uploads end within this; container engines kill after ten seconds.
SHUTDOWN_SECONDS = 8.0
# Who is connected may have a request on the way: it is still answered.
LAST_WORD_SECONDS = 1.0
_LOOK_AGAIN_SECONDS = 0.02
# aiohttp takes twice as many, and keeps them all until the last has come.
_HEADER_FIELDS = 64


async def serve(
    receiver: Receiver,
    *,
    host: str,
    port: int,
    stop: asyncio.Event,
    on_ready: Callable[[str, int], None],
    handed_over: Sequence[socket.socket] = (),
    limits: ConnectionLimits | None = None,
) -> None:
    """
    Serve until `stop` is set; then accept nothing new and finish the requests in flight.

    Listens on the sockets that were `handed_over`, else on `host` and `port`. Who waits on the
    former at the end is left for the next process; so a restart refuses nobody.

    Calls `on_ready(host, port)` once requests are accepted: with `port` 0 the system chooses.
    Raises `CannotListen`.
    """
    runner, connections = _runner(receiver, limits or ConnectionLimits())
    await runner.setup()
    watching = asyncio.create_task(connections.watch())
    try:
        sockets = handed_over or await open_sockets(host, port)
        listening = Listening(sockets, admit=connections.admit, make_room=connections.make_room)
        listening.start()
        try:
            on_ready(*listening.address)
            await stop.wait()
            receiver.requests.is_stopping = True
            receiver.activity.close()  # who looks on would do so for ever
        finally:
            await listening.stop(leaves_waiting=bool(handed_over))
        await _finish(receiver, connections)
    finally:
        watching.cancel()
        await runner.cleanup()


def _runner(receiver: Receiver, limits: ConnectionLimits) -> tuple[web.AppRunner, Connections]:
    app = build_app(receiver)
    # By then nothing is in flight, or has been for too long.
    runner = web.AppRunner(app, shutdown_timeout=1.0)
    loop = asyncio.get_running_loop()
    options: dict[str, Any] = {
        "access_log": None,  # our own line says more, and never a caller's full number
        "auto_decompress": False,  # signatures are over bytes as sent; and small stays small
        "keepalive_timeout": limits.keep_alive_seconds,
        "lingering_time": limits.drain_seconds,
        "max_headers": _HEADER_FIELDS,
        "tcp_keepalive": False,  # who is gone is found out by our own time-outs, and sooner
    }
    metrics = receiver.metrics
    dropped = {reason: metrics.connections_dropped.labels(reason) for reason in REASONS}
    connections = Connections(
        limits,
        new_handler=lambda: HttpProtocol(
            cast("web.Server", runner.server), receiver=receiver, loop=loop, **options
        ),
        clock=loop.time,
        dropped=lambda reason: dropped[reason].inc(),
        is_proven=lambda request: receiver.limits.is_proven(client_behind(request)),
    )
    metrics.connections.set_function(lambda: len(connections))
    app.middlewares.insert(0, connections.follow)
    return runner, connections


async def _finish(receiver: Receiver, connections: Connections) -> None:
    """
    Wait for the requests in flight, and for those on the way. aiohttp's own clean-up would throw
    away what is still to come of their bodies, and a recording is sent only once.
    """
    logger.info(
        "finishing %d requests", receiver.requests.in_flight, extra={"action": "receiver_stopping"}
    )
    clock = asyncio.get_running_loop().time
    began = clock()
    while len(connections) and clock() < began + SHUTDOWN_SECONDS:
        if clock() >= began + LAST_WORD_SECONDS:
            connections.close_quiet()
        await asyncio.sleep(_LOOK_AGAIN_SECONDS)
    if receiver.requests.in_flight:
        logger.warning(
            "%d requests did not end within %.0f s and are dropped",
            receiver.requests.in_flight,
            SHUTDOWN_SECONDS,
            extra={"action": "requests_dropped"},
        )
