"""
Spelling: the words of a vocabulary that are spelt, or sound, like one that nobody ever said.

What a caller says is written down by a machine: "Breid" was "Breed", "Kathryn" is "Catherine".
Words are folded, as `memory.recall.words` makes them; indexes are places in the vocabulary.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from string import ascii_lowercase

import numpy as np
import numpy.typing as npt

_MIN_LETTERS = 4  # shorter words have too many that are like them
_MIN_LIKENESS = 0.6
_SWAPPED = 0.75  # the likeness of a word with two neighbouring letters exchanged
_SAME_SOUND = 0.7  # … of a word that sounds the same; more, the more it is spelt like it
_SAME_END = 0.7  # … of a number that begins or ends with the digits that are asked for
_MAX_COUNT = 9  # of consonants: all that is more is many
_MIN_DIGITS, _MAX_DIGITS = 3, 18  # longer numbers do not fit into 64 bits

# How much of the spelling must be the same too, by the number of consonants: few consonants are
# common to very different words. First if the vowels stand in the same places, then if they do not.
_SAME_PATTERN = np.array((2.0, 2.0, 0.4, 0.25))
_SAME_CONSONANTS = np.array((2.0, 2.0, 0.5, 0.5, 0.2))

_TENS = 10 ** np.arange(_MAX_DIGITS, dtype=np.int64)

_HALF, _LOW = np.uint64(32), np.uint64(0xFFFFFFFF)
_Codes = npt.NDArray[np.uint32]
_Holders = npt.NDArray[np.unsignedinteger]  # as small as the vocabulary allows
_Places = npt.NDArray[np.int64]
_Flags = npt.NDArray[np.bool_]

# How letters sound, in whichever language a name is from. First a few longer spellings are
# replaced ("|" is the edge of a word); then each letter gives the sound behind the colon, which
# may depend on the letter after it. Capitals are sounds of their own, "." is silent.
_RESPELT_TEXT = (
    "|kn:|n |gn:|n |wr:|r |ps:|s |x:|s |mc:|mak |gh:|g |y:|j sch:sh chr:kr chl:kl wsk:vsk x:ks"
)
_SOUNDS_TEXT = (
    "a:V b:b c:k d:d e:V f:f g:g h:. i:V j:j k:k l:l m:m n:n o:V p:p q:k r:r s:s t:t u:V v:f w:. "
    "x:s y:V z:s ch:S ce:s ci:s cy:s cz:S dt:. dg:. e|:. gh:. ge:j gi:j gy:j ph:f sh:S sz:S tc:. "
    "ts:. tz:. wa:f we:f wh:f wi:f wo:f wu:f wy:f"
)
_RESPELT = [
    tuple(part.replace("|", "\n").encode() for part in pair.split(":"))
    for pair in _RESPELT_TEXT.split()
]
_LETTERS = "\n" + ascii_lowercase
_KINDS = 32  # of letters, with room for what is none
_NUMBERED = bytes(_LETTERS.find(chr(code)) % _KINDS for code in range(256))  # -1 is the last
_EDGE, _VOWEL, _FIRST_VOWEL, _FIRST_H, _STRONG_S, _S = b"\nVAHSs"


def _sound_table() -> npt.NDArray[np.uint8]:
    """Return the sound of each letter before each other, at _KINDS * letter + other."""
    table = np.zeros((_KINDS, _KINDS), np.uint8)
    table[0] = _EDGE
    for spelt, sound in (pair.split(":") for pair in _SOUNDS_TEXT.split()):
        first, *after = (_LETTERS.index(letter) for letter in spelt.replace("|", "\n"))
        table[first, after or slice(None)] = 0 if sound == "." else ord(sound)
    return table.ravel()


_SOUND_TABLE = _sound_table()


@dataclass(frozen=True, slots=True, kw_only=True)
class Spellings:
    """
    A vocabulary, made ready to be compared with any word.

    `pairs` of letters are sorted, and `holders` says which word each is of. Two words with the
    same letters in any order agree in `letters`, two with the same consonants in `consonants`,
    and two with the consonants in the same places between vowels in `patterns`.
    """

    pairs: npt.NDArray[np.uint16]
    holders: _Holders
    sizes: npt.NDArray[np.uint16]  # how many pairs a word has; none if nothing can be like it
    letters: _Codes
    consonants: _Codes
    consonant_counts: npt.NDArray[np.uint8]
    patterns: _Codes
    numbers: _Places  # the words that are numbers, how long they are, and where they stand
    number_lengths: _Places
    number_holders: _Places

    @property
    def nbytes(self) -> int:
        """The bytes that the arrays occupy."""
        return sum(getattr(self, field.name).nbytes for field in fields(self))


def spellings(vocabulary: Sequence[str]) -> Spellings:
    """Return `vocabulary` made ready for `alike`."""
    text = "\n".join(("", *vocabulary, ""))
    if text.count("\n") > len(vocabulary) + 1:
        return spellings([word.replace("\n", " ") for word in vocabulary])
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    edges = np.flatnonzero(codes == _EDGE)
    starts, lengths = edges[:-1], np.diff(edges) - 1
    digits = _sums((codes[:-1] >= ord("0")) & (codes[:-1] <= ord("9")), starts)
    pairs, holders = _pairs(codes, lengths, (lengths >= _MIN_LETTERS) & (digits == 0))
    consonants, counts, patterns = _sounds(text)
    fits = (lengths > _MIN_DIGITS) & (lengths <= _MAX_DIGITS)
    number_holders = np.flatnonzero((digits == lengths) & fits)
    return Spellings(
        pairs=pairs,
        holders=holders,
        sizes=np.bincount(holders, minlength=len(vocabulary)).astype(np.uint16),
        letters=_sums(_mixed(codes[:-1]), starts),
        consonants=consonants,
        consonant_counts=counts,
        patterns=patterns,
        numbers=np.array([int(vocabulary[place]) for place in number_holders.tolist()], np.int64),
        number_lengths=lengths[number_holders],
        number_holders=number_holders,
    )


def alike(word: str, known: Spellings, *, limit: int = 3) -> list[tuple[int, float]]:
    """
    Return (index in the vocabulary, likeness) of at most `limit` words like `word`, best first.

    The likeness lies in 0.6..1. A word with digits is like no other, except that a number is like
    the longer ones that begin or end with it.
    """
    if word.isascii() and word.isdecimal():
        return _numbers_like(word, known, limit)
    own = spellings((word,))
    if not own.pairs.size or not known.pairs.size:
        return []
    shared = _shared(own, known)
    dice = 2 * shared / (known.sizes + own.sizes)
    likeness = np.where(dice >= _MIN_LIKENESS, dice, 0.0)
    # two letters change places: three pairs at most are others
    is_swapped = (known.letters == own.letters) & (shared >= own.sizes - 3)
    likeness[is_swapped] = np.maximum(likeness[is_swapped], _SWAPPED)
    if word.isascii():
        sounds_like = _sounds_like(own, known, dice)
        closer = _SAME_SOUND + (1 - _SAME_SOUND) * dice[sounds_like]
        likeness[sounds_like] = np.maximum(likeness[sounds_like], closer)
    found = np.flatnonzero(likeness)
    best = found[np.argsort(-likeness[found], kind="stable")][:limit]
    return [(int(place), float(likeness[place])) for place in best]


def _pairs(
    codes: _Codes, lengths: _Places, can_match: _Flags
) -> tuple[npt.NDArray[np.uint16], _Holders]:
    """Return the different pairs of letters of each word that can match, sorted, and the words."""
    # 263 is prime and more than the distance of any two letters of one alphabet
    pairs = (codes[:-1] * np.uint32(263) + codes[1:]).astype(np.uint16)
    holders = np.repeat(np.arange(len(lengths), dtype=np.uint64), lengths + 1)
    both = ((pairs.astype(np.uint64) << _HALF) | holders)[can_match[holders]]
    both.sort()
    both = both[np.append(True, both[1:] != both[:-1])[: len(both)]]
    smallest = np.min_scalar_type(len(lengths))
    return (both >> _HALF).astype(np.uint16), (both & _LOW).astype(smallest)


def _sounds(text: str) -> tuple[_Codes, npt.NDArray[np.uint8], _Codes]:
    """Return for each word a number that says its consonants, how many, and one with the vowels."""
    data = text.encode("ascii", "replace")
    for spelt, respelt in _RESPELT:
        data = data.replace(spelt, respelt)
    letters = np.frombuffer(data.translate(_NUMBERED), np.uint8)
    sounds = _SOUND_TABLE[letters * np.uint16(_KINDS) + np.append(letters[1:], letters[:1])]
    firsts = np.flatnonzero(letters == 0)[:-1] + 1
    sounds[firsts[sounds[firsts] == _VOWEL]] = _FIRST_VOWEL
    sounds[firsts[letters[firsts] == _LETTERS.index("h")]] = _FIRST_H
    sounds = sounds[sounds > 0]
    is_same = sounds[1:] == sounds[:-1]
    is_same |= (sounds[1:] == _S) & (sounds[:-1] == _STRONG_S)  # sz is one sound
    is_same &= sounds[1:] != _EDGE
    sounds = sounds[np.append(True, ~is_same)]
    patterns, _ = _sequences(sounds)
    consonants, counts = _sequences(sounds[sounds != _VOWEL])
    return consonants, np.minimum(counts, _MAX_COUNT).astype(np.uint8), patterns


def _sequences(sounds: npt.NDArray[np.uint8]) -> tuple[_Codes, _Places]:
    """Return for each word a number that tells its sounds and their order, and how many."""
    codes = sounds.astype(np.uint32)
    edges = np.flatnonzero(sounds == _EDGE)
    lengths: _Places = np.diff(edges) - 1
    return _sums(_mixed(codes[:-1] * np.uint32(263) + codes[1:]), edges[:-1]), lengths


def _mixed(codes: _Codes) -> _Codes:
    """Return numbers whose sums tell what was summed: "ad" is not "bc"."""
    return codes * codes * codes * np.uint32(0x9E3779B1)


def _sums(values: npt.NDArray[np.generic], starts: _Places) -> _Codes:
    return (
        np.add.reduceat(values, starts, dtype=np.uint32) if len(starts) else np.zeros(0, np.uint32)
    )


def _shared(own: Spellings, known: Spellings) -> _Places:
    """Return how many pairs of letters each known word has in common with the one in `own`."""
    first = np.searchsorted(known.pairs, own.pairs, "left")
    last = np.searchsorted(known.pairs, own.pairs, "right")
    spans = zip(first.tolist(), last.tolist(), strict=True)
    holders = np.concatenate([known.holders[start:end] for start, end in spans])
    shared: _Places = np.bincount(holders, minlength=len(known.sizes))
    return shared


def _sounds_like(own: Spellings, known: Spellings, dice: npt.NDArray[np.float64]) -> _Places:
    """Return the places of the words that sound like the one in `own`."""
    count = int(own.consonant_counts[0])
    places = np.flatnonzero((known.consonants == own.consonants) & (known.sizes > 0))
    needed = np.where(
        known.patterns[places] == own.patterns,
        _SAME_PATTERN[min(count, len(_SAME_PATTERN) - 1)],
        _SAME_CONSONANTS[min(count, len(_SAME_CONSONANTS) - 1)],
    )
    found: _Places = places[dice[places] >= needed]
    return found


def _numbers_like(digits: str, known: Spellings, limit: int) -> list[tuple[int, float]]:
    if not _MIN_DIGITS <= len(digits) <= _MAX_DIGITS:
        return []
    longer = known.number_lengths - len(digits)
    is_end = known.numbers % 10 ** len(digits) == int(digits)
    is_start = known.numbers // _TENS[np.maximum(longer, 0)] == int(digits)
    found = known.number_holders[(longer > 0) & (is_end | is_start)]
    return [(int(place), _SAME_END) for place in found[:limit]]
