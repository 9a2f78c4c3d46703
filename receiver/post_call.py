"""
POST /webhook/post-call: verify, store, acknowledge, in that order.

A 200 is sent only when the event is complete and durable on disk. What is signed but not
understood is kept too, in quarantine, because an error would make the platform switch the
webhook off. What is not signed leaves nothing behind.
"""

import logging
import time

from aiohttp import web

from receiver.access import too_often
from receiver.client_address import client_behind
from receiver.context import RECEIVER, Receiver
from receiver.errors import error_response, json_response
from receiver.intake import BodyStalled, BodyTooLarge, Busy, receive
from receiver.request_log import CONVERSATION, EVENT, OUTCOME
from spool.format import SpoolError, SpoolFull
from spool.writer import Arrival, Outcome
from telemetry.ids import event_id_of, of_event
from voice.delivery import KINDS
from voice.signature import HEADER, InvalidSignature

logger = logging.getLogger(__name__)

TYPES = {kind: type_ for type_, kind in KINDS.items()}
RETRY_AFTER_SECONDS = 30
ENDPOINT = "/webhook/post-call"


async def post_call(request: web.Request) -> web.Response:
    """Store one delivery. 200 means that it is on disk; 503 means: send it again."""
    receiver = request.app[RECEIVER]
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        # The signature is over the bytes as sent, and a small body must not become a large one.
        return error_response(415, "compressed_body", "Send the body without Content-Encoding.")
    try:
        with receiver.tracer.span("read and verify"):
            arrival = await _receive(request, receiver)
        outcome = await _store(request, receiver, arrival)
    except (InvalidSignature, BodyTooLarge, BodyStalled, Busy) as error:
        return _refused(receiver, error)
    except SpoolError as error:
        return _not_stored(receiver, error, event_id=request.get(EVENT, ""))
    request[OUTCOME] = outcome.status
    receiver.counts[outcome.status] += 1
    receiver.metrics.acknowledged(kind=arrival.kind, outcome=outcome.status)
    if arrival.conversation_id is None:
        logger.warning(
            "delivery kept in quarantine: %s",
            arrival.reason,
            extra={"action": "quarantined", "event_id": request[EVENT]},
        )
    else:
        request[CONVERSATION] = arrival.conversation_id
    value = {
        "status": outcome.status,
        "type": None if arrival.kind == "quarantine" else TYPES[arrival.kind],
        "conversation_id": arrival.conversation_id,
    }
    return json_response(value)


async def _receive(request: web.Request, receiver: Receiver) -> Arrival:
    """
    Return the signed body. Only what is not signed counts for its address's limit: over it, that
    is refused by a Refusal, while a right signature passes all the same.
    """
    client = client_behind(request)
    wait = receiver.limits.take_for_address(
        ENDPOINT, client, per_second=receiver.options.limit_per_address
    )
    try:
        arrival = await receive(
            request, receiver, request.headers.get(HEADER), is_over_limit=bool(wait)
        )
    except InvalidSignature as error:
        if wait:
            raise too_often(request, wait) from error
        raise
    if not wait:
        receiver.limits.give_back(ENDPOINT, client)
    receiver.limits.prove(client)
    return arrival


async def _store(request: web.Request, receiver: Receiver, arrival: Arrival) -> Outcome:
    """Commit the event, and tell its trace of that."""
    _, sha256 = arrival.fingerprint()
    request[EVENT] = event_id = event_id_of(sha256)
    began = time.perf_counter()
    with of_event(event_id), receiver.tracer.span("commit"):
        outcome = await receiver.committer.append(arrival)
    receiver.tracer.event(
        "store",
        event_id,
        seconds=time.perf_counter() - began,
        is_first=outcome.status in {"stored", "quarantined"},
        attributes={"callspool.status": outcome.status, "callspool.kind": arrival.kind},
    )
    return outcome


def _refused(
    receiver: Receiver, error: InvalidSignature | BodyTooLarge | BodyStalled | Busy
) -> web.Response:
    if isinstance(error, InvalidSignature):
        receiver.counts["unsigned"] += 1
        logger.warning("delivery refused: %s", error, extra={"action": "delivery_refused"})
        return error_response(401, "invalid_signature", f"{error}.")
    if isinstance(error, BodyTooLarge):
        receiver.counts["too_large"] += 1
        megabytes = receiver.options.max_body_bytes // (1024 * 1024)
        message = f"The body is larger than {megabytes} MB (MAX_BODY_MB)."
        return error_response(413, "body_too_large", message)
    if isinstance(error, Busy):
        receiver.counts["uploads_busy"] += 1
        logger.warning("no room for another large body", extra={"action": "uploads_busy"})
        return error_response(
            503, "uploads_busy", "Too many large bodies are arriving. Send it again later.",
            retry_after_seconds=RETRY_AFTER_SECONDS,
        )  # fmt: skip
    receiver.counts["stalled"] += 1
    response = error_response(408, "body_stalled", "The rest of the body did not come.")
    response.force_close()
    return response


def _not_stored(receiver: Receiver, error: SpoolError, *, event_id: str) -> web.Response:
    receiver.counts["not_stored"] += 1
    logger.error(
        "delivery not stored: %s",
        error,
        extra={"action": "delivery_not_stored", "event_id": event_id},
    )
    code = "storage_full" if isinstance(error, SpoolFull) else "storage_failed"
    message = "The event was not stored. Send it again later."
    return error_response(503, code, message, retry_after_seconds=RETRY_AFTER_SECONDS)
