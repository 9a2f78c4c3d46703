"""Asking OpenMemory what matches a question, within a budget: the answer never waits longer."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from time import monotonic
from typing import Protocol

from memory.errors import MemoryStoreError
from memory.holdings import Place
from memory.openmemory.backend import Backend, BackendUnreachable
from memory.openmemory.breaker import Breaker
from memory.openmemory.entry import Report
from memory.openmemory.fuse import outstanding

logger = logging.getLogger(__name__)

_MAX_QUERY_CHARACTERS = 2000
_MIN_ROWS = 20  # fewer tell too little about which of them stand out
_MAX_ROWS = 50
_MAX_AT_ONCE = 8
_LOOK_EVERY_S = 5.0  # at what the mirror says of the backend
_GRACE_S = 60.0  # for a late call; every backend has a time limit of its own, shorter than this


class Places(Protocol):
    """What of the mirror's ledger is needed here."""

    async def places(self, caller: str, backend_ids: Sequence[str]) -> dict[str, Place]:
        """Return which memories of `caller` these ids stand for; all others are left out."""
        ...

    async def report(self) -> Report | None:
        """Return what the mirror last said of itself."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """
    Where a memory is that stands out in an answer of OpenMemory, and its rank there.

    Ranks are from 0 on, without gaps: what is no memory of the caller has none.
    """

    place: Place
    rank: int


_Query = asyncio.Task[list[Ranked]]
_Outcome = asyncio.Future[list[Ranked]]


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """A question that OpenMemory was asked; `Recall.matches` returns what came of it."""

    outcome: _Outcome


class Recall:
    """
    Asks OpenMemory, as quickly as is allowed or not at all; no failure of it is raised.

    An answer that is late or fails opens a circuit breaker: while it is open nobody waits for
    an answer, and now and then a question is sent on trial. While a call that came too late
    is still running no other one is begun. What a mirror says of the backend in the ledger is
    looked at now and then, beside the questions: until that is there nothing is asked.

    `counts` says how often which happened: asked, answered, late, failed, skipped, trials,
    defects, and unmapped: rows that stood out, and that the ledger does not know as a memory of
    that caller. Our own row of the profile is one, and so are rows of others.
    """

    def __init__(
        self,
        backend: Backend,
        ledger: Places,
        *,
        wait_seconds: float,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self.counts: Counter[str] = Counter()
        self._backend = backend
        self._ledger = ledger
        self._wait_seconds = wait_seconds
        self._clock = clock
        self._breaker = Breaker(clock=clock)
        self._running: set[_Query] = set()
        self._late: dict[_Query, asyncio.TimerHandle] = {}
        self._is_failing = False
        self._is_usable = False
        self._looked_at: float | None = None
        self._looking: asyncio.Task[None] | None = None
        self._is_closed = False

    @property
    def is_sparing(self) -> bool:
        """Tell whether the circuit breaker is open: OpenMemory fails, and nobody waits for it."""
        return not self._breaker.is_closed

    def ask(self, caller: str, query: str, *, limit: int) -> Asked | None:
        """
        Begin to ask for what matches among the memories of `caller`, for `limit` results.

        None if that is not done, or if its answer is not worth waiting for.
        """
        text = query[:_MAX_QUERY_CHARACTERS].strip()
        if self._is_closed or self._wait_seconds <= 0 or limit <= 0 or not caller or not text:
            return None
        self._look_if_due()
        is_trial = not self._breaker.is_closed
        may_try = self._breaker.may_try and not self._running
        is_busy = self._late or len(self._running) >= _MAX_AT_ONCE
        if not self._is_usable or is_busy or (is_trial and not may_try):
            self.counts["skipped"] += 1
            return None
        # What a terminal or a model left of broken characters cannot be sent.
        text = text.encode("utf-8", "replace").decode()
        outcome = self._begin(caller, text, rows=min(max(_MIN_ROWS, 2 * limit), _MAX_ROWS))
        self.counts["trials" if is_trial else "asked"] += 1
        return None if is_trial else Asked(outcome)

    async def matches(self, asked: Asked) -> list[Ranked]:
        """Return what stands out in the answer, best first; nothing if there is none in time."""
        return await asked.outcome

    async def look(self) -> None:
        """Read what the mirror says of the backend: for who asks one question and ends."""
        try:
            report = await self._ledger.report()
        except MemoryStoreError as error:
            self._is_usable = False
            self._note_failing(str(error))
            return
        except Exception as error:  # noqa: BLE001 - nobody waits for this task to hear of it
            self._is_usable = False
            self._note_defect(error)
            return
        self._looked_at = self._clock()
        self._is_usable = (
            report is not None
            and report.backend == self._backend.name
            and report.status != "refused"
            and report.keeps_users_apart is not None
        )

    async def close(self) -> None:
        """Give up what is running; call it before the backend and the ledger are closed."""
        self._is_closed = True
        tasks: list[asyncio.Task[None] | _Query] = [*self._running, *self._late]
        tasks += [self._looking] if self._looking else []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _look_if_due(self) -> None:
        is_due = self._looked_at is None or self._clock() >= self._looked_at + _LOOK_EVERY_S
        if is_due and (self._looking is None or self._looking.done()):
            self._looked_at = self._clock()  # a look that fails is not repeated at once either
            self._looking = asyncio.create_task(self.look(), name="openmemory report")

    async def _answer(self, caller: str, text: str, *, rows: int) -> list[Ranked]:
        found = outstanding(await self._backend.query(caller, text, limit=rows))
        if not found:
            return []
        places = await self._ledger.places(caller, [match.id for match in found])
        self.counts["unmapped"] += len(found) - len(places)
        memories = [places[match.id] for match in found if match.id in places]
        return [Ranked(place=place, rank=rank) for rank, place in enumerate(memories)]

    def _begin(self, caller: str, text: str, *, rows: int) -> _Outcome:
        loop = asyncio.get_running_loop()
        outcome: _Outcome = loop.create_future()
        answer = self._answer(caller, text, rows=rows)
        task = loop.create_task(answer, name="openmemory query")
        self._running.add(task)
        timer = loop.call_later(self._wait_seconds, self._give_up, task, outcome)
        task.add_done_callback(partial(self._end, timer=timer, outcome=outcome))
        return outcome

    def _give_up(self, task: _Query, outcome: _Outcome) -> None:
        """Stop waiting for a call, and leave it to finish: cancelling helps no server."""
        self.counts["late"] += 1
        self._running.discard(task)
        self._late[task] = asyncio.get_running_loop().call_later(_GRACE_S, task.cancel)
        self._breaker.note_failure()
        self._note_failing(f"it took longer than {self._wait_seconds * 1000:.0f} ms")
        _settle(outcome, [])

    def _end(self, task: _Query, *, timer: asyncio.TimerHandle, outcome: _Outcome) -> None:
        timer.cancel()
        self._running.discard(task)
        grace = self._late.pop(task, None)
        if grace is not None:
            grace.cancel()
        error = None if task.cancelled() else task.exception()
        if grace is None and error is not None:
            self._note_error(error)
        elif grace is None and not task.cancelled():
            self._note_success()
        _settle(outcome, [] if task.cancelled() or error else task.result())

    def _note_success(self) -> None:
        self.counts["answered"] += 1
        self._breaker.note_success()
        if self._is_failing:
            logger.info("OpenMemory answers again", extra={"action": "openmemory_recall_back"})
        self._is_failing = False

    def _note_error(self, error: BaseException) -> None:
        wait = error.retry_after_seconds if isinstance(error, BackendUnreachable) else 0.0
        self._breaker.note_failure(retry_after_seconds=wait)
        if isinstance(error, MemoryStoreError):
            self.counts["failed"] += 1
            self._note_failing(str(error))
        else:
            self._note_defect(error)

    def _note_defect(self, error: BaseException) -> None:
        self.counts["defects"] += 1
        self._note_failing(type(error).__name__)  # its own text may quote the question

    def _note_failing(self, reason: str) -> None:
        if not self._is_failing:
            logger.warning(
                "questions are answered without OpenMemory until it answers again",
                extra={"action": "openmemory_recall_failing", "error": reason},
            )
        self._is_failing = True


def _settle(outcome: _Outcome, ranked: list[Ranked]) -> None:
    if not outcome.done():  # who waited may have been cancelled, and the future with it
        outcome.set_result(ranked)
