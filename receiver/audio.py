"""A recording as it is sent: whole or in part, in blocks, never all of it in memory."""

import asyncio
import logging
import os

from aiohttp import web

from history.values import Stored
from receiver.errors import error_response
from receiver.ranges import NotSatisfiable, Part, has_tag, part_of

logger = logging.getLogger(__name__)

_BLOCK_BYTES = 256 * 1024


async def send_recording(
    request: web.Request, descriptor: int, recording: Stored, *, name: str
) -> web.StreamResponse:
    """Answer with the open recording, or the part of it that is asked for; closes it."""
    try:
        return await _answer(
            request, descriptor, size=recording.size, tag=f'"{recording.sha256}"', name=name
        )
    finally:
        os.close(descriptor)


async def _answer(
    request: web.Request, descriptor: int, *, size: int, tag: str, name: str
) -> web.StreamResponse:
    headers = {
        "Accept-Ranges": "bytes",
        "ETag": tag,
        "Cache-Control": "private, no-cache",  # it may be erased
        "Content-Disposition": f'inline; filename="{name}.mp3"',
    }
    if has_tag(request.headers.get("If-None-Match", ""), tag):
        return web.Response(status=304, headers=headers)
    # Of another content than the one begun with, a part is of no use.
    is_ranged = request.method == "GET" and request.headers.get("If-Range", tag) == tag
    try:
        part = part_of(request.headers.get("Range", ""), size=size) if is_ranged else None
    except NotSatisfiable:
        return _nothing_there(size)
    response = web.StreamResponse(status=200 if part is None else 206, headers=headers)
    if part is None:
        part = Part(start=0, stop=size)
    else:
        response.headers["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{size}"
    response.content_type = "audio/mpeg"
    response.content_length = part.stop - part.start
    await _send(request, response, descriptor, part)
    return response


async def _send(
    request: web.Request, response: web.StreamResponse, descriptor: int, part: Part
) -> None:
    await response.prepare(request)
    if request.method == "HEAD":
        return
    try:
        at = part.start
        while at < part.stop:
            wanted = min(_BLOCK_BYTES, part.stop - at)
            block = await asyncio.to_thread(os.pread, descriptor, wanted, at)
            if not block:  # shorter than a moment ago: the client sees that some is missing
                response.force_close()
                return
            await response.write(block)
            at += len(block)
        await response.write_eof()
    except ConnectionError:
        logger.debug("the listener is gone", extra={"action": "listener_gone"})


def _nothing_there(size: int) -> web.Response:
    message = f"The recording has {size} bytes, and none in this range."
    response = error_response(416, "range_not_satisfiable", message)
    response.headers["Content-Range"] = f"bytes */{size}"
    return response
