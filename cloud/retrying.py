"""Asking again: for requests that change nothing, and so may be repeated."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt

from cloud.client import translated
from cloud.errors import Refused, Unreachable

logger = logging.getLogger(__name__)

Answer = TypeVar("Answer")

_AGAIN = frozenset([408, 409, 425, 429])
_SERVER_ERROR = 500
_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 60.0
_TOO_MANY = 429


class Patience:
    """
    How often and when a request is repeated, for everybody who shares this.

    A platform that asks one of them to wait (429 with Retry-After) is left alone by all.
    `first_pause_seconds` doubles with each attempt, up to a minute.
    """

    def __init__(
        self, *, attempts: int = 6, first_pause_seconds: float = _FIRST_PAUSE_SECONDS
    ) -> None:
        self._attempts = attempts
        self._first_pause_seconds = first_pause_seconds
        self._quiet_until = 0.0  # on the monotonic clock

    async def read(self, request: Callable[[], Awaitable[Answer]]) -> Answer:
        """
        Return what `request()` answers, asking again while that may help.

        Raises the last Refused or Unreachable.
        """
        retrying = AsyncRetrying(
            retry=retry_if_exception(may_help),
            stop=stop_after_attempt(self._attempts),
            wait=self._pause_seconds,
            reraise=True,
        )

        async def once() -> Answer:
            await self._keep_quiet()
            with translated():
                return await request()

        return await retrying(once)

    async def _keep_quiet(self) -> None:
        while (left := self._quiet_until - time.monotonic()) > 0:  # noqa: ASYNC110  # it may move
            await asyncio.sleep(left)

    def _pause_seconds(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        backoff = self._first_pause_seconds * 2 ** (state.attempt_number - 1)
        asked = error.retry_after_seconds if isinstance(error, Refused) else None
        seconds = min(backoff if asked is None else asked, _LONGEST_PAUSE_SECONDS)
        if isinstance(error, Refused) and error.status == _TOO_MANY:
            self._quiet_until = max(self._quiet_until, time.monotonic() + seconds)
        logger.debug(
            "asking ElevenLabs again in %.1f s", seconds, extra={"action": "cloud_asks_again"}
        )
        return seconds


def may_help(error: BaseException) -> bool:
    """Tell whether the same request may be answered another time."""
    if isinstance(error, Refused):
        return error.status in _AGAIN or error.status >= _SERVER_ERROR
    return isinstance(error, Unreachable)
