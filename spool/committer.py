"""The asyncio front of a spool: whatever arrives during one commit is committed by the next."""

import asyncio
import logging
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import Context

from spool.format import SpoolError, SpoolFailed
from spool.staging import StagedFile
from spool.writer import Arrival, Outcome, Spool

logger = logging.getLogger(__name__)

_RECOVERY_PAUSE_SECONDS = 2.0

_Waiting = tuple[Arrival, asyncio.Future[Outcome]]


class Committer:
    """
    Commits arrivals of one event loop in groups, in one thread of its own.

    A group is never waited for: the first arrival goes alone, and those that come while it is
    being committed share the next commit. After a failure it lets the spool recover.
    """

    def __init__(self, spool: Spool, *, max_batch: int = 64) -> None:
        """Serve `spool` with at most `max_batch` arrivals in one commit."""
        self._spool = spool
        self._max_batch = max_batch
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="committer")
        self._waiting: deque[_Waiting] = deque()
        self._worker: asyncio.Task[None] | None = None
        self._is_closed = False
        self._next_recovery = 0.0

    async def append(self, arrival: Arrival) -> Outcome:
        """
        Store `arrival`; when this returns, it is durable.

        Raises SpoolFull, SpoolFailed or another SpoolError, as `Spool.commit` says; a staged
        file is consumed either way. Cancelling the caller does not stop the commit.
        """
        if self._is_closed:
            if isinstance(arrival.content, StagedFile):
                arrival.content.discard()
            message = "the spool is closing; send the event again"
            raise SpoolFailed(message)
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Outcome] = loop.create_future()
        self._waiting.append((arrival, future))
        if self._worker is None or self._worker.done():
            # It outlives the request that starts it, and is to log and trace as of none.
            self._worker = loop.create_task(self._work(), context=Context())
        return await future

    async def mend(self) -> None:
        """
        Try to bring a spool back that is full or has failed; notice one that was moved away.

        Arrivals do the same, but a sender that sees 503s may send none: call this from time to
        time, such as at a health check.
        """
        if not self._is_closed:
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(self._thread, self._mend, loop.time())

    async def close(self) -> None:
        """Commit what is waiting, accept nothing more. The spool stays open."""
        self._is_closed = True
        if self._worker is not None:
            await self._worker
        self._thread.shutdown()

    async def _work(self) -> None:
        """Commit group after group until nothing waits."""
        loop = asyncio.get_running_loop()
        while self._waiting:
            size = min(len(self._waiting), self._max_batch)
            group = [self._waiting.popleft() for _ in range(size)]
            try:
                outcomes = await loop.run_in_executor(
                    self._thread, self._commit, [arrival for arrival, _ in group], loop.time()
                )
            except Exception as error:  # the others that wait must not wait forever
                logger.exception("a commit broke off", extra={"action": "commit_broke_off"})
                outcomes = [SpoolFailed(f"the commit broke off: {error!r}") for _ in group]
            _answer(group, outcomes)

    def _commit(self, arrivals: list[Arrival], now: float) -> list[Outcome | SpoolError]:
        """Commit in the thread, after a try at recovery if one is needed and due."""
        if self._spool.state == "failed":
            self._recover(now)
        return self._spool.commit(arrivals)

    def _mend(self, now: float) -> None:
        if self._spool.state == "failed":
            self._recover(now)
            return
        self._spool.look_for_room()
        with suppress(SpoolFailed):  # its state says so
            self._spool.check_place()

    def _recover(self, now: float) -> None:
        if now < self._next_recovery:
            return
        self._next_recovery = now + _RECOVERY_PAUSE_SECONDS
        try:
            self._spool.recover()
        except SpoolError as error:
            details = {"action": "spool_recovery_failed", "error": str(error)}
            logger.warning("the spool could not be recovered yet", extra=details)
        else:
            logger.info("the spool has recovered", extra={"action": "spool_recovered"})


def _answer(group: list[_Waiting], outcomes: list[Outcome | SpoolError]) -> None:
    """Hand every outcome to whoever still waits for it."""
    for (_, future), outcome in zip(group, outcomes, strict=True):
        if future.done():
            continue
        if isinstance(outcome, SpoolError):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)
