"""Who a request comes from, as the limits and the allow-list know him."""

from aiohttp import web

from receiver.context import RECEIVER
from receiver.limits.address import Client, client_of

_CLIENT = web.RequestKey("client", Client)
_THIS_MACHINE = "127.0.0.1"


def client_behind(request: web.Request) -> Client:
    """Return who asks; found out once for each request."""
    known = request.get(_CLIENT)
    if known is None:
        peer = request.remote
        forwarded = ",".join(request.headers.getall("X-Forwarded-For", ()))
        # The peer of a socket that is a file is on this machine, and has no address: "".
        known = client_of(
            _THIS_MACHINE if peer == "" else peer or "",
            forwarded,
            request.app[RECEIVER].options.trusted_proxies,
        )
        request[_CLIENT] = known
    return known
