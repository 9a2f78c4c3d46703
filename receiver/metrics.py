"""GET /metrics, for Prometheus: numbers about the program, and nothing about any caller."""

import asyncio
from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address

from aiohttp import web

from receiver.access import is_admin
from receiver.context import RECEIVER
from telemetry.metrics import Metrics

Network = IPv4Network | IPv6Network

# Whoever comes through a proxy is not who the connection is from.
_FORWARDED = frozenset(
    [
        *("forwarded", "via", "x-real-ip", "x-client-ip", "x-original-forwarded-for"),
        *("true-client-ip", "cf-connecting-ip", "fastly-client-ip", "x-envoy-external-address"),
    ]
)
_FORWARDED_PREFIX = "x-forwarded-"  # -For, -Host, -Proto and others


async def metrics(request: web.Request) -> web.Response:
    """Answer whoever is near, or brings ADMIN_KEY; for others there is nothing here."""
    receiver = request.app[RECEIVER]
    options = receiver.options
    if not (comes_from(request, options.metrics_from) or is_admin(request, options.admin_key)):
        raise web.HTTPNotFound
    return await show_metrics(request, receiver.metrics)


async def show_metrics(request: web.Request, shown: Metrics) -> web.Response:
    """Answer with all of `shown`; it is put together in a thread, beside live answers."""
    accepted = request.headers.get("Accept", "")
    body, content_type = await asyncio.to_thread(shown.exposition, accepted)
    # Whole, with its version and character set, as Prometheus wants it.
    return web.Response(body=body, headers={"Content-Type": content_type})


def comes_from(request: web.Request, networks: Sequence[Network]) -> bool:
    """Tell whether a request comes from one of `networks`, and directly."""
    if request.remote is None or any(map(_is_of_a_proxy, request.headers)):
        return False
    try:
        address = ip_address(request.remote)
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return any(address in network for network in networks)


def _is_of_a_proxy(header: str) -> bool:
    name = header.lower()
    return name in _FORWARDED or name.startswith(_FORWARDED_PREFIX)
