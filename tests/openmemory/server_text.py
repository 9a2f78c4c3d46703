"""What the stand-in makes of texts: a weak hash, as the real one's, and a likeness."""

import re

_BITS = 32
# Words that the real server takes for one; only some of them.
_SAME = {"like": "prefer", "love": "prefer", "enjoy": "prefer", "job": "task", "bug": "issue"}
_ENDINGS = (("ies", "y"), ("ing", ""), ("ers", "er"), ("er", "er"), ("ed", ""), ("s", ""))


def tokens(text):
    """Return the words that count: ASCII alone, in one form each, none of one letter."""
    words = {_normal(word) for word in re.findall("[a-z0-9]+", text.lower())}
    return {word for word in words if len(word) > 1}


def fingerprint(text):
    """
    Return the hash by which two texts are taken for one.

    Each bit is that of most of the words, so unrelated sentences meet in one hash, and all
    texts without a word of ASCII do.
    """
    hashes = [_word_hash(word) for word in tokens(text)]
    bits = [sum(one >> bit & 1 for one in hashes) * 2 > len(hashes) for bit in range(_BITS)]
    return sum(1 << bit for bit, is_set in enumerate(bits) if is_set)


def likeness(asked, text):
    """Return how many of the words asked for are in the text, of all the words in either."""
    ours, theirs = tokens(asked), tokens(text)
    return len(ours & theirs) / (len(ours | theirs) or 1)


def shortened(text, *, longest):
    """Return the first sentences that fit; a part of the first if it does not."""
    kept = ""
    for sentence in re.findall(r"[^.!?]+[.!?]*\s*", text):
        if len(kept) + len(sentence.rstrip()) > longest:
            break
        kept += sentence
    return kept.strip() or text[:longest]


def _normal(word):
    if word in _SAME:
        return _SAME[word]
    stem = _stem(word)
    return _SAME.get(stem, stem)


def _stem(word):
    for ending, instead in _ENDINGS:
        stem = word.removesuffix(ending) + instead
        if len(word) > 3 and word.endswith(ending) and len(stem) >= 3:
            return stem
    return word


def _word_hash(word):
    value = 0
    for character in word:
        value = (value * 31 + ord(character)) % 2**_BITS
    return value
