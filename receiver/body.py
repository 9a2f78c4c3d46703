"""A body as it arrives: at no less than some pace, or it is given up."""

import asyncio

from aiohttp import StreamReader, hdrs, web
from aiohttp.http import HttpVersion11

KILOBYTE = 1024
# How much must come in each window. A sender slower than that only wants to keep us busy.
SMALL_PACE_BYTES = 64 * KILOBYTE
LARGE_PACE_BYTES = 1024 * KILOBYTE


class BodyStalled(Exception):
    """Too little of the body came; nothing of it was kept."""


class Body:
    """
    The body of a request, read in blocks.

    `read` is how much has come. In every `window_seconds` of waiting for it there must be
    `pace_bytes` more, which may be changed on the way: else BodyStalled is raised.
    """

    def __init__(self, content: StreamReader, *, window_seconds: float) -> None:
        self._content = content
        self._window_seconds = self._left_seconds = window_seconds
        self._in_window = 0
        self.pace_bytes = SMALL_PACE_BYTES
        self.read = 0

    @property
    def is_whole(self) -> bool:
        """Tell whether all of it has been read."""
        return self._content.at_eof()

    async def block(self, size: int) -> bytes:
        """Return the next bytes: at least `size`, fewer only at the end."""
        pieces, length = [], 0
        while length < size and (piece := await self._piece()):
            pieces.append(piece)
            length += len(piece)
        self.read += length
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    async def _piece(self) -> bytes:
        if self._content.is_eof():  # all of it is here: nothing to wait for, so no timer to set
            return await self._content.readany()
        clock = asyncio.get_running_loop().time
        began = clock()
        try:
            async with asyncio.timeout(self._left_seconds):
                piece = await self._content.readany()
        except TimeoutError as error:
            raise BodyStalled from error
        # What storing takes in between is not the sender's fault, and not counted.
        self._left_seconds -= clock() - began
        self._in_window += len(piece)
        if self._in_window >= self.pace_bytes:
            self._in_window, self._left_seconds = 0, self._window_seconds
        return piece


async def wait_to_be_asked(_: web.Request) -> None:
    """
    Take the place of aiohttp's answer to `Expect`: `ask_for` says it once the body is wanted.

    What else a client may expect is passed over, as HTTP allows.
    """


async def ask_for(request: web.Request) -> None:
    """Tell a client that waits with its body to send it."""
    if request.version == HttpVersion11 and _waits(request):
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0  # the answer has not begun


def _waits(request: web.Request) -> bool:
    return request.headers.get(hdrs.EXPECT, "").lower() == "100-continue"
