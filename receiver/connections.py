"""
The connections to the server: how many there may be, and how long each may keep it waiting.

aiohttp answers the requests. What it would leave open is closed here: a header that does not
come to an end, a refused body that goes on and on, an answer that nobody reads, and whatever is
one too many.
"""

import asyncio
import itertools
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from receiver.connection import Connection
from receiver.limits.address import Network, client_of

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

# Why a connection was closed by us; the label of a metric.
REASONS = (
    *("full", "one_address", "gave_way"),
    *("header_late", "header_large", "body_refused", "answer_unread"),
)
SHARE_OF_ONE_ADDRESS = 4  # a quarter
_LOOK_SECONDS = 1.0
_LOOKS_FOR_PROGRESS = 6
_LOOKED_AT = 100  # of those that are answered: a flood asks often


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionLimits:
    """
    What connections may cost.

    One address may have a quarter of `max_connections`; this machine and the `trusted` reverse
    proxies, who come for many, may have all. Of a body that is refused `drain_bytes` are read
    for at most `drain_seconds`, so that the sender sees the answer. A body that takes longer than
    `body_seconds` may have to give way to others.
    """

    max_connections: int = 1000
    trusted: tuple[Network, ...] = ()
    header_seconds: float = 10.0
    body_seconds: float = 2.0
    header_bytes: int = 64 * 1024
    keep_alive_seconds: float = 75.0
    drain_bytes: int = 256 * 1024
    drain_seconds: float = 2.0
    unread_seconds: float = 60.0

    @property
    def per_address(self) -> int:
        """Return how many connections one address may have."""
        return max(1, self.max_connections // SHARE_OF_ONE_ADDRESS)

    def share_of(self, host: str) -> str:
        """Return whose share a connection from this address counts to; "" is nobody's."""
        client = client_of(host, "", ())
        is_here = client.address is not None and client.address.is_loopback
        return "" if is_here or client.is_in(self.trusted) else client.key


class Connections:
    """
    All that are open, from the moment they are accepted.

    `clock` counts seconds and never goes back; `new_handler` makes what answers on a connection;
    `dropped` is told why one was closed, a word of `REASONS`; `is_proven` tells whose bodies are
    waited for, however many others come.
    """

    def __init__(
        self,
        limits: ConnectionLimits,
        *,
        new_handler: Callable[[], asyncio.Protocol],
        clock: Callable[[], float],
        dropped: Callable[[str], None],
        is_proven: Callable[[web.Request], bool] = lambda _: False,
    ) -> None:
        self.limits = limits
        self._is_proven = is_proven
        self._new_handler = new_handler
        self._clock = clock
        self._dropped = dropped
        self._share_of: dict[Connection, str] = {}  # of all that are open
        self._in_share: Counter[str] = Counter()
        self._by_handler: dict[asyncio.BaseProtocol, Connection] = {}
        # Since when, those that wait longest first.
        self._without_header: OrderedDict[Connection, float] = OrderedDict()
        self._idle: OrderedDict[Connection, float] = OrderedDict()
        self._answering: OrderedDict[Connection, float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._share_of)

    @property
    def answering(self) -> int:
        """Return on how many a request is being answered."""
        return len(self._answering)

    def admit(self, host: str) -> Connection | None:
        """
        Return the connection for who comes from this address, None if there is no place.

        Where all places are taken, another gives way: see `make_room`.
        """
        share = self.limits.share_of(host)
        if share and self._in_share[share] >= self.limits.per_address:
            self._dropped("one_address")
            return None
        if len(self) >= self.limits.max_connections and not self.make_room():
            self._dropped("full")
            return None
        connection = Connection(self, header_bytes=self.limits.header_bytes)
        self._share_of[connection] = share
        self._in_share[share] += 1
        self._without_header[connection] = self._clock()
        return connection

    def make_room(self) -> bool:
        """
        Close the connection that is missed least; False if a request is answered on each.

        That is the one which has waited longest without a whole header, else the longest idle,
        else the one whose body has taken longest to come, unless its sender is a proven one.
        """
        for waiting in (self._without_header, self._idle):
            for connection in waiting:
                if not connection.unsent_bytes():  # else its answer is still under way
                    self.drop(connection, "gave_way")
                    return True
        slow = self._clock() - self.limits.body_seconds
        for connection, since in itertools.islice(self._answering.items(), _LOOKED_AT):
            if since > slow:
                return False
            request = connection.waits_for_body()
            if request is not None and not self._is_proven(request):
                self.drop(connection, "gave_way")
                return True
        return False

    def drop(self, connection: Connection, reason: str) -> None:
        """Close a connection at once, and say why."""
        self._dropped(reason)
        self.forget(connection)
        connection.abort()

    def refuse_body(self, connection: Connection) -> None:
        """Close a connection whose refused body is too much, once its answer is sent."""
        self._dropped("body_refused")
        connection.close()

    def forget(self, connection: Connection) -> None:
        """Take a connection out of the books; it may be out already."""
        share = self._share_of.pop(connection, None)
        if share is None:
            return
        self._without_header.pop(connection, None)
        self._idle.pop(connection, None)
        self._answering.pop(connection, None)
        if connection.handler is not None:
            self._by_handler.pop(connection.handler, None)
        self._in_share[share] -= 1
        if not self._in_share[share]:
            del self._in_share[share]

    def open_handler(self, connection: Connection) -> asyncio.Protocol:
        """Return what is to answer on this connection."""
        handler = self._new_handler()
        self._by_handler[handler] = connection
        return handler

    def header_begins(self, connection: Connection) -> None:
        """Note that an idle connection says something again."""
        if self._idle.pop(connection, None) is not None:
            self._without_header[connection] = self._clock()

    @web.middleware
    async def follow(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Note when a request begins and when it is answered, on whichever connection."""
        connection = self._by_handler.get(request.protocol)
        if connection is None:  # it is closed already
            return await handler(request)
        self._without_header.pop(connection, None)
        self._idle.pop(connection, None)
        self._answering[connection] = self._clock()
        connection.request_begins(request)
        try:
            response = await handler(request)
        finally:
            if self._answering.pop(connection, None) is not None:
                self._idle[connection] = self._clock()
            connection.request_ends(request.content, drain_bytes=self.limits.drain_bytes)
        if connection.is_half_closed or _unread_bytes(request) > self.limits.drain_bytes:
            response.force_close()
        return response

    def close_quiet(self) -> None:
        """Close those on which no request is being answered."""
        for connection in (*self._without_header, *self._idle):
            connection.close()

    def close_late(self) -> None:
        """Close those whose header has taken too long."""
        late = self._clock() - self.limits.header_seconds
        while self._without_header:
            connection, since = next(iter(self._without_header.items()))
            if since > late:
                return
            self.drop(connection, "header_late")

    def close_unread(self) -> None:
        """Close those whose peer has taken nothing of what was sent for too long."""
        now = self._clock()
        for connection in tuple(self._share_of):
            if now - connection.unread_since(now) >= self.limits.unread_seconds:
                self.drop(connection, "answer_unread")

    async def watch(self) -> None:
        """Close what is late, from time to time, until cancelled."""
        progress_seconds = self.limits.unread_seconds / _LOOKS_FOR_PROGRESS
        look_seconds = min(_LOOK_SECONDS, self.limits.header_seconds / 4, progress_seconds)
        looked_at = self._clock()
        while True:
            await asyncio.sleep(look_seconds)
            self.close_late()
            if self._clock() - looked_at >= progress_seconds:
                looked_at = self._clock()
                self.close_unread()


def _unread_bytes(request: web.Request) -> float:
    """Return how much of the body is still to come; infinite where nobody knows."""
    if request.content.is_eof():
        return 0
    if request.content_length is None:
        return float("inf")
    return request.content_length - request.content.total_bytes
