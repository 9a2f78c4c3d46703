"""Whose address a request comes from, behind proxies that are trusted and others. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# A chain of proxies is short; a longer header is somebody's invention.
_MAX_HOPS = 16
# Whoever has one address of IPv6 has at least all that begin with the same 64 bits.
_IPV6_PREFIX = 64
_WITH_PORT = re.compile(r"\[(?P<six>[^\]]*)\](?::[0-9]{1,5})?|(?P<four>[0-9.]+):[0-9]{1,5}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """
    Who asks. `key` is what limits are counted by: the address, for IPv6 its network.

    `address` is None, and `key` "unknown", where nothing tells: a socket without a peer.
    """

    address: Address | None
    key: str

    def is_in(self, networks: Sequence[Network]) -> bool:
        """Tell whether the address is in one of `networks`."""
        return self.address is not None and any(self.address in network for network in networks)


NOBODY = Client(address=None, key="unknown")


@lru_cache(maxsize=4096)
def client_of(peer: str, forwarded: str, trusted: tuple[Network, ...]) -> Client:
    """
    Return who asks, from the peer's address and X-Forwarded-For (several: joined by commas).

    Only what a trusted proxy adds is believed: the list is walked from its right end, for as long
    as the address that wrote the entry is trusted. An entry that is no address ends the walk at
    the proxy that wrote it.
    """
    found = parse(peer)
    if found is None:
        return NOBODY
    hops = forwarded.split(",")[-_MAX_HOPS:] if forwarded else []
    while hops and _is_in(found, trusted):
        before = parse(hops.pop())
        if before is None:
            break
        found = before
    return Client(address=found, key=_key(found))


def parse(text: str) -> Address | None:
    """Return the address in "192.0.2.1", "192.0.2.1:80", "[2001:db8::1]:80"; None in others."""
    plain = text.strip()
    if match := _WITH_PORT.fullmatch(plain):
        plain = match["six"] or match["four"] or ""
    try:
        found = ip_address(plain.partition("%")[0])  # without the zone of a link-local address
    except ValueError:
        return None
    # A socket for both versions shows IPv4 in this way.
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found


def _is_in(address: Address, networks: Sequence[Network]) -> bool:
    return any(address in network for network in networks)


def _key(address: Address) -> str:
    if isinstance(address, IPv4Address):
        return str(address)
    return str(IPv6Network((address, _IPV6_PREFIX), strict=False))
