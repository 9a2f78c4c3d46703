"""The timed job: failed events are tried again when they are due."""

import asyncio
import logging
import time
import traceback
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from apscheduler.schedulers.asyncio import AsyncIOScheduler  # type: ignore[import-untyped]
from apscheduler.triggers.date import DateTrigger  # type: ignore[import-untyped]

from memory.errors import MemoryStoreError
from memory.port import Conversation, Failure, MemoryStore
from processor.apply import MAX_EVENTS, Erased, attempt, noted
from processor.errors import ProcessorError, type_and_place
from processor.failure_log import log_failures
from processor.hooks import unobserved
from processor.options import ProcessorOptions
from processor.parked import mark_parked
from processor.reporting import Observe, Tried, tell
from processor.settle import shut_out
from processor.storing import store_derived
from spool.format import DamagedLine, Receipt, SpoolError
from spool.reader import read_receipts
from spool.standing_orders import Orders

logger = logging.getLogger(__name__)

_JOB = "retry"

_Result = Conversation | Erased | str | None


class Retries:
    """
    Tries the failures that `store` holds again, each when it is due.

    What is due is read from the store each time, never remembered, so that a restart, another
    process or an operator can change it. `writing` is held from deriving to storing: what is
    decided or erased in between would be undone by what was derived before. `observe` is told
    of each attempt.
    """

    def __init__(
        self,
        root: Path,
        store: MemoryStore,
        options: ProcessorOptions,
        orders: Orders,
        *,
        writing: asyncio.Lock | None = None,
        observe: Observe = unobserved,
    ) -> None:
        self._root = root
        self._orders = orders
        self._writing = writing or asyncio.Lock()
        self._store = store
        self._options = options
        self._observe = observe
        self._working = asyncio.Lock()
        self._scheduler = AsyncIOScheduler(timezone="UTC")
        self._scheduler.start()

    async def plan(self) -> None:
        """Set the timer to the failure that is due next; call it whenever that may have moved."""
        if self._working.locked():
            return  # the running attempt plans the next one when it is done
        waiting = [
            failure.next_attempt_at
            for failure in await self._store.failures()
            if failure.next_attempt_at is not None
        ]
        if not waiting:
            return
        job = self._scheduler.get_job(_JOB)
        if job is None or job.trigger.run_date != min(waiting):
            self._scheduler.add_job(
                self._run_safely,
                DateTrigger(min(waiting)),
                id=_JOB,
                replace_existing=True,
                coalesce=True,
                max_instances=1,
                misfire_grace_time=None,
            )

    async def close(self) -> None:
        """Finish the attempt that is running and start no other."""
        async with self._working:
            self._scheduler.shutdown(wait=False)
            await asyncio.sleep(0)  # the scheduler stops in the loop's next turn

    async def _run_safely(self) -> None:
        """Run; what goes wrong is logged, and tried again: `plan` is called every second."""
        trace, level = "", logging.WARNING
        try:
            await self._run()
        except (MemoryStoreError, SpoolError, ProcessorError) as error:
            problem = str(error)
        except Exception as error:  # noqa: BLE001 - the scheduler would log its text
            level = logging.ERROR  # a defect
            problem = type_and_place(error)
            trace = "".join(traceback.format_tb(error.__traceback__))
        else:
            return
        logger.log(
            level,
            "failed events could not be tried again now",
            extra={"action": "retry_run_failed", "error": problem, "trace": trace},
        )

    async def _run(self) -> None:
        async with self._working:
            now = self._options.clock()
            due = [
                failure
                for failure in await self._store.failures()
                if failure.next_attempt_at is not None and failure.next_attempt_at <= now
            ]
            names = {failure.file for failure in due}
            receipts = await asyncio.to_thread(find_receipts, self._root, names)
            for start in range(0, len(due), MAX_EVENTS):
                async with self._writing:
                    await self._try(due[start : start + MAX_EVENTS], receipts)
            await mark_parked(self._root, self._store, now=now)
        await self.plan()

    async def _try(
        self, due: Sequence[Failure], receipts: Mapping[str, Receipt | DamagedLine]
    ) -> None:
        attempts = {failure.file: failure.attempts for failure in due}

        def note(file: str, error: str) -> Failure:
            return noted(file, error, options=self._options, attempts_before=attempts[file])

        results, tried = await asyncio.to_thread(self._attempt, due, receipts)
        erased = [r.conversation_id for r in results.values() if isinstance(r, Erased)]
        await asyncio.to_thread(
            shut_out, self._root, erased, self._orders, now=self._options.clock()
        )
        errors = {file: result for file, result in results.items() if isinstance(result, str)}
        derived = [(file, r) for file, r in results.items() if isinstance(r, Conversation)]
        began = time.perf_counter()
        failed = await store_derived(
            self._store,
            derived,
            note=note,
            failed=[note(file, error) for file, error in errors.items()],
            resolved=[file for file in results if file not in errors],
        )
        tell(self._observe, tried, failed, storing_seconds=time.perf_counter() - began)
        names = {failure.file for failure in failed}
        _log_resolved([each for each in tried if each.file not in names])
        log_failures(failed, tried)

    def _attempt(
        self, due: Sequence[Failure], receipts: Mapping[str, Receipt | DamagedLine]
    ) -> tuple[dict[str, _Result], list[Tried]]:
        self._orders.refresh()
        results: dict[str, _Result] = {}
        tried = []
        for failure in due:
            receipt = receipts[failure.file]
            began = time.perf_counter()
            result = attempt(self._root, receipt, rules=self._options.rules, orders=self._orders)
            results[failure.file] = result
            seconds = time.perf_counter() - began
            tried.append(Tried.of(failure.file, receipt, result, seconds=seconds))
        return results, tried


def find_receipts(root: Path, names: Collection[str]) -> dict[str, Receipt | DamagedLine]:
    """
    Return what the ledger says of each of `names` (files, or damaged lines by their offset).

    A name that the ledger does not know gets a DamagedLine that says so.
    """
    found: dict[str, Receipt | DamagedLine] = {
        name: DamagedLine(f"the ledger has no receipt for {name}; run `spool verify`")
        for name in names
    }
    before = 0
    for receipt, after in read_receipts(root) if names else ():
        place = f"ledger@{before}"
        if place in found:
            found[place] = receipt
        if isinstance(receipt, Receipt) and receipt.file in found:
            found[receipt.file] = receipt
        before = after
    return found


def _log_resolved(resolved: Sequence[Tried]) -> None:
    for each in resolved:
        logger.info(
            "an event that had failed is a failure no more",
            extra={"action": "retry_done", "event_id": each.event_id, "file": each.file},
        )
