"""Names of the calendar in a question: "5 March 2025", "in April or May", "last summer"."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from memory.recall.when.calendar import (
    feast_span,
    months_from,
    part_span,
    resolved,
    unit_span,
)
from memory.recall.when.hint import TimeHint, within
from memory.recall.when.line import Read, Rule, Token, number, pattern, plays
from memory.recall.when.words import MONTH, YEAR

_LAST_DAY = 31

_MONTH = "[month maybe]"
_DAY = "(?:dayno | number dash? ordinal | ordinal)"
_YEAR = "(?:comma? of? year)"
_THIS_YEAR = "(?: comma? [of in]? the? (?:[last this] unit | unit last))"
# A name that may be another word is a month only if what follows cannot belong to it.
_ALONE = "(?! [other unit times call calls occasion dash state statenoun])"
_WITHIN = "(?<= [in since before after until last this begin middle end ending between])"
_DATED = "(?<= [on since before after until between from])"


def _calendar(tokens: Sequence[Token], now: datetime | None) -> TimeHint | None:
    """Read months, a day and a year in any order: "5 March 2025", "April or May"."""
    months = frozenset(
        token.parts.get("month") or token.parts["maybe"]
        for token in tokens
        if not token.parts.keys().isdisjoint(("month", "maybe"))
    )
    day = _day(tokens)
    if day is not None and day > _LAST_DAY:  # "thirty second"
        return None
    year = number(tokens, "year")
    if "unit" in tokens[-1].parts or plays(tokens, "last", "this"):
        return _month_of_year(months, tokens, now)
    if not year:
        return TimeHint(months=months, day=day)
    return _of_year(months, day, year)


def _day(tokens: Sequence[Token]) -> int | None:
    plain = number(tokens, "dayno")
    if plain:
        return plain
    tens = number(tokens, "number")
    day = number(tokens, "ordinal") + max(tens, 0)
    return day or None


def _of_year(months: frozenset[int], day: int | None, year: int) -> TimeHint | None:
    if day is None:
        return TimeHint(spans=tuple(months_from(year, month) for month in sorted(months)))
    span = part_span(months, year, day)
    return within(span) if span else None


def _month_of_year(
    months: frozenset[int], tokens: Sequence[Token], now: datetime | None
) -> TimeHint | None:
    """Read "last March", "this March" and "March last year"."""
    if now is None or number(tokens, "unit", default=YEAR) != YEAR:
        return TimeHint(months=months)
    if plays(tokens, "unit"):
        return _of_year(months, _day(tokens), now.year - plays(tokens, "last"))
    month = min(months)
    if plays(tokens, "last"):
        return _of_year(months, None, now.year - (month >= now.month))
    return _of_year(months, None, now.year)


def _day_range(tokens: Sequence[Token], now: datetime | None) -> TimeHint | None:
    """Read "from 3 to 5 March 2025", "March 3-5"."""
    days = [token.parts["dayno"] for token in tokens if "dayno" in token.parts]
    month = _calendar([t for t in tokens if "dayno" not in t.parts], now)
    if month is None:
        return None
    if month.spans:
        start = month.spans[0][0]
        last = part_span(frozenset({start.month}), start.year, days[1])
    else:
        last = resolved(replace(month, day=days[1]), now)
    if last is None:
        return month
    first = last[0].replace(day=days[0])
    return within((first, last[1])) if first < last[1] else None


def _year(tokens: Sequence[Token], now: datetime | None) -> int:
    """Return the year that is named, "last year" too; 0 for none."""
    if now and plays(tokens, "unit") and number(tokens, "unit") == YEAR:
        return now.year - plays(tokens, "last")
    return number(tokens, "year")


def _month_range(tokens: Sequence[Token], now: datetime | None) -> TimeHint | None:
    """Read "between March and May 2025"."""
    first, last = (token for token in tokens if plays((token,), "month", "maybe"))
    ends = _calendar([last, *(token for token in tokens if "year" in token.parts)], now)
    until = resolved(ends, now) if ends else None
    begins = _calendar([first], now)
    if begins is None or ends is None:
        return None
    since = resolved(begins, until[0]) if until else None
    if since is None or until is None:
        (start,), (end,) = begins.months, ends.months
        between = ((start + later - 1) % 12 + 1 for later in range((end - start) % 12 + 1))
        return TimeHint(months=frozenset(between))
    return within((since[0], until[1]))


def _years(tokens: Sequence[Token], _now: datetime | None) -> TimeHint | None:
    years = [token.parts["year"] for token in tokens if "year" in token.parts]
    if number(tokens, "unit", default=YEAR) != YEAR:
        return None
    is_range = plays(tokens, "between", "from")
    return TimeHint(years=frozenset(range(min(years), max(years) + 1) if is_range else years))


def _day_alone(tokens: Sequence[Token], now: datetime | None) -> TimeHint | None:
    """Read "on the 5th", "the 5th of last month"."""
    day = _day(tokens)
    if not plays(tokens, "unit"):
        return TimeHint(day=day) if day and day <= _LAST_DAY else None
    if now is None or day is None or number(tokens, "unit") != MONTH:
        return None
    start = unit_span(MONTH, now, 1 if plays(tokens, "last") else 0)[0]
    span = part_span(frozenset({start.month}), start.year, day)
    return within(span) if span else None


def _month_unit(tokens: Sequence[Token], now: datetime | None) -> TimeHint | None:
    """Read "im Monat Mai": the name is certainly a month then."""
    return _calendar(tokens[1:], now) if number(tokens, "unit") == MONTH else None


def _short_date(tokens: Sequence[Token], _now: datetime | None) -> TimeHint | None:
    return next(token.hint for token in tokens if token.hint)


def _season(tokens: Sequence[Token], now: datetime | None) -> TimeHint | None:
    """Read seasons of the northern hemisphere, by whole months."""
    first = number(tokens, "season") or number(tokens, "maybeseason")
    year = _year(tokens, now)
    if year:
        return within(months_from(year, first, count=3))
    if now is None or not plays(tokens, "last", "this"):
        months = ((first + later - 1) % 12 + 1 for later in range(3))
        return TimeHint(months=frozenset(months))
    recent = months_from(now.year, first, count=3)
    if recent[0] > now or (plays(tokens, "last") and recent[1] > now):
        recent = months_from(now.year - 1, first, count=3)
    if plays(tokens, "last") and recent[1] > now:  # in January: last winter was a year ago
        recent = months_from(now.year - 2, first, count=3)
    return within(recent)


def _feast(tokens: Sequence[Token], now: datetime | None) -> TimeHint | None:
    feast, year = number(tokens, "feast"), _year(tokens, now)
    if year:
        return within(feast_span(feast, year))
    if now is None:
        return TimeHint(months=frozenset({feast // 100})) if feast > 0 else None
    recent = feast_span(feast, now.year)
    return within(recent if recent[0] <= now else feast_span(feast, now.year - 1))


def _rule(template: str, read: Read, *, spends: bool = False) -> Rule:
    return Rule(pattern=pattern(template), read=read, spends=spends)


RULES = (
    _rule(
        f"[between from]? the? dayno dot? [to and dash] the? dayno dot? of? the? {_MONTH} {_YEAR}?",
        _day_range,
    ),
    _rule(f"{_MONTH} the? dayno [to and dash] the? dayno {_YEAR}?", _day_range),
    _rule(f"[between from] {_MONTH} [and to dash] {_MONTH} {_YEAR}?", _month_range),
    _rule(f"{_DAY} dot? of? the? {_MONTH} (?:{_YEAR} | {_THIS_YEAR})", _calendar),
    _rule(f"{_MONTH} the? {_DAY} (?:{_YEAR} | {_THIS_YEAR})", _calendar),
    _rule(f"{_DAY} dot? of? the? month", _calendar),
    _rule(f"{_DAY} of the? maybe", _calendar),
    _rule(f"{_DATED} the? {_DAY} dot? maybe", _calendar),
    _rule(f"{_DATED} maybe the? {_DAY}", _calendar),
    _rule("number of? month", _calendar),
    _rule(f"{_DAY} dot? of? the? maybe {_ALONE}", _calendar),
    _rule(f"{_MONTH} the? {_DAY} {_ALONE}", _calendar),
    _rule(f"{_MONTH} {_YEAR}", _calendar),
    _rule(f"{_MONTH} {_THIS_YEAR}", _calendar, spends=True),
    _rule(f"[last this] {_MONTH} {_ALONE}", _calendar, spends=True),
    _rule(f"{_MONTH} last", _calendar, spends=True),
    _rule(f"(?<=in) {_MONTH} (?:(?:comma? [and or] | comma) {_MONTH})+ {_YEAR}?", _calendar),
    _rule("unit of? maybe", _month_unit),
    _rule(f"{_WITHIN} maybe (?! genitive)", _calendar),
    _rule("(?<= [begin middle end starting ending] [of in dash]) maybe", _calendar),
    _rule("(?<=[call dated] of) maybe", _calendar),
    _rule("(?<= [the possessive]) maybe (?= [call dated])", _calendar),
    _rule("month", _calendar),
    _rule(f"[season maybeseason] (?:{_YEAR} | {_THIS_YEAR})", _season, spends=True),
    _rule(f"feast (?:{_YEAR} | {_THIS_YEAR})", _feast, spends=True),
    _rule("[last this] the? [season maybeseason]", _season, spends=True),
    _rule("[season maybeseason] last", _season, spends=True),
    _rule("(?<= [in since before after until between]) the? season", _season),
    _rule("(?<= in) the? maybeseason", _season),
    _rule("[last this]? feast", _feast, spends=True),
    _rule("feast last", _feast, spends=True),
    _rule("[between from] year [and to dash] year", _years),
    _rule("unit year", _years),
    _rule("(?<=in) year [and or] year", _years),
    _rule(f"(?<=[in since before after until]) year {_ALONE}", _years),
    _rule("(?<=in) year", _years),
    _rule(f"(?<=[of from]) year {_ALONE}", _years),
    _rule(f"the? {_DAY} dot? of? the? (?:[last this] unit | unit last)", _day_alone, spends=True),
    _rule(f"{_DATED} the (?:number ordinal | ordinal) {_ALONE}", _day_alone),
    _rule(f"(?<! self) am ordinal {_ALONE}", _day_alone),
    _rule(f"{_DATED} nth {_ALONE}", _day_alone),
    _rule(f"the nth {_ALONE}", _day_alone),
    _rule("(?<! self) am dayno dot", _day_alone),
    _rule(f"(?<! self) onday dayno {_ALONE}", _day_alone),
    _rule(f"{_DATED} shortdate dot?", _short_date),
)
