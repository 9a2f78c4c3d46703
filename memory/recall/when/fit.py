"""How well the dates of memories fit a time that a question names (NumPy, no clock)."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Span = tuple[datetime, datetime]  # [start, end), aware
Moments = NDArray[np.int64]  # microseconds since the epoch
Fit = NDArray[np.float64]

YEAR_FIT = 0.3  # a year, or longer, says little: most callers have called within one or two
OTHER_YEAR = 0.6  # the same month of another year than the most recent one
AFTER_FIT = (0.5, 0.4)  # just after the named time, and at the end of the days of reporting
REPORTED_DAYS = 14  # people tell for about two weeks what happened then

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = 86_400_000_000  # microseconds
_YEAR = 365 * _DAY
_REPORTED = REPORTED_DAYS * _DAY
_ZONES = 14 * _DAY // 24  # the caller's day may begin so much before the day in UTC
_FIRST_KNOWN = _YEAR  # 1971: what is dated before has no date (see `is_known_moment`)
_LAST_KNOWN = 330 * _YEAR  # 2299: the calendar is laid out up to here

_BEYOND = 2**60  # after every date, and far from overflowing


def microseconds(moment: datetime) -> int:
    """Return `moment` as microseconds since the epoch."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def is_dated(occurred_us: Moments) -> NDArray[np.bool_]:
    """Tell for each memory whether its date is known."""
    return occurred_us >= _FIRST_KNOWN


def span_fit(occurred_us: Moments, span: Span) -> Fit:
    """Return 1 inside `span` (.3 in one of a year or more), .5 to .4 in the two weeks after it."""
    start, end = map(microseconds, span)
    if end - start >= _YEAR:
        return np.where((occurred_us >= start) & (occurred_us < end), YEAR_FIT, 0.0)
    fit = np.zeros(len(occurred_us))
    near = np.flatnonzero((occurred_us >= start - _ZONES) & (occurred_us < end + _REPORTED))
    moments = occurred_us[near]
    fit[near] = _nearness(is_early=moments < start, late=moments - end)
    return fit


def calendar_fit(
    occurred_us: Moments,
    *,
    months: frozenset[int],
    years: frozenset[int],
    day: int | None,
    now: datetime | None,
) -> Fit:
    """
    Return how well each memory fits a month, or a day of a month, in no particular year.

    The most recent one up to `now` that has memories counts fully, others less. Without `now`,
    or with `years` to choose from, all count the same.
    """
    if not len(occurred_us):
        return np.zeros(0)
    starts, ends = _occurrences(
        1969 + max(int(occurred_us.min()), _FIRST_KNOWN) // _YEAR,
        1971 + min(int(occurred_us.max()), _LAST_KNOWN) // _YEAR,
        months=months,
        years=years,
        day=day,
    )
    latest = starts.searchsorted(occurred_us, side="right") - 1
    late, early = occurred_us - ends[latest], starts[latest + 1] - occurred_us
    near = np.flatnonzero((late < _REPORTED) | (early <= _ZONES))
    is_early = (late[near] >= _REPORTED) & (early[near] <= _ZONES)
    of = latest[near] + is_early  # the occurrence that each memory is near to
    nearness = _nearness(is_early=is_early, late=late[near])
    if now is not None and not years and len(near):
        # several months, as those of a summer, belong together when they lie within one year
        reach = _YEAR - 1 if months else 0
        is_past = np.maximum(occurred_us[near], starts[of]) <= microseconds(now)
        best = _most_recent(starts[of], is_inside=nearness == 1, is_past=is_past)
        is_best = (starts <= best) & (starts >= best - reach)
        nearness *= np.where(is_best, 1.0, OTHER_YEAR)[of]
    fit = np.zeros(len(occurred_us))
    fit[near] = nearness
    return fit


def _nearness(*, is_early: NDArray[np.bool_], late: Moments) -> Fit:
    """Return the fit of memories that are inside (`late` < 0), a little early, or later."""
    first, last = AFTER_FIT
    fit: Fit = np.where(late < 0, 1.0, first - (first - last) / _REPORTED * late)
    fit[is_early] = first
    return fit


def _most_recent(
    starts: Moments, *, is_inside: NDArray[np.bool_], is_past: NDArray[np.bool_]
) -> int:
    """Return the start of the last occurrence with past memories, inside it if any are."""
    for chosen in (is_inside & is_past, is_past):
        if chosen.any():
            return int(starts[chosen].max())
    return int(starts.min())


@lru_cache(maxsize=256)
def _occurrences(
    first_year: int,
    last_year: int,
    *,
    months: frozenset[int],
    years: frozenset[int],
    day: int | None,
) -> tuple[Moments, Moments]:
    """Return the starts and ends of every such month or day of these years, and one beyond each."""
    every = np.arange((first_year - 1970) * 12, (last_year - 1969) * 12).astype("M8[M]")
    number = every.astype(np.int64)
    if months:
        every = every[np.isin(number % 12 + 1, list(months))]
    if years:
        every = every[np.isin(every.astype(np.int64) // 12 + 1970, list(years))]
    starts = every.astype("M8[D]")
    if day is None:
        ends = (every + 1).astype("M8[D]")
    else:
        starts = starts + (day - 1)
        starts = starts[starts.astype("M8[M]") == every]  # there is no 31 April
        ends = starts + 1
    return _bounded(starts), _bounded(ends)


def _bounded(days: NDArray[np.datetime64]) -> Moments:
    moments = days.astype("M8[us]").astype(np.int64)
    bounded = np.concatenate([[-_BEYOND], moments, [_BEYOND]])
    bounded.flags.writeable = False  # it is shared
    return bounded
