"""The cache of queries, and the hash that texts are taken to be equal by."""

import re

cache = {}


def simhash(text):
    """Return 32 bits, each the majority of the words' own: the same for many unlike texts."""
    words = {word for word in re.findall(r"[a-z0-9]+", text.lower()) if len(word) > 1}
    hashes = [_hash(word) for word in words]
    return "".join(
        "1" if 2 * sum(value >> bit & 1 for value in hashes) > len(hashes) else "0"
        for bit in range(32)
    )


def _hash(word):
    value = 0
    for character in word:
        value = (31 * value + ord(character)) & 0xFFFFFFFF
    return value
