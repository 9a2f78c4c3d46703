"""Where an OpenMemory server is: a URL of what people write, and what may be shown of it."""

import hashlib
import ipaddress
import re

from yarl import URL

_ACCEPTED = (
    "a port (8080), host:port (127.0.0.1:8080) or a URL (http://127.0.0.1:8080) is what an "
    "OpenMemory server's address looks like"
)
_LARGEST_PORT = 65_535
_DIGITS = 12  # of a hash: enough to tell a few paths apart
_UNUSABLE = re.compile(r"[\s\x00-\x1f\x7f\\]")


def server_url(address: str) -> str:
    """
    Return the URL, without a slash at its end, that `address` stands for.

    A port alone is one of this machine. Raises ValueError, saying what would be right, for what
    is no address; the message does not quote it, because a password may stand in it.
    """
    text = address.strip()
    if text.isascii() and text.isdigit():
        text = f"127.0.0.1:{text}"
    if "://" not in text:
        if not re.search(r":\d+$", text):
            raise ValueError(f"the address has no port: {_ACCEPTED}")
        text = f"http://{text}"
    if _UNUSABLE.search(text):
        raise ValueError(f"the address has a character that no address has: {_ACCEPTED}")
    try:
        url = URL(text)
        port = url.port
    except ValueError:  # yarl's own text may quote the password
        raise ValueError(f"the address cannot be read: {_ACCEPTED}") from None
    if url.scheme not in {"http", "https"} or not url.host:
        raise ValueError(f"the address is no http or https address: {_ACCEPTED}")
    if not port or port > _LARGEST_PORT:
        raise ValueError(f"the address has no port from 1 to {_LARGEST_PORT}: {_ACCEPTED}")
    if url.raw_query_string or url.raw_fragment:
        raise ValueError(f"the address has something after ? or #, leave it out: {_ACCEPTED}")
    return str(url).rstrip("/")


def shown_url(url: str) -> str:
    """Return a URL as it may stand in messages: a user, a password or a path may be a secret."""
    origin = str(URL(url).origin())
    return f"{origin}/…" if URL(url).path.strip("/") else origin


def server_identity(address: str) -> str:
    """
    Return what tells this server from others, with no secret in it; see `Backend.identity`.

    Raises ValueError as `server_url` does.
    """
    url = server_url(address)
    shown = shown_url(url)
    if not shown.endswith("…"):
        return f"remote {shown}"
    whole = str(URL(url).with_user(None)).rstrip("/")
    return f"remote {shown} {hashlib.sha256(whole.encode()).hexdigest()[:_DIGITS]}"


def is_loopback(url: str) -> bool:
    """True if nothing that is sent there leaves this machine."""
    host = URL(url).host or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
