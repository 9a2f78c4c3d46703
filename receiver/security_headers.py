"""What every answer tells a browser not to do with it; and that nobody is told what runs here."""

from aiohttp import web

_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Server": "callspool",
}


async def secure(_: web.Request, response: web.StreamResponse) -> None:
    """Set them before the first byte goes out."""
    secured(response)


def secured(response: web.StreamResponse) -> None:
    """Set them; what an endpoint says of its cache stays."""
    response.headers.update(_ALWAYS)
    response.headers.setdefault("Cache-Control", "no-store")
