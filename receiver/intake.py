"""From a request to an arrival for the spool: the body is read, verified and identified."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from functools import partial
from typing import TypeVar

from aiohttp import StreamReader, web

from receiver.context import Receiver
from receiver.request_log import BODY
from receiver.upload import Upload
from spool.arrival import OfWhom
from spool.format import Kind
from spool.writer import Arrival, StagedFile
from voice.delivery import NotUnderstood, audio_content, identify
from voice.retrieved import is_same_event, was_retrieved
from voice.signature import SignatureCheck
from voice.whose import whose

# Bodies up to this size are handled in memory: nearly all but recordings.
SMALL_BODY_BYTES = 256 * 1024
BLOCK_BYTES = 512 * 1024

Result = TypeVar("Result")


# A sender that says nothing for this long is gone, or only wants to keep us busy.
STALL_SECONDS = 30.0


class BodyTooLarge(Exception):
    """The body is over the limit; nothing of it was kept."""


class BodyStalled(Exception):
    """Nothing more of the body came; nothing of it was kept."""


async def receive(request: web.Request, receiver: Receiver, header: str | None) -> Arrival:
    """
    Return the signed body of `request` as an arrival that the spool can store.

    Raises InvalidSignature (early, if the header alone shows it), BodyTooLarge, BodyStalled, or
    SpoolError when there is no room for a large body. Whatever is raised, nothing is left on disk.
    """
    limit = receiver.options.max_body_bytes
    now = receiver.clock()
    secrets = receiver.options.post_call_secrets
    check = SignatureCheck(header, secrets=secrets, now=now.timestamp())
    if request.content_length is not None and request.content_length > limit:
        raise BodyTooLarge
    body = await _read_block(request, SMALL_BODY_BYTES)
    if request.content.at_eof():
        if len(body) > limit:
            raise BodyTooLarge
        check.update(body)
        check.confirm()
        request[BODY] = body
        return _small(body, receiver, header or "")
    return await _large(request, receiver, header or "", check, body)


def _small(body: bytes, receiver: Receiver, signature: str) -> Arrival:
    content, prefix, suffix = body, "", ""
    try:
        delivery = identify(body)
        if delivery.kind == "audio":
            recording = audio_content(body)
            content = recording.content
            prefix, suffix = recording.body_prefix, recording.body_suffix
    except NotUnderstood as error:
        return Arrival(
            kind="quarantine",
            conversation_id=None,
            content=body,
            event_timestamp=None,
            signature=signature,
            source="webhook",
            received_at=receiver.clock(),
            reason=str(error),
        )
    return Arrival(
        kind=delivery.kind,
        conversation_id=delivery.conversation_id,
        content=content,
        event_timestamp=delivery.event_timestamp,
        signature=signature,
        source=delivery.source,
        received_at=receiver.clock(),
        body_prefix=prefix,
        body_suffix=suffix,
        is_same_event=partial(came_by_backfill, delivery.kind, content),
        of_whom=_of_whom(delivery.kind, receiver),
    )


async def _large(
    request: web.Request, receiver: Receiver, signature: str, check: SignatureCheck, begun: bytes
) -> Arrival:
    upload = Upload(receiver.spool, check)
    try:
        size, block = 0, begun
        while block:
            size += len(block)
            if size > receiver.options.max_body_bytes:
                raise BodyTooLarge
            await _in_thread(receiver.uploads, partial(upload.feed, block))
            block = await _read_block(request, BLOCK_BYTES)
        uploaded = await _in_thread(receiver.uploads, upload.finish)
    except BaseException:
        await _in_thread(receiver.uploads, upload.discard)
        raise
    delivery = uploaded.delivery
    return Arrival(
        kind="quarantine" if delivery is None else delivery.kind,
        conversation_id=None if delivery is None else delivery.conversation_id,
        content=uploaded.content,
        event_timestamp=None if delivery is None else delivery.event_timestamp,
        signature=signature,
        source="webhook" if delivery is None else delivery.source,
        received_at=receiver.clock(),
        reason=uploaded.reason,
        body_prefix=uploaded.body_prefix,
        body_suffix=uploaded.body_suffix,
        is_same_event=None
        if delivery is None
        else partial(came_by_backfill, delivery.kind, uploaded.content),
        of_whom=None if delivery is None else _of_whom(delivery.kind, receiver),
    )


def _of_whom(kind: Kind, receiver: Receiver) -> OfWhom | None:
    """Return what tells whose call a body of this kind is of; a recording says nothing of it."""
    return None if kind == "audio" else partial(whose, kind, region=receiver.options.phone_region)


def came_by_backfill(kind: str, content: bytes | StagedFile, standing: bytes) -> bool:
    """Tell whether `standing` is the event in `content`, as a backfill brought it before."""
    if not was_retrieved(standing):
        return False
    body = content if isinstance(content, bytes) else content.path.read_bytes()
    return is_same_event(kind, standing, body)


async def _read_block(request: web.Request, size: int) -> bytes:
    """Return the next bytes of the body: at least `size`, fewer only at its end."""
    pieces, length = [], 0
    while length < size and (piece := await _read_piece(request.content)):
        pieces.append(piece)
        length += len(piece)
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


async def _read_piece(content: StreamReader) -> bytes:
    if content.is_eof():  # all of it is here: nothing to wait for, so no timer to set
        return await content.readany()
    try:
        async with asyncio.timeout(STALL_SECONDS):
            return await content.readany()
    except TimeoutError as error:
        raise BodyStalled from error


async def _in_thread(pool: Executor, function: Callable[[], Result]) -> Result:
    """Run in a thread; when cancelled, wait for it all the same: it holds an open file."""
    running = asyncio.get_running_loop().run_in_executor(pool, function)
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        raise
