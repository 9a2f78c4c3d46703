"""Days put together into as many periods as one can take in. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from analytics.report import DayFigures
from analytics.spread import total

Unit = Literal["day", "week", "month", "year"]

_MOST_DAYS = 31
_MOST_WEEKS = 26
_MOST_MONTHS = 36
_WEEK = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """What was in one period; a week is called by its Monday."""

    name: str
    calls: int
    failed_calls: int
    duration_secs: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Periods:
    """Periods of one length, in order. Empty ones are among them, unless they are years."""

    unit: Unit
    rows: tuple[Period, ...]


def periods(days: Sequence[DayFigures]) -> Periods:
    """Return `days`, which are in order, in periods of a length that suits their span."""
    if not days:
        return Periods(unit="day", rows=())
    first, last = days[0].day, days[-1].day
    unit = _unit(first, last)
    found: dict[str, list[DayFigures]] = {name: [] for name in _names(unit, first, last)}
    for each in days:
        found.setdefault(_name(unit, each.day), []).append(each)
    return Periods(unit=unit, rows=tuple(_period(name, each) for name, each in found.items()))


def _unit(first: date, last: date) -> Unit:
    span = (last - first).days + 1
    if span <= _MOST_DAYS:
        return "day"
    if span <= _MOST_WEEKS * _WEEK:
        return "week"
    return "month" if _months(last) - _months(first) < _MOST_MONTHS else "year"


def _months(day: date) -> int:
    return day.year * 12 + day.month


def _names(unit: Unit, first: date, last: date) -> Iterator[str]:
    """Yield the name of every period from the first to the last day; of years, none."""
    if unit == "year":
        return
    for back in range((last - first).days, -1, -1):
        yield _name(unit, last - timedelta(days=back))


def _name(unit: Unit, day: date) -> str:
    match unit:
        case "day":
            return day.isoformat()
        case "week":
            return (day - timedelta(days=day.weekday())).isoformat()
        case "month":
            return day.isoformat()[:7]
    return day.isoformat()[:4]


def _period(name: str, days: Iterable[DayFigures]) -> Period:
    figures = [each.figures for each in days]
    return Period(
        name=name,
        calls=sum(each.calls for each in figures),
        failed_calls=sum(each.failed_calls for each in figures),
        duration_secs=total(each.duration_total_secs for each in figures),
    )
