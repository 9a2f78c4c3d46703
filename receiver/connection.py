"""One connection: it stands between the socket and aiohttp, and sees what comes and goes."""

import asyncio
from typing import Protocol, cast

from aiohttp import StreamReader, web

_HEADER_END = b"\r\n\r\n"


class Books(Protocol):
    """Where all connections are kept; see `receiver.connections`."""

    def open_handler(self, connection: "Connection") -> asyncio.Protocol:
        """Return what is to answer on this connection."""

    def header_begins(self, connection: "Connection") -> None:
        """Note that an idle connection says something again."""

    def forget(self, connection: "Connection") -> None:
        """Take a connection out of the books; it may be out already."""

    def drop(self, connection: "Connection", reason: str) -> None:
        """Close a connection at once, and say why."""

    def refuse_body(self, connection: "Connection") -> None:
        """Close a connection whose refused body is too much, once its answer is sent."""


class Connection(asyncio.Protocol):
    """
    What the loop tells of one connection goes on to aiohttp, which answers on it.

    Of a header at most `header_bytes` are taken, more or less: aiohttp's own limits, of a field
    and of their number, add up to a megabyte.
    """

    __slots__ = (
        *("handler", "_books", "_transport", "_is_aborted"),
        *("_header_bytes", "_header_read", "_header_tail"),
        *("_refused", "_may_drain", "_unsent", "_unread_since"),
        *("_request", "is_half_closed"),
    )

    def __init__(self, books: Books, *, header_bytes: int) -> None:
        self.handler: asyncio.Protocol | None = None
        self._books = books
        self._transport: asyncio.Transport | None = None
        self._is_aborted = False
        self._header_bytes = header_bytes
        self._header_read = 0  # -1: its end has come
        self._header_tail = b""
        self._request: web.Request | None = None  # while it is being answered
        self.is_half_closed = False
        self._refused: StreamReader | None = None
        self._may_drain = 0
        self._unsent = 0
        self._unread_since = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Let aiohttp answer on it; not if it had to give way before it came so far."""
        self._transport = cast("asyncio.Transport", transport)
        if self._is_aborted:
            self._transport.abort()
            return
        self.handler = self._books.open_handler(self)
        self.handler.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        """Hand on what was sent, unless it is too much of what nobody wants."""
        if self.handler is None or self._is_aborted:
            return
        if self._refused is not None and not self._drains(self._refused, len(data)):
            return
        if self._refused is None:
            self._books.header_begins(self)
            if self._header_read >= 0 and not self._takes_header(data):
                return
        self.handler.data_received(data)

    def eof_received(self) -> bool:
        """
        Note that nothing more will be sent: who has said all and waits for the answer gets it.

        Else it is closed, and so it is where the answer is under way: he has had enough of it.
        """
        request = self._request
        if request is None:
            self.is_half_closed = self._header_read < 0
        else:
            self.is_half_closed = request.content.is_eof() and not request.writer.output_size
        return self.is_half_closed

    def connection_lost(self, exc: Exception | None) -> None:
        """Hand on that it is closed."""
        self._books.forget(self)
        if self.handler is not None:
            self.handler.connection_lost(exc)
        self._transport = None

    def pause_writing(self) -> None:
        """Hand on that the peer reads too slowly."""
        if self.handler is not None:
            self.handler.pause_writing()

    def resume_writing(self) -> None:
        """Hand on that the peer has caught up."""
        if self.handler is not None:
            self.handler.resume_writing()

    def request_begins(self, request: web.Request) -> None:
        """Note that a whole header has come."""
        self._request = request
        self._refused = None
        self._header_read = -1
        if self.is_half_closed and not request.content.is_eof():
            self.close()  # the rest of it will never come

    def request_ends(self, body: StreamReader, *, drain_bytes: int) -> None:
        """Note that the request is answered; of what is left of its body little is taken."""
        self._request = None
        self._header_read = 0
        self._header_tail = b""
        self._refused = None if body.is_eof() else body
        self._may_drain = drain_bytes

    def waits_for_body(self) -> web.Request | None:
        """Return the request that is being answered, if its body has not come to its end."""
        request = self._request
        return None if request is None or request.content.is_eof() else request

    def unsent_bytes(self) -> int:
        """Return how much of what was written the peer has not taken."""
        return 0 if self._transport is None else self._transport.get_write_buffer_size()

    def unread_since(self, now: float) -> float:
        """Return since when the peer has taken nothing, as far as it was looked at; else `now`."""
        unsent = self.unsent_bytes()
        if not unsent or unsent != self._unsent:
            self._unsent = unsent
            self._unread_since = now
        return self._unread_since

    def close(self) -> None:
        """Close it, once what is written is sent."""
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Close it now, or as soon as it is there."""
        self._is_aborted = True
        if self._transport is not None:
            self._transport.abort()

    def _drains(self, refused: StreamReader, length: int) -> bool:
        """Tell whether more of a refused body is taken; if not, the connection is closed."""
        if refused.is_eof():
            self._refused = None
            return True
        self._may_drain -= length
        if self._may_drain < 0:
            self._books.refuse_body(self)
        return self._may_drain >= 0

    def _takes_header(self, data: bytes) -> bool:
        """Tell whether the header may still come to its end; if not, the connection is closed."""
        # Where a request may begin, aiohttp passes over empty lines.
        said = self._header_tail + data if self._header_read else data.lstrip(b"\r\n")
        if not said:
            return True
        if _HEADER_END in said:
            self._header_read = -1
            return True
        self._header_tail = said[-len(_HEADER_END) + 1 :]
        self._header_read += len(data)
        if self._header_read > self._header_bytes:
            self._books.drop(self, "header_large")
            return False
        return True
