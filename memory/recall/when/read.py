"""What a question says about time, and how well a memory's date fits it."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from memory.recall.when import calls as call_rules
from memory.recall.when import names as name_rules
from memory.recall.when import ranges as range_rules
from memory.recall.when import relative as relative_rules
from memory.recall.when.calendar import months_from, part_span
from memory.recall.when.fit import (
    OTHER_YEAR,
    Fit,
    Moments,
    calendar_fit,
    is_dated,
    microseconds,
    span_fit,
)
from memory.recall.when.hint import NO_TIME, Span, TimeHint
from memory.recall.when.line import (
    Token,
    is_date,
    may_name_date,
    rewrite,
    split,
    symbols_of,
    tokens_of,
)
from memory.recall.when.state import counts, only_when, tense
from memory.recall.words import words

__all__ = ["NO_TIME", "Span", "TimeHint", "date_fit", "read_time"]

_RULES = (
    *relative_rules.NOT_THEN,
    *call_rules.RULES,
    *relative_rules.WEEKDAYS,
    *name_rules.RULES,
    *relative_rules.RULES,
    *range_rules.RULES,
)


def read_time(question: str, *, now: datetime | None) -> TimeHint:
    """
    Return what `question`, asked at `now`, says about time. Never raises.

    Days are UTC days, and weeks begin on Monday. English in full, and the basic forms of
    German, Spanish, French, Portuguese and Italian. Without `now` nothing is known of what
    "last week" means, and its words are words like others.
    """
    pieces = split(question)
    symbols = symbols_of(pieces)
    counted = counts(symbols)
    said_only = frozenset(only_when(pieces, symbols, counted=counted))
    tokens: list[Token] = []
    if may_name_date(symbols):
        tokens = tokens_of(pieces)
        symbols = rewrite(tokens, symbols, _RULES, now.astimezone(UTC) if now else None)
    hints = [token.hint for token in tokens if token.hint and "date" in token.parts]
    found = [hint for hint in hints if hint != NO_TIME]  # that is what "next week" says
    if not found:
        asked = tense(symbols)
        if not asked and not counted and not said_only:
            return NO_TIME
        return TimeHint(tense=asked, counts=counted, words=said_only)
    # a time that is named says when by itself: "what was she reading recently, in May 2025?"
    named = [hint for hint in found if not hint.tense]
    return replace(
        _together(named or found),
        tense="" if named else found[0].tense or tense(symbols),
        counts=counted,
        words=said_only | _spent(pieces, tokens),
        dates=_dates(question, tokens),
    )


def date_fit(
    hint: TimeHint, occurred_us: Moments, call_of: NDArray[np.integer], *, now: datetime | None
) -> Fit:
    """
    Return for each memory how well its date fits `hint`, in 0..1.

    1 inside the named time; .5 to .4 in the two weeks after it, for people report what just
    happened; .3 for a year. A month without a year is the most recent one that has memories;
    the same month of other years gets .6. Undated memories (of 1970) fit nothing.
    """
    fit = np.zeros(len(occurred_us))
    for span in hint.spans:
        np.maximum(fit, span_fit(occurred_us, span), out=fit)
    if hint.months or hint.day is not None:
        parts = calendar_fit(
            occurred_us, months=hint.months, years=hint.years, day=hint.day, now=now
        )
        np.maximum(fit, parts * OTHER_YEAR if hint.spans else parts, out=fit)
    elif hint.years:
        for year in hint.years:
            np.maximum(fit, span_fit(occurred_us, months_from(year, 1, count=12)), out=fit)
    if hint.calls:
        np.maximum(fit, _calls_fit(hint.calls, occurred_us, call_of, now=now), out=fit)
    fit[~is_dated(occurred_us)] = 0.0
    return fit


def _calls_fit(
    calls: Sequence[int],
    occurred_us: Moments,
    call_of: NDArray[np.integer],
    *,
    now: datetime | None,
) -> Fit:
    known = is_dated(occurred_us)
    if now is not None:
        known &= occurred_us <= microseconds(now)
    held = np.unique(call_of[known])  # a call dated after `now`, by a clock at fault, has no place
    meant = [held[place] for place in calls if -len(held) <= place < len(held)]
    return np.where(np.isin(call_of, meant), 1.0, 0.0)


def _together(hints: Sequence[TimeHint]) -> TimeHint:
    """Return what several times of one question say together: "in March" and "last year"."""
    spans = {span for hint in hints for span in hint.spans}
    months = frozenset(month for hint in hints for month in hint.months)
    years = frozenset(year for hint in hints for year in hint.years)
    day = next((hint.day for hint in hints if hint.day is not None), None)
    whole_years = set(filter(_is_year, spans))
    within = years | {span[0].year for span in whole_years}
    if months and within and not any(hint.spans and hint.months for hint in hints):
        dated = (part_span(frozenset({m}), year, day) for m in months for year in within)
        spans = spans - whole_years | {span for span in dated if span}
        months, years, day = frozenset(), frozenset(), None
    return TimeHint(
        spans=tuple(sorted(spans)),
        months=months,
        years=years,
        day=day,
        calls=next((hint.calls for hint in hints if hint.calls), ()),
    )


def _is_year(span: Span) -> bool:
    start, end = span
    return (start.month, start.day, end.month, end.day) == (
        1,
        1,
        1,
        1,
    ) and start.year + 1 == end.year


def _spent(pieces: Iterable[str], tokens: Iterable[Token]) -> frozenset[str]:
    """Return the words that say when, wherever in the question they stand."""
    spent = Counter(word for token in tokens for word in token.spent)
    if not spent:
        return frozenset()
    said = Counter(word for piece in pieces for word in piece.split())
    kept = [word for word, count in said.items() if count > spent[word]]
    return _as_searched(spent) - _as_searched(kept)


def _dates(question: str, tokens: Iterable[Token]) -> frozenset[str]:
    """Return the words that name a date and nothing else in the question, as searched for."""
    named: Counter[str] = Counter()
    for token in tokens:
        if token.named and token.hint and is_date(token.hint):
            others = words(" ".join(word for word in token.said if word not in token.named))
            named.update(word for word in words(" ".join(token.said)) if word not in others)
    if not named:
        return frozenset()
    asked = Counter(words(question))
    return frozenset(word for word, count in named.items() if 0 < asked[word] <= count)


def _as_searched(said: Iterable[str]) -> frozenset[str]:
    """Return these words, and the forms in which they are looked for: "three" as "3"."""
    return frozenset([*said, *words(" ".join(said))])
