"""GET /stats: how much there is of what, and how it grows."""

from aiohttp import web

from receiver.asked import parameters
from receiver.errors import Refusal, json_response
from receiver.looking_back import Looking, looking_back


@looking_back
async def show_stats(looking: Looking) -> web.Response:
    """Answer GET /stats."""
    parameters(looking.request, known=())
    if looking.archive.read_stats is None:
        raise Refusal(503, "not_configured", "This server does not count what is kept.")
    return json_response(await looking.archive.read_stats())
