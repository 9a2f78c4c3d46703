"""The gate that large bodies pass before they are read: few at once, on a bounded part of disk."""

import asyncio
import itertools
import math
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from receiver.limits.admission import MAY_OWE_BYTES, Ask, gives_way, next_admitted
from receiver.limits.token_bucket import Debts

MEGABYTE = 1024 * 1024
WAIT_SECONDS = 30.0
# How quickly it is forgiven to have sent a large body without a valid signature.
_FORGIVEN_BYTES_PER_SECOND = 1.0 * MEGABYTE
# Bodies of strangers, and of who owes too much, are worked on for a quarter of the time.
_REST = 3
_LONGEST_REST_SECONDS = 0.5


class Busy(Exception):
    """There was no room for another large body, and nothing of it was read."""


class GaveWay(Busy):
    """A large body came so slowly that its place was given to another that waited."""


class Place:
    """
    What a large body has while it is read.

    Its reader keeps `read`, in bytes, up to date, and says when all `is_read`: then it stays.
    """

    __slots__ = ("began", "is_read", "leave", "read")

    def __init__(self, began: float) -> None:
        self.began = began
        self.read = 0
        self.is_read = False
        self.leave: asyncio.Timeout | None = None

    def pace(self, now: float, *, after_seconds: float) -> float:
        """Return the bytes a second so far; infinite before it has had time to show them."""
        seconds = now - self.began
        return math.inf if self.is_read or seconds < after_seconds else self.read / seconds


class UploadQueue:
    """
    Lets large bodies in, in the order of `receiver.limits.admission`.

    For one event loop. `clock` is monotonic, in seconds. Who has waited for `patience_seconds`
    has one give way that has had a place for as long and is slow.
    """

    def __init__(
        self, *, clock: Callable[[], float] = time.monotonic, patience_seconds: float = 10.0
    ) -> None:
        self._clock = clock
        self._patience_seconds = patience_seconds
        self._numbers = itertools.count()
        self._running: dict[Ask, Place] = {}
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
        if is_proven and self._debts.owed(key, now=self._clock()) <= MAY_OWE_BYTES:
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
    ) -> AsyncIterator[Place]:
        """
        Wait for a place, and hold it until the block ends; raises Busy after `wait_seconds`, and
        GaveWay, out of the block, where the place is wanted for another.

        `size` is what the body may come to; one over the budget is read when no other one is.
        """
        ask = Ask(
            key=key,
            size=min(size, budget_bytes),
            is_proven=is_proven,
            number=next(self._numbers),
        )
        await self._enter(ask, budget_bytes, wait_seconds)
        place = self._running[ask]
        try:
            async with asyncio.timeout(None) as place.leave:
                yield place
        except TimeoutError as error:
            if place.leave is not None and place.leave.expired():
                raise GaveWay from error
            raise
        finally:
            del self._running[ask]
            self._let_in(budget_bytes)

    async def _enter(self, ask: Ask, budget_bytes: int, wait_seconds: float) -> None:
        turn = asyncio.get_running_loop().create_future()
        self._waiting[ask] = turn
        self._let_in(budget_bytes)
        try:
            async with asyncio.timeout(wait_seconds):
                while not turn.done():
                    await asyncio.wait([turn], timeout=self._patience_seconds)
                    if not turn.done():
                        self._have_one_give_way(ask)
        except BaseException as error:
            self._waiting.pop(ask, None)
            self._running.pop(ask, None)  # let in at the moment in which it gave up
            self._let_in(budget_bytes)
            if isinstance(error, TimeoutError):
                raise Busy from error
            raise

    def _have_one_give_way(self, ask: Ask) -> None:
        now = self._clock()
        slow = gives_way(
            ask,
            {
                each: place.pace(now, after_seconds=self._patience_seconds)
                for each, place in self._running.items()
            },
            owed=lambda key: self._debts.owed(key, now=now),
        )
        leave = None if slow is None else self._running[slow].leave
        if leave is not None and not leave.expired():
            leave.reschedule(asyncio.get_running_loop().time())

    def _let_in(self, budget_bytes: int) -> None:
        now = self._clock()
        while ask := next_admitted(
            list(self._waiting),
            list(self._running),
            budget_bytes=budget_bytes,
            owed=lambda key: self._debts.owed(key, now=now),
        ):
            turn = self._waiting.pop(ask)
            self._running[ask] = Place(now)
            if not turn.done():
                turn.set_result(None)
