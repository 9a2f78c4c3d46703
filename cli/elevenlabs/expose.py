"""`expose`: a tunnel from the internet to the receiver, and the agent connected to it."""

import asyncio
import signal
from collections.abc import Callable, Coroutine
from contextlib import nullcontext
from functools import partial
from typing import Any

from cli.elevenlabs.exposed_agent import ExposedAgent
from cli.output import console, problems
from cli.serving.banner import show_webhooks
from cloud.tunnelling.keep_open import Keeper, Rhythm
from cloud.tunnelling.tunnel import TOKEN_PAGE, Opener, open_check, open_tunnel
from settings import Settings, SettingsError

Beside = Callable[[asyncio.Future[int], asyncio.Event], Coroutine[Any, Any, None]]
USUAL = Rhythm()


def expose(settings: Settings, *, agent: str | None, yes: bool) -> int:
    """Open a tunnel to the running server until SIGTERM or Ctrl-C; raises CloudError."""
    if not settings.ngrok_authtoken.get_secret_value():
        problems.print(_how_to(settings.port), style="bold red", markup=False)
        return 1
    _require_api_key(settings, agent)
    if not settings.port:
        raise SettingsError(["PORT: is 0, so the server's port is not known here; set one"])
    asyncio.run(_expose_alone(settings, agent=agent, yes=yes))
    return 0


def exposing(settings: Settings, *, agent: str | None, yes: bool) -> Beside:
    """Return what runs beside the services; raises SettingsError if a setting is missing."""
    if not settings.ngrok_authtoken.get_secret_value():
        raise SettingsError([f"NGROK_AUTHTOKEN: {_how_to(settings.port)}"])
    _require_api_key(settings, agent)
    return lambda ready, stop: keep_exposed(settings, ready=ready, stop=stop, agent=agent, yes=yes)


async def keep_exposed(
    settings: Settings,
    *,
    ready: asyncio.Future[int],
    stop: asyncio.Event,
    agent: str | None,
    yes: bool,
) -> None:
    """
    Keep a tunnel to the receiver open, from when it is `ready` (its port) until `stop` is set.

    Raises CloudError if the tunnel cannot be opened in the first place.
    """
    stopping = asyncio.ensure_future(stop.wait())
    either: set[asyncio.Future[Any]] = {ready, stopping}
    await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if stop.is_set() or ready.cancelled():
        return
    address = local_address(settings.host, ready.result())
    await keep_open(
        ngrok_opener(settings, address),
        f"http://{address}",
        stop=stop,
        agent=None if agent is None else ExposedAgent(agent, yes=yes),
    )


async def keep_open(
    opener: Opener,
    local_url: str,
    *,
    stop: asyncio.Event,
    agent: ExposedAgent | None,
    rhythm: Rhythm = USUAL,
) -> None:
    """Keep the tunnel open until `stop` is set, tell its addresses, connect `agent` to each."""
    connecting = nullcontext(_by_hand) if agent is None else agent.connecting()
    async with open_check() as check, connecting as connect:

        def tell(url: str) -> None:
            console.print(
                f"\nThe tunnel is open: {url} leads to {local_url}\n", markup=False, style="bold"
            )
            show_webhooks(url)
            connect(url)
            console.print("Ctrl-C closes the tunnel.\n")

        await Keeper(
            opener=opener,
            stop=stop,
            on_open=tell,
            on_lost=lambda url: problems.print(
                f"The tunnel {url} is lost. Opening it again.", style="yellow", markup=False
            ),
            check=check,
            local_url=local_url,
            rhythm=rhythm,
        ).run()


def ngrok_opener(settings: Settings, address: str) -> Opener:
    """Return what opens a tunnel of ngrok's to `address`, with the user's account."""
    token = settings.ngrok_authtoken.get_secret_value()
    return partial(open_tunnel, address, token=token, domain=settings.ngrok_domain)


def local_address(host: str, port: int) -> str:
    """Return where this machine reaches a server that listens on `host`, as host:port."""
    reached = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    return f"[{reached}]:{port}" if ":" in reached else f"{reached}:{port}"


async def _expose_alone(settings: Settings, *, agent: str | None, yes: bool) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    address = local_address(settings.host, settings.port)
    async with open_check() as check:
        if not await check(f"http://{address}"):
            problems.print(
                f"Nobody answers on http://{address} yet. Start it: uv run run.py all-in-one",
                style="yellow", markup=False,
            )  # fmt: skip
    await keep_open(
        ngrok_opener(settings, address),
        f"http://{address}",
        stop=stop,
        agent=None if agent is None else ExposedAgent(agent, yes=yes),
    )


def _by_hand(url: str) -> None:
    command = f"uv run run.py connect --agent AGENT_ID --url {url}"
    console.print(f"\nConnect your agent: {command}", markup=False)


def _require_api_key(settings: Settings, agent: str | None) -> None:
    if agent is not None and not settings.elevenlabs_api_key.get_secret_value():
        raise SettingsError(
            [
                "ELEVENLABS_API_KEY: is not set; to connect an agent, make a key in the "
                "ElevenLabs dashboard under API keys and put it into .env"
            ]
        )


def _how_to(port: int) -> str:
    return (
        f"is not set; get a token at {TOKEN_PAGE} and put NGROK_AUTHTOKEN=… into .env "
        "(NGROK_DOMAIN=… keeps the address the same). Without an account: cloudflared tunnel "
        f"--url http://127.0.0.1:{port}, then uv run run.py connect --agent AGENT_ID --url "
        "https://….trycloudflare.com"
    )
