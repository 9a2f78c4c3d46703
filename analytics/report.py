"""What analytics answers: plain values."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """
    Some calls in figures; a share or a middle of nothing is None.

    Medians and p90 (90 of 100 are no longer) are values that occurred. `new_callers` had never
    called before, `returning_calls` are of people who had, `withheld_calls` of nobody who is
    known. `success_share` is of the calls that the platform has judged, success or failure.

    What an expired transcript took along is in no figure: `credits_calls` and `usd_calls` had a
    cost, `told_calls` say what their agent was told when the phone rang, `transcript_calls` which
    tools it used. `recognised_calls`: it was told of earlier calls; `greeted_calls`: it had a
    first message for this caller alone; `personalised_share`: either, of `told_calls`.

    `searches` are of this server's memory; `searches_per_call` is over `transcript_calls`, and
    `hit_rate` over `search_answers`, those searches whose result can be read. `tool_calls` are all
    of them. `errored_calls` were ended by an error of the platform.
    """

    calls: int
    failed_calls: int
    callers: int
    new_callers: int
    returning_calls: int
    withheld_calls: int
    duration_total_secs: float
    duration_median_secs: float | None
    duration_p90_secs: float | None
    credits: float
    credits_calls: int
    usd: float
    usd_calls: int
    success: int
    failure: int
    unjudged: int
    success_share: float | None
    told_calls: int
    recognised_calls: int
    greeted_calls: int
    personalised_share: float | None
    transcript_calls: int
    searches: int
    searches_per_call: float | None
    search_answers: int
    search_hits: int
    hit_rate: float | None
    search_errors: int
    search_latency_median_secs: float | None
    search_latency_p90_secs: float | None
    tool_calls: int
    tool_errors: int
    errored_calls: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DayFigures:
    """The calls that began on one day, UTC."""

    day: date
    figures: Figures


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentFigures:
    """The calls of one agent."""

    agent_id: str
    figures: Figures


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolFigures:
    """How one tool was used. `answers` are the calls of it that came back with a latency."""

    name: str
    is_search: bool
    calls: int
    errors: int
    answers: int
    latency_median_secs: float | None
    latency_p90_secs: float | None
    latency_longest_secs: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How often something was so."""

    name: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """
    All figures of the calls that are asked for. It depends on the spool alone, not on the clock.

    `days` are those on which something was, in order; `calls_per_day` is over all days from the
    first to the last. `hours` (24) and `weekdays` (7, Monday first) count calls by when they
    began, UTC. Lists by name have the most frequent first, at most `MOST` of them;
    `reasons_known` are the calls that have a reason. `unread` calls, whose event has not come or
    cannot be read, are in no other figure; `undated` ones in all but those of time.
    """

    total: Figures
    first_at: datetime | None
    last_at: datetime | None
    calls_per_day: float | None
    days: tuple[DayFigures, ...]
    hours: tuple[int, ...]
    weekdays: tuple[int, ...]
    agents: tuple[AgentFigures, ...]
    tools: tuple[ToolFigures, ...]
    reasons: tuple[Count, ...]
    reasons_known: int
    failures: tuple[Count, ...]
    errors: tuple[Count, ...]
    unread: int
    undated: int


MOST = 100


def as_members(report: Report) -> dict[str, Any]:
    """Return `report` as members of a JSON object, with texts for its times."""
    return {name: _plain(value) for name, value in asdict(report).items()}


def _plain(value: object) -> Any:
    if isinstance(value, date):  # a datetime too
        return value.isoformat()
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    return value
