"""Times as far from now: "yesterday", "last week", "three months ago", "on Monday"."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from memory.recall.when.calendar import (
    days_from,
    distance,
    past_weekend,
    rolling,
    unit_span,
)
from memory.recall.when.hint import NO_TIME, TimeHint, within
from memory.recall.when.line import Read, Rule, Token, number, pattern, plays
from memory.recall.when.words import WEEK, WEEKEND

_SATURDAY = 5

_COUNT = "(?:(?:one|the)? [number numeral] of? | one)"
_HALF = "(?:one? half of? one?)"
_FREE = "(?! [before after] of? the? date)"  # "the weekend before 10 April" is read later
_ALONE = "(?! [other call calls occasion unit])"


def _ago(tokens: Sequence[Token], now: datetime | None) -> TimeHint | None:
    if now is None:
        return None
    unit = number(tokens, "unit")
    half = 0.5 if plays(tokens, "half") else 0.0
    is_half_only = half and not plays(tokens, "and")
    count = number(tokens, "number") or number(tokens, "numeral") or (0 if is_half_only else 1)
    return within(distance(unit, now, count + half))


def _last_units(tokens: Sequence[Token], now: datetime | None) -> TimeHint | None:
    if now is None:
        return None
    count = number(tokens, "number") or number(tokens, "numeral") or 1
    return within(rolling(number(tokens, "unit"), now, count))


def _unit_back(back: int) -> Read:
    def read(tokens: Sequence[Token], now: datetime | None) -> TimeHint | None:
        if now is None:
            return None
        unit = number(tokens, "unit")
        if unit == WEEKEND and back == 1:
            return within(
                past_weekend(now - timedelta(days=2 if now.weekday() >= _SATURDAY else 0))
            )
        return within(unit_span(unit, now, back))

    return read


def _weekend(tokens: Sequence[Token], now: datetime | None) -> TimeHint | None:
    if now is None or number(tokens, "unit") != WEEKEND:
        return None
    return within(past_weekend(now))


def _weekday(tokens: Sequence[Token], now: datetime | None) -> TimeHint | None:
    """
    Read a day of the week: the last one before today, of "this week" if that is said.

    "Last Monday", said later in the same week, may be its Monday or that of the week before.
    """
    if now is None:
        return None
    day = number(tokens, "weekday") if plays(tokens, "weekday") else number(tokens, "feira")
    today = now.date()
    if plays(tokens, "unit"):
        if number(tokens, "unit") != WEEK:
            return None
        monday = unit_span(WEEK, now, 1 if plays(tokens, "last") else 0)[0].date()
        return within(days_from(monday + timedelta(days=day)))
    if plays(tokens, "this"):
        return within(days_from(today + timedelta(days=day - today.weekday())))
    back = (today.weekday() - day - 1) % 7 + 1
    recent = days_from(today - timedelta(days=back))
    if plays(tokens, "last") and back <= today.weekday():
        return TimeHint(spans=(days_from(today - timedelta(days=back + 7)), recent))
    return within(recent)


def _day_word(tokens: Sequence[Token], now: datetime | None) -> TimeHint | None:
    if now is None:
        return None
    back = -number(tokens, "dayword")
    if back == 1 and plays(tokens, "night"):
        return _last_night(tokens, now)
    return within(days_from(now.date() - timedelta(days=back)))


def _last_night(_tokens: Sequence[Token], now: datetime | None) -> TimeHint | None:
    """Read "last night": from noon to noon, as nobody knows the caller's own hours."""
    if now is None:
        return None
    noon = days_from(now.date())[0] + timedelta(hours=12)
    return within((noon - timedelta(days=1), noon))


def _recently(_tokens: Sequence[Token], _now: datetime | None) -> TimeHint | None:
    # no span: who says "recently" means the last time, which may have been long ago
    return TimeHint(tense="present")


def _nothing(_tokens: Sequence[Token], _now: datetime | None) -> TimeHint | None:
    return NO_TIME


def _rule(template: str, read: Read, *, spends: bool = True) -> Rule:
    return Rule(pattern=pattern(template), read=read, spends=spends)


NOT_THEN = (  # the future and habits: neither has been said at a time
    _rule("next [unit weekday month maybe season feast call daytime]", _nothing, spends=False),
    _rule("[unit weekday month season] next", _nothing, spends=False),
    _rule("every [unit weekday month season daytime night]", _nothing, spends=False),
    _rule("every one unit", _nothing, spends=False),
)

WEEKDAYS = (
    _rule("weekday of? on? the? (?:[last this] unit | unit last)", _weekday),
    _rule("(?:last unit | unit last) on? weekday", _weekday),
    _rule("[last this]? weekday last? [daytime night]?", _weekday),
    _rule(f"(?<=[since before after until]) feira {_ALONE}", _weekday),
    _rule("na feira [daytime night]? (?! [other call occasion unit])", _weekday),
    _rule("feira passed", _weekday),
)

RULES = (
    _rule(f"ha {_COUNT} (?= iberian) unit", _ago),
    _rule(f"agobefore (?:{_COUNT} | {_HALF}) unit (?:and one? half)?", _ago),
    _rule(f"(?:{_COUNT} | {_HALF}) unit (?:and one? half)? ago", _ago),
    _rule(f"since {_COUNT} unit", _last_units),
    _rule("[last past] [number numeral] of? unit", _last_units),
    _rule("[number numeral] last unit", _last_units),
    _rule("past unit", _last_units),
    _rule("unit before the? lastone", _unit_back(2)),
    _rule("beforelast unit", _unit_back(2)),
    _rule(f"[last previous] unit {_FREE}", _unit_back(1)),
    _rule("(?! mes dernier) unit [last previous]", _unit_back(1)),
    _rule("this unit", _unit_back(0)),
    _rule(f"unit {_FREE}", _weekend),
    _rule("last night", _last_night),
    _rule("night last", _last_night),
    _rule("lastnight", _last_night),
    _rule("dayword the? [daytime night]?", _day_word),
    _rule("this [daytime night]", _day_word),
    _rule("recently", _recently),
)
