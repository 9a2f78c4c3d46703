"""The gate that large bodies pass before they are read: few at once, on a bounded part of disk."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from receiver.limits.admission import Ask, next_admitted
from receiver.limits.bucket import Debts

MEGABYTE = 1024 * 1024
WAIT_SECONDS = 30.0
# How quickly it is forgiven to have sent a large body without a valid signature.
_FORGIVEN_BYTES_PER_SECOND = 1.0 * MEGABYTE
# Bodies of strangers, and of who owes more than this, are worked on for a quarter of the time.
_MAY_OWE_BYTES = 16 * MEGABYTE
_REST = 3
_LONGEST_REST_SECONDS = 0.5


class Busy(Exception):
    """There was no room for another large body, and nothing of it was read."""


class Gate:
    """
    Lets large bodies in, in the order of `receiver.limits.admission`.

    For one event loop. `clock` is monotonic, in seconds.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._numbers = itertools.count()
        self._running: list[Ask] = []
        self._waiting: dict[Ask, asyncio.Future[None]] = {}
        self._debts = Debts(per_second=_FORGIVEN_BYTES_PER_SECOND)
        self._turn = asyncio.Lock()

    @property
    def running(self) -> int:
        """Return how many large bodies are being read."""
        return len(self._running)

    @property
    def waiting(self) -> int:
        """Return how many wait for it."""
        return len(self._waiting)

    def charge(self, key: str, size: int) -> None:
        """Note that an address had `size` bytes read that came to nothing."""
        self._debts.add(key, size, now=self._clock())

    @asynccontextmanager
    async def working(self, key: str, *, is_proven: bool) -> AsyncIterator[None]:
        """
        Work on a piece of a body that was let in.

        What is most likely not signed is worked on one piece at a time, with rests, so that it
        takes little from live answers. The sender is held up by that, and not read meanwhile.
        """
        if is_proven and self._debts.owed(key, now=self._clock()) <= _MAY_OWE_BYTES:
            yield
            return
        async with self._turn:
            began = self._clock()
            yield
            worked = self._clock() - began
            await asyncio.sleep(min(_REST * worked, _LONGEST_REST_SECONDS))

    @asynccontextmanager
    async def admitted(
        self, key: str, *, size: int, is_proven: bool, budget_bytes: int, wait_seconds: float
    ) -> AsyncIterator[None]:
        """
        Wait for a place, and hold it until the block ends; raises Busy after `wait_seconds`.

        `size` is what the body may come to; one over the budget is read when no other one is.
        """
        ask = Ask(
            key=key,
            size=min(size, budget_bytes),
            is_proven=is_proven,
            number=next(self._numbers),
        )
        await self._enter(ask, budget_bytes, wait_seconds)
        try:
            yield
        finally:
            self._running.remove(ask)
            self._let_in(budget_bytes)

    async def _enter(self, ask: Ask, budget_bytes: int, wait_seconds: float) -> None:
        turn = asyncio.get_running_loop().create_future()
        self._waiting[ask] = turn
        self._let_in(budget_bytes)
        try:
            async with asyncio.timeout(wait_seconds):
                await turn
        except BaseException as error:
            self._waiting.pop(ask, None)
            if ask in self._running:  # let in at the moment in which it gave up
                self._running.remove(ask)
            self._let_in(budget_bytes)
            if isinstance(error, TimeoutError):
                raise Busy from error
            raise

    def _let_in(self, budget_bytes: int) -> None:
        now = self._clock()
        while ask := next_admitted(
            list(self._waiting),
            self._running,
            budget_bytes=budget_bytes,
            owed=lambda key: self._debts.owed(key, now=now),
        ):
            turn = self._waiting.pop(ask)
            self._running.append(ask)
            if not turn.done():
                turn.set_result(None)
