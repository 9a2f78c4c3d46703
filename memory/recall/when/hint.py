"""What a question says about time: the value that reading returns."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Span = tuple[datetime, datetime]  # [start, end), aware
Tense = Literal["now", "present", "then", ""]


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeHint:
    """
    What a question says about time. Days are UTC days, and weeks begin on Monday.

    `spans` are [start, end): relative times, resolved against the moment of the question, and
    full dates. `months`, `years` and `day` are parts of dates that name no single time; beside
    `spans` they are its wider reading. `calls` are places among the caller's calls: 0 the first,
    -1 the last. `tense` says whether the state of now is asked for ("present": only by how the
    question is put), or an earlier one. `counts` is true for "how many times". `words` are the
    folded words that only say when; `dates` those that name the date ("5", "october"), of which a
    memory may speak as well.
    """

    spans: tuple[Span, ...] = ()
    months: frozenset[int] = frozenset()
    years: frozenset[int] = frozenset()
    day: int | None = None
    calls: tuple[int, ...] = ()
    tense: Tense = ""
    counts: bool = False
    words: frozenset[str] = frozenset()
    dates: frozenset[str] = frozenset()


NO_TIME = TimeHint()


def within(span: Span) -> TimeHint:
    """Return the hint of one span."""
    return TimeHint(spans=(span,))
