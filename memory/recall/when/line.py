"""
A question as a line of symbols, one for each word, that rules rewrite.

Each word plays some parts ("march" may be a month, "three" is a number); every set of parts is
one character. A pattern is a regular expression over these characters, written with the names
of the parts, so that one pattern holds for every language.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from memory.recall.when.dates import digit_date
from memory.recall.when.hint import TimeHint
from memory.recall.when.parts import names_date, vocabulary
from memory.recall.words import fold

Parts = Mapping[str, int]

_PIECE = re.compile(
    r"(?:\d{4}-\d{1,2}(?:-\d{1,2})?|\d{1,2}-\d{1,2}-\d{4}|\d{1,4}(?:[/.]\d{1,4}){1,2})(?![\w/-])"
    r"|\w+|[.,;:?!/()\-]"
)
_HYPHEN = re.compile(r"(?<=[^\W\d])-(?=[^\W\d])")  # between words: "week-end"
_ORDINAL = re.compile(r"(\d{1,2})(?:st|nd|rd|th|er|re|o|a)")
_PUNCTUATION: dict[str, Parts] = {
    ",": {"comma": 0},
    ".": {"dot": 0},
    "-": {"dash": 0},
    "/": {"slash": 0},
    **{sign: {"stop": 0} for sign in ";:?!()"},
}
_MAX_CHARS = 1_000  # what is longer is no question, and would take long to read
_DAYS = range(1, 32)
_YEARS = range(1900, 2100)
_MAX_DIGITS = 4
# Names of the calendar are looked for as well: a memory may speak of "5 March".
_CALENDAR = frozenset(
    ("month", "maybe", "weekday", "feira", "season", "maybeseason", "feast", "year", "nth")
)

# What names a date, where these words are part of one.
_NAMING = _CALENDAR | {"dayno", "numeral", "number", "ordinal", "date", "shortdate"}

_DATE = frozenset({"date"})  # what a rule has found to be a time
_SHORT_DATE = frozenset({"shortdate"})  # a day and a month, or two other numbers
_DIGITS = (
    *(frozenset({"numeral"}), frozenset({"numeral", "dayno"}), frozenset({"numeral", "year"})),
    frozenset({"dayno", "nth"}),
)

_VOCABULARY = {word.replace("_", " "): parts for word, parts in vocabulary().items()}
_PHRASES: dict[str, list[list[str]]] = {}  # by their first word, longest first
for _phrase in sorted(_VOCABULARY, key=len, reverse=True):
    if " " in _phrase:
        _PHRASES.setdefault(_phrase.split()[0], []).append(_phrase.split())
_KNOWN: dict[str, Parts] = {**_VOCABULARY, **_PUNCTUATION}

_PART_SETS = list(
    dict.fromkeys([frozenset(), _DATE, _SHORT_DATE, *_DIGITS, *map(frozenset, _KNOWN.values())])
)
_SYMBOLS = {parts: chr(0x4E00 + place) for place, parts in enumerate(_PART_SETS)}
_SYMBOL_OF = {word: _SYMBOLS[frozenset(parts)] for word, parts in _KNOWN.items()}
_OTHER_SYMBOL, _DATE_SYMBOL = _SYMBOLS[frozenset()], _SYMBOLS[_DATE]
_SIGNS = frozenset(_SYMBOL_OF[sign] for sign in _PUNCTUATION)
_DATING = frozenset(symbol for parts, symbol in _SYMBOLS.items() if names_date(parts)) - _SIGNS


class Token(NamedTuple):
    """
    One word of a question, or the several words of a time that a rule has read.

    `said` are its words, `spent` those of them that only say when, `named` those that name a date.
    """

    parts: Parts
    said: tuple[str, ...]
    spent: tuple[str, ...] = ()
    hint: TimeHint | None = None
    named: tuple[str, ...] = ()


Read = Callable[[Sequence[Token], datetime | None], TimeHint | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """
    What a sequence of parts means.

    `read` returns the time that the matched tokens name; None if they name none after all.
    With `spends` these words only say when, but for the names of the calendar.
    """

    pattern: re.Pattern[str]
    read: Read
    spends: bool


def pattern(template: str) -> re.Pattern[str]:
    """
    Compile a regular expression over parts: "the? last unit".

    `any` is a word of any kind. A bracket of parts, "[on at]", is one word that plays either.
    """
    spaced = re.sub(r"\[([a-z ]+)\]", lambda found: _either(found[1].split()), template)
    named = re.sub(r"[a-z]+", lambda found: _either([found[0]]), spaced)
    return re.compile(named.replace(" ", ""))


def number(tokens: Iterable[Token], part: str, *, default: int = 0) -> int:
    """Return the number of the last token that plays `part`."""
    found = [token.parts[part] for token in tokens if part in token.parts]
    return found[-1] if found else default


def plays(tokens: Iterable[Token], *parts: str) -> bool:
    """Tell whether any of `tokens` plays any of `parts`."""
    return any(part in token.parts for token in tokens for part in parts)


def split(question: str) -> list[str]:
    """Return the folded words, numbers and punctuation of `question`, phrases in one piece."""
    text = fold(question[:_MAX_CHARS])
    if "-" in text:
        text = _HYPHEN.sub(" ", text)
    pieces = _PIECE.findall(text.replace("aujourd'hui", "aujourdhui"))
    if _PHRASES.keys().isdisjoint(pieces):
        return pieces
    at = 0
    while at < len(pieces):
        for phrase in _PHRASES.get(pieces[at], ()):
            end = at + len(phrase)
            if pieces[at:end] == phrase:
                pieces[at:end] = [" ".join(phrase)]
                break
        at += 1
    return pieces


def symbols_of(pieces: Sequence[str]) -> str:
    """Return one symbol for each piece."""
    return "".join([_SYMBOL_OF.get(piece) or _symbol(piece) for piece in pieces])


def playing(*parts: str) -> frozenset[str]:
    """Return every symbol that plays any of `parts`."""
    return frozenset(s for played, s in _SYMBOLS.items() if not played.isdisjoint(parts))


def may_name_date(symbols: str) -> bool:
    """Tell whether any of `symbols` can be part of a date."""
    return not _DATING.isdisjoint(symbols)


def tokens_of(pieces: Sequence[str]) -> list[Token]:
    """Return a token for each piece."""
    tokens = []
    for piece in pieces:
        parts, hint = _reading(piece)
        said = () if piece in _PUNCTUATION else tuple(piece.split())
        named = () if _NAMING.isdisjoint(parts) else said
        tokens.append(Token(parts, said, hint=hint, named=named))
    return tokens


def rewrite(tokens: list[Token], symbols: str, rules: Sequence[Rule], now: datetime | None) -> str:
    """Apply `rules` in their order: each time found becomes one token. Return the symbols left."""
    for rule in rules:
        at = 0
        while found := rule.pattern.search(symbols, at):
            start, end = found.span()
            hint = _attempt(rule, tokens[start:end], now)
            at = max(end, start + 1)
            if hint is not None:
                tokens[start:end] = [_merged(tokens[start:end], hint, rule)]
                symbol = _DATE_SYMBOL if is_date(hint) else _OTHER_SYMBOL
                symbols = symbols[:start] + symbol + symbols[end:]
                at = start + 1
    return symbols


def is_date(hint: TimeHint) -> bool:
    """Tell whether `hint` is a time of the calendar, rather than a call or a tense."""
    return bool(hint.spans or hint.months or hint.years or hint.day is not None)


def _merged(tokens: Sequence[Token], hint: TimeHint, rule: Rule) -> Token:
    said = tuple(word for token in tokens for word in token.said)
    spent = tuple(
        word
        for token in tokens
        for word in (token.said if rule.spends and _is_deictic(token) else token.spent)
    )
    named = tuple(
        word for token in tokens if not (rule.spends and _is_deictic(token)) for word in token.named
    )
    return Token({"date": 0}, said, spent, hint, named)


def _is_deictic(token: Token) -> bool:
    """Tell whether a token only points at a time, and could not be what is looked for."""
    return token.hint is None and _CALENDAR.isdisjoint(token.parts)


def _attempt(rule: Rule, tokens: Sequence[Token], now: datetime | None) -> TimeHint | None:
    try:
        return rule.read(tokens, now)
    except (OverflowError, ValueError):  # beyond the years that a date can have
        return None


def _symbol(piece: str) -> str:
    return _SYMBOLS[frozenset(_reading(piece)[0])]


def _reading(piece: str) -> tuple[Parts, TimeHint | None]:
    """Return the parts that a piece plays, and the date if it is one written in digits."""
    if piece in _KNOWN:
        return _KNOWN[piece], None
    if not piece[0].isdecimal():
        return {}, None
    if piece.isdecimal():
        return _number_parts(piece), None
    if piece.isalnum():
        ordinal = _ORDINAL.fullmatch(piece)
        day = int(ordinal[1]) if ordinal else 0
        return ({"dayno": day, "nth": day} if day in _DAYS else {}), None
    hint = digit_date(piece)
    if hint is None:
        return {}, None
    return ({"date": 0} if hint.spans else {"shortdate": 0}), hint


def _number_parts(digits: str) -> Parts:
    if len(digits) > _MAX_DIGITS:
        return {}
    number = int(digits)
    if number in _DAYS:
        return {"numeral": number, "dayno": number}
    if number in _YEARS:
        return {"numeral": number, "year": number}
    return {"numeral": number}


def _either(parts: Sequence[str]) -> str:
    """Return the class of all symbols that play any of `parts`."""
    if parts == ["any"]:
        return f"[^{''.join(_SIGNS)}]"
    found = [
        symbol
        for played, symbol in _SYMBOLS.items()
        if not played.isdisjoint(parts) or (not played and "other" in parts)
    ]
    if not found:
        raise ValueError(f"no word plays any of {parts}")
    return f"[{''.join(found)}]"
