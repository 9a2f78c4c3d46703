"""`run.py retention`: what has to go by the settings, and letting it go."""

import asyncio
from dataclasses import asdict
from datetime import UTC, datetime, timedelta

from cli.assembly.history_index import OpenedHistory, bring_up_to_date, open_current_history
from cli.assembly.store import open_store, processor_options
from cli.output import console, print_json, print_problems, problems
from history.index import History
from memory.port import MemoryStore
from processor.lock import is_held, processor_lock
from processor.retention.expired import forget_expired
from processor.retention.policy import RetentionPolicy
from processor.retention.report import Group, RetentionReport
from processor.retention.run import Retention, run_retention
from settings import Settings
from spool.dropped import Dropped

_NAMES = {
    "audio": "recordings",
    "transcription": "transcripts",
    "failure": "failed calls",
    "quarantine": "quarantine",
}
_REASONS = {
    "retention": "expired",
    "space": "MAX_SPOOL_GB",
    "not_stored": "not stored",
    "erased": "erased",
}
_UNITS = ("B", "KB", "MB", "GB", "TB")


def retention_policy(settings: Settings) -> RetentionPolicy:
    """Return what is kept and for how long, as the settings have it."""
    return RetentionPolicy(
        audio=_days(settings.retain_audio_days),
        transcripts=_days(settings.retain_transcripts_days),
        memories=_days(settings.retain_memories_days),
        store_audio=settings.store_audio,
        store_transcripts=settings.store_transcripts,
        max_bytes=int(settings.max_spool_gb * 1024**3) or None,
    )


def retention_job(settings: Settings, store: MemoryStore, history: History) -> Retention:
    """Return what retention works on, as the settings have it."""
    return Retention(
        root=settings.payload_storage_path,
        store=store,
        policy=retention_policy(settings),
        rules=processor_options(settings).rules,
        history=history,
    )


def retain(settings: Settings, *, dry_run: bool, as_json: bool) -> int:
    """Let go what has to, or say what would; return 1 if something has to go and does not."""
    report = asyncio.run(_retain(settings, dry_run=dry_run))
    if as_json:
        print_json(asdict(report) | {"freed_bytes": report.freed_bytes})
    else:
        _print(report, retention_policy(settings))
    return 1 if report.problems or report.over_bytes or not report.is_complete else 0


async def _retain(settings: Settings, *, dry_run: bool) -> RetentionReport:
    async with (
        open_current_history(settings) as opened,
        open_store(settings, must_exist=True) as store,
    ):
        job = retention_job(settings, store, opened.history)
        report = await run_retention(job, dry_run=dry_run)
        if not dry_run:
            await _follow(settings, store, opened)
        return report


async def _follow(settings: Settings, store: MemoryStore, opened: OpenedHistory) -> None:
    """Have memory and the history forget too; a running processor has its memory do so itself."""
    if not is_held(processor_lock(opened.root)):
        dropped = await asyncio.to_thread(Dropped, opened.root)
        expired = dropped.all_without_memories()
        now = datetime.now(UTC)
        await forget_expired(opened.root, store, dropped, files=expired, now=now)
    await bring_up_to_date(settings, opened.history)


def _print(report: RetentionReport, policy: RetentionPolicy) -> None:
    if policy.keeps_everything:
        console.print(
            "Everything is kept for ever: no RETAIN_…_DAYS, STORE_… or MAX_SPOOL_GB is set."
        )
    verb = "would go" if report.is_dry_run else "gone"
    for group in report.groups:
        console.print(f"{verb}  {_described(group)}", markup=False)
    if not report.groups and not policy.keeps_everything:
        console.print("Nothing has to go.")
    if report.groups:
        size = size_text(report.spool_bytes - report.freed_bytes)
        would_be = "would be" if report.is_dry_run else "is"
        console.print(f"{size_text(report.freed_bytes)} freed; the spool {would_be} {size}.")
    if report.finished:
        what = "would be finished" if report.is_dry_run else "finished"
        console.print(f"{report.finished} files of an interrupted run: {what}.")
    if report.waiting:
        console.print(
            f"{report.waiting} files are due and stay until memory has what is in them: see "
            "`run.py processor status`."
        )
    if report.never_in_memory:
        console.print(f"{report.never_in_memory} of them had never been understood.")
    _print_problems(report)


def _print_problems(report: RetentionReport) -> None:
    if not report.is_complete:
        problems.print("A rebuild reads the files now: run this again when it has finished.")
    if report.over_bytes:
        problems.print(
            f"The spool stays {size_text(report.over_bytes)} larger than MAX_SPOOL_GB, all "
            "recordings gone: raise it, or set RETAIN_TRANSCRIPTS_DAYS.",
            style="bold red",
        )
    if report.problems:
        print_problems("These files have to go and could not be deleted:", report.problems)


def _described(group: Group) -> str:
    reason = _REASONS[group.reason]
    name = "memories" if group.what == "memories" else _NAMES[group.kind]
    size = "" if group.what == "memories" else size_text(group.size_bytes)
    dates = f"{group.oldest:%Y-%m-%d} to {group.newest:%Y-%m-%d}"
    return f"{name:<12} {reason:<12} {group.count:>8}  {size:>10}  calls of {dates}"


def size_text(size_bytes: int) -> str:
    """Return a number of bytes in the unit that suits it."""
    power = min(max(size_bytes.bit_length() - 1, 0) // 10, len(_UNITS) - 1)
    return f"{size_bytes / 1024**power:.{min(power, 1)}f} {_UNITS[power]}"


def _days(count: int) -> timedelta | None:
    return timedelta(days=count) if count else None
