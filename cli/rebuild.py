"""`processor rebuild`: derive memory again, with a progress bar and a rate."""

import asyncio
import os
from dataclasses import asdict

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

from cli.assembly.store import open_store, processor_options, require_spool
from cli.output import console, print_json, problems
from processor.rebuild import RebuildReport, rebuild
from settings import Settings

_NICENESS = 10  # live answers, and the receiver, come first


def run_rebuild(
    settings: Settings, *, dry_run: bool, verify: bool, workers: int | None, as_json: bool
) -> int:
    """Rebuild, or say what would be done, or compare; return 1 on failures or differences."""
    os.nice(_NICENESS)
    columns = (
        TextColumn("rebuilding"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]:.0f} conversations/s"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=problems, transient=True) as progress:
        task = progress.add_task("", total=None, rate=0.0)
        report = asyncio.run(
            _rebuild(settings, progress, task, dry_run=dry_run, verify=verify, workers=workers)
        )
    if as_json:
        print_json(asdict(report))
    else:
        _print(report, dry_run=dry_run)
    differs = report.comparison is not None and not report.comparison.is_equal
    return 1 if report.failed or differs else 0


async def _rebuild(
    settings: Settings,
    progress: Progress,
    task: TaskID,
    *,
    dry_run: bool,
    verify: bool,
    workers: int | None,
) -> RebuildReport:
    def show(done: int, total: int) -> None:
        seconds = progress.tasks[task].elapsed or 0.0
        rate = done / seconds if seconds else 0.0
        progress.update(task, completed=done, total=total, rate=rate)

    require_spool(settings.payload_storage_path)
    switches = not verify and not dry_run
    async with open_store(settings, upgrade=switches, must_exist=not switches) as store:
        return await rebuild(
            settings.payload_storage_path,
            store,
            options=processor_options(settings),
            dry_run=dry_run,
            verify=verify,
            workers=workers,
            on_progress=show,
        )


def _print(report: RebuildReport, *, dry_run: bool) -> None:
    if dry_run:
        console.print(
            f"Would derive memory again from {report.events} events. Nothing was changed."
        )
        return
    rate = report.events / report.seconds if report.seconds else 0.0
    took = f"{report.events} events in {report.seconds:.1f} s ({rate:.0f}/s)"
    if report.comparison is None:
        console.print(f"Memory rebuilt from {took}, and switched to.")
    elif report.comparison.is_equal:
        console.print(f"Memory is what the spool says: compared {took}.")
    else:
        console.print(f"{report.comparison.count} conversations differ (compared {took}):")
        for line in report.comparison.differences:
            console.print(f"  {line}", markup=False)
        console.print("`run.py processor rebuild` switches to what the spool says.")
    if report.failed:
        console.print(f"{report.failed} events failed: `run.py processor status` names them.")
