"""From a request to an arrival for the spool: the body is read, verified and identified."""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Executor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from aiohttp import web

from receiver.body import LARGE_PACE_BYTES, Body, BodyStalled, ask_for
from receiver.client_address import client_behind
from receiver.context import Receiver
from receiver.limits.address import Client
from receiver.limits.disk_reserve import check_disk_reserve
from receiver.limits.upload_queue import WAIT_SECONDS, Busy, GaveWay, Place
from receiver.request_log import BODY
from receiver.upload import Upload, Uploaded
from spool.arrival import OfWhom
from spool.format import Kind, SpoolError
from spool.writer import Arrival, StagedFile
from voice.delivery import NotUnderstood, audio_content, identify
from voice.errors import TooDeep
from voice.retrieved import is_same_event, was_retrieved
from voice.signature import SignatureCheck
from voice.whose import whose

# Bodies up to this size are handled in memory: nearly all but recordings.
SMALL_BODY_BYTES = 256 * 1024
BLOCK_BYTES = 512 * 1024

__all__ = ["STALL_SECONDS", "BodyStalled", "BodyTooLarge", "Busy", "came_by_backfill", "receive"]

Result = TypeVar("Result")

# A sender that says nothing for this long is gone, or only wants to keep us busy.
STALL_SECONDS = 30.0


class BodyTooLarge(Exception):
    """The body is over the limit; nothing of it was kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Coming:
    """A delivery on its way: the request, what its signature is held against, and its body."""

    request: web.Request
    receiver: Receiver
    signature: str
    check: SignatureCheck
    body: Body


async def receive(
    request: web.Request, receiver: Receiver, header: str | None, *, is_over_limit: bool
) -> Arrival:
    """
    Return the signed body of `request` as an arrival that the spool can store.

    Raises InvalidSignature (early, if the header alone shows it), BodyTooLarge, BodyStalled, Busy,
    or SpoolError when there is no room for a large body. Whatever is raised, nothing is left on
    disk. Of a client over its limit only what is known to be small is read without a place.
    """
    secrets = receiver.options.post_call_secrets
    coming = _Coming(
        request=request,
        receiver=receiver,
        signature=header or "",
        check=SignatureCheck(header, secrets=secrets, now=receiver.clock().timestamp()),
        body=Body(request.content, window_seconds=STALL_SECONDS),
    )
    length = request.content_length
    if length is not None and length > receiver.options.max_body_bytes:
        raise BodyTooLarge
    # One that does not say how long it is, in chunks, is most likely small too.
    is_small = not is_over_limit if length is None else length <= SMALL_BODY_BYTES
    if not is_small:
        return await _large(coming, b"")
    await ask_for(request)
    begun = await coming.body.block(SMALL_BODY_BYTES)
    if not coming.body.is_whole:
        return await _large(coming, begun)
    if len(begun) > receiver.options.max_body_bytes:
        raise BodyTooLarge
    coming.check.update(begun)
    coming.check.confirm()
    request[BODY] = begun
    return _small(begun, receiver, coming.signature)


def _small(body: bytes, receiver: Receiver, signature: str) -> Arrival:
    content, prefix, suffix = body, "", ""
    try:
        delivery = identify(body)
        if delivery.kind == "audio":
            recording = audio_content(body)
            content = recording.content
            prefix, suffix = recording.body_prefix, recording.body_suffix
    except NotUnderstood as error:
        receiver.counts["too_deep"] += isinstance(error, TooDeep)
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


async def _large(coming: _Coming, begun: bytes) -> Arrival:
    receiver, client = coming.receiver, client_behind(coming.request)
    try:
        async with _place(coming, client) as place:
            uploaded = await _upload(coming, begun, place)
    except BaseException as error:
        if isinstance(error, (SpoolError, Busy)) and not isinstance(error, GaveWay):
            raise
        receiver.limits.uploads.charge(client.key, coming.body.read)
        raise
    if uploaded.is_too_deep:
        receiver.counts["too_deep"] += 1
    delivery = uploaded.delivery
    return Arrival(
        kind="quarantine" if delivery is None else delivery.kind,
        conversation_id=None if delivery is None else delivery.conversation_id,
        content=uploaded.content,
        event_timestamp=None if delivery is None else delivery.event_timestamp,
        signature=coming.signature,
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


@asynccontextmanager
async def _place(coming: _Coming, client: Client) -> AsyncIterator[Place]:
    """Have a place among the large bodies that are read; see `UploadQueue.admitted`."""
    receiver, size = coming.receiver, coming.request.content_length
    options, limits = receiver.options, receiver.limits
    async with limits.uploads.admitted(
        client.key,
        # One that does not say how large it is may become as large as any.
        size=options.max_body_bytes if size is None else size,
        is_proven=limits.is_proven(client),
        budget_bytes=options.upload_budget_bytes,
        wait_seconds=WAIT_SECONDS,
    ) as place:
        with receiver.metrics.uploads.track_inprogress():
            yield place


async def _upload(coming: _Coming, begun: bytes, place: Place) -> Uploaded:
    """Return the rest of the body, on disk and verified; if that fails, nothing of it is left."""
    receiver, body, client = coming.receiver, coming.body, client_behind(coming.request)
    is_proven = receiver.limits.is_proven(client)
    wanted = coming.request.content_length or 0
    room = partial(check_disk_reserve, receiver.spool.root, wanted_bytes=wanted)
    await _in_thread(receiver.uploads, room)
    if not begun:
        await ask_for(coming.request)
    body.pace_bytes = LARGE_PACE_BYTES
    upload = Upload(receiver.spool, coming.check)
    try:
        block = begun or await body.block(BLOCK_BYTES)
        while block:
            if body.read > receiver.options.max_body_bytes:
                raise BodyTooLarge
            async with receiver.limits.uploads.working(client.key, is_proven=is_proven):
                await _in_thread(receiver.uploads, partial(upload.feed, block))
            place.read = body.read
            block = await body.block(BLOCK_BYTES)
        place.is_read = True
        return await _in_thread(receiver.uploads, upload.finish)
    except BaseException:
        await _in_thread(receiver.uploads, upload.discard)
        raise


def _of_whom(kind: Kind, receiver: Receiver) -> OfWhom | None:
    """Return what tells whose call a body of this kind is of; a recording says nothing of it."""
    return None if kind == "audio" else partial(whose, kind, region=receiver.options.phone_region)


def came_by_backfill(kind: str, content: bytes | StagedFile, standing: bytes) -> bool:
    """Tell whether `standing` is the event in `content`, as a backfill brought it before."""
    if not was_retrieved(standing):
        return False
    body = content if isinstance(content, bytes) else content.path.read_bytes()
    return is_same_event(kind, standing, body)


async def _in_thread(pool: Executor, function: Callable[[], Result]) -> Result:
    """Run in a thread; when cancelled, wait for it all the same: it holds an open file."""
    running = asyncio.get_running_loop().run_in_executor(pool, function)
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        raise
