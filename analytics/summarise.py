"""From conversations to a report: each is looked at once, in whatever order they come. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from analytics.report import MOST, AgentFigures, Count, DayFigures, Report, ToolFigures
from analytics.spread import share, spread
from analytics.tally import Tally, count, figures_of, together
from history.values import Measured
from voice.clean import clean
from voice.figures import ToolUse

_NO_TIME = datetime(1970, 1, 1, tzinfo=UTC)  # the date of an event that names none
_NAME_CHARS = 80

_Cell = tuple[date, str]  # a day and an agent


@dataclass(slots=True, kw_only=True)
class _Tool:
    """What has been seen of one tool."""

    counts: Counter[str] = field(default_factory=Counter)
    latencies: list[float] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class _Seen:
    """What has been seen so far. `reasons` has every spelling of a reason."""

    cells: dict[_Cell, Tally] = field(default_factory=dict)
    hours: list[int] = field(default_factory=lambda: [0] * 24)
    weekdays: list[int] = field(default_factory=lambda: [0] * 7)
    tools: dict[str, _Tool] = field(default_factory=dict)
    reasons: dict[str, Counter[str]] = field(default_factory=dict)
    failures: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    first_at: datetime | None = None
    last_at: datetime | None = None
    unread: int = 0
    undated: int = 0


def summarise(rows: Iterable[Measured]) -> Report:
    """Return the figures of all of `rows`; their order makes no difference."""
    seen = _Seen()
    for row in rows:
        if row.kind == "call" and not row.figures.is_known:
            seen.unread += 1
            continue
        day = date.min if row.started_at == _NO_TIME else row.started_at.date()
        cell = (day, row.agent_id)
        tally = seen.cells.get(cell)
        if tally is None:
            tally = seen.cells[cell] = Tally()
        count(tally, row)
        _see(seen, row)
    return _report(seen)


def _see(seen: _Seen, row: Measured) -> None:
    if row.started_at == _NO_TIME:
        seen.undated += 1
    else:
        seen.first_at = min(seen.first_at or row.started_at, row.started_at)
        seen.last_at = max(seen.last_at or row.started_at, row.started_at)
    if row.kind == "failure":
        seen.failures[_name(row.outcome)] += 1
        return
    if row.started_at != _NO_TIME:
        seen.hours[row.started_at.hour] += 1
        seen.weekdays[row.started_at.weekday()] += 1
    if row.figures.error:
        seen.errors[row.figures.error] += 1
    if reason := row.figures.reason:
        spellings = seen.reasons.setdefault(reason.casefold().rstrip(" .!?"), Counter())
        spellings[reason.rstrip(" .!?") or reason] += 1
    for tool in row.figures.tools or ():
        _see_tool(seen.tools.setdefault(tool.name, _Tool()), tool)


def _see_tool(seen: _Tool, tool: ToolUse) -> None:
    seen.counts["calls"] += 1
    seen.counts["errors"] += tool.is_error is True
    seen.counts["searches"] += tool.is_search
    if tool.latency_secs is not None:
        seen.latencies.append(tool.latency_secs)


def _report(seen: _Seen) -> Report:
    days: dict[date, list[Tally]] = {}
    agents: dict[str, list[Tally]] = {}
    for (day, agent), tally in seen.cells.items():
        days.setdefault(day, []).append(tally)
        agents.setdefault(agent, []).append(tally)
    total = figures_of(together(seen.cells.values()))
    return Report(
        total=total,
        first_at=seen.first_at,
        last_at=seen.last_at,
        calls_per_day=_per_day(seen),
        days=tuple(
            DayFigures(day=day, figures=figures_of(together(tallies)))
            for day, tallies in sorted(days.items())
            if day != date.min
        ),
        hours=tuple(seen.hours),
        weekdays=tuple(seen.weekdays),
        agents=_agents(agents),
        tools=_tools(seen.tools),
        reasons=_most({_spelling(each): each.total() for each in seen.reasons.values()}),
        reasons_known=sum(each.total() for each in seen.reasons.values()),
        failures=_most(seen.failures),
        errors=_most(seen.errors),
        unread=seen.unread,
        undated=seen.undated,
    )


def _per_day(seen: _Seen) -> float | None:
    """Return the mean over all days from the first to the last, those without a call included."""
    if seen.first_at is None or seen.last_at is None:
        return None
    span = (seen.last_at.date() - seen.first_at.date()).days + 1
    return share(sum(seen.weekdays), span)


def _agents(agents: Mapping[str, Iterable[Tally]]) -> tuple[AgentFigures, ...]:
    found = [
        AgentFigures(agent_id=_name(agent), figures=figures_of(together(tallies)))
        for agent, tallies in agents.items()
    ]
    found.sort(key=lambda each: (-each.figures.calls, -each.figures.failed_calls, each.agent_id))
    return tuple(found[:MOST])


def _tools(tools: Mapping[str, _Tool]) -> tuple[ToolFigures, ...]:
    found = []
    for name, seen in tools.items():
        latencies = spread(seen.latencies)
        found.append(
            ToolFigures(
                name=name,
                is_search=seen.counts["searches"] > 0,
                calls=seen.counts["calls"],
                errors=seen.counts["errors"],
                answers=latencies.count,
                latency_median_secs=latencies.median,
                latency_p90_secs=latencies.p90,
                latency_longest_secs=latencies.longest,
            )
        )
    return tuple(sorted(found, key=lambda each: (-each.calls, each.name))[:MOST])


def _most(counts: Mapping[str, int]) -> tuple[Count, ...]:
    """Return the most frequent ones, and of equals those that come first by name."""
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return tuple(Count(name=name, count=times) for name, times in ordered[:MOST])


def _spelling(spellings: Counter[str]) -> str:
    """Return the most frequent spelling, and of equals the first by its letters."""
    return min(spellings, key=lambda text: (-spellings[text], text))


def _name(text: str) -> str:
    return clean(text, limit=_NAME_CHARS) or "unknown"
