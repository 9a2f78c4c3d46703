"""The digits of a run: "forty-two, double four oh" is 42, 44 and 0."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from voice.redaction.tokens import Run, Token
from voice.redaction.words import LINKS

_UNITS, _TENS, _HUNDREDS, _THOUSANDS = range(1, 10), range(1, 10), range(1, 100), range(1, 1000)
_NOTHING = range(0)
_FRENCH_TEENS = range(1, 20)  # soixante-dix-sept, quatre-vingt-onze
_AFTER_DIX = range(7, 10)  # dix-sept


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """
    Digits that belong together, and where they stand.

    `is_apart`: something stronger than a space or a dash is before them. `is_written`: in digits.
    """

    digits: str
    start: int
    end: int
    is_apart: bool
    is_written: bool


@dataclass(slots=True, kw_only=True)
class _Open:
    """A spoken number that may still grow: what has been said of it, and what may be added."""

    start: int
    end: int
    is_apart: bool
    low: int
    base: int = 0
    addable: range = field(default=_NOTHING)
    times: int = 1
    is_single: bool = False  # one digit so far

    def closed(self) -> Group:
        digits = str(self.base + self.low) * self.times
        return _group(digits, self.start, self.end, is_apart=self.is_apart, is_written=False)


def groups_of(run: Run, *, are_joined: bool, by_sound: bool) -> list[Group]:
    """
    Return the digits of a run in order.

    `are_joined`: "forty two" is 42, not 40 and 2. `by_sound`: "for" is 4 and "to" is 2.
    """
    return list(_read(run, are_joined=are_joined, by_sound=by_sound))


def _read(run: Run, *, are_joined: bool, by_sound: bool) -> Iterator[Group]:
    number: _Open | None = None
    times, is_apart, link, begun = 1, False, "", -1
    for token in run.tokens:
        is_apart = is_apart or token.is_apart
        kind = "number" if token.kind == "sound" and by_sound else token.kind
        if kind in ("filler", "sound"):
            link = token.text if token.text in LINKS and kind == "filler" else ""
            is_apart = is_apart or not link or number is None
            continue
        if kind == "times":
            times, begun = token.value, token.start
            continue
        may_grow = number is not None and are_joined and not is_apart and times == 1
        if number is not None and may_grow and _grows(number, token, kind, link):
            link = ""
            continue
        if number is not None:
            yield number.closed()
            number = None
        is_apart, link = is_apart or bool(link), ""
        start = begun if times > 1 else token.start
        if kind in ("digits", "plural"):
            digits = (token.digits or str(token.value)) * times
            yield _group(digits, start, token.end, is_apart=is_apart, is_written=_is_written(token))
        else:
            number = _opened(token, kind, start=start, is_apart=is_apart, times=times)
        times, is_apart = 1, False
    if number is not None:
        yield number.closed()


def _group(digits: str, start: int, end: int, *, is_apart: bool, is_written: bool) -> Group:
    return Group(digits=digits, start=start, end=end, is_apart=is_apart, is_written=is_written)


def _is_written(token: Token) -> bool:
    return token.text[0].isdigit()


def _opened(token: Token, kind: str, *, start: int, is_apart: bool, times: int) -> _Open:
    number = _Open(start=start, end=token.end, is_apart=is_apart, low=token.value, times=times)
    if kind == "thousand":
        number.base, number.low, number.addable = token.value, 0, _THOUSANDS
    else:
        number.is_single = token.value in range(10)
        number.addable = _addable(token)
    return number


def _addable(token: Token) -> range:
    if token.text == "soixante":
        return _FRENCH_TEENS
    if token.text == "dix":
        return _AFTER_DIX
    if token.value >= 100:  # noqa: PLR2004
        return _HUNDREDS
    return _TENS if token.value >= 20 and token.value % 10 == 0 else _NOTHING  # noqa: PLR2004


def _grows(number: _Open, token: Token, kind: str, link: str) -> bool:
    """Let the token be part of the number, if it can be."""
    if kind == "number" and number.times == 1:
        return _takes(number, token, link)
    if kind == "hundred" and number.low in range(1, 100):
        number.low, number.addable = number.low * 100, _HUNDREDS
    elif kind == "thousand" and number.low in range(1, 1000) and not number.base:
        number.base, number.low, number.addable = number.low * 1000, 0, _THOUSANDS
    elif kind == "plural" and number.is_single and number.low > 1:
        number.times, number.low, number.addable = number.low, token.value, _NOTHING
    else:
        return False
    number.end, number.is_single = token.end, False
    return True


def _takes(number: _Open, token: Token, link: str) -> bool:
    value = token.value
    if link in ("und", "en") and number.is_single and value in range(20, 100, 10):
        number.low += value  # zwei und vierzig
    elif token.text in ("vingt", "vingts") and number.low % 100 == 4:  # noqa: PLR2004
        number.low, number.addable = number.low - 4 + 80, _FRENCH_TEENS
    elif value in number.addable:
        number.low += value
        number.addable = _shrunk(number.addable, token)
    else:
        return False
    number.end, number.is_single = token.end, False
    return True


def _shrunk(addable: range, token: Token) -> range:
    """Return what may be added after the token: always less than before."""
    after = _addable(token)
    return after if len(after) < len(addable) else _NOTHING
