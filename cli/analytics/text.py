"""The figures for a terminal: tables and bars that read well at 80 columns, without colour too."""

from collections.abc import Sequence

from rich.console import Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from analytics.periods import periods
from analytics.report import Count, Figures, Report
from analytics.tables import WEEKDAYS
from cli.analytics.units import (
    amount,
    bar,
    clock,
    decimal,
    hours,
    percent,
    seconds,
    share_of,
    table,
)
from cli.output import console

_WIDEST = 100
_SHORT_BAR = 14
_SHOWN = 10  # of each list by name
_HALF_DAY = 12


def print_report(report: Report) -> None:
    """Print all of a report that there is anything to say about."""
    if not report.total.calls and not report.total.failed_calls:
        console.print("no such calls")
        _print_rest(report)
        return
    parts = [
        _overview(report),
        _by_period(report),
        _by_hour(report),
        _by_weekday(report),
        _tools(report),
        _counted("Reasons for calling", report.reasons, of=report.reasons_known),
        _counted("Failed calls", report.failures, of=report.total.failed_calls),
        _counted("Errors of the platform", report.errors, of=report.total.errored_calls),
        _agents(report),
    ]
    shown = Group(*(Padding(part, (0, 0, 1, 0)) for part in parts if part is not None))
    console.print(shown, soft_wrap=False, width=min(console.width, _WIDEST))
    _print_rest(report)


def _print_rest(report: Report) -> None:
    if report.undated:
        console.print(f"{report.undated} calls name no time: they are in no day, hour or weekday")
    if report.unread:
        console.print(f"{report.unread} calls cannot be read or have not come whole: not counted")


def _overview(report: Report) -> Table:
    total = report.total
    shown = table(None)
    shown.add_column(no_wrap=True)
    shown.add_column(justify="right", no_wrap=True)
    shown.add_column(overflow="fold")
    rows = [
        ("Calls", f"{total.calls:,}", _span(report)),
        ("Callers", f"{total.callers:,}", _who(total)),
        ("Duration", clock(total.duration_median_secs), _duration(total)),
        ("Cost", amount(total.credits), _cost(total)),
        ("Success", percent(total.success_share), _success(total)),
        ("Personalised", percent(total.personalised_share), _personalised(total)),
        ("Searches", decimal(total.searches_per_call), _searches(total)),
        ("Search hits", percent(total.hit_rate), _hits(total)),
        ("Failed calls", f"{total.failed_calls:,}", "outbound calls that never came about"),
    ]
    for name, figure, words in rows:
        shown.add_row(Text(name, style="bold"), figure, Text(words))
    return shown


def _span(report: Report) -> str:
    if report.first_at is None or report.last_at is None:
        return ""
    span = f"{report.first_at:%Y-%m-%d} to {report.last_at:%Y-%m-%d}"
    return f"{span}, {decimal(report.calls_per_day)} a day"


def _who(total: Figures) -> str:
    withheld = f"; {total.withheld_calls:,} withheld" if total.withheld_calls else ""
    again = share_of(total.returning_calls, total.calls)
    return f"{total.new_callers:,} new; {again} of the calls are of returning ones{withheld}"


def _duration(total: Figures) -> str:
    together = hours(total.duration_total_secs)
    return f"median; p90 {clock(total.duration_p90_secs)}; {together} together"


def _cost(total: Figures) -> str:
    if not total.credits_calls and not total.usd_calls:
        return "nothing is known of the cost"
    words = "credits"
    if total.credits_calls:
        words += f", {amount(total.credits / total.credits_calls)} a call"
    if total.usd_calls:
        words += f"; {total.usd:,.2f} USD"
    if total.credits_calls < total.calls:
        words += f" (known of {total.credits_calls:,} calls)"
    return words


def _success(total: Figures) -> str:
    judged = total.success + total.failure
    return f"{total.success:,} of {judged:,} judged; {total.unjudged:,} not judged"


def _personalised(total: Figures) -> str:
    return (
        f"{total.recognised_calls:,} recognised, {total.greeted_calls:,} with their own greeting, "
        f"of {total.told_calls:,}"
    )


def _searches(total: Figures) -> str:
    latency = seconds(total.search_latency_median_secs)
    slowest = seconds(total.search_latency_p90_secs)
    return f"a call, {total.searches:,} in all; latency {latency}, p90 {slowest}"


def _hits(total: Figures) -> str:
    errors = f"; {total.search_errors:,} failed" if total.search_errors else ""
    return f"{total.search_hits:,} of {total.search_answers:,} found a memory{errors}"


def _by_period(report: Report) -> Table | None:
    found = periods(report.days)
    most = max((each.calls for each in found.rows), default=0)
    if not most:
        return None
    shown = table(f"Calls by {found.unit}", has_headings=True)
    shown.add_column(found.unit, no_wrap=True)
    for name in ("calls", "failed", "time"):
        shown.add_column(name, justify="right", no_wrap=True)
    shown.add_column("", no_wrap=True)
    for each in found.rows:
        failed = f"{each.failed_calls:,}" if each.failed_calls else ""
        length = hours(each.duration_secs) if each.calls else ""
        shown.add_row(each.name, f"{each.calls:,}", failed, length, bar(each.calls, most))
    return shown


def _by_hour(report: Report) -> Table | None:
    most = max(report.hours)
    if not most:
        return None
    shown = table("Calls by hour (UTC)")
    for _ in range(2):
        shown.add_column(no_wrap=True)
        shown.add_column(justify="right", no_wrap=True)
        shown.add_column(no_wrap=True, width=_SHORT_BAR + 1)
    for hour in range(_HALF_DAY):
        cells: list[Text | str] = []
        for each in (hour, hour + _HALF_DAY):
            calls = report.hours[each]
            cells += [f"{each:02}:00", f"{calls:,}", bar(calls, most, width=_SHORT_BAR)]
        shown.add_row(*cells)
    return shown


def _by_weekday(report: Report) -> Table | None:
    most = max(report.weekdays)
    if not most:
        return None
    shown = table("Calls by weekday (UTC)")
    shown.add_column(no_wrap=True)
    shown.add_column(justify="right", no_wrap=True)
    shown.add_column(no_wrap=True)
    for name, calls in zip(WEEKDAYS, report.weekdays, strict=True):
        shown.add_row(name, f"{calls:,}", bar(calls, most))
    return shown


def _tools(report: Report) -> Table | None:
    if not report.tools:
        return None
    shown = table("Tools", has_headings=True)
    shown.add_column("name", overflow="fold")
    for name in ("calls", "failed", "median", "p90", "longest"):
        shown.add_column(name, justify="right", no_wrap=True)
    for each in report.tools[:_SHOWN]:
        shown.add_row(
            Text(each.name),
            f"{each.calls:,}",
            f"{each.errors:,}" if each.errors else "",
            seconds(each.latency_median_secs),
            seconds(each.latency_p90_secs),
            seconds(each.latency_longest_secs),
        )
    return shown


def _counted(title: str, counts: Sequence[Count], *, of: int) -> Table | None:
    if not counts:
        return None
    shown = table(title)
    shown.add_column(justify="right", no_wrap=True)
    shown.add_column(justify="right", no_wrap=True)
    shown.add_column(overflow="fold")
    for each in counts[:_SHOWN]:
        shown.add_row(f"{each.count:,}", share_of(each.count, of), Text(each.name))
    return shown


def _agents(report: Report) -> Table | None:
    if len(report.agents) < 2:  # noqa: PLR2004 - one agent is all of the above
        return None
    shown = table("Agents", has_headings=True)
    shown.add_column("agent", overflow="fold")
    for name in ("calls", "failed", "median", "success", "hits"):
        shown.add_column(name, justify="right", no_wrap=True)
    for each in report.agents[:_SHOWN]:
        figures = each.figures
        shown.add_row(
            Text(each.agent_id),
            f"{figures.calls:,}",
            f"{figures.failed_calls:,}" if figures.failed_calls else "",
            clock(figures.duration_median_secs),
            percent(figures.success_share),
            percent(figures.hit_rate),
        )
    return shown
