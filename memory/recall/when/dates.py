"""Dates written in digits: 2025-03-05, 3/5/2025, 05.03.2025, 05.03."""

import re
from calendar import monthrange
from datetime import date

from memory.recall.when.calendar import days_from, months_from
from memory.recall.when.hint import Span, TimeHint

_YEARS = range(1900, 2100)
_CENTURY_ENDS = 70  # "69" is 2069, "70" is 1970
_YEAR_DIGITS = 4
_PARTS = re.compile(r"[-/.]")


def digit_date(text: str) -> TimeHint | None:
    """
    Return the date that digits like "3/5/2025" name; None if they are none.

    Where day and month may change places both readings count: as spans, or without a year as
    the day in either month.
    """
    parts = [part for part in _PARTS.split(text) if part]
    numbers = [int(part) for part in parts]
    if len(parts[0]) == _YEAR_DIGITS:
        return _year_first(numbers)
    readings = {(numbers[0], numbers[1]), (numbers[1], numbers[0])}
    if len(parts) == 2:  # noqa: PLR2004
        day, month = numbers[0], numbers[1]
        if not _is_date(2024, month, day):
            day, month = month, day
        if not _is_date(2024, month, day):
            return None
        return TimeHint(months=frozenset({month}), day=day)
    if len(parts[2]) not in {2, _YEAR_DIGITS}:
        return None
    year = numbers[2]
    if len(parts[2]) == 2:  # noqa: PLR2004
        year += 2000 if year < _CENTURY_ENDS else 1900
    spans = [days_from(date(year, m, d)) for d, m in readings if _is_date(year, m, d)]
    return TimeHint(spans=tuple(sorted(spans))) if spans else None


def _year_first(numbers: list[int]) -> TimeHint | None:
    year, month, *rest = numbers
    if not _is_date(year, month, 1):
        return None
    if not rest:
        return TimeHint(spans=(months_from(year, month),))
    if not _is_date(year, month, rest[0]):
        return None
    span: Span = days_from(date(year, month, rest[0]))
    return TimeHint(spans=(span,))


def _is_date(year: int, month: int, day: int) -> bool:
    is_month = year in _YEARS and 1 <= month <= 12  # noqa: PLR2004
    return is_month and 1 <= day <= monthrange(year, month)[1]
