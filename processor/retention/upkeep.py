"""What a running processor sees to after each look: memory forgets, what is not stored goes."""

import asyncio
import logging
from dataclasses import replace
from datetime import datetime, timedelta

from history.errors import HistoryError
from processor.lock import is_held, rebuild_lock
from processor.retention.carry_out import Outcome, carry_out
from processor.retention.expired import forget_expired
from processor.retention.gather import Progress
from processor.retention.keeping import keeping
from processor.retention.run import (
    Retention,
    RetentionRefused,
    RetentionRunning,
    locked,
    read_progress,
)
from processor.retention.unstored import Unstored
from spool.dropped import Dropped, dropped_of

logger = logging.getLogger(__name__)

# Memory may have been put back from a copy that still has what has expired.
_FORGET_ALL_EVERY = timedelta(days=1)
_AT_ONCE = 256  # new events are not to wait for long


class Upkeep:
    """
    Keeps a spool to its policy while a processor runs; what has an age is for the nightly run.

    `after_catching_up` is for the processor to call after each look at the ledger, and for nobody
    else: what it removes from memory must not be applied beside it.
    """

    def __init__(self, job: Retention) -> None:
        self._job = job
        self._dropped: Dropped | None = None
        self._forgotten: frozenset[str] = frozenset()
        self._read_bytes = -1
        self._all_forgotten_at: datetime | None = None
        self._unstored = Unstored(job.root, job.policy)

    async def after_catching_up(self) -> None:
        """
        Have memory forget what was noted as expired, by whichever process; then delete what is
        not to be stored, as far as memory and the history have come.

        The first time all of the spool is looked at, so that what a kill has interrupted is
        finished. Raises the error of spool, store or history.
        """
        dropped = await asyncio.to_thread(self._look)
        await self._forget(dropped)
        if not self._job.policy.stores_everything:
            await self._let_go(dropped)

    def _look(self) -> Dropped:
        if self._dropped is None:
            self._dropped = dropped_of(self._job.root)
        self._dropped.refresh()
        return self._dropped

    async def _forget(self, dropped: Dropped) -> None:
        job, now = self._job, self._job.clock()
        if self._all_forgotten_at is None or now - self._all_forgotten_at >= _FORGET_ALL_EVERY:
            self._forgotten, self._all_forgotten_at, self._read_bytes = frozenset(), now, -1
        if dropped.position == self._read_bytes:
            return
        read_bytes, expired = dropped.position, dropped.all_without_memories()
        await forget_expired(job.root, job.store, dropped, files=expired - self._forgotten, now=now)
        self._forgotten, self._read_bytes = expired, read_bytes

    async def _let_go(self, dropped: Dropped) -> None:
        job = self._job
        if is_held(rebuild_lock(job.root)):
            return  # it reads the files
        progress = await read_progress(job.root, job.store)
        if job.history is not None:
            try:
                seen_bytes = min(progress.taken_bytes, await job.history.position())
            except HistoryError as error:
                raise RetentionRefused(
                    f"what is not stored waits for the history: {error}"
                ) from error
            progress = replace(progress, taken_bytes=seen_bytes)
        try:
            await asyncio.to_thread(self._drop_unstored, progress, dropped)
        except RetentionRunning:
            return  # the next look is soon enough

    def _drop_unstored(self, progress: Progress, dropped: Dropped) -> None:
        job = self._job
        if not self._unstored.due(progress, dropped):
            return
        with locked(job.root):
            dropped.refresh()
            going = self._unstored.due(progress, dropped)[:_AT_ONCE]
            keep = keeping(job.root, job.rules)
            outcome = carry_out(job.root, going, keep=keep, dropped=dropped, at=job.clock())
        if not outcome.is_complete:
            going = list(outcome.gone)
        self._unstored.leave(going)  # gone, or for the next start and the nightly run to try again
        _log(outcome)


def _log(outcome: Outcome) -> None:
    if outcome.gone:
        logger.info(
            "files that are not to be stored were deleted",
            extra={"action": "unstored_deleted", "files": len(outcome.gone)},
        )
    for problem in outcome.problems:
        logger.warning(
            "a file that is not to be stored could not be deleted",
            extra={"action": "unstored_stays", "error": problem},
        )
