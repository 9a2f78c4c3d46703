"""GET /callers/{caller}/export: everything that is held of a caller, as one ZIP."""

import logging
from collections.abc import AsyncIterator
from contextlib import aclosing

from aiohttp import web

from history.errors import HistoryError
from memory.errors import MemoryStoreError
from receiver.archive import NothingHeld, TooManyExports
from receiver.asked import parameters
from receiver.callers import known_caller, unknown_caller
from receiver.errors import Refusal
from receiver.looking_back import Looking, looking_back
from spool.format import SpoolError

logger = logging.getLogger(__name__)

RETRY_AFTER_SECONDS = 20


@looking_back
async def export_caller(looking: Looking) -> web.StreamResponse:
    """Answer with the ZIP while it is made: no recording is ever whole in memory."""
    parameters(looking.request, known=())
    if looking.archive.export is None:
        raise Refusal(503, "not_configured", "This server exports nothing.")
    caller = await known_caller(looking)
    if looking.view.is_pending(caller):
        raise unknown_caller()
    name = f"caller-{looking.view.id_of(caller)}.zip"
    response = web.StreamResponse(headers={"Content-Disposition": f'attachment; filename="{name}"'})
    response.content_type = "application/zip"
    if looking.request.method == "HEAD":
        await response.prepare(looking.request)
        return response
    async with aclosing(looking.archive.export(caller)) as blocks:
        try:
            first = await anext(blocks, b"")  # until here it can be said that it fails
        except NothingHeld as error:
            raise unknown_caller() from error
        except TooManyExports as error:
            raise _busy() from error
        await response.prepare(looking.request)
        await _send(looking.request, response, first, blocks)
    return response


def _busy() -> Refusal:
    return Refusal(
        503,
        "busy",
        "Too many exports are being made at once: ask again when one of them has ended.",
        retry_after_seconds=RETRY_AFTER_SECONDS,
    )


async def _send(
    request: web.Request,
    response: web.StreamResponse,
    first: bytes,
    rest: AsyncIterator[bytes],
) -> None:
    try:
        await response.write(first)
        async for block in rest:
            await response.write(block)
        await response.write_eof()
    except ConnectionError:
        logger.debug("the listener is gone", extra={"action": "listener_gone"})
    except (SpoolError, MemoryStoreError, HistoryError, OSError) as error:
        logger.error("an export broke off: %s", error, extra={"action": "export_failed"})
        if request.transport is not None:
            request.transport.abort()  # so that nobody takes the beginning for all of it
