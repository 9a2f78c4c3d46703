"""Times that lie around others: "since March", "the week before 3 August", "early May"."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from memory.recall.when.calendar import (
    ALWAYS,
    distance,
    resolved,
    rolling,
    unit_span,
)
from memory.recall.when.hint import Span, TimeHint, within
from memory.recall.when.line import Read, Rule, Token, number, pattern, plays
from memory.recall.when.words import COUPLE, DAY, FEW, WEEK, WEEKEND

_ABOUT = {COUPLE: 2, FEW: 4}
_COUNT = "(?:(?:one|the)? [number numeral] of? | one | the)?"


def _span(token: Token, now: datetime | None) -> Span | None:
    return resolved(token.hint, now) if token.hint else None


def _between(tokens: Sequence[Token], now: datetime | None) -> TimeHint | None:
    """Read "between March and May": the first is the last one before the second."""
    first, second = (token for token in tokens if token.hint)
    until = _span(second, now)
    since = _span(first, until[0] if until else now)
    if not since or not until or since[0] >= until[1]:
        return None
    return within((since[0], until[1]))


def _since(tokens: Sequence[Token], now: datetime | None) -> TimeHint | None:
    span = _span(tokens[-1], now)
    if span is None:
        return None
    start = span[1] if plays(tokens, "after") else span[0]
    end = now if now and start < now else ALWAYS[1]
    return within((start, end)) if start < end else None


def _before(tokens: Sequence[Token], now: datetime | None) -> TimeHint | None:
    span = _span(tokens[-1], now)
    if span is None:
        return None
    end = span[0] if plays(tokens[:1], "before") else span[1]
    return within((ALWAYS[0], end))


def _next_to(tokens: Sequence[Token], now: datetime | None) -> TimeHint | None:
    """Read "two weeks before 11 August", "the day after"."""
    span = _span(tokens[-1], now)
    if span is None:
        return None
    unit = number(tokens, "unit", default=DAY)
    count = number(tokens, "number") or number(tokens, "numeral")
    if plays(tokens, "after"):
        return within(_later(span, unit, count))
    if count:
        return within(distance(unit, span[0], count))
    if unit == WEEKEND:
        return within(unit_span(WEEKEND, span[0], 1))
    return within(rolling(unit, span[0], 1))


def _later(span: Span, unit: int, count: int) -> Span:
    """Return the days that "two weeks after" means; the next `unit` without a `count`."""
    length = _length(unit)
    if not count:
        return span[1], span[1] + length
    steps = count if count > 0 else _ABOUT[count]
    start = span[0] + steps * length
    return (start, start + length) if unit == DAY else (start - length / 2, start + length / 2)


def _length(unit: int) -> timedelta:
    start, end = unit_span(unit, ALWAYS[0].replace(year=2001), 0)
    return end - start


def _week_of(tokens: Sequence[Token], now: datetime | None) -> TimeHint | None:
    span = _span(tokens[-1], now)
    if span is None or number(tokens, "unit") != WEEK:
        return None
    return within(unit_span(WEEK, span[0], 0))


def _part(tokens: Sequence[Token], now: datetime | None) -> TimeHint | None:
    """Read "early March": a third of it. The whole month stays as the wider reading."""
    hint = tokens[-1].hint
    span = resolved(hint, now) if hint else None
    if hint is None or span is None or span[1] - span[0] <= timedelta(days=1):
        return None
    third = (span[1] - span[0]) / 3
    place = 0 if plays(tokens, "begin", "starting") else 1 if plays(tokens, "middle") else 2
    start = span[0] + place * third
    return replace(hint, spans=((start, start + third),))


def _rule(template: str, read: Read, *, spends: bool = False) -> Rule:
    return Rule(pattern=pattern(template), read=read, spends=spends)


RULES = (
    _rule("[begin middle end] [of in]? the? date", _part, spends=True),
    _rule("[starting ending] of the? date", _part, spends=True),
    _rule("between the? date and the? date", _between),
    _rule("from the? date [to and dash] the? date", _between),
    _rule("unit of the? date", _week_of, spends=True),
    _rule(f"(?:last | {_COUNT}) unit [before after] of? the? date", _next_to, spends=True),
    _rule("since of? the? date", _since),
    _rule("after of? the? date", _since),
    _rule("[before until] of? the? date", _before),
)
