"""Spans of the calendar, in UTC: days, weeks, months, seasons and feasts around a moment."""

from calendar import monthrange
from datetime import UTC, date, datetime, timedelta

from memory.recall.when.hint import Span, TimeHint
from memory.recall.when.words import (
    COUPLE,
    DAY,
    EASTER,
    FEW,
    FORTNIGHT,
    HOUR,
    MINUTE,
    MONTH,
    QUARTER,
    THANKSGIVING,
    WEEK,
    WEEKEND,
    YEAR,
)

ALWAYS: Span = (datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC))

_SATURDAY = 5
_DAYS = {DAY: 1, WEEK: 7, FORTNIGHT: 14, WEEKEND: 7}
_MONTHS = {MONTH: 1, QUARTER: 3, YEAR: 12}
_VAGUE = {COUPLE: (1.0, 3.0), FEW: (2.0, 6.0)}  # from how many to how many units are meant
_DAYS_A_MONTH = 30.44
# How far a distance in such units may be off: people round to whole ones. In days.
_ROUNDED = {DAY: 0.0, WEEK: 3.0, FORTNIGHT: 5.0, WEEKEND: 3.0, MONTH: 15.0, QUARTER: 45.0}
_ROUNDED_YEAR = 120.0
_COUNTED_DAYS = 7  # up to here days are counted, beyond they are rounded, too


def days_from(first: date, *, count: int = 1) -> Span:
    """Return the `count` days that begin with `first`."""
    start = datetime(first.year, first.month, first.day, tzinfo=UTC)
    return start, start + timedelta(days=count)


def months_from(year: int, month: int, *, count: int = 1) -> Span:
    """Return `count` months from `month`, which may lie outside of 1..12."""
    return _first_of(year, month), _first_of(year, month + count)


def _first_of(year: int, month: int) -> datetime:
    years, index = divmod(month - 1, 12)
    return datetime(year + years, index + 1, 1, tzinfo=UTC)


def unit_span(unit: int, now: datetime, back: int) -> Span:
    """Return the calendar week, month, … of `now`, or that so many before it."""
    today = now.date()
    if unit in {MINUTE, HOUR}:
        return now - timedelta(hours=1 + back), now
    if unit in _MONTHS:
        size = _MONTHS[unit]
        return months_from(
            today.year, (today.month - 1) // size * size + 1 - back * size, count=size
        )
    if unit == DAY:
        return days_from(today - timedelta(days=back))
    monday = today - timedelta(days=today.weekday())
    if unit == FORTNIGHT:
        return days_from(monday - timedelta(days=14 * back), count=14)
    week = monday - timedelta(days=7 * back)
    return (
        days_from(week + timedelta(days=5), count=2)
        if unit == WEEKEND
        else days_from(week, count=7)
    )


def past_weekend(now: datetime) -> Span:
    """Return the weekend that has begun last."""
    return unit_span(WEEKEND, now, 0 if now.weekday() >= _SATURDAY else 1)


def rolling(unit: int, now: datetime, count: float) -> Span:
    """Return the `count` units up to `now`: "the last three weeks"."""
    _low, high = _VAGUE.get(int(count), (count, count))
    return _back(unit, now, high), now


def distance(unit: int, now: datetime, count: float) -> Span:
    """Return the days that "`count` units ago" may mean, at `now`."""
    low, high = _VAGUE.get(int(count), (count, count))
    if unit in {MINUTE, HOUR}:
        return _back(unit, now, high) - timedelta(hours=1), now
    slack = _ROUNDED.get(unit, _ROUNDED_YEAR)
    if unit == DAY and low > _COUNTED_DAYS:
        slack = low // _COUNTED_DAYS
    if not float(count).is_integer():  # half a year
        slack /= 3
    first = _back(unit, now, high).date() - timedelta(days=int(slack))
    last = _back(unit, now, low).date() + timedelta(days=int(slack))
    return days_from(first, count=(last - first).days + 1)


def _back(unit: int, now: datetime, count: float) -> datetime:
    if unit == MINUTE:
        return now - timedelta(minutes=count)
    if unit == HOUR:
        return now - timedelta(hours=count)
    if unit in _DAYS:
        return now - timedelta(days=count * _DAYS[unit])
    months = count * _MONTHS[unit]
    whole = int(months)
    first = _first_of(now.year, now.month - whole)
    day = min(now.day, monthrange(first.year, first.month)[1])
    moment = now.replace(year=first.year, month=first.month, day=day)
    return moment - timedelta(days=(months - whole) * _DAYS_A_MONTH)


def feast_span(feast: int, year: int) -> Span:
    """Return the days of a feast in `year` (of Christmas and Easter, those around it too)."""
    if feast == EASTER:
        return days_from(_easter(year) - timedelta(days=2), count=4)
    if feast == THANKSGIVING:
        first = date(year, 11, 1)
        return days_from(first + timedelta(days=(3 - first.weekday()) % 7 + 21))
    month, day = divmod(feast, 100)
    return days_from(date(year, month, day), count=3 if month == 12 else 1)  # noqa: PLR2004


def _easter(year: int) -> date:
    """Return Easter Sunday, by the rule of Gauss as Butcher wrote it down in 1876."""
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    h = (19 * a + b - d - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    i, k = divmod(c, 4)
    m = (32 + 2 * e + 2 * i - h - k) % 7
    month, day = divmod(h + m - 7 * ((a + 11 * h + 22 * m) // 451) + 114, 31)
    return date(year, month, day + 1)


def part_span(months: frozenset[int], year: int, day: int | None) -> Span | None:
    """Return the months, or the day of a month, that begin in `year`; None for a 31 April."""
    # a winter begins in December: with the month before which none is named
    first = next((m for m in sorted(months) if (m - 2) % 12 + 1 not in months), 1)
    if day is None:
        return months_from(year, first, count=len(months))
    return days_from(date(year, first, day)) if day <= monthrange(year, first)[1] else None


def resolved(hint: TimeHint, now: datetime | None) -> Span | None:
    """Return the one span that `hint` means: at or before `now` where it leaves the year open."""
    if hint.spans:
        return hint.spans[0][0], hint.spans[-1][1]
    if hint.years and not hint.months:
        return months_from(min(hint.years), 1)[0], months_from(max(hint.years) + 1, 1)[0]
    if now is None:
        return None
    if hint.months:
        candidates = (part_span(hint.months, now.year - back, hint.day) for back in range(9))
    elif hint.day is not None:
        firsts = (_first_of(now.year, now.month - back) for back in range(3))
        candidates = (part_span(frozenset({f.month}), f.year, hint.day) for f in firsts)
    else:
        return None
    return next((span for span in candidates if span and span[0] <= now), None)
