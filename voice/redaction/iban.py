"""International bank account numbers: by country, length and check digits; written and spelt."""

# ruff: noqa: SIM905  (words in rows are easier to read than lists of strings)

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from voice.redaction.fold import BREAK, OPAQUE
from voice.redaction.numbers import groups_of
from voice.redaction.span import Span
from voice.redaction.tokens import Run, tokens_of

COUNTRIES = dict(
    pair.split(":")
    for pair in (
        "ad:24 ae:23 al:28 at:20 az:28 ba:20 be:16 bg:22 bh:22 bi:27 br:29 by:28 ch:21 cr:22 cy:28"
        " cz:24 de:22 dj:27 dk:18 do:28 ee:20 eg:29 es:24 fi:18 fk:18 fo:18 fr:27 gb:22 ge:22 gi:23"
        " gl:18 gr:27 gt:28 hr:21 hu:28 ie:22 il:23 iq:23 is:26 it:27 jo:30 kw:30 kz:20 lb:28 lc:32"
        " li:21 lt:20 lu:20 lv:21 ly:25 mc:27 md:24 me:22 mk:19 mn:20 mr:27 mt:31 mu:30 ni:28 nl:18"
        " no:15 om:23 pk:24 pl:28 ps:29 pt:25 qa:29 ro:24 rs:22 ru:33 sa:24 sc:31 sd:18 se:24 si:19"
        " sk:24 sm:27 so:23 st:25 sv:28 tl:23 tn:24 tr:26 ua:29 va:22 vg:24 xk:20 ye:30"
    ).split()
)
_APART = r"[^a-z0-9\x01\x02]{0,3}"  # a space, a dash, a new line between two characters
_NO_CHAR = re.compile("[^a-z0-9]")
_BEFORE = re.compile(r"(?:\A|[^a-z0-9])(?:iban)?\Z")
_DIGITS = re.compile("[0-9]+")
_COUNTRY = re.compile(rf"([a-z]{{2}}){_APART}\Z")
_MAX_COUNTRY = 5  # characters of a country and what parts it from the digits
_TWO_DIGITS = re.compile(rf"{_APART}[0-9]{_APART}[0-9]")
_SPELT = {
    word: word[0]
    for word in (
        "alpha alfa bravo charlie delta echo foxtrot golf hotel india juliett juliet kilo lima mike"
        " november oscar papa quebec romeo sierra tango uniform victor whiskey xray yankee zulu"
        " anton berta casar cesar dora emil friedrich gustav heinrich ida julius kaufmann ludwig"
        " martha nordpol otto paula quelle richard samuel siegfried theodor ulrich viktor wilhelm"
        " xanthippe ypsilon zacharias zeppelin david edward frank george henry john london mary"
        " nancy peter robert sugar thomas tommy apple boy"
    ).split()
}
LIKE = frozenset("as like wie in for comme como de und".split())  # "D as in delta"
_MIN_TOKENS = 5  # an IBAN of fewer is a written one
DIGITS_ONLY = frozenset("at be ch cz de dk ee es fi hr hu il is li lt no pl pt rs se si sk".split())
_MAX_DISTANCE = 40  # characters between two parts of a spelt IBAN
_MAX_BEFORE_DIGITS = 40  # of them, after the country


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    chars: str
    start: int
    end: int


def find_ibans(folded: str, runs: Sequence[Run]) -> Iterator[Span]:
    """Yield every IBAN of the text."""
    end = 0
    for start, country in _begins(folded):
        if start < end:
            continue
        span = _written(folded, start, country)
        if span:
            end = span.end
            yield span
    if sum(len(run.tokens) for run in runs) >= _MIN_TOKENS:
        yield from _spelt_out(folded, runs)


def may_hold_written_iban(folded: str) -> bool:
    """Tell whether an IBAN is written in the text, in letters and digits."""
    return any(_written(folded, start, country) for start, country in _begins(folded))


def is_iban(text: str) -> bool:
    """Tell whether this is an IBAN: lower-case letters and digits, nothing between them."""
    if COUNTRIES.get(text[:2]) != str(len(text)) or not text[2:4].isdigit():
        return False
    return int("".join(str(int(char, 36)) for char in text[4:] + text[:4])) % 97 == 1


def _begins(folded: str) -> Iterator[tuple[int, str]]:
    """Yield where a country is followed by two digits, and which."""
    for digits in _DIGITS.finditer(folded):
        first = digits.start()
        found = _COUNTRY.search(folded, max(0, first - _MAX_COUNTRY), first)
        if not found or found[1] not in COUNTRIES:
            continue
        start = found.start()
        lead = folded[max(0, start - 5) : start]
        if not _BEFORE.search(lead):
            continue
        if _TWO_DIGITS.match(folded, found.end(1)):
            yield start, found[1]


@cache
def _chars(count: int) -> re.Pattern[str]:
    return re.compile(rf"[a-z0-9](?:{_APART}[a-z0-9]){{{count - 1}}}")


def _written(folded: str, start: int, country: str) -> Span | None:
    found = _chars(int(COUNTRIES[country])).match(folded, start)
    if not found or folded[found.end() : found.end() + 1].isalnum():
        return None
    if not is_iban(_NO_CHAR.sub("", found[0])):
        return None
    return Span(kind="iban", start=start, end=found.end())


def _spelt_out(folded: str, runs: Sequence[Run]) -> Iterator[Span]:
    """Yield the IBANs whose characters are told one after the other, or in number words."""
    tokens = list(tokens_of(folded))
    countries = list(_before_digits(_countries(folded, tokens, runs), runs))
    if not countries:
        return
    has_letters = any(country.chars not in DIGITS_ONLY for country in countries)
    letters = list(_letters(tokens, runs)) if has_letters else []
    for are_joined in (True, False):
        digits = [
            _Part(chars=group.digits, start=group.start, end=group.end)
            for run in runs
            for group in groups_of(run, are_joined=are_joined, by_sound=False)
        ]
        parts = sorted([*digits, *letters], key=lambda part: part.start)
        starts = [part.start for part in parts]
        for country in countries:
            span = _spelt(folded, country, parts, bisect_left(starts, country.end))
            if span:
                yield span


def _before_digits(countries: Iterator[_Part], runs: Sequence[Run]) -> Iterator[_Part]:
    """Yield the countries that are soon followed by what may be a digit."""
    starts = [
        token.start for run in runs for token in run.tokens if token.kind not in ("filler", "sound")
    ]
    for country in countries:
        following = bisect_left(starts, country.end)
        if following < len(starts) and starts[following] - country.end <= _MAX_DISTANCE:
            yield country


def _spelt(folded: str, country: _Part, parts: Sequence[_Part], first: int) -> Span | None:
    wanted = int(COUNTRIES[country.chars])
    chars, end = country.chars, country.end
    for number in range(first, len(parts)):
        part = parts[number]
        if part.chars.isalpha() and country.chars in DIGITS_ONLY:
            continue
        gap = folded[end : part.start]
        if len(gap) > _MAX_DISTANCE or OPAQUE in gap or BREAK in gap:
            return None
        chars, end = chars + part.chars, part.end
        if len(chars) >= wanted:
            break
    return Span(kind="iban", start=country.start, end=end) if is_iban(chars) else None


def _countries(
    folded: str, tokens: Sequence[tuple[str, int, int]], runs: Sequence[Run]
) -> Iterator[_Part]:
    """Yield where a country's two letters are told soon before digits."""
    starts = [run.start for run in runs]
    for number, (text, start, last) in enumerate(tokens):
        if text in COUNTRIES:
            code, end = text, last
        elif len(text) == 1 or text in _SPELT:
            code, end = _two_letters(tokens, number)
        else:
            continue
        if code not in COUNTRIES:
            continue
        inside = bisect_right(starts, end) - 1
        following = starts[inside + 1] if inside + 1 < len(starts) else len(folded)
        is_inside = inside >= 0 and end <= runs[inside].end
        if is_inside or following - end <= _MAX_BEFORE_DIGITS:
            yield _Part(chars=code, start=start, end=end)


def _two_letters(tokens: Sequence[tuple[str, int, int]], number: int) -> tuple[str, int]:
    first = letter_of(tokens[number][0])
    if not first:
        return "", 0
    for text, _, end in tokens[number + 1 : number + 6]:
        if text in LIKE or _SPELT.get(text) == first:
            continue
        letter = letter_of(text)
        if not letter:
            break
        return first + letter, end
    return "", 0


def _letters(tokens: Sequence[tuple[str, int, int]], runs: Sequence[Run]) -> Iterator[_Part]:
    """Yield the letters told outside of the runs; "N as in November" is one."""
    starts = [run.start for run in runs]
    before = ""
    for text, start, end in tokens:
        inside = bisect_right(starts, start) - 1
        letter = letter_of(text)
        is_example = before in LIKE and len(text) > 1
        before = text
        if letter and not is_example and (inside < 0 or start >= runs[inside].end):
            yield _Part(chars=letter, start=start, end=end)


def letter_of(text: str) -> str:
    """Return the letter that a word stands for, "" if for none."""
    return text if len(text) == 1 and "a" <= text <= "z" else _SPELT.get(text, "")
