"""A report as tables, for a spreadsheet. Pure."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any, Literal, get_args

from analytics.report import Count, Figures, Report, ToolFigures

TableName = Literal["days", "agents", "hours", "weekdays", "tools", "reasons", "failures", "errors"]
TABLES: tuple[TableName, ...] = get_args(TableName)
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

# A spreadsheet takes a cell that begins so for a formula, and what callers say is in the cells.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def as_csv(report: Report, name: TableName) -> str:
    """Return one table of a report as CSV, with a row of headings; lines end as RFC 4180 says."""
    columns, rows = _table(report, name)
    written = io.StringIO()
    writer = csv.DictWriter(written, columns, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows({key: _cell(value) for key, value in row.items()} for row in rows)
    return written.getvalue()


_Table = tuple[Sequence[str], Iterable[Mapping[str, Any]]]


def _table(report: Report, name: TableName) -> _Table:
    figures = tuple(each.name for each in fields(Figures))
    match name:
        case "days":
            days = [{"day": each.day, **asdict(each.figures)} for each in report.days]
            return ("day", *figures), days
        case "agents":
            agents = [{"agent_id": each.agent_id, **asdict(each.figures)} for each in report.agents]
            return ("agent_id", *figures), agents
        case "hours":
            hours = [{"hour": hour, "calls": calls} for hour, calls in enumerate(report.hours)]
            return ("hour", "calls"), hours
        case "weekdays":
            pairs = zip(WEEKDAYS, report.weekdays, strict=True)
            return ("weekday", "calls"), [{"weekday": day, "calls": calls} for day, calls in pairs]
        case "tools":
            return tuple(each.name for each in fields(ToolFigures)), map(asdict, report.tools)
    counts: tuple[Count, ...] = getattr(report, name)
    return ("name", "count"), map(asdict, counts)


def _cell(value: object) -> object:
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value
