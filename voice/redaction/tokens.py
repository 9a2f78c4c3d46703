"""Runs of digits in a folded text, written and spoken, whatever stands between them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from voice.redaction.fold import IGNORED
from voice.redaction.words import (
    FILLERS,
    HUNDRED,
    LANGUAGES,
    NUMBERS,
    PLURALS,
    SOUNDS_LIKE,
    THOUSAND,
    TIMES,
)

WORD = rf"[^\W\d_](?:{IGNORED}*[^\W\d_])*"
_TOKEN = re.compile(rf"[0-9](?:{IGNORED}*[0-9])*|{WORD}")
_HAS_DIGIT = re.compile("[0-9]")
_LETTERS = re.compile(r"[a-z]+")
_COUNTED = re.compile(
    r"\b((?:first|next|last|other) )(four|4)((?: digits| numbers| ones)?(?: are| is|:|,)? [0-9])"
)
# "4242 is the first one": how many parts there are is no part.
_ORDINAL = r"(?:first|second|third|fourth|next|last|final|other)"
_NUMBERED = re.compile(
    rf"\b((?:is|are|was) the {_ORDINAL} |{_ORDINAL} (?=(?:one|four|4)(?:,|:| is| are)? [0-9]{{3}}))"
    rf"(four|4|one)\b(?! (?:{'|'.join(sorted(NUMBERS))})\b)()"
)
_STOPS = re.compile("[\x01\x02$€£¥%+#@=<>°&~^]")
_STRONG = re.compile(r"[,.;:!?\n]")
_FILLING = {1: "a", 3: "the", 4: "then"}
_MAX_GAP = 12  # characters between two digits of one number
_MAX_FILLERS = 8
_MIN_GLUED = 5
_MAX_GLUED = 60  # letters of a word that is made of several number words
_VALUES = {
    "hundred": dict.fromkeys(HUNDRED, 100),
    "thousand": dict.fromkeys(THOUSAND, 1000),
    "times": TIMES,
    "plural": PLURALS,
    "sound": SOUNDS_LIKE,
}
_MIN_SECRET = 3  # digits
# How many digits a word may add to a number, at most: "nine fives" is nine.
_SIZES = {"hundred": 3, "thousand": 4, "times": 60, "plural": 8, "sound": -1, "filler": 0}
SPOKEN = frozenset([*NUMBERS, *HUNDRED, *THOUSAND, *TIMES, *PLURALS])


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """
    One word or group of digits and what it may mean in a number.

    `kind`: digits, number, hundred, thousand, times, plural, sound (sounds like a number) or
    filler. `is_apart`: a comma, a full stop or a new line is before it.
    """

    kind: str
    text: str
    value: int
    digits: str
    start: int
    end: int
    is_apart: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Tokens that may be one number; the first and the last are no fillers."""

    tokens: tuple[Token, ...]
    is_phone: bool  # a plus is before it

    @property
    def start(self) -> int:
        """Return where it begins."""
        return self.tokens[0].start

    @property
    def end(self) -> int:
        """Return where it ends."""
        return self.tokens[-1].end


def may_hold_digits(folded: str) -> bool:
    """Tell quickly whether any number is in the text, written or spoken."""
    if _HAS_DIGIT.search(folded):
        return True
    words = set(_LETTERS.findall(folded.replace(IGNORED, "")))
    return not SPOKEN.isdisjoint(words) or any(map(_is_glued, words))


def may_hold_secret(folded: str) -> bool:
    """Tell whether any number of three digits or more may be in the text."""
    return may_hold_digits(folded) and any(
        sum(_size(token) for token in run.tokens) >= _MIN_SECRET for run in find_runs(folded)
    )


def find_runs(folded: str) -> list[Run]:
    """Return every run of the text in order; they do not overlap."""
    plain = _NUMBERED.sub(_uncounted, _COUNTED.sub(_uncounted, folded))
    return [run for tokens in _stretches(plain) for run in _trimmed(plain, tokens)]


def tokens_of(folded: str) -> Iterator[tuple[str, int, int]]:
    """Yield every word and group of digits, without what is not seen, and where it stands."""
    for found in _TOKEN.finditer(folded):
        yield found[0].replace(IGNORED, ""), *found.span()


def _uncounted(found: re.Match[str]) -> str:
    """Return "the last four digits" with a filler of the same length for the number."""
    return found[1] + _FILLING[len(found[2])] + found[3]


def _stretches(folded: str) -> Iterator[list[Token]]:
    """Yield what stands together; fillers may be at its end."""
    tokens: list[Token] = []
    fillers, end_before = 0, 0
    for found in _TOKEN.finditer(folded):
        meaning = _meaning(found[0])
        if not tokens and (meaning is None or meaning[0] == "filler"):  # nearly always
            continue
        start, end = found.span()
        gap = folded[end_before:start] if tokens else ""
        end_before = end
        is_far = len(gap) > _MAX_GAP or _STOPS.search(gap) is not None
        if tokens and (is_far or meaning is None or fillers > _MAX_FILLERS):
            yield tokens
            tokens = []
        if meaning is None or (meaning[0] == "filler" and not tokens):
            continue
        kind, value, digits = meaning
        fillers = fillers + 1 if kind == "filler" else 0
        tokens.append(
            Token(
                kind=kind,
                text=found[0].replace(IGNORED, ""),
                value=value,
                digits=digits,
                start=start,
                end=end,
                is_apart=_STRONG.search(gap) is not None,
            )
        )
    if tokens:
        yield tokens


def _trimmed(folded: str, tokens: list[Token]) -> Iterator[Run]:
    last = len(tokens)
    while last and tokens[last - 1].kind in ("filler", "times"):
        last -= 1
    if not last:
        return
    kept = tuple(tokens[:last])
    lead = folded[max(0, kept[0].start - 8) : kept[0].start]
    yield Run(tokens=kept, is_phone=lead.rstrip(" (").endswith(("+", "plus")))


def _size(token: Token) -> int:
    """Return how many digits a token may stand for, at most; 3 stands for many."""
    if token.kind == "filler":
        return 0
    if token.kind in ("digits", "number"):
        return len(token.digits or str(token.value))
    return 1 if token.kind in ("sound", "plural") else _MIN_SECRET


def most_digits(run: Run) -> int:
    """Return how many digits a run may stand for, at most, however it is meant."""
    return sum(
        abs(_SIZES[token.kind]) if token.kind in _SIZES else len(token.digits or str(token.value))
        for token in run.tokens
    )


def size_of(word: str) -> int | None:
    """
    Return how many digits a word adds to a number, at most; None if it ends a number.

    0 is a filler, less than 0 is a word that only sounds like a digit.
    """
    meaning = _meaning(word)
    if meaning is None:
        return None
    kind, value, digits = meaning
    return _SIZES[kind] if kind in _SIZES else len(digits or str(value))


@lru_cache(16_384)
def _meaning(word: str) -> tuple[str, int, str] | None:
    text = word.replace(IGNORED, "")
    if text[0].isdigit():
        return "digits", 0, text
    if text in NUMBERS:
        return "number", NUMBERS[text], ""
    if text in FILLERS:
        return "filler", 0, ""
    for kind, values in _VALUES.items():
        if text in values:
            return kind, values[text], ""
    return ("digits", 0, _glued(text)) if _is_glued(text) else None


def _is_glued(text: str) -> bool:
    return _MIN_GLUED <= len(text) <= _MAX_GLUED and _glued(text) != ""


@lru_cache(4096)
def _glued(text: str) -> str:
    """Return the digits of a word that is several number words without a space, "" if none."""
    return next(filter(None, (_segmented(text, table) for table in LANGUAGES)), "")


def _segmented(text: str, table: dict[str, int]) -> str:
    """Return the digits of `text` read as words of the table, "" if it is none; longest first."""
    for scale, name in ((1000, "tausend"), (100, "hundert")):
        head, found, tail = text.partition(name)
        if found:
            many = table.get(head, 0) if head else 1
            rest = _segmented(tail.removeprefix("und"), table) if tail else "0"
            is_number = "vier" in table and many > 0 and rest and int(rest) < scale
            return str(many * scale + int(rest)) if is_number else ""
    reached: list[str | None] = [""] + [None] * len(text)
    for start, digits in enumerate(reached):
        if digits is None:
            continue
        for end in range(start + 2, min(start + 18, len(text)) + 1):
            value = table.get(text[start:end])
            if value is not None:  # a longer word that begins earlier is reached first
                reached[end] = reached[end] or digits + str(value)
    return reached[-1] or ""
