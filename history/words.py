"""The words that conversations are found by: of what was said, and of what a call was. Pure."""

import re
from collections.abc import Iterable, Iterator
from hashlib import blake2b

from history.values import Filters
from memory.recall.words import fold

# Writing that leaves no spaces: every sign counts as a word of its own.
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u30ff\u3400-\u9fff\uf900-\ufaff"
_HAS_UNSPACED = re.compile(f"[{_UNSPACED}]")
_WORD = re.compile(rf"[{_UNSPACED}]|[^\W_{_UNSPACED}]+")
_ASCII_WORD = re.compile("[a-z0-9]+")
_LONGEST = 64  # of a word: noise is not kept whole
_MAX_WORDS = 40  # of a question
_SHORTEST_BEGINNING = 2  # fewer letters begin half of all words


def words_in(texts: Iterable[str]) -> str:
    """Return the words of `texts`, without regard to case and accents, a space between two."""
    return " ".join(_words("\n".join(texts)))


def _words(text: str) -> Iterator[str]:
    folded = fold(text)
    pattern = _ASCII_WORD if folded.isascii() else _WORD
    return (word[:_LONGEST] for word in pattern.findall(folded))


def tags_of(
    *, callers: Iterable[str | None], agent: str, outcome: str, direction: str, kind: str
) -> str:
    """Return the features of a conversation as words; `callers` are its line and its person."""
    tags = {_tag("c", caller) for caller in callers if caller}
    tags |= {_tag("a", agent), _tag("o", outcome), _tag("d", direction), _tag("k", kind)}
    return " ".join(sorted(tags))


def match_of(filters: Filters) -> str | None:
    """
    Return what finds the conversations that `filters` ask for, times aside, in FTS5's language.

    None if they ask for nothing, "" if nothing can be found: a text without any word.
    """
    wanted = (
        ("c", filters.caller),
        ("a", filters.agent),
        ("o", filters.outcome),
        ("d", filters.direction),
        ("k", filters.kind),
    )
    parts = [f"tags:{_tag(letter, value)}" for letter, value in wanted if value is not None]
    if filters.text is not None:
        words = list(_words(filters.text))[:_MAX_WORDS]
        if not words:
            return ""
        last = words.pop()
        is_beginning = len(last) >= _SHORTEST_BEGINNING and not _HAS_UNSPACED.match(last)
        parts += [f'body:"{word}"' for word in dict.fromkeys(words)]
        parts.append(f'body:"{last}"{"*" if is_beginning else ""}')
    return " AND ".join(parts) if parts else None


def _tag(letter: str, value: str) -> str:
    # A digest, since a word of FTS5 can hold neither every sign nor any length.
    folded = value.casefold() if letter == "o" else value
    return letter + blake2b(folded.encode(errors="surrogatepass"), digest_size=8).hexdigest()
