"""The events of a server's /activity, for as long as somebody wants them, over every restart."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from http import HTTPStatus
from typing import Any

import aiohttp

from cli.watching.untrusted import printable

_FIRST_PAUSE_SECONDS = 0.25
_MAX_PAUSE_SECONDS = 3.0
_CONNECT_SECONDS = 5.0
# There is a line every second: who is silent for this long is gone without a word.
_SILENCE_SECONDS = 10.0
_NOT_LET_IN = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND)


class CannotWatch(Exception):
    """The server does not show what happens, and trying again would not help."""


class _Lost(Exception):
    """There is no connection (any more): it is tried again."""


async def follow(url: str, tokens: Sequence[str]) -> AsyncGenerator[dict[str, Any], None]:
    """
    Yield the events of the server at `url`, as it sends them, and without an end.

    Each of `tokens` is tried. Between them come `connected`, and `lost` with its `reason`, once
    for each time. Raises CannotWatch.
    """
    timeout = aiohttp.ClientTimeout(
        total=None, sock_connect=_CONNECT_SECONDS, sock_read=_SILENCE_SECONDS
    )
    pause, told = _FIRST_PAUSE_SECONDS, ""
    async with aiohttp.ClientSession(timeout=timeout) as session:
        while True:
            try:
                async for event in _connection(session, url, tokens):
                    pause, told = _FIRST_PAUSE_SECONDS, ""
                    yield event
                reason = "the server has stopped"
            except _Lost as error:
                reason = str(error)
            except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
                reason = _in_words(error)
            if reason != told:
                yield {"event": "lost", "reason": reason}
                told = reason
            await asyncio.sleep(pause)
            pause = min(pause * 2, _MAX_PAUSE_SECONDS)


async def _connection(
    session: aiohttp.ClientSession, url: str, tokens: Sequence[str]
) -> AsyncIterator[dict[str, Any]]:
    """Yield what one connection brings, until it ends."""
    for token in tokens:
        headers = {"Authorization": f"Bearer {token}", "Accept-Encoding": "identity"}
        # Not to where a redirect leads: the token is for this server alone.
        async with session.get(
            f"{url}/activity", headers=headers, allow_redirects=False
        ) as response:
            if response.status in _NOT_LET_IN:
                continue
            if response.status != HTTPStatus.OK:
                raise _Lost(await _refusal(response))
            if response.content_type != "application/x-ndjson":
                raise CannotWatch(f"what answers at {url} is no Callspool: give its address")
            yield {"event": "connected"}
            async for line in response.content:
                if (event := _read(line)) is not None:
                    yield event
            return
    raise CannotWatch(
        f"{url} does not let you look on: run this where its .env is, or set ADMIN_KEY or "
        "ELEVENLABS_POST_CALL_KEY to those of that server (one older than this has no /activity)"
    )


async def _refusal(response: aiohttp.ClientResponse) -> str:
    try:
        body = json.loads(await response.content.read(10_000))
        message = str(body["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return f"answered with {response.status}"
    return printable(message)


def _read(line: bytes) -> dict[str, Any] | None:
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return event if isinstance(event, dict) else None


def _in_words(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "does not answer in time"
    if isinstance(error, aiohttp.ClientPayloadError | aiohttp.ServerDisconnectedError):
        return "the connection broke"
    if isinstance(error, aiohttp.ClientConnectorError):
        return "no answer; is it running?"
    return printable(str(error)) or type(error).__name__
