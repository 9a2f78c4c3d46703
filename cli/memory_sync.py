"""`memory sync`: bring OpenMemory up to what memory holds, or compare the two."""

import asyncio
import os
from dataclasses import asdict, dataclass

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)

from cli.assembly.openmemory import open_openmemory, require_openmemory
from cli.assembly.openmemory_state import described
from cli.assembly.store import open_store, processor_options, require_spool
from cli.output import console, print_json, problems
from memory.openmemory.carry_out import Source
from memory.openmemory.ledger import Tally
from memory.openmemory.mirror import Mirror, MirrorOptions
from memory.openmemory.sync import Progress as OnProgress
from memory.openmemory.sync import SyncReport, check, sync
from processor.status import count_backlog
from settings import Settings

_NICENESS = 10  # live answers, the receiver and the processor come first
_WORDS = {
    "missing": "missing",
    "changed": "changed there by somebody else",
    "doubled": "there twice, or outdated",
    "extra": "there, but in memory no more",
    "dropped": "dropped by OpenMemory, which took them for others",
    "shortened": "there with a shorter text",
    "refused": "not taken by OpenMemory",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outcome:
    report: SyncReport
    tally: Tally
    is_up_to_date: bool
    events_not_in_memory: int


def run_sync(settings: Settings, *, checks: bool, prunes: bool, as_json: bool) -> int:
    """Bring OpenMemory up to date, or only compare; return 1 if it is not up to date then."""
    require_openmemory(settings)
    os.nice(_NICENESS)
    columns = (
        TextColumn("comparing" if checks else "bringing up to date"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("callers"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=problems, transient=True) as progress:
        task = progress.add_task("", total=None)

        def show(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total)

        outcome = asyncio.run(_run(settings, show, checks=checks, prunes=prunes))
    if as_json:
        print_json(asdict(outcome))
    else:
        _print(outcome, checks=checks, prunes=prunes)
    return 0 if outcome.is_up_to_date else 1


async def _run(
    settings: Settings, on_progress: OnProgress, *, checks: bool, prunes: bool
) -> _Outcome:
    root, rules = settings.payload_storage_path, processor_options(settings).rules
    require_spool(root)
    async with (
        open_store(settings, must_exist=True) as store,
        open_openmemory(settings, store, mirrors=False) as opened,
    ):
        mirror = Mirror(store, opened.ledger, opened.backend, options=MirrorOptions())
        if checks:
            report = await check(mirror, store, on_progress=on_progress)
            is_up_to_date = report.is_up_to_date
        else:
            report = await sync(mirror, store, prunes=prunes, on_progress=on_progress)
            is_up_to_date = await _is_up_to_date(mirror, store, report, prunes=prunes)
        return _Outcome(
            report=report,
            tally=await opened.ledger.tally(),
            is_up_to_date=is_up_to_date,
            events_not_in_memory=await count_backlog(root, store, rules=rules),
        )


async def _is_up_to_date(
    mirror: Mirror, source: Source, report: SyncReport, *, prunes: bool
) -> bool:
    """Tell whether anything is left to do after a sync."""
    tally = await mirror.ledger.tally()
    if tally.waiting or tally.callers_waiting or tally.refused:
        return False
    if prunes or not report.counts.get("extra"):
        return True
    again = await check(mirror, source, on_progress=lambda _done, _total: None)
    return again.is_up_to_date


def _print(outcome: _Outcome, *, checks: bool, prunes: bool) -> None:
    report = outcome.report
    found = f"{report.there} of {report.wanted} memories there"
    if not checks:
        console.print(f"Added {report.added} and removed {report.removed}.")
        found = described(outcome.tally)
    state = "is up to date" if outcome.is_up_to_date else "is not up to date"
    of_whom = f"of {report.callers} callers, in {report.seconds:.1f} s"
    console.print(f"OpenMemory {state}: {found} ({of_whom}).")
    if report.counts:
        console.print("Found:" if checks else "Found before:")
    for kind, count in report.counts.items():
        console.print(f"  {count:>6} {_WORDS[kind]}")
    if report.foreign:
        console.print(f"  {report.foreign:>6} others wrote, about our callers: left alone")
    if checks:
        for each in report.differences:
            line = f"{each.what:<10} {each.caller}  {each.key}  {each.reason}"
            console.print(line.rstrip(), markup=False)
    if not outcome.is_up_to_date:
        console.print(_next_step(report, checks=checks, prunes=prunes))
    if outcome.events_not_in_memory:
        count = outcome.events_not_in_memory
        console.print(f"{count} events are not in memory yet: start the processor.")


def _next_step(report: SyncReport, *, checks: bool, prunes: bool) -> str:
    if report.counts.get("extra") and not prunes:
        return "`run.py memory sync --prune` mends this, and removes what stands for nothing."
    return "`run.py memory sync` mends this." if checks else "Run it again."
