"""The way in from the internet: a tunnel of ngrok's to an address of this machine."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Protocol

import httpx

from cloud.errors import CloudError

TOKEN_PAGE = "https://dashboard.ngrok.com/get-started/your-authtoken"  # noqa: S105 - where it is

_OPEN_SECONDS = 30.0
_CLOSE_SECONDS = 5.0
_CHECK_SECONDS = 10.0
_MAX_TEXT_CHARS = 300

# What ngrok says (its code, or words of it) and what helps; the first that fits.
_ADVICE = (
    (
        ("ERR_NGROK_108", "simultaneous", "ERR_NGROK_324", "limited to"),
        "end the other tunnels of your account: https://dashboard.ngrok.com/agents",
    ),
    (
        ("ERR_NGROK_334", "already online"),
        "another tunnel uses this address: end it, or wait a minute if it has just ended",
    ),
    (
        ("tcp connection", "tls handshake", "proxy", "dns"),
        "check the internet connection, and that a firewall lets this machine reach "
        "connect.ngrok-agent.com:443",
    ),
    (("ERR_NGROK_105", "ERR_NGROK_107", "ERR_NGROK_4018"), f"check NGROK_AUTHTOKEN: {TOKEN_PAGE}"),
    (
        ("domain", "hostname", "reserve", "wildcard"),
        "check NGROK_DOMAIN (https://dashboard.ngrok.com/domains), or leave it empty",
    ),
    (("auth", "account", "credential"), f"check NGROK_AUTHTOKEN: {TOKEN_PAGE}"),
)
_OTHERWISE = "look at https://dashboard.ngrok.com and run it again"


class Tunnel(Protocol):
    """An open way in: what comes to `url` arrives at this machine until it is closed."""

    @property
    def url(self) -> str:
        """Return the address on the internet, https://… without a slash at the end."""

    async def close(self) -> None:
        """Close it; raises CloudError. May be called again after that."""


Opener = Callable[[], Awaitable[Tunnel]]
Check = Callable[[str], Awaitable[bool]]


class NgrokTunnel:
    """A tunnel through ngrok."""

    def __init__(self, listener: Any) -> None:
        self._listener = listener

    @property
    def url(self) -> str:
        """Return the address on the internet."""
        return str(self._listener.url()).rstrip("/")

    async def close(self) -> None:
        """Close the tunnel; raises CloudError if ngrok did not confirm it in time."""
        try:
            await asyncio.wait_for(self._listener.close(), _CLOSE_SECONDS)
        except TimeoutError:
            raise CloudError(
                f"ngrok did not confirm the end of {self.url} within {_CLOSE_SECONDS:.0f} s"
            ) from None
        except ValueError as error:
            raise CloudError(f"ngrok did not end {self.url}: {_text(error)}") from error


async def open_tunnel(address: str, *, token: str, domain: str) -> Tunnel:
    """
    Open a tunnel to `address` ("127.0.0.1:8080") under `domain`; "": ngrok chooses one.

    Raises CloudError; its text never holds the token.
    """
    import ngrok  # native code: only for who opens a tunnel

    upstream = f"tcp://{address}" if address.startswith("[") else address  # IPv6 by URL only
    options: dict[str, Any] = {"authtoken": token, "forwards_to": address}
    if domain:
        options["domain"] = domain
    try:
        # The package keeps one session for all, also when it is dead: each tunnel has its own.
        opening: Any = ngrok.forward(upstream, force_new_session=True, **options)
        listener = await asyncio.wait_for(opening, _OPEN_SECONDS)
    except TimeoutError:
        raise CloudError(
            f"ngrok did not answer within {_OPEN_SECONDS:.0f} s; check the internet connection"
        ) from None
    except ValueError as error:
        raise _refused(_text(error).replace(token, "(the token)")) from None  # ngrok quotes it
    return NgrokTunnel(listener)


def _text(error: ValueError) -> str:
    return " ".join(": ".join(map(str, error.args)).split())


def _refused(text: str) -> CloudError:
    said = text.lower()
    advice = (advice for signs, advice in _ADVICE if any(sign.lower() in said for sign in signs))
    return CloudError(
        f"ngrok refused the tunnel: {text[:_MAX_TEXT_CHARS]}; {next(advice, _OTHERWISE)}"
    )


@asynccontextmanager
async def open_check() -> AsyncIterator[Check]:
    """
    Give a function that tells whether Callspool answers at an address, whatever is in between.

    ngrok answers too when the tunnel is gone: only an answer as of our /health counts.
    """
    async with httpx.AsyncClient(
        timeout=_CHECK_SECONDS,
        headers={"ngrok-skip-browser-warning": "1"},
        limits=httpx.Limits(max_keepalive_connections=0),  # the whole way, each time
        mounts={"all://127.0.0.1": None, "all://[::1]": None},  # never through a proxy
    ) as client:

        async def answers(url: str) -> bool:
            try:
                response = await client.get(f"{url}/health")
                value = response.json()
            except (httpx.HTTPError, httpx.InvalidURL, ValueError):
                return False
            return isinstance(value, dict) and "checks" in value

        yield answers
