"""
POST /webhook/post-call: verify, store, acknowledge, in that order.

A 200 is sent only when the event is complete and durable on disk. What is signed but not
understood is kept too, in quarantine, because an error would make the platform switch the
webhook off. What is not signed leaves nothing behind.
"""

import logging

from aiohttp import web

from receiver.context import RECEIVER, Receiver
from receiver.errors import error_response, json_response
from receiver.intake import BodyStalled, BodyTooLarge, receive
from receiver.request_log import CONVERSATION
from spool.format import SpoolError, SpoolFull
from voice.delivery import KINDS
from voice.signature import HEADER, InvalidSignature

logger = logging.getLogger(__name__)

TYPES = {kind: type_ for type_, kind in KINDS.items()}
RETRY_AFTER_SECONDS = 30


async def post_call(request: web.Request) -> web.Response:
    """Store one delivery. 200 means that it is on disk; 503 means: send it again."""
    receiver = request.app[RECEIVER]
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        # The signature is over the bytes as sent, and a small body must not become a large one.
        return error_response(415, "compressed_body", "Send the body without Content-Encoding.")
    try:
        arrival = await receive(request, receiver, request.headers.get(HEADER))
        outcome = await receiver.committer.append(arrival)
    except InvalidSignature as error:
        receiver.counts["unsigned"] += 1
        logger.warning("delivery refused: %s", error, extra={"action": "delivery_refused"})
        return error_response(401, "invalid_signature", f"{error}.")
    except (BodyTooLarge, BodyStalled) as error:
        return _refused(receiver, error)
    except SpoolError as error:
        return _not_stored(receiver, error)
    receiver.counts[outcome.status] += 1
    if arrival.conversation_id is None:
        logger.warning(
            "delivery kept in quarantine: %s", arrival.reason, extra={"action": "quarantined"}
        )
    else:
        request[CONVERSATION] = arrival.conversation_id
    value = {
        "status": outcome.status,
        "type": None if arrival.kind == "quarantine" else TYPES[arrival.kind],
        "conversation_id": arrival.conversation_id,
    }
    return json_response(value)


def _refused(receiver: Receiver, error: BodyTooLarge | BodyStalled) -> web.Response:
    if isinstance(error, BodyTooLarge):
        receiver.counts["too_large"] += 1
        megabytes = receiver.options.max_body_bytes // (1024 * 1024)
        message = f"The body is larger than {megabytes} MB (MAX_BODY_MB)."
        return error_response(413, "body_too_large", message)
    receiver.counts["stalled"] += 1
    response = error_response(408, "body_stalled", "The rest of the body did not come.")
    response.force_close()
    return response


def _not_stored(receiver: Receiver, error: SpoolError) -> web.Response:
    receiver.counts["not_stored"] += 1
    logger.error("delivery not stored: %s", error, extra={"action": "delivery_not_stored"})
    code = "storage_full" if isinstance(error, SpoolFull) else "storage_failed"
    message = "The event was not stored. Send it again later."
    return error_response(503, code, message, retry_after_seconds=RETRY_AFTER_SECONDS)
