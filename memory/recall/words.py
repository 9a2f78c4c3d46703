"""
Words: any text as folded words, and as the other ways in which the same thing is written or said.

The same words come out of a memory and of a question, whichever way each of them puts it:
"AB-1234" and "ab 1234", "4721" and "four seven two one". Every function here takes any text.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from itertools import pairwise
from string import ascii_lowercase, digits

from memory.recall.codes import CUES, FIRST, joined_forms, may_join
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


# What is often all in a transcript that is not ASCII: quicker than to look at every sign.
_TYPOGRAPHY = (
    ("\u2019", "'"),
    ("\u2018", "'"),
    ("\u2013", "-"),
    ("\u2014", "-"),
    ("\u2026", "..."),
)

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
    for sign, plain in _TYPOGRAPHY:
        text = text.replace(sign, plain)
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
_ASCII_WORD = re.compile(rf"[a-z0-9]{{1,{_MAX_LETTERS}}}")
# The same for bytes, which takes a third of the time: what is in no word becomes a blank.
_BLANKED = bytes(
    ord(sign if sign in f"{ascii_lowercase}{digits}\n" else " ") for sign in map(chr, range(256))
)
# All letters alike, and all that a number, a code or an address may be written with.
_KINDS = bytes(
    ord("a" if sign in ascii_lowercase else "0" if sign in digits + "@" else sign)
    for sign in map(chr, range(256))
)
_ZERO = ord("0")
_TOO_LONG = b"a" * (_MAX_LETTERS + 1)
_WORD = re.compile(rf"[\w{_marks()}]{{1,{_MAX_LETTERS}}}")
_WORD_OR_RUN = re.compile(
    rf"[{_UNSPACED}]+|(?:[^\W_{_UNSPACED}]|(?![{_UNSPACED}])[{_marks()}]){{1,{_MAX_LETTERS}}}"
)
_CLITIC = re.compile(r"'(?:(?:s|ll|re|ve|d|m)\b)?")  # Ana's, I'll, and any other apostrophe
_ELISION = re.compile(  # l'adresse, dell'ufficio
    r"\b(?:[ldjmtsnc]|qu|jusqu|lorsqu|puisqu|quoiqu|un|all|dall|dell|nell|sull|quest|quell)"
    r"'(?=\w\w|[aouy]\b)"
)
_MAY_BE_ELISION = re.compile(  # the same, behind another sign; much quicker
    r"'(?<=\W[ldjmtsnc]'|qu'|un'|ll'|st')(?=\w\w|[aouy]\b)(?<![^e]st')"
)
_WRITTEN = re.compile("[0-9@]")  # a number, a code or an address is in the text


def words(text: str) -> list[str]:
    """
    Return the folded words of `text` in order, then the joined forms of its codes and numbers.

    Where a script does not set words apart, every two neighbouring characters are a word. There
    are never more words than a small multiple of the length of `text`, and none is long.
    """
    return words_of((text,))[0]


def words_of(texts: Sequence[str]) -> list[list[str]]:
    """Return the words of each of `texts`: much quicker than one text after the other."""
    joined = " \n ".join(texts)
    if joined.count("\n") >= len(texts):  # for `words` it is the same as any other such sign
        return words_of([text.replace("\n", "\r") for text in texts]) if texts else []
    if joined.isascii():
        return _ascii_words(joined.lower())
    lines = [fold(text) for text in texts]
    found = _ascii_words(" \n ".join([line if line.isascii() else "" for line in lines]))
    for at, line in enumerate(lines):
        if not line.isascii():
            found[at] = _any_words(line)
    return found


def _ascii_words(folded: str) -> list[list[str]]:
    """Return the words of each line."""
    folded = _without_apostrophes(folded)
    encoded = folded.encode("ascii")
    kinds = encoded.translate(_KINDS)
    blanked = str(encoded.translate(_BLANKED), "ascii")
    found = [line.split() for line in blanked.split("\n")]
    is_long = kinds.replace(b"0", b"a").find(_TOO_LONG) >= 0
    lines: list[str] = []
    for at, kind in enumerate(kinds.split(b"\n")):
        # digits, an @ or a telling word: a number, a code or an address may be in the line
        may_count = _ZERO in kind or not CUES.isdisjoint(found[at])
        if may_count or is_long:
            lines = lines or folded.split("\n")
            tokens = _ASCII_WORD.findall(lines[at]) if is_long else found[at]
            found[at] = _with_variants(lines[at], tokens, _ASCII_WORD) if may_count else tokens
    return found


def _without_apostrophes(folded: str) -> str:
    if "'" not in folded:
        return folded
    if folded[1:2] == "'" or _MAY_BE_ELISION.search(folded):  # much quicker than the other
        folded = _ELISION.sub("", folded)
    return _CLITIC.sub("", folded)


def _any_words(folded: str) -> list[str]:
    folded = _without_apostrophes(folded).replace("_", " ")
    word = _WORD_OR_RUN if _HAS_UNSPACED.search(folded) else _WORD
    found = word.findall(folded)
    if _WRITTEN.search(folded) or not CUES.isdisjoint(found):
        found = _with_variants(folded, found, word)
    elif word is _WORD_OR_RUN:
        found = _parts(found)
    return found


def _with_variants(folded: str, tokens: list[str], word: re.Pattern[str]) -> list[str]:
    telling = [at for at, token in enumerate(tokens) if token in _TELLING or not token.isalpha()]
    found = _parts(tokens) if word is _WORD_OR_RUN else _few_parts(tokens, telling)
    if may_join(folded, tokens, telling):
        known = set(found)
        joined = dict.fromkeys(joined_forms(folded, tokens, word.split(folded)))
        found += [word for word in joined if word not in known]
    return found


_PLAIN = {**PLAIN_DIGITS, "eins": "one", **PLAIN_NUMBERS}
_TELLING = FIRST | _PLAIN.keys()


def _few_parts(tokens: list[str], telling: Sequence[int]) -> list[str]:
    """Return the words in each token, when all that are not at `telling` are words themselves."""
    found = tokens.copy()
    for at in telling:
        token = tokens[at]
        if token in _PLAIN:
            found[at] = _PLAIN[token]
        elif not (token.isalpha() or token.isdecimal()):
            return _parts(tokens)
    return found


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
