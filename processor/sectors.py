"""
Which sector of memory a text belongs to, told by weighted cues that anybody can read and check.

A summary recounts a call: episodic. A fact is knowledge that a newer value replaces: semantic;
unless it tells a feeling, which passes and is replaced by nothing, or how something is done.
What a caller said belongs where its cues weigh most: see `sector_rules`.
"""

import string
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
_NOTHING: _Tree = {}  # what may follow a word with which phrases only end: one for all, kept empty
_MISLEADING = -1
_BITS = {cue.reason: 1 << number for number, cue in enumerate(CUES)}
_ENDING_BITS = tuple((f"{ending} ", _BITS[reason]) for ending, reason in ENDINGS)
_ASCII_ENDING_BITS = tuple(pair for pair in _ENDING_BITS if pair[0].isascii())


def _plain(text: str) -> str:
    """Return a text in lower case, with "^" before it and a space for each punctuation mark."""
    folded = f"^ {text.lower()} "
    if not folded.isascii():
        folded = folded.replace("\u2019", "'").replace("\u00bf", " ").replace("\u00a1", " ")
    return folded.encode(errors="replace").translate(_SPACED).decode()


@cache  # when first needed: there are many
def _beginnings() -> _Tree:
    """Return what a phrase may begin with."""
    tree: _Tree = {}
    for reason, bit in _BITS.items():
        for phrase in phrases_of(reason):
            _plant(tree, phrase, bit)
    for phrase in misleading():
        _plant(tree, phrase, _MISLEADING)
    return tree


def _plant(tree: _Tree, phrase: str, bits: int) -> None:
    *words, last = phrase.replace("-", " ").split()
    for word in words:
        there, following = tree.get(word, (0, _NOTHING))
        if following is _NOTHING:
            following = {}
            tree[word] = there, following
        tree = following
    there, following = tree.get(last, (0, _NOTHING))
    tree[last] = there | bits, following


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
    for ending, bit in _ASCII_ENDING_BITS if plain.isascii() else _ENDING_BITS:
        if ending in plain:
            found |= bit
    words = plain.split()
    words.append("")  # the end: nothing has it
    place = misled_until = 0
    for begun in map(_beginnings().get, words):
        place += 1
        if begun is None or place <= misled_until:
            continue
        bits, following = begun
        ahead = place
        while (word := words[ahead]) in following:
            ahead += 1
            more, following = following[word]
            if more == _MISLEADING:
                bits, misled_until = 0, ahead
            elif more:  # the longest phrase counts: "turn" is a step, "turned out" is none
                bits = more
        found |= bits
    return found
