"""Cross-origin requests: off unless origins are configured."""

from aiohttp import web

from receiver.context import RECEIVER
from receiver.errors import Handler

ALLOWED_METHODS = "GET, HEAD, POST, DELETE"
ALLOWED_HEADERS = (
    "Content-Type, X-Api-Key, Authorization, Idempotency-Key, Range, If-Range, If-None-Match"
)
EXPOSED_HEADERS = "Content-Range, ETag, Location, Retry-After, Content-Disposition"


@web.middleware
async def preflights(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer preflights from the configured origins; change nothing else."""
    if (
        request.method != "OPTIONS"
        or "Access-Control-Request-Method" not in request.headers
        or not _allowed_origin(request)
    ):
        return await handler(request)
    response = web.Response(status=204)
    response.headers["Access-Control-Allow-Methods"] = ALLOWED_METHODS
    response.headers["Access-Control-Allow-Headers"] = ALLOWED_HEADERS
    response.headers["Access-Control-Max-Age"] = "600"
    return response


async def mark_allowed(request: web.Request, response: web.StreamResponse) -> None:
    """Mark an answer, before its first byte goes out, as one for its origin if that is allowed."""
    if origin := _allowed_origin(request):
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Expose-Headers"] = EXPOSED_HEADERS
        response.headers.add("Vary", "Origin")


def _allowed_origin(request: web.Request) -> str:
    origin = request.headers.get("Origin", "")
    allowed = request.app[RECEIVER].options.cors_origins
    return origin if origin in allowed or "*" in allowed else ""
