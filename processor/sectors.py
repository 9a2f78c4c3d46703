"""
Which sector of memory a text belongs to, told by weighted cues that anybody can read and check.

A summary recounts a call: episodic. A fact is knowledge that a newer value replaces: semantic;
unless it tells a feeling, which passes and is replaced by nothing, or how something is done.
What a caller said belongs where its cues weigh most: see `sector_rules`.
"""

import string
from collections.abc import Callable
from functools import cache, lru_cache

from memory.port import MemoryKind, Sector
from processor.sector_rules import (
    CUES,
    ENDINGS,
    FACT_BAR,
    SAID_IN_A_CALL,
    SECTORS,
    Cue,
    misleading,
    phrases_of,
)

# Bytes are translated several times quicker than characters. An apostrophe belongs to its word.
_SPACES = (string.punctuation + string.whitespace).replace("'", "").replace("^", "").encode()
_SPACED = bytes.maketrans(_SPACES, b" " * len(_SPACES))

# Phrases as a tree of words: a text is walked once, however many phrases there are. A word leads
# to the cues of the phrase that ends with it, a bit for each, and to the words that may follow.
_Tree = dict[str, tuple[int, "_Tree"]]
_Follow = Callable[[str], "tuple[int, _Follow | None] | None"]
_MISLEADING = -1
_BITS = {cue.reason: 1 << number for number, cue in enumerate(CUES)}
_ENDING_BITS = tuple((f"{ending} ", _BITS[reason]) for ending, reason in ENDINGS)


def _plain(text: str) -> str:
    """Return a text in lower case, with "^" before it and a space for each punctuation mark."""
    folded = f"^ {text.lower()} "
    if not folded.isascii():
        folded = folded.replace("\u2019", "'").replace("\u00bf", " ").replace("\u00a1", " ")
    return folded.encode(errors="replace").translate(_SPACED).decode()


@cache  # when first needed: it takes a tenth of a second
def _beginnings() -> _Follow:
    """Return what a phrase may begin with."""
    tree: _Tree = {}
    for reason, bit in _BITS.items():
        for phrase in phrases_of(reason):
            _plant(tree, phrase, bit)
    for phrase in misleading():
        _plant(tree, phrase, _MISLEADING)
    return _frozen(tree)


def _plant(tree: _Tree, phrase: str, bits: int) -> None:
    *words, last = phrase.replace("-", " ").split()
    for word in words:
        _, tree = tree.setdefault(word, (0, {}))
    there, following = tree.get(last, (0, {}))
    tree[last] = (there | bits, following)


def _frozen(tree: _Tree) -> _Follow:
    """Return the tree with looking up the next word at hand: walking it is then much quicker."""
    return {
        word: (bits, _frozen(next_) if next_ else None) for word, (bits, next_) in tree.items()
    }.get


def sector_of(kind: MemoryKind, text: str) -> Sector:
    """Return the sector of a memory of this kind: always the same one for the same text."""
    if kind == "summary":
        return "episodic"
    found = _found(text)
    return _of_fact(found) if kind == "fact" else _of_words(found)


def cues_in(text: str) -> tuple[Cue, ...]:
    """Return what speaks for which sector in a text: the reasons behind `sector_of`."""
    return _cues(_found(text))


@lru_cache(maxsize=10_000)
def _of_words(found: int) -> Sector:
    weights = _weights(found)
    weights["episodic"] += SAID_IN_A_CALL
    return max(SECTORS, key=weights.__getitem__)  # the first of equals


def _of_fact(found: int) -> Sector:
    weights = _weights(found)
    best: Sector = "emotional" if weights["emotional"] >= weights["procedural"] else "procedural"
    return best if weights[best] >= FACT_BAR else "semantic"


def _weights(found: int) -> dict[Sector, int]:
    weights: dict[Sector, int] = dict.fromkeys(SECTORS, 0)
    for cue in _cues(found):
        weights[cue.sector] += cue.weight
    return weights


def _cues(found: int) -> tuple[Cue, ...]:
    return tuple(cue for cue in CUES if found & _BITS[cue.reason])


def _found(text: str) -> int:
    """Return the cues in a text, a bit for each."""
    plain = _plain(text)
    found = 0
    for ending, bit in _ENDING_BITS:
        if ending in plain:
            found |= bit
    words = plain.split()
    words.append("")  # the end: nothing has it
    place = misled_until = 0
    for begun in map(_beginnings(), words):
        place += 1
        if begun is None or place <= misled_until:
            continue
        bits, follow = begun
        ahead = place
        while follow is not None:
            node = follow(words[ahead])
            if node is None:
                break
            ahead += 1
            more, follow = node
            if more == _MISLEADING:
                bits, misled_until = 0, ahead
            elif more:  # the longest phrase counts: "turn" is a step, "turned out" is none
                bits = more
        found |= bits
    return found
