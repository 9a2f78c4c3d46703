"""Counting calls: a tally takes one at a time, two are added up, and one gives its figures."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from analytics.report import Figures
from analytics.spread import share, spread
from history.values import Measured
from voice.figures import CallFigures, ToolUse

_COUNTED = (
    *("calls", "failed_calls", "new_callers", "returning_calls", "withheld_calls"),
    *("success", "failure", "unjudged", "told_calls", "recognised_calls", "greeted_calls"),
    *("transcript_calls", "searches", "search_answers", "search_hits", "search_errors"),
    *("tool_calls", "tool_errors", "errored_calls"),
)


@dataclass(slots=True, kw_only=True)
class Tally:
    """What has been seen so far. `counts` are by the name of the figure."""

    counts: Counter[str] = field(default_factory=Counter)
    callers: set[str] = field(default_factory=set)
    durations: list[float] = field(default_factory=list)
    credits: list[float] = field(default_factory=list)
    usd: list[float] = field(default_factory=list)
    search_latencies: list[float] = field(default_factory=list)


def count(tally: Tally, row: Measured) -> None:
    """Add one conversation, whose event is known or which is a failure."""
    if row.kind == "failure":
        tally.counts["failed_calls"] += 1
        return
    counts = tally.counts
    counts["calls"] += 1
    tally.durations.append(row.duration_secs)
    outcome = row.outcome.casefold()
    counts[outcome if outcome in ("success", "failure") else "unjudged"] += 1
    if row.caller is None:
        counts["withheld_calls"] += 1
    else:
        tally.callers.add(row.caller)
        counts["returning_calls" if row.is_returning else "new_callers"] += 1
    _count_figures(tally, row.figures)


def _count_figures(tally: Tally, figures: CallFigures) -> None:
    counts = tally.counts
    if figures.credits is not None:
        tally.credits.append(figures.credits)
    if figures.usd is not None:
        tally.usd.append(figures.usd)
    if figures.is_recognised is not None:
        counts["told_calls"] += 1
        counts["recognised_calls"] += figures.is_recognised
        counts["greeted_calls"] += bool(figures.is_greeted)
        counts["personalised_calls"] += figures.is_recognised or bool(figures.is_greeted)
    if figures.tools is not None:
        counts["transcript_calls"] += 1
        for tool in figures.tools:
            _count_tool(tally, tool)
    counts["errored_calls"] += bool(figures.error)


def _count_tool(tally: Tally, tool: ToolUse) -> None:
    counts = tally.counts
    counts["tool_calls"] += 1
    counts["tool_errors"] += tool.is_error is True
    if not tool.is_search:
        return
    counts["searches"] += 1
    counts["search_errors"] += tool.is_error is True
    if tool.latency_secs is not None:
        tally.search_latencies.append(tool.latency_secs)
    if tool.is_hit is not None:
        counts["search_answers"] += 1
        counts["search_hits"] += tool.is_hit


def together(tallies: Iterable[Tally]) -> Tally:
    """Return a tally of all that is in these."""
    whole = Tally()
    for each in tallies:
        whole.counts.update(each.counts)
        whole.callers |= each.callers
        whole.durations += each.durations
        whole.credits += each.credits
        whole.usd += each.usd
        whole.search_latencies += each.search_latencies
    return whole


def figures_of(tally: Tally) -> Figures:
    """Return the figures of what was counted."""
    counts = tally.counts
    durations, latencies = spread(tally.durations), spread(tally.search_latencies)
    credits_, usd = spread(tally.credits), spread(tally.usd)
    return Figures(
        **{name: counts[name] for name in _COUNTED},
        callers=len(tally.callers),
        duration_total_secs=durations.total,
        duration_median_secs=durations.median,
        duration_p90_secs=durations.p90,
        credits=credits_.total,
        credits_calls=credits_.count,
        usd=usd.total,
        usd_calls=usd.count,
        success_share=share(counts["success"], counts["success"] + counts["failure"]),
        personalised_share=share(counts["personalised_calls"], counts["told_calls"]),
        searches_per_call=share(counts["searches"], counts["transcript_calls"]),
        hit_rate=share(counts["search_hits"], counts["search_answers"]),
        search_latency_median_secs=latencies.median,
        search_latency_p90_secs=latencies.p90,
    )
