"""How much is kept of what, how it grows, and what does not get on: for the owner."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from history.values import Day, FileTotal, Totals
from memory.port import MemoryStore
from processor.retention.last_run import LastRun, read_last_run
from processor.status import Status, read_status
from spool.dropped import dropped_of, kept_path
from spool.reader import ledger_path
from voice.rules import Rules

_DAYS = 30
# What the owner calls the kinds of files.
_NAMES = {
    "audio": "recordings",
    "transcription": "transcripts",
    "failure": "failed_calls",
    "quarantine": "quarantine",
}


class Counted(Protocol):
    """The index of the history, as far as it is used here."""

    async def totals(self) -> Totals:
        """Return all of the history in numbers."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """What arrived in a day ("2026-11-20") or a month ("2026-11"), UTC; all files, in bytes."""

    period: str
    conversations: int
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stats:
    """
    All that is kept, in numbers.

    `kept` are the files that are there, by what they are; "remembered" is what stays of dropped
    transcripts, "memory" and "history" are the two files that can be derived again. `dropped`
    are those that are gone on purpose, by reason: "retention", "space", "not_stored", "erased".
    `memories_expired` counts events. `days` are the last 30, `months` all. `quarantine` and
    `parked` are what somebody should look at.
    """

    at: datetime
    conversations: int
    failed_calls: int
    callers: int
    memories: int
    kept: Mapping[str, FileTotal]
    total_bytes: int
    dropped: Mapping[str, FileTotal]
    memories_expired: int
    days: tuple[Growth, ...]
    months: tuple[Growth, ...]
    oldest: datetime | None
    newest: datetime | None
    backlog: int
    retrying: int
    parked: int
    quarantine: int
    retention: LastRun | None


async def read_stats(
    root: Path,
    store: MemoryStore,
    history: Counted,
    *,
    rules: Rules,
    memory_path: Path,
    history_path: Path,
    now: datetime,
) -> Stats:
    """
    Count what is kept of the spool at `root`; changes nothing.

    What the history has not read yet is not in it. Raises the error of spool, store or history.
    """
    totals = await history.totals()
    status = await read_status(root, store, rules=rules)
    found = await asyncio.to_thread(_found, root, (memory_path, history_path))
    return _stats(totals, status, found, now)


def as_json(stats: Stats) -> dict[str, Any]:
    """Return `stats` with texts for its times, as it is printed and served."""
    return {name: _plain(value) for name, value in asdict(stats).items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    remembered: FileTotal
    ledger: FileTotal
    derived: tuple[FileTotal, ...]
    memories_expired: int
    retention: LastRun | None


def _found(root: Path, derived: Iterable[Path]) -> _Found:
    dropped = dropped_of(root)
    expired = dropped.all_without_memories()
    remembered = (
        root / kept_path(drop.file)
        for drop in dropped.all_files()
        if drop.kept_sha256 and drop.file not in expired
    )
    return _Found(
        remembered=_total(remembered),
        ledger=_total([ledger_path(root)]),
        # With what SQLite keeps beside a file that is in use.
        derived=tuple(_total(path.parent.glob(f"{path.name}*")) for path in derived),
        memories_expired=len(expired),
        retention=read_last_run(root),
    )


def _total(paths: Iterable[Path]) -> FileTotal:
    """Return number and size of those of the files that are there."""
    sizes = []
    for path in paths:
        try:
            sizes.append(path.lstat().st_size)
        except FileNotFoundError:
            continue  # it has just gone: a log that was written into its file, an erasure
    return FileTotal(files=len(sizes), size_bytes=sum(sizes))


def _stats(totals: Totals, status: Status, found: _Found, now: datetime) -> Stats:
    memory, history = found.derived
    kept = {
        **{name: totals.kept.get(kind, FileTotal()) for kind, name in _NAMES.items()},
        "remembered": found.remembered,
        "ledger": found.ledger,
        "memory": memory,
        "history": history,
    }
    return Stats(
        at=now,
        conversations=totals.conversations,
        failed_calls=totals.failures,
        callers=totals.callers,
        memories=status.counts.memories,
        kept=kept,
        total_bytes=sum(each.size_bytes for each in kept.values()),
        dropped=totals.dropped,
        memories_expired=found.memories_expired,
        days=_last_days(totals.days, now.date()),
        months=_months(totals.days),
        oldest=totals.oldest,
        newest=totals.newest,
        backlog=status.backlog,
        retrying=len(status.retrying),
        parked=len(status.parked),
        quarantine=status.quarantine.count,
        retention=found.retention,
    )


def _last_days(days: Iterable[Day], today: date) -> tuple[Growth, ...]:
    """Return each of the last days up to `today`, also those on which nothing arrived."""
    by_date = {each.day: each for each in days}
    dates = (today - timedelta(days=back) for back in reversed(range(_DAYS)))
    return tuple(
        _growth(day.isoformat(), [by_date[day]] if day in by_date else []) for day in dates
    )


def _months(days: Iterable[Day]) -> tuple[Growth, ...]:
    by_month: dict[str, list[Day]] = {}
    for each in days:
        by_month.setdefault(f"{each.day:%Y-%m}", []).append(each)
    return tuple(_growth(month, members) for month, members in by_month.items())


def _growth(period: str, days: Iterable[Day]) -> Growth:
    members = list(days)
    return Growth(
        period=period,
        conversations=sum(each.conversations for each in members),
        size_bytes=sum(each.size_bytes for each in members),
    )


def _plain(value: object) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    return value
