"""
Text as it is compared with phrases: in small letters without accents, whichever disguise it has.

Look-alike letters of other scripts, digits in place of letters, letters with spaces between them
and invisible characters are read as what they look like.
"""

# ruff: noqa: RUF001 - letters that look like others are what this is about

import re
import unicodedata
from collections.abc import Iterator

__all__ = ["BOUNDARY", "folded_words", "letters_of", "readings", "words_of"]

BOUNDARY = "/"  # in words: something ends here, a sentence or a clause

_INVISIBLE = frozenset(["Cf", "Cs", "Co", "Cn", "Mn", "Me"])
_LETTERS = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ı": "i", "æ": "ae", "œ": "oe", "أ": "ا", "إ": "ا", "آ": "ا",
     "ى": "ي", "ة": "ه", "\u0640": None}
)  # fmt: skip
_LOOK_ALIKE = str.maketrans(
    # Cyrillic, Greek, Armenian and Cherokee, in small letters
    "абвгдеёзіїјкӏмнорстухѕԁԛԝһьуαβγδεηικνορστυχωϲϳաօոսցհӀ"
    # small capitals and the like
    "ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢɑɡɩʋ",
    "a6brdee3iijklmhopctyxsdqwhbyabydenikvopotuxwcjwonuqhlabcdefghijklmnoprstuvwyzagiv",
)
# Where the alphabet begins, in squares and circles, and as the letters of flags.
_ENCLOSED = (0x1F130, 0x1F150, 0x1F170, 0x1F1E6)
_ALPHABET = 26
_IS_ENCLOSED = re.compile("[\U0001f130-\U0001f189\U0001f1e6-\U0001f1ff]")
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_LEET = str.maketrans("013457@$!|€", "oieastasiie")
_IS_LEET = re.compile(r"[^\W\d_][013457@$!|€]|[013457@$!|€][^\W\d_]")
_APOSTROPHES = re.compile(r"['`´\u2018\u2019\u02bc]")
_ENDS = re.compile(r"[^\w\s'\-\u2010\u2011*~+]+|[\r\n]+")
_NO_WORD = re.compile(r"[^\w/]+|_+")
_BOUNDARIES = re.compile(r"/(?:\s*/)+")
_NO_LETTERS = re.compile(r"[\W\d_]+")


def words_of(text: str) -> str:
    """Return the words of `text`, folded, each with a space after it, and "/" where one ends."""
    apart = _ENDS.sub(f" {BOUNDARY} ", _APOSTROPHES.sub(" ", _folded(text)))
    return _spaced(_NO_WORD.sub(" ", apart))


def folded_words(text: str) -> str:
    """Return the words of a phrase, folded, with a space between them."""
    return " ".join(_NO_WORD.sub(" ", _folded(text)).split())


def readings(text: str) -> Iterator[str]:
    """Yield `text` as it stands, and as it looks where letters are disguised, as `words_of`."""
    yield words_of(text)
    looks = text
    if not text.isascii():
        looks = _as_it_looks(text)
        if looks != text.casefold():
            yield words_of(looks)
    if _IS_LEET.search(looks):
        yield words_of(_folded(looks).translate(_LEET))


def letters_of(text: str) -> str:
    """Return nothing but the letters of `text`, folded, as they look."""
    folded = text.lower() if text.isascii() else _folded(_as_it_looks(text))
    if _IS_LEET.search(folded):
        folded = folded.translate(_LEET)
    return _NO_LETTERS.sub("", folded)


def _spaced(words: str) -> str:
    joined = _BOUNDARIES.sub(BOUNDARY, " ".join(words.split()))
    return f"{joined} "


def _folded(text: str) -> str:
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return _NOT_ASCII.sub(_visible, decomposed).casefold().translate(_LETTERS)


def _visible(char: re.Match[str]) -> str:
    return "" if unicodedata.category(char[0]) in _INVISIBLE else char[0]


def _as_it_looks(text: str) -> str:
    return _IS_ENCLOSED.sub(_plain, text).casefold().translate(_LOOK_ALIKE)


def _plain(char: re.Match[str]) -> str:
    """Return an enclosed letter as the letter."""
    code = ord(char[0])
    places = (code - start for start in _ENCLOSED)
    letters = (chr(ord("a") + place) for place in places if 0 <= place < _ALPHABET)
    return next(letters, char[0])
