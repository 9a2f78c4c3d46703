"""`watch`: what happens on a running server, as it happens, on the terminal or line by line."""

import asyncio
import json
import sys
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import aclosing
from typing import Any
from urllib.parse import urlsplit

from rich.console import Console
from rich.live import Live

from cli.output import problems
from cli.watching.board import Board
from cli.watching.client import CannotWatch, follow
from cli.watching.lines import line_of
from cli.watching.screen import Look, screen
from cli.watching.terminal import keys, signals
from receiver.activity import watch_token
from settings import Settings

# A pause between two pictures: an eye sees no more, and a slow line carries no more.
_PICTURE_SECONDS = 0.2
_IDLE_SECONDS = 1.0

Events = AsyncGenerator[dict[str, Any], None]


def watch(settings: Settings, *, url: str, as_json: bool) -> int:
    """Show what happens at `url` until told to stop; return 0, or 1 if it cannot be looked at."""
    try:
        address = _address(url)
        events = follow(address, _tokens(settings))
        console = Console(highlight=False)
        if as_json or not console.is_terminal or console.is_dumb_terminal:
            asyncio.run(_in_lines(events, as_json=as_json))
        else:
            asyncio.run(on_screen(events, console, address))
    except CannotWatch as error:
        problems.print(str(error), style="bold red", markup=False)
        return 1
    except BrokenPipeError:  # `watch | head`: who read has enough
        sys.stderr.close()
    return 0


def _address(url: str) -> str:
    """Return the address that the path is added to; raises CannotWatch."""
    try:
        parts = urlsplit(url)
        is_usable = parts.scheme in ("http", "https") and bool(parts.hostname)
        has_login = "@" in parts.netloc
    except ValueError:
        is_usable = has_login = False
    if has_login:  # no place for it: what opens a server goes along by itself
        raise CannotWatch("--url has a login in it: give it as http://HOST:PORT or https://…")
    if not is_usable:
        raise CannotWatch(f"--url {url!r} is no address: give it as http://HOST:PORT or https://…")
    return url.rstrip("/")


def _tokens(settings: Settings) -> list[str]:
    """Return what may open /activity, what tells least of our secrets first."""
    tokens = [watch_token(secret) for secret in settings.post_call_secrets]
    admin_key = settings.admin_key.get_secret_value()
    return [*tokens, *([admin_key] if admin_key else [])] or [""]


async def _in_lines(events: Events, *, as_json: bool) -> None:
    """Print a line for each event, until told to stop."""
    stop = asyncio.Event()

    async def tell() -> None:
        async with aclosing(events) as following:
            async for event in following:
                line = json.dumps(event) if as_json else line_of(event)
                if line:
                    print(line, flush=True)

    if not as_json:
        problems.print("No terminal here, so line by line; Ctrl-C ends it.")
    with signals(stop.set, lambda: None):
        await _until(stop, tell())


async def on_screen(events: Events, console: Console, url: str) -> None:
    """Draw the live view over the whole terminal, until q is pressed or it is told to stop."""
    board, stop, changed = Board(), asyncio.Event(), asyncio.Event()
    ascii_only = console.options.ascii_only

    async def read() -> None:
        async with aclosing(events) as following:
            async for event in following:
                board.take(event)
                changed.set()

    def quit_it() -> None:
        stop.set()
        changed.set()

    def picture() -> Any:
        look = Look(url=url, width=console.width, height=console.height, ascii_only=ascii_only)
        return screen(board, look)

    with (
        signals(quit_it, changed.set),
        keys(quit_it),
        Live(picture(), console=console, screen=True, auto_refresh=False) as live,
    ):
        await _until(stop, read(), _draw(live, picture, changed))


async def _draw(live: Live, picture: Callable[[], Any], changed: asyncio.Event) -> None:
    while True:
        live.update(picture(), refresh=True)
        await asyncio.sleep(_PICTURE_SECONDS)
        try:
            await asyncio.wait_for(changed.wait(), _IDLE_SECONDS)
        except TimeoutError:
            continue
        changed.clear()


async def _until(stop: asyncio.Event, *works: Coroutine[Any, Any, None]) -> None:
    """Do all of `works` until `stop` is set or one of them ends; raises what it raises."""
    working = [asyncio.create_task(work) for work in works]
    stopping = asyncio.create_task(stop.wait())
    tasks: list[asyncio.Task[Any]] = [*working, stopping]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
    for task in working:
        if not task.cancelled():
            task.result()
