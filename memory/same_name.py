"""Whether two names may be one person's: spelled otherwise, a short form, a part of the other."""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from memory.names import LITTLE_WORDS, SUFFIXES, TITLES, WITHOUT_SPACES
from memory.nicknames import share_a_group

ONLY_FAMILY = "-"  # stands where the first name is in a name that has none: "- weber"

_LONG_WORD = 6  # from here on one slip of the pen does not make another name
_VOWELS = frozenset("aeiou")
# In this order: what sounds alike is written alike.
_SOUNDS = tuple(
    (re.compile(written), heard)
    for written, heard in (
        (r"ph", "f"),
        (r"sch", "sh"),
        (r"ch|ck|q", "k"),
        (r"th|dt", "t"),
        (r"c(?=[eiy])", "s"),
        (r"c", "k"),
        (r"x", "ks"),
        (r"z", "s"),
        (r"w", "v"),
        (r"(?<=[ae])[iy]", "ai"),
        (r"aai|eai", "ai"),
        (r"y", "i"),
        (r"ie", "i"),
        (r"(?<=[aou])e(?=[^aeiou])", ""),  # "Joerg" for "Jörg"
        (r"(?<=.)h", ""),
        (r"(.)\1+", r"\1"),
    )
)


@lru_cache(4096)
def folded_name(name: str) -> str:
    """
    Return a name as it is compared: in small letters, without accents, titles and points.

    A title with one word is a family name: "- weber" for "Frau Weber". A name in a script that
    needs no spaces has none. "" for what is no name. The embedded store keeps it in its rows:
    what is changed here needs another `memory.embedded_tables.SCHEMA`.
    """
    if WITHOUT_SPACES.search(name):
        return "".join(re.findall(r"\w", unicodedata.normalize("NFKC", name.casefold())))
    plain = _without_accents(re.sub(r"['\u2019`\u00b4]", "", name.casefold()))
    words = re.findall(r"[^\W\d_]+", plain)
    named = [word for word in words if word not in _FOLDED_TITLES and word not in SUFFIXES]
    is_titled = len(named) < len([word for word in words if word not in SUFFIXES])
    return " ".join([ONLY_FAMILY, *named] if len(named) == 1 and is_titled else named)


def is_within(name: str, other: str) -> bool:
    """
    Tell whether all that a folded name says is in another one too: it may be the shorter form.

    "torres" is within "ana torres", and "liz" within "elizabeth". Of little words ("de", "van")
    nothing depends.
    """
    if WITHOUT_SPACES.search(name + other):
        return name in other
    theirs = words_of(other)
    return all(any(is_similar(word, each) for each in theirs) for word in words_of(name))


def words_of(name: str) -> Sequence[str]:
    """Return the words of a folded name that tell one person from another."""
    words = name.split()
    telling = [word for word in words if word not in LITTLE_WORDS and word != ONLY_FAMILY]
    return telling or [word for word in words if word != ONLY_FAMILY]


def first_of(name: str) -> str:
    """Return the first name in a folded name; "" if it has none."""
    words = name.split()
    return words[0] if words and words[0] != ONLY_FAMILY else ""


def is_similar(one: str, other: str) -> bool:
    """Tell whether two folded words may be one: written otherwise, a short form, an initial."""
    if one == other:
        return True
    if min(len(one), len(other)) == 1:
        return one[:1] == other[:1]
    if share_a_group(one, other):
        return True
    sounds = _sound(one), _sound(other)
    return sounds[0] == sounds[1] or _is_slip(*sounds)


@lru_cache(4096)
def _sound(word: str) -> str:
    for written, heard in _SOUNDS:
        word = written.sub(heard, word)
    return word


def _is_slip(one: str, other: str) -> bool:
    """Tell whether long words differ in one vowel within, or in two letters that changed places."""
    if len(one) != len(other) or len(one) < _LONG_WORD:
        return False
    places = [place for place, (a, b) in enumerate(zip(one, other, strict=True)) if a != b]
    if len(places) == 1:
        [place] = places
        is_inside = 0 < place < len(one) - 1
        return is_inside and one[place] in _VOWELS and other[place] in _VOWELS
    if len(places) == 2:  # noqa: PLR2004 - two letters
        first, second = places
        is_swapped = one[first] == other[second] and one[second] == other[first]
        return is_swapped and second == first + 1
    return False


def _without_accents(word: str) -> str:
    plain = unicodedata.normalize("NFKD", word)
    return "".join(char for char in plain if not unicodedata.combining(char))


_FOLDED_TITLES = frozenset(map(_without_accents, TITLES))
