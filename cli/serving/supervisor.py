"""What a supervisor such as systemd gives the services, and what they tell it."""

import asyncio
import socket
from collections.abc import Coroutine
from typing import Any

from cli.serving.systemd_notify import keep_supervisor_informed
from receiver.connections import ConnectionLimits
from receiver.sockets import handed_over_sockets, room_for
from settings import Settings, Supervised

ALONE = Supervised()  # started by hand


def connection_limits(settings: Settings) -> ConnectionLimits:
    """Return what connections may cost; the process is given the descriptors for them."""
    return ConnectionLimits(
        max_connections=room_for(settings.max_connections), trusted=settings.trusted_networks
    )


def sockets_of(supervised: Supervised) -> list[socket.socket]:
    """Return the sockets that were handed over. Raises `CannotListen`."""
    return handed_over_sockets(supervised.sockets)


def reporting(
    supervised: Supervised, *, ready: "asyncio.Future[int] | None", stop: asyncio.Event
) -> list[Coroutine[Any, Any, None]]:
    """Return the service that tells the supervisor how it goes, if there is one to be told."""
    if not supervised.notify_address:
        return []
    return [
        keep_supervisor_informed(
            supervised.notify_address,
            watchdog_seconds=supervised.watchdog_seconds,
            ready=ready,
            stop=stop,
        )
    ]
