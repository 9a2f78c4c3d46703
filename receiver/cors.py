"""Cross-origin requests: off unless origins are configured."""

from aiohttp import web

from receiver.context import RECEIVER
from receiver.errors import Handler

ALLOWED_HEADERS = "Content-Type, X-Api-Key, Authorization"


@web.middleware
async def cross_origin(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer preflights and mark answers for the configured origins; change nothing else."""
    origin = request.headers.get("Origin", "")
    allowed = request.app[RECEIVER].options.cors_origins
    if not origin or (origin not in allowed and "*" not in allowed):
        return await handler(request)
    if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
        response: web.StreamResponse = web.Response(status=204)
        response.headers["Access-Control-Allow-Methods"] = "GET, POST"
        response.headers["Access-Control-Allow-Headers"] = ALLOWED_HEADERS
        response.headers["Access-Control-Max-Age"] = "600"
    else:
        response = await handler(request)
    response.headers["Access-Control-Allow-Origin"] = origin
    response.headers["Vary"] = "Origin"
    return response
