"""`run.py stats`: how much is kept of what, and how it grows."""

import asyncio
from datetime import UTC, datetime

from cli.assembly.history_index import open_current_history
from cli.assembly.store import open_store, processor_options
from cli.keeping.retention import size_text
from cli.output import console, print_json
from history.index import History
from memory.port import MemoryStore
from processor.stats import Growth, Stats, as_json, read_stats
from settings import Settings

_SHOWN_DAYS = 7
_SHOWN_MONTHS = 12


def show_stats(settings: Settings, *, as_json_document: bool) -> int:
    """Print the numbers; return 0."""
    stats = asyncio.run(_stats(settings))
    if as_json_document:
        print_json(as_json(stats))
    else:
        _print(stats)
    return 0


async def stats_of(settings: Settings, store: MemoryStore, history: History) -> Stats:
    """Return the numbers of what the settings name."""
    return await read_stats(
        settings.payload_storage_path,
        store,
        history,
        rules=processor_options(settings).rules,
        memory_path=settings.openmemory_db_path,
        history_path=settings.history_path,
        now=datetime.now(UTC),
    )


async def _stats(settings: Settings) -> Stats:
    async with (
        open_current_history(settings) as opened,
        open_store(settings, must_exist=True) as store,
    ):
        return await stats_of(settings, store, opened.history)


def _print(stats: Stats) -> None:
    console.print(
        f"conversations {stats.conversations}, failed calls {stats.failed_calls}, "
        f"callers {stats.callers}, memories {stats.memories}"
    )
    if stats.oldest is not None and stats.newest is not None:
        console.print(f"from {stats.oldest:%Y-%m-%d} to {stats.newest:%Y-%m-%d}")
    for name, total in stats.kept.items():
        size = size_text(total.size_bytes)
        console.print(f"  {name.replace('_', ' '):<14} {total.files:>8} files  {size:>10}")
    console.print(f"  {'together':<14} {'':>14}  {size_text(stats.total_bytes):>10}")
    for reason, total in stats.dropped.items():
        size = size_text(total.size_bytes)
        console.print(f"dropped: {reason.replace('_', ' ')}  {total.files} files  {size}")
    if stats.memories_expired:
        console.print(f"memories of {stats.memories_expired} events have expired")
    _print_growth("arrived a day", stats.days[-_SHOWN_DAYS:])
    _print_growth("arrived a month", stats.months[-_SHOWN_MONTHS:])
    console.print(f"backlog {stats.backlog}, parked {stats.parked}, quarantine {stats.quarantine}")
    if stats.retention is not None:
        console.print(
            f"retention last ran at {stats.retention.started_at.astimezone():%Y-%m-%d %H:%M}"
        )


def _print_growth(title: str, periods: tuple[Growth, ...]) -> None:
    if not any(each.size_bytes for each in periods):
        return
    console.print(title)
    for each in periods:
        size = size_text(each.size_bytes)
        console.print(f"  {each.period:<10} {each.conversations:>8} conversations  {size:>10}")
