"""One run of retention: what there is, what has to go, and letting it go."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from history.values import Filters, Page
from memory.port import MemoryStore
from processor.errors import ProcessorError
from processor.lock import held, is_held, rebuild_lock
from processor.retention.carry_out import Outcome, carry_out
from processor.retention.gather import Gathered, Progress, gather
from processor.retention.keeping import keeping
from processor.retention.last_run import LastRun, write_last_run
from processor.retention.plan import Plan, plan
from processor.retention.policy import RetentionPolicy
from processor.retention.report import RetentionReport, groups_of, never_in_memory
from spool.dropped import dropped_of
from spool.durable import remove_files
from spool.format import STATE_FOLDER, SpoolError
from spool.reader import ledger_identity
from voice.rules import Rules

_PAGE = 1000


class RetentionRunning(ProcessorError):
    """Another run of retention is deleting in this spool."""


class RetentionRefused(ProcessorError):
    """Nothing may be deleted now."""


class Calls(Protocol):
    """The index of the history, as far as it is used here."""

    async def page(self, filters: Filters, *, limit: int, cursor: str | None = None) -> Page:
        """Return some conversations, newest first."""
        ...

    async def position(self) -> int:
        """Return up to which byte of the ledger it has read."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """
    What a run of retention works on.

    `rules` are those by which events are read. `history` tells when calls began, and is to have
    read a transcript before that goes for not being stored; None: there is none.
    """

    root: Path
    store: MemoryStore
    policy: RetentionPolicy
    rules: Rules
    history: Calls | None = None
    clock: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))


def retention_lock(root: Path) -> Path:
    """Return the file that whoever deletes by retention holds."""
    return root / STATE_FOLDER / "retention.lock"


@contextmanager
def locked(root: Path) -> Iterator[None]:
    """Be the only one who deletes by retention; raises RetentionRunning. May block: see `held`."""
    with held(retention_lock(root), refusal=RetentionRunning, holder="run of retention"):
        yield


async def run_retention(
    job: Retention, *, dry_run: bool = False, stop: Callable[[], bool] = lambda: False
) -> RetentionReport:
    """
    Delete what has to go by the policy, and what earlier runs were to delete.

    What of memory expires is noted, and `forget_expired` is still to be called. `dry_run` only
    says what would go. Once `stop()`, or a rebuild begins, what is left is for the next run: the
    report is not complete then. Raises RetentionRunning,
    RetentionRefused while a rebuild reads the files, or the error of spool, store or history.
    """
    root = job.root
    if not (root / STATE_FOLDER).is_dir():
        raise SpoolError(f"there is no spool at {root}: check PAYLOAD_STORAGE_PATH")
    if not dry_run and is_held(rebuild_lock(root)):
        raise RetentionRefused("a rebuild reads the files now; run retention when it has finished")
    progress = await read_progress(root, job.store)
    began = await _beginnings(job)
    return await asyncio.to_thread(_run, job, progress, began, dry_run, stop)


async def read_progress(root: Path, store: MemoryStore) -> Progress:
    """Return how far `store` has come in the ledger at `root`."""
    position = await store.position()
    failures = await store.failures()  # after: what failed before the position is among them
    identity = await asyncio.to_thread(ledger_identity, root)
    is_of_this = position.ledger.partition("/")[0] == identity != ""
    return Progress(
        taken_bytes=position.offset if is_of_this else 0,
        failures={each.file: each.next_attempt_at is None for each in failures},
    )


async def _beginnings(job: Retention) -> Mapping[str, datetime]:
    """Return when the calls began that may be due, by conversation, as the history knows it."""
    policy = job.policy
    limits = [each for each in (policy.audio, policy.transcripts, policy.memories) if each]
    if job.history is None or (not limits and policy.max_bytes is None):
        return {}
    until = None if policy.max_bytes is not None else job.clock() - min(limits)
    began: dict[str, datetime] = {}
    cursor: str | None = None
    while True:
        page = await job.history.page(Filters(until=until), limit=_PAGE, cursor=cursor)
        began |= {entry.id: entry.started_at for entry in page.entries}
        if (cursor := page.next_cursor) is None:
            return began


def _run(
    job: Retention,
    progress: Progress,
    began: Mapping[str, datetime],
    is_dry_run: bool,  # noqa: FBT001 - to be called in a thread, which takes no names
    stop: Callable[[], bool],
) -> RetentionReport:
    root, started_at = job.root, job.clock()
    with nullcontext() if is_dry_run else locked(root):
        dropped = dropped_of(root)
        found = gather(root, dropped=dropped, progress=progress, began=began)
        planned = plan(found.files, job.policy, now=started_at, total_bytes=found.total_bytes)
        if is_dry_run:
            outcome = Outcome(gone=planned.going)
            return _report(job, found, planned, outcome, started_at, is_dry_run=True)
        write_last_run(root, LastRun(started_at=started_at))
        remove_files(root, found.left)
        keep = keeping(root, job.rules)
        outcome = carry_out(
            root, planned.going, keep=keep, dropped=dropped, at=started_at, stop=stop
        )
        report = _report(job, found, planned, outcome, started_at, is_dry_run=False)
        if report.is_complete:
            write_last_run(root, _record(report))
        return report


def _report(
    job: Retention,
    found: Gathered,
    planned: Plan,
    outcome: Outcome,
    started_at: datetime,
    *,
    is_dry_run: bool,
) -> RetentionReport:
    return RetentionReport(
        started_at=started_at,
        finished_at=job.clock(),
        is_dry_run=is_dry_run,
        groups=groups_of(outcome.gone),
        finished=len(found.left),
        waiting=len(planned.waiting),
        never_in_memory=never_in_memory(outcome.gone),
        spool_bytes=found.total_bytes,
        over_bytes=planned.over_bytes,
        problems=outcome.problems,
        is_complete=outcome.is_complete,
    )


def _record(report: RetentionReport) -> LastRun:
    return LastRun(
        started_at=report.started_at,
        finished_at=report.finished_at,
        gone=sum(each.count for each in report.groups),
        freed_bytes=report.freed_bytes,
        waiting=report.waiting,
        problems=len(report.problems),
        over_bytes=report.over_bytes,
    )
