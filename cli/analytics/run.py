"""`analytics`: the calls in figures, from the spool by its index."""

import asyncio
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from analytics.report import Report, as_members
from analytics.summarise import summarise
from analytics.tables import TableName, as_csv
from cli.analytics.text import print_report
from cli.assembly.history_index import open_current_history
from cli.history.filters import Typed, UnusableFilter, filters_of
from cli.output import console, print_json, problems
from history.values import Filters
from settings import Settings

STDOUT = "-"


def analyse(
    settings: Settings,
    typed: Typed,
    *,
    csv: str | None,
    table: TableName,
    as_json: bool,
) -> int:
    """Print the figures of the calls that are asked for; return 2 for unusable filters."""
    try:
        filters = filters_of(typed, region=settings.phone_region or None, now=datetime.now(UTC))
    except UnusableFilter as error:
        problems.print(f"{error}", style="bold red", markup=False)
        return 2
    report = asyncio.run(report_of(settings, filters))
    if csv is not None:
        _write(as_csv(report, table), csv)
    elif as_json:
        print_json(as_members(report))
    else:
        print_report(report)
    return 0


async def report_of(settings: Settings, filters: Filters) -> Report:
    """Return the figures of the conversations that `filters` ask for, up to date."""
    async with open_current_history(settings) as opened:
        return await opened.history.fold(filters, summarise)


def _write(text: str, to: str) -> None:
    if to == STDOUT:
        sys.stdout.write(text)
        return
    path = Path(to)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    # The line ends are in the text already, as the format wants them.
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
        file.write(text)
    console.print(f"table written to {path}", markup=False)
