"""
Who may come in at all: the allow-list and the limits that hold whatever is asked.

Nothing of a body is read for what is turned away here. The webhooks look at the signature or the
key before they count a request for its address: what is right is never refused for that.
"""

import logging

from aiohttp import web

from receiver.access import limit_address
from receiver.client_address import client_behind
from receiver.context import RECEIVER
from receiver.errors import Handler, Refusal

logger = logging.getLogger(__name__)

_WEBHOOKS = "/webhook/"
_NO_ENDPOINT = "none"


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer who is not allowed to send here, or asks too often."""
    resource = request.match_info.route.resource
    endpoint = resource.canonical if resource else _NO_ENDPOINT
    if request.path.startswith(_WEBHOOKS):
        _refuse_strangers(request)
    if not endpoint.startswith(_WEBHOOKS):
        limit_address(request, endpoint=endpoint)
    return await handler(request)


def _refuse_strangers(request: web.Request) -> None:
    receiver = request.app[RECEIVER]
    allowed = receiver.options.allow_from
    client = client_behind(request)
    if allowed is None or client.is_in(allowed):
        return
    receiver.counts["not_allowed"] += 1
    shown = client.address or client.key
    logger.warning(
        "refused %s: it is not in ALLOW_FROM",
        shown,
        extra={"action": "not_allowed", "address": str(shown)},
    )
    raise Refusal(
        403, "not_allowed", "This address may not send here: ALLOW_FROM does not hold it."
    )
