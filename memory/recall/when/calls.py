"""Calls by their place: "last call", "the call before last", "when I first called"."""

from collections.abc import Sequence
from datetime import datetime

from memory.recall.when.hint import TimeHint
from memory.recall.when.line import Read, Rule, Token, number, pattern
from memory.recall.when.words import COUPLE, FEW

_LATEST = TimeHint(calls=(-1,))
_ONE_BEFORE = TimeHint(calls=(-2,))
_NEWEST = TimeHint(tense="now")
_ABOUT = {COUPLE: 2, FEW: 3}

_CALL = "(?:telephone? call)"
_WE_SPOKE = "(?:(?:relative)? (?:pronoun helper? | helper pronoun? ) helper? spoke)"
_LAST = "[last past previous newest]"
_COUNT = "[number numeral] of?"
_SOMETHING = "(?: relative? [pronoun helper] | relative )"


def _always(hint: TimeHint) -> Read:
    def read(_tokens: Sequence[Token], _now: datetime | None) -> TimeHint | None:
        return hint

    return read


def _by_ordinal(tokens: Sequence[Token], _now: datetime | None) -> TimeHint | None:
    return TimeHint(calls=(number(tokens, "ordinal") - 1,))


def _calls_ago(tokens: Sequence[Token], _now: datetime | None) -> TimeHint | None:
    count = number(tokens, "number") or number(tokens, "numeral") or 1
    return TimeHint(calls=(-count,)) if count > 0 else None


def _several(tokens: Sequence[Token], _now: datetime | None) -> TimeHint | None:
    """Read "the last three calls"."""
    said = number(tokens, "number") or number(tokens, "numeral")
    return TimeHint(calls=tuple(range(-1, -1 - _ABOUT.get(said, said), -1))) if said else None


def _first_time(tokens: Sequence[Token], _now: datetime | None) -> TimeHint | None:
    return TimeHint(tense="then") if number(tokens, "ordinal") == 1 else None


def _rule(template: str, read: Read) -> Rule:
    return Rule(pattern=pattern(template), read=read, spends=True)


RULES = (
    _rule("beforelast [call occasion]", _always(_ONE_BEFORE)),
    _rule(f"(?:{_CALL} | occasion) before lastone", _always(_ONE_BEFORE)),
    _rule("[number numeral one] [calls call] ago", _calls_ago),
    _rule(f"{_LAST} {_COUNT} telephone? calls", _several),
    _rule(f"{_COUNT} {_LAST} telephone? calls", _several),
    _rule(f"{_LAST} {_COUNT} times {_WE_SPOKE}", _several),
    _rule(f"{_LAST} telephone? calls", _always(_NEWEST)),
    _rule(f"[last previous newest] {_CALL}", _always(_LATEST)),
    _rule(f"{_CALL} [last previous]", _always(_LATEST)),
    _rule(f"[last previous] occasion (?:{_WE_SPOKE} | spoke)", _always(_LATEST)),
    _rule(f"last occasion (?={_SOMETHING})", _always(_NEWEST)),
    _rule("[last previous] occasion", _always(_LATEST)),
    _rule("last spoke", _always(_LATEST)),
    _rule(f"ordinal {_CALL}", _by_ordinal),
    _rule(f"ordinal occasion (?:{_WE_SPOKE} | spoke)", _by_ordinal),
    _rule("(?<! small the) ordinal occasion (?= [stop dot comma] | $)", _by_ordinal),
    _rule("ordinal occasion", _first_time),
    _rule("ordinal spoke", _by_ordinal),
)
