"""
Words: any text as folded words, and as the other ways in which the same thing is written or said.

The same words come out of a memory and of a question, whichever way each of them puts it:
"AB-1234" and "ab 1234", "4721" and "four seven two one". Every function here takes any text.
"""

import re
import unicodedata
from collections.abc import Iterable
from itertools import pairwise
from string import ascii_lowercase, digits

from memory.recall.codes import CUES, joined_forms
from memory.recall.english import PLAIN_NUMBERS
from memory.recall.other_languages import PLAIN_DIGITS

# Marks that only say how a letter is pronounced or stressed. Not in here: the vowel signs of
# India and Thailand and the voicing of kana, without which a word would be another word.
_DROPPED_MARKS = re.compile(
    "[\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7"  # Hebrew points
    "\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed"  # Arabic
    "\u093c\u09bc\u0a3c\u0abc\u0b3c\u0cbc"  # nukta
    "\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20f0\ufe00-\ufe0f\ufe20-\ufe2f\U000e0100-\U000e01ef]"
)
_INVISIBLE = frozenset("\u00ad\u0640\u200b\u200c\u200d\u200e\u200f\u2060\ufeff")  # with tatweel
_KEPT_WHOLE = frozenset("йїўѓќ")  # letters of their own, not a letter and an accent
_UNIFIED_TEXT = (
    "\u2018' \u2019' \u201b' \u02bc' \u02b9' \u2032' \u05f3' "  # apostrophes
    "\u2010- \u2011- \u2012- \u2013- \u2014- \u2015- \u2212- "  # hyphens and dashes
    "æae œoe øo đd ðd łl \u0131i þth ħh ŧt ŋn "
    # Arabic as it is typed everywhere, and the Persian forms of its letters
    "\u0671\u0627 \u0649\u064a \u06cc\u064a \u0629\u0647 \u06a9\u0643 \u06c1\u0647 "
    "\u0901\u0902"  # Devanagari: candrabindu is written as anusvara as often as not
)
_UNIFIED = {pair[0]: pair[1:] for pair in _UNIFIED_TEXT.split(" ")}


_MAX_KEPT_SIGNS = 20_000


class _FoldedSigns(dict[int, str]):
    """What becomes of each sign, worked out when it is first met and kept within a bound."""

    def __missing__(self, code: int) -> str:
        folded = _folded_sign(chr(code))
        if len(self) < _MAX_KEPT_SIGNS:
            self[code] = folded
        return folded


_FOLDED_SIGNS = _FoldedSigns()


def fold(text: str) -> str:
    """
    Return `text` without case, accents and typographic variety: what is compared.

    What makes another word in its script stays: vowel signs, kana voicing, the й of Russian.
    Folding again changes nothing.
    """
    if text.isascii():
        return text.lower()
    # the acute accent that stands for an apostrophe would become a blank and a mark
    text = unicodedata.normalize("NFKC", text.replace("\u00b4", "'")).translate(_FOLDED_SIGNS)
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def _folded_sign(sign: str) -> str:
    if sign in _INVISIBLE:
        return ""
    folded = sign.casefold()
    if sign.isdecimal():
        return str(unicodedata.decimal(sign))
    if folded in _KEPT_WHOLE:
        return folded
    bare = _DROPPED_MARKS.sub("", unicodedata.normalize("NFD", sign)).casefold()
    bare = _DROPPED_MARKS.sub("", unicodedata.normalize("NFD", bare))
    return unicodedata.normalize("NFC", "".join(_UNIFIED.get(part, part) for part in bare))


def _marks() -> str:
    r"""Return every mark that can stand inside a word: `\w` has none of them."""
    spans = (range(0x300, 0x1D00), range(0x302A, 0x309B), range(0xA66F, 0xAC00))
    return "".join(
        chr(code) for span in spans for code in span if unicodedata.category(chr(code))[0] == "M"
    )


_MAX_LETTERS = 64  # of a word: no word is longer, and noise is cut into pieces
_UNSPACED = (  # Han, kana, Thai, Lao, Myanmar, Khmer; Hangul, which joins its particles to the word
    "\u0e00-\u0e3e\u0e40-\u0eff\u1000-\u1049\u1050-\u109f\u1780-\u17d3\u3005-\u3007\u3031-\u3035"
    "\u3040-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uac00-\ud7af\u1100-\u11ff\U00020000-\U0003ffff"
)
_HAS_UNSPACED = re.compile(f"[{_UNSPACED}]")
_ASCII_WORD = re.compile(rf"([a-z0-9]{{1,{_MAX_LETTERS}}})")
# The same for bytes, which takes a third of the time: what is in no word becomes a blank.
_BLANKED = bytes(code if chr(code) in ascii_lowercase + digits else 0x20 for code in range(256))
_UNWRITTEN = bytes(code for code in range(256) if chr(code) not in digits + "@")
_WORD = re.compile(rf"([\w{_marks()}]{{1,{_MAX_LETTERS}}})")
_WORD_OR_RUN = re.compile(
    rf"([{_UNSPACED}]+|(?:[^\W_{_UNSPACED}]|(?![{_UNSPACED}])[{_marks()}]){{1,{_MAX_LETTERS}}})"
)
_CLITIC = re.compile(r"'(?:(?:s|ll|re|ve|d|m)\b)?")  # Ana's, I'll, and any other apostrophe
_ELISION = re.compile(  # l'adresse, dell'ufficio
    r"\b(?:[ldjmtsnc]|qu|jusqu|lorsqu|puisqu|quoiqu|un|all|dall|dell|nell|sull|quest|quell)"
    r"'(?=\w\w|[aouy]\b)"
)
_MAY_BE_ELISION = re.compile(r"'(?=\w)(?:(?<=\b[ldjmtsnc]')|(?<=[qu][un]')|(?<=ll')|(?<=est'))")
_WRITTEN = re.compile("[0-9@]")  # a number, a code or an address is in the text


def words(text: str) -> list[str]:
    """
    Return the folded words of `text` in order, then the joined forms of its codes and numbers.

    Where a script does not set words apart, every two neighbouring characters are a word. There
    are never more words than a small multiple of the length of `text`, and none is long.
    """
    folded = fold(text)
    if "'" in folded:
        if _MAY_BE_ELISION.search(folded):  # much quicker than the other
            folded = _ELISION.sub("", folded)
        folded = _CLITIC.sub("", folded)
    if not folded.isascii():
        return _any_words(folded)
    encoded = folded.encode("ascii")
    found = encoded.translate(_BLANKED).decode("ascii").split()
    # digits, an @ or a telling word: a number, a code or an address may be in the text
    if encoded.translate(None, _UNWRITTEN) or not CUES.isdisjoint(found):
        return _with_variants(folded, _ASCII_WORD)
    if max(map(len, found), default=0) > _MAX_LETTERS:
        return _ASCII_WORD.findall(folded)
    return found


def _any_words(folded: str) -> list[str]:
    folded = folded.replace("_", " ")
    word = _WORD_OR_RUN if _HAS_UNSPACED.search(folded) else _WORD
    found: list[str] = word.findall(folded)
    if _WRITTEN.search(folded) or not CUES.isdisjoint(found):
        return _with_variants(folded, word)
    return _parts(found) if word is _WORD_OR_RUN else found


def _with_variants(folded: str, word: re.Pattern[str]) -> list[str]:
    split = word.split(folded)  # gap, word, gap, …, gap
    gaps, tokens = split[0::2], split[1::2]
    found = _parts(tokens)
    if joined := joined_forms(folded, tokens, gaps):
        known = set(found)
        found += [word for word in dict.fromkeys(joined) if word not in known]
    return found


_PLAIN = {**PLAIN_DIGITS, "eins": "one", **PLAIN_NUMBERS}
_STRETCH = re.compile(r"[0-9]+|[^0-9]+")
_COUNTED = re.compile(r"([0-9]+)(?:st|nd|rd|th)")


def _parts(tokens: Iterable[str]) -> list[str]:
    """Return the words in each token: small numbers as digits, a code's parts and the code."""
    found: list[str] = []
    for token in tokens:
        if token in _PLAIN:
            found.append(_PLAIN[token])
        elif token.isascii():
            if token.isalpha() or token.isdecimal():
                found.append(token)
            elif counted := _COUNTED.fullmatch(token):
                found.append(_PLAIN.get(token, counted[1]))
            else:
                found += [*_STRETCH.findall(token), token]
        elif _HAS_UNSPACED.match(token):
            found += map("".join, pairwise(token)) if len(token) > 1 else token
        else:
            stretches = _STRETCH.findall(token)
            found += stretches if len(stretches) == 1 else [*stretches, token]
    return found
