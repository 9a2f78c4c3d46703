"""Ranking: which of one caller's memories answer a question best (BM25, no I/O)."""

import re
import unicodedata
from collections.abc import Sequence
from math import log

from memory.content import split_utterance
from memory.port import Found, Memory

CONTEXT_WEIGHT = 0.4  # a word of the agent's counts less than one of the caller's

_SATURATION = 1.2  # BM25's k1: how soon repeating a word stops helping
_LENGTH_PENALTY = 0.75  # BM25's b

_WORD = re.compile(r"\w+")
_STOP_WORDS_TEXT = (
    "a about am an and any are as at be been but by can could did do does for from had has have "
    "he her him his how i if in is it its me my of on or our s she so t that the their them they "
    "this to us was we were what when where which who will with would you your"
)
_STOP_WORDS = frozenset(_STOP_WORDS_TEXT.split())


def tokenise(text: str) -> list[str]:
    """Return the words of `text`, without case and accents."""
    return _WORD.findall(_fold(text))


def rank(query: str, memories: Sequence[Memory], *, limit: int) -> list[Found]:
    """Return at most `limit` of `memories` that share a word with `query`, best match first."""
    newest_first = sorted(memories, key=lambda memory: memory.id)
    newest_first.sort(key=lambda memory: memory.occurred_at, reverse=True)
    best = best_matches(query, [memory.content for memory in newest_first], limit=limit)
    return [Found(memory=newest_first[index], score=score) for index, score in best]


def best_matches(query: str, contents: Sequence[str], *, limit: int) -> list[tuple[int, float]]:
    """
    Return (index, score) of at most `limit` contents that share a word with `query`.

    Best first; equal scores keep the order of `contents`, so pass the newest first.
    """
    terms = _query_terms(query)
    if not terms or not contents or limit <= 0:
        return []
    folded = [_fold(content) for content in contents]
    counts = _term_counts(terms, folded)
    average_length = sum(map(len, folded)) / len(folded) or 1
    scores: list[tuple[float, int]] = []
    rarity = {term: _rarity(term, counts, len(folded)) for term in terms}
    for index, found in counts.items():
        # length in characters: as good as in words, and no text has to be split for it
        length = 1 - _LENGTH_PENALTY + _LENGTH_PENALTY * len(folded[index]) / average_length
        score = sum(
            rarity[term] * count * (_SATURATION + 1) / (count + _SATURATION * length)
            for term, count in found.items()
        )
        scores.append((score, index))
    scores.sort(key=lambda pair: (-pair[0], pair[1]))
    return [(index, score) for score, index in scores[:limit]]


def _query_terms(query: str) -> list[str]:
    words = list(dict.fromkeys(tokenise(query)))
    return [word for word in words if word not in _STOP_WORDS] or words


def _term_counts(terms: Sequence[str], folded: Sequence[str]) -> dict[int, dict[str, float]]:
    as_word = re.compile(rf"\b(?:{'|'.join(map(re.escape, terms))})\b")
    counts: dict[int, dict[str, float]] = {}
    for index, text in enumerate(folded):
        # most texts hold none of the terms even as a part of a word: look no closer at them
        if not any(term in text for term in terms):
            continue
        said, context = split_utterance(text)
        found: dict[str, float] = {}
        for part, weight in ((said, 1.0), (context, CONTEXT_WEIGHT)):
            for term in as_word.findall(part):
                found[term] = found.get(term, 0.0) + weight
        if found:
            counts[index] = found
    return counts


def _rarity(term: str, counts: dict[int, dict[str, float]], total: int) -> float:
    holding = sum(term in found for found in counts.values())
    return log(1 + (total - holding + 0.5) / (holding + 0.5))


def _fold(text: str) -> str:
    text = text.casefold()
    if text.isascii():
        return text
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(c for c in decomposed if not unicodedata.combining(c))
