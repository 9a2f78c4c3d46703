"""The timed job: retention runs every night, and soon after a start that comes late."""

import asyncio
import logging
import threading
import traceback
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from apscheduler.schedulers.asyncio import AsyncIOScheduler  # type: ignore[import-untyped]
from apscheduler.triggers.cron import CronTrigger  # type: ignore[import-untyped]
from apscheduler.triggers.date import DateTrigger  # type: ignore[import-untyped]

from history.errors import HistoryError
from memory.errors import MemoryStoreError
from processor.errors import ProcessorError, type_and_place
from processor.retention.last_run import read_last_run
from processor.retention.report import RetentionReport
from processor.retention.run import Retention, run_retention
from spool.dropped import DROPPED_FILE
from spool.format import SpoolError

logger = logging.getLogger(__name__)

_NIGHTLY, _SOON = "retention", "retention-soon"
_A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class NightlyOptions:
    """When it runs: at `hour`:`minute` of `zone`, None: of this machine; the rest in seconds."""

    hour: int = 3
    minute: int = 17
    zone: tzinfo | None = None
    first_run_seconds: float = 20.0  # not in the way of the start
    retry_seconds: float = 600.0


async def run_nightly(
    job: Retention, *, stop: asyncio.Event, options: NightlyOptions | None = None
) -> None:
    """
    Run retention every night until `stop` is set, and soon if the last run was missed or broken.

    What of memory expires is noted in the spool; a running processor has memory forget it. What
    goes wrong is logged, and tried again. Ends with the files that are being deleted.
    """
    nightly = _Nightly(job, options or NightlyOptions())
    await nightly.start()
    try:
        await stop.wait()
    finally:
        await nightly.close()


class _Nightly:
    def __init__(self, job: Retention, options: NightlyOptions) -> None:
        self._job = job
        self._options = options
        self._scheduler = AsyncIOScheduler(timezone="UTC")
        self._is_stopping = threading.Event()
        self._running = asyncio.Lock()

    async def start(self) -> None:
        options = self._options
        zone = options.zone or datetime.now().astimezone().tzinfo
        self._scheduler.add_job(
            self._run_safely,
            CronTrigger(hour=options.hour, minute=options.minute, timezone=zone),
            id=_NIGHTLY,
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,
        )
        self._scheduler.start()
        if await asyncio.to_thread(self._is_due):
            self._run_in(options.first_run_seconds)

    async def close(self) -> None:
        """Wait until what is running has come to a place where it can stop."""
        self._is_stopping.set()
        self._scheduler.pause()
        async with self._running:
            self._scheduler.shutdown(wait=False)
            await asyncio.sleep(0)  # the scheduler stops in the loop's next turn

    def _is_due(self) -> bool:
        """Tell whether the last run was killed, or is more than a day ago."""
        last = read_last_run(self._job.root)
        if last is None:
            return self._has_work()
        if last.finished_at is None:
            return True
        return self._has_work() and self._job.clock() - last.started_at >= _A_DAY

    def _has_work(self) -> bool:
        return (
            not self._job.policy.keeps_everything
            or (self._job.root / DROPPED_FILE).exists()  # something may still have to be deleted
        )

    def _run_in(self, seconds: float) -> None:
        at = datetime.now().astimezone() + timedelta(seconds=seconds)
        self._scheduler.add_job(
            self._run_safely,
            DateTrigger(at),
            id=_SOON,
            replace_existing=True,
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,
        )

    async def _run_safely(self) -> None:
        """Run; what goes wrong is logged, and tried again after a pause."""
        trace, level = "", logging.WARNING
        try:
            await self._run()
        except (MemoryStoreError, HistoryError, SpoolError, ProcessorError, OSError) as error:
            problem = str(error)
        except Exception as error:  # noqa: BLE001 - the scheduler would log its text
            level = logging.ERROR  # a defect
            problem = type_and_place(error)
            trace = "".join(traceback.format_tb(error.__traceback__))
        else:
            return
        logger.log(
            level,
            "retention could not run, it is tried again",
            extra={"action": "retention_failed", "error": problem, "trace": trace},
        )
        if not self._is_stopping.is_set():
            self._run_in(self._options.retry_seconds)

    async def _run(self) -> None:
        if self._running.locked() or not await asyncio.to_thread(self._has_work):
            return
        async with self._running:
            report = await run_retention(self._job, stop=self._is_stopping.is_set)
        _log(report)
        if not report.is_complete and not self._is_stopping.is_set():
            self._run_in(self._options.retry_seconds)  # a rebuild has begun meanwhile


def _log(report: RetentionReport) -> None:
    went = {f"{each.what}_{each.kind}_{each.reason}": each.count for each in report.groups}
    logger.info(
        "retention has run",
        extra={"action": "retention_done", "freed_bytes": report.freed_bytes, **went},
    )
    for problem in report.problems:
        logger.warning(
            "a file that has to go could not be deleted",
            extra={"action": "retention_stays", "error": problem},
        )
    if report.over_bytes:
        logger.warning(
            "the spool is larger than MAX_SPOOL_GB without any recording; raise it, or set "
            "RETAIN_TRANSCRIPTS_DAYS",
            extra={"action": "retention_over", "over_bytes": report.over_bytes},
        )
