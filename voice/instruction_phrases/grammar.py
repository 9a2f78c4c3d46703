"""
How the phrases of the tables are written, and how they are looked for.

A phrase is a row of elements with spaces between them, compared with the words of a sentence:
"a|b" is one of two words, "stem*" every word that begins so, "two+words" both in a row; "(a|b)" may
be left out, "(a|b)3" be there up to three times; "..2" are up to two words of any kind, "..."
up to four, "..2-a|b" none of which is one of these; "!a|b" says what may not follow; "^" is where
a clause begins, after the words with which people lead up to a request; "$" is where one ends.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from voice.instruction_phrases.folding import BOUNDARY, folded_words

__all__ = ["PhraseTable", "Phrases"]

_GAP_WORDS = 4
_KEY_CHARS = 4  # of a word: so much of it is looked up before any phrase is tried
_MAX_LEADS = 4
_OPTIONAL = re.compile(r"\((?P<words>[^)]*)\)(?P<times>\d?)")
_AFTER_BAR = re.compile(r"\|\s+")
_NO_KEY = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PhraseTable:
    """The phrases of one language, with commas between, and the words that lead to a request."""

    phrases: str
    leads: str = ""


class Phrases:
    """All phrases of some tables, ready to be looked for; they are read at the first use."""

    def __init__(self, tables: Sequence[PhraseTable]) -> None:
        self._tables = tables

    def found_in(self, words: str) -> bool:
        """Tell whether one of the phrases is in `words`, as `folding.words_of` returns them."""
        keys = {word[:_KEY_CHARS] for word in words.split()}
        by_key = self._by_key
        return any(
            not any(needed.isdisjoint(keys) for needed in phrase.needed)
            and phrase.pattern.search(words)
            for key in keys & by_key.keys()
            for phrase in by_key[key]
        )

    @cached_property
    def _by_key(self) -> Mapping[str, Sequence["_Phrase"]]:
        """Return the phrases by how a word begins that each of them needs."""
        by_key: dict[str, list[_Phrase]] = {}
        for table in self._tables:
            phrases = _AFTER_BAR.sub("|", table.phrases).split(",")
            for text in filter(None, map(str.strip, phrases)):
                phrase = _read(text, leads=table.leads)
                for key in max(phrase.needed, key=_telling):
                    by_key.setdefault(key, []).append(phrase)
        return by_key


@dataclass(frozen=True, kw_only=True)
class _Phrase:
    """`needed` has a set for each element: a word must begin like one of it."""

    text: str
    leads: str
    needed: tuple[frozenset[str], ...]

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Return what is looked for; most phrases are never needed, so it is made at first use."""
        return re.compile(_pattern(self.text, leads=self.leads))


def _read(text: str, *, leads: str) -> _Phrase:
    fixed = [each for each in text.split() if each not in ("^", "$") and each[0] not in ".!("]
    keys = [frozenset(map(_key, _alternatives(each))) for each in fixed]
    needed = tuple(of_one for of_one in keys if _NO_KEY not in of_one)
    return _Phrase(text=text, leads=leads, needed=needed)


def _telling(keys: frozenset[str]) -> tuple[int, int]:
    """Return how much it says that a word begins so: long words first, then few of them."""
    return min(map(len, keys)), -len(keys)


def _pattern(text: str, *, leads: str) -> str:
    start = "(?:^|(?<= ))"
    return start + "".join(_element(element, leads) for element in text.split())


def _element(element: str, leads: str) -> str:
    if element == "^":
        before = f"(?:(?:{BOUNDARY} )*{_one_of(leads)} )" if leads else ""
        ahead = f"{before}{{0,{_MAX_LEADS}}}" if before else ""
        return f"(?:^|(?<={BOUNDARY} )){ahead}"
    if element == "$":
        return f"(?=$|{BOUNDARY} )"
    if element.startswith(".."):
        count, _, without = element[2:].partition("-")
        barred = f"(?!{_one_of(without)} )" if without else ""
        return rf"(?:{barred}[\w{BOUNDARY}]+ ){{0,{count.strip('.') or _GAP_WORDS}}}?"
    if element.startswith("!"):
        return f"(?!{_one_of(element[1:])} )"
    if optional := _OPTIONAL.fullmatch(element):
        times = optional["times"] or 1
        return f"(?:(?:{BOUNDARY} )*{_one_of(optional['words'])} ){{0,{times}}}"
    return f"(?:{BOUNDARY} )*{_one_of(element)} "


def _one_of(words: str) -> str:
    return f"(?:{'|'.join(map(_word, _alternatives(words)))})"


def _word(word: str) -> str:
    stem = re.escape(word.removesuffix("*"))
    return rf"{stem}\w*" if word.endswith("*") else stem


def _alternatives(words: str) -> Iterator[str]:
    for word in words.split("|"):
        folded = folded_words(word.rstrip("*").replace("+", " "))
        yield f"{folded}*" if word.endswith("*") else folded


def _key(word: str) -> str:
    first = word.partition(" ")[0]
    is_short_stem = first.endswith("*") and len(first) <= _KEY_CHARS
    return _NO_KEY if is_short_stem else first.removesuffix("*")[:_KEY_CHARS]
