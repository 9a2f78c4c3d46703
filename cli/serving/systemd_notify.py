"""
Telling the supervisor that started us how it goes: systemd's notify protocol.

That is one datagram for each message, so no package is needed for it.
"""

import asyncio
import logging
import socket
from contextlib import suppress
from typing import Any

logger = logging.getLogger(__name__)


def tell_supervisor(address: str, message: str) -> None:
    """Send `message`, such as "READY=1"; it never waits. That it fails is logged and no more."""
    # A name in the kernel, not in the file system, is written with @ for the zero it begins with.
    target = f"\0{address[1:]}" if address.startswith("@") else address
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.setblocking(False)
            sender.sendto(message.encode(), target)
    except OSError as error:
        logger.warning(
            "cannot tell the supervisor %s: %s", message, error, extra={"action": "not_notified"}
        )


async def keep_supervisor_informed(
    address: str,
    *,
    watchdog_seconds: float,
    ready: "asyncio.Future[Any] | None",
    stop: asyncio.Event,
) -> None:
    """
    Say when the services are ready (`ready` is done, or None), and when `stop` is set.

    In between say that the event loop turns, twice in each `watchdog_seconds` (0: never): a
    supervisor that does not hear of it in time starts the program anew.
    """
    stopping: asyncio.Future[Any] = asyncio.create_task(stop.wait())
    try:
        if ready is not None:
            await asyncio.wait((ready, stopping), return_when=asyncio.FIRST_COMPLETED)
        if not stop.is_set():
            tell_supervisor(address, "READY=1")
        while not stop.is_set():
            await asyncio.wait((stopping,), timeout=watchdog_seconds / 2 or None)
            if not stop.is_set():
                tell_supervisor(address, "WATCHDOG=1")
        tell_supervisor(address, "STOPPING=1")
    finally:
        stopping.cancel()
        with suppress(asyncio.CancelledError):
            await stopping
