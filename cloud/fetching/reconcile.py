"""The timed job: calls whose webhook never came are looked for, and stored like all others."""

import asyncio
import logging
import traceback
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from apscheduler.schedulers.asyncio import AsyncIOScheduler  # type: ignore[import-untyped]
from apscheduler.triggers.interval import IntervalTrigger  # type: ignore[import-untyped]

from cloud.apart import run_apart
from cloud.client import open_client
from cloud.errors import CloudError
from cloud.fetching.backfill import BackfillOptions, backfill
from cloud.fetching.conversations import Conversations
from cloud.fetching.intake import Intake
from cloud.fetching.last_run import LastRun, read_last_run, write_last_run
from cloud.fetching.report import BackfillReport
from cloud.fetching.whose import sending_agents
from cloud.options import CloudOptions
from cloud.retrying import Patience
from spool.format import STATE_FOLDER, SpoolError
from spool.layout import create_durably

logger = logging.getLogger(__name__)

OVERLAP = timedelta(hours=6)  # calls that ran, or were too recent, when they were listed
FIRST_LOOK_BACK = timedelta(days=3)
SETTLE = timedelta(minutes=5)  # a webhook is on its way, a recording is being made
# A call that cannot be fetched keeps being tried for so long, but not for ever.
LONGEST_HOLD = timedelta(days=7)
_CONCURRENCY = 2

OpenIntake = Callable[[], AbstractAsyncContextManager[Intake]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconcileOptions:
    """Where missed calls are looked for, how often and how soon; `audio`: with recordings."""

    cloud: CloudOptions
    every_seconds: float
    first_run_seconds: float
    audio: bool
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    make_patience: Callable[[], Patience] = Patience


async def run_reconciliation(
    root: Path, open_intake: OpenIntake, *, options: ReconcileOptions, stop: asyncio.Event
) -> None:
    """
    Look for missed calls now and then until `stop` is set, and store them.

    `open_intake` is called for each run, in an event loop of that run. The state of the last run
    stands in the spool at `root`. What goes wrong is logged, and tried again when the next run is
    due. What is in flight at the end is dropped: it is not stored then, and the next run finds it.
    """
    service = _Service(root, open_intake, options)
    scheduler = AsyncIOScheduler(timezone="UTC")
    scheduler.add_job(
        service.run,
        IntervalTrigger(seconds=options.every_seconds),
        next_run_time=datetime.now(UTC) + timedelta(seconds=options.first_run_seconds),
        coalesce=True,
        max_instances=2,  # of which one does nothing: with 1, each that is left out is a warning
        misfire_grace_time=None,
    )
    scheduler.start()
    try:
        await stop.wait()
    finally:
        scheduler.pause()
        await service.close()
        scheduler.shutdown(wait=False)
        await asyncio.sleep(0)  # the scheduler stops in the loop's next turn


async def reconcile(root: Path, open_intake: OpenIntake, options: ReconcileOptions) -> LastRun:
    """
    Look for missed calls once, and return and record what came of it.

    Agents whose calls are not sent here are left out (see `sending_agents`). Raises
    DamagedRecord, SpoolError or OSError for what is wrong on disk, and nothing the platform does.
    """
    started_at = options.clock()
    before = await asyncio.to_thread(read_last_run, root)
    since = started_at - FIRST_LOOK_BACK
    # One that lies ahead is of a clock that was wrong: nobody knows until when nothing is missing.
    if before is not None and before.complete_until <= started_at:
        since = before.complete_until - OVERLAP
    report = await _backfill(
        root,
        open_intake,
        options,
        BackfillOptions(
            since=since.timestamp(),
            settled_before=(started_at - SETTLE).timestamp(),
            agents=await asyncio.to_thread(sending_agents, root),
            audio=options.audio,
            concurrency=_CONCURRENCY,
        ),
    )
    run = LastRun(
        started_at=started_at,
        finished_at=options.clock(),
        status="failed" if report.broken_off or report.failed else "ok",
        error=_error(report),
        listed=report.listed,
        stored=report.stored,
        recordings=report.recordings,
        failed=report.failed,
        since=since,
        complete_until=_complete_until(report, since=since, started_at=started_at),
    )
    await asyncio.to_thread(_record, root, run)
    return run


async def _backfill(
    root: Path, open_intake: OpenIntake, options: ReconcileOptions, wanted: BackfillOptions
) -> BackfillReport:
    try:
        async with open_client(options.cloud) as client, open_intake() as intake:
            conversations = Conversations(client, options.make_patience())
            return await backfill(conversations, root, intake, options=wanted)
    except CloudError as error:  # there is no key
        return BackfillReport(broken_off=str(error))


def _complete_until(report: BackfillReport, *, since: datetime, started_at: datetime) -> datetime:
    """Return until when nothing is missing; the next run begins before that by the overlap."""
    unchanged = since + OVERLAP
    if report.broken_off:
        return unchanged
    if report.failed:
        return max(unchanged, started_at - LONGEST_HOLD)
    return max(unchanged, started_at)


def _error(report: BackfillReport) -> str:
    if report.broken_off or not report.failed:
        return report.broken_off
    _, first = report.failures[0]
    return f"{report.failed} calls could not be fetched, such as: {first}"


def _record(root: Path, run: LastRun) -> None:
    create_durably(root / STATE_FOLDER)  # a processor may be here before its receiver
    write_last_run(root, run)


class _Service:
    """Runs one reconciliation at a time, apart from whoever answers calls."""

    def __init__(self, root: Path, open_intake: OpenIntake, options: ReconcileOptions) -> None:
        self._root = root
        self._open_intake = open_intake
        self._options = options
        self._running: asyncio.Task[None] | None = None
        self._is_idle = asyncio.Event()
        self._is_idle.set()
        self._is_closed = False
        self._last_problem = ""

    async def run(self) -> None:
        """Run, unless one runs still, and log what comes of it; never raises."""
        if self._is_closed or not self._is_idle.is_set():
            return
        self._is_idle.clear()
        try:
            self._running = asyncio.ensure_future(self._run_safely())
            await asyncio.wait([self._running])
        finally:
            self._is_idle.set()

    async def close(self) -> None:
        """Drop what is running, and wait until it is gone."""
        self._is_closed = True
        if self._running is not None:
            self._running.cancel()
        await self._is_idle.wait()

    async def _run_safely(self) -> None:
        try:
            run = await run_apart(lambda: reconcile(self._root, self._open_intake, self._options))
        except (CloudError, SpoolError, OSError) as error:
            problem, trace = str(error), ""
        except Exception as error:  # noqa: BLE001 - the scheduler would log its text
            problem, trace = type(error).__name__, "".join(traceback.format_tb(error.__traceback__))
        else:
            self._log(run)
            return
        logger.log(
            logging.ERROR if self._is_new(problem) else logging.DEBUG,
            "missed calls could not be looked for",
            extra={"action": "reconciliation_broke", "error": problem, "trace": trace},
        )

    def _log(self, run: LastRun) -> None:
        has_stored = run.stored or run.recordings
        level = logging.INFO if has_stored else logging.DEBUG
        given = {"listed": run.listed, "stored": run.stored, "recordings": run.recordings}
        if run.status == "failed":
            logger.log(
                logging.WARNING if self._is_new(run.error) else level,
                "missed calls were not all fetched; the next run tries again",
                extra={"action": "reconciliation_failed", "error": run.error, **given},
            )
            return
        if self._last_problem:
            self._last_problem = ""
            logger.info(
                "reconciliation works again", extra={"action": "reconciliation_works_again"}
            )
        text = "missed calls were fetched" if has_stored else "no missed calls"
        logger.log(level, text, extra={"action": "reconciled", **given})

    def _is_new(self, problem: str) -> bool:
        """Tell whether a problem is another than that of the last run, and keep it in mind."""
        is_new, self._last_problem = problem != self._last_problem, problem
        return is_new
