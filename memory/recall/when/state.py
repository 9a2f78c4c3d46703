"""Whether a question asks for how things are or how they were, or for how often."""

from collections.abc import Iterable, Sequence

from memory.recall.when.hint import Tense
from memory.recall.when.line import pattern, playing

_COUNTS = pattern(
    "how [many often]+ times | how often | howmany of? times | every [occasion times] | frequency"
)
_THEN = pattern(
    "then | thenverb | (?<! getting) usedto | did any{1,3} useto"
    " | beforehand of? beforenow | beforehand (?= [stop dot comma] | $)"
    " | (?<! how) thenadjective"
    " | (?<= [the possessive is other]) old (?= [statenoun state other])"
    " | (?<! [how unit]) old statenoun"
    " | statenoun [before beforehand] (?! the? [call dated occasion]) any"
    " | in the? bygone (?! [unit number numeral weekday month season])"
)
_WAS = pattern("where did any{1,3} lived | (?: waswere possessive | was english) (?! last)")
_NOW = pattern("now | nowadjective | newest | last dated")
_PRESENT = pattern(
    "(?: asking | how many) any{0,3} do any{1,4} state"
    " | (?: wh is | whatis) any{0,6} (?! lasting) statenoun"
    " | wh any{0,3} foreignstate"
)
# Without any of these there is nothing to find, and most questions have none.
_MAY_COUNT = playing("often", "times", "every", "frequency")
_MAY_BE_THEN = playing(
    *("then", "thenverb", "thenadjective", "old", "usedto", "useto", "lived", "before"),
    *("beforehand", "was", "waswere", "bygone"),
)
_MAY_BE_PRESENT = playing("state", "statenoun", "foreignstate")
_RECENTLY = playing("recently")
_NOW_WORDS = playing("now", "then", "recently")
_COUNT_WORDS = playing("often", "times", "frequency")


def counts(symbols: str) -> bool:
    """Tell whether the question asks how often."""
    return not _MAY_COUNT.isdisjoint(symbols) and _COUNTS.search(symbols) is not None


def tense(symbols: str) -> Tense:
    """
    Return whether the question asks for the state of things now, or for an earlier one.

    "now" and "then" are said; "present" is only how a question for a state is put ("where does
    she live"): most such questions have one answer, whenever it was given.
    """
    may_be_then = not _MAY_BE_THEN.isdisjoint(symbols)
    if may_be_then and _THEN.search(symbols):
        return "then"
    if _NOW.search(symbols):
        return "now"
    if may_be_then and _WAS.search(symbols):
        return "then"
    if not _RECENTLY.isdisjoint(symbols):
        return "present"
    may_be_present = not _MAY_BE_PRESENT.isdisjoint(symbols)
    return "present" if may_be_present and _PRESENT.search(symbols) else ""


def only_when(pieces: Sequence[str], symbols: str, *, counted: bool) -> Iterable[str]:
    """Yield the words that say now, once or how often, and nothing to look for."""
    said = _NOW_WORDS | _COUNT_WORDS if counted else _NOW_WORDS
    if said.isdisjoint(symbols):
        return
    for piece, symbol in zip(pieces, symbols, strict=True):
        if symbol in said:
            yield from piece.split()
