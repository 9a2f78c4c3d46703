"""
The gist of a text: a few characters a word, by which most texts are known to hold no secret.

It is much cheaper than reading the numbers of a text, and errs on one side only: what `Gist`
denies is not in the text. Words are looked up as they stand between spaces.
"""

import re
from collections.abc import Collection

from voice.redaction.coded import WORDS
from voice.redaction.fold import BREAK, IGNORED, OPAQUE
from voice.redaction.iban import COUNTRIES, DIGITS_ONLY, LIKE, letter_of, may_hold_written_iban
from voice.redaction.tokens import WORD, size_of

_MAX_KNOWN = 65_536  # words that are remembered
_MAX_CHARS = 40  # of such a word
_MAX_DIGITS = 20  # more than any secret that is told in digits has

# Every token of a word, every character that ends a number, and the ends of lines.
_PIECE = re.compile(rf"[0-9](?:{IGNORED}*[0-9])*|{WORD}|[{OPAQUE}{BREAK}$€£¥%+#@=<>°&~^]")
_THREE, _NINE, _THIRTEEN = (
    re.compile(rf"[dos](?:(?: *[flcC]){{0,8}} *[dos]){{{count - 1}}}") for count in (3, 9, 13)
)
# The characters of an IBAN that is spelt are 40 characters apart at most. They are digits, 13 or
# more, or letters too, and then 17 or more. The first two are digits, soon after the country.
_DIGITS = r"[do](?:[^doB]{0,40}[do]){12}"
_MIXED = r"[do](?:[flscC ]{0,40}|[^dolpB]{0,40})[do](?:[^dolpB]{0,40}[dolp]){13}"
_TWO_LETTERS = r"[lpo](?:[ B]*[fscCkpo]){0,4}[ B]*[lpo]"
_SPELT = re.compile(rf"{_DIGITS}|{_MIXED}")
_SPELT_AFTER_COUNTRY = re.compile(
    rf"(?:[ce]|{_TWO_LETTERS})[^doB]{{0,40}}{_DIGITS}"
    rf"|(?:[CE]|{_TWO_LETTERS})[^dolpB]{{0,40}}{_MIXED}"
    rf"|[dos][flscC ]{{1,80}}{_MIXED}"  # the country is among the fillers of a number
)

_HEADS = {
    "k": r"cv|\bv[vc]?\b|csc|\bcid\b|verif|karten|prufnummer|prufziffer|sicherheits|codigo|codice"
    r"|clave|cryptogram|beveiliging|\bkod|password|passcode|\botp|2fa|factor|\bmfa|passwort"
    r"|kennwort|\b(?:sms|push|i|m|mobile|e)?-?tan(?:\b|-?nummer)|ssn|\bs?n\b|social|sozialvers",
    "c": r"code",
    "n": r"number|value|pin\b",
    "h": r"digit|number|ziffer|zahl|nummer|numero|cifr|chiffre",
    "v": r"card|security|auth|\bsms|text|mail|log-?in|sign-?in|token|einmal|bestatigungs"
    r"|freischalt|aktivierungs|eenmalig",
    "s": r"\b(?:sen[td]|messag|receiv|get|got|geschickt|gesendet|erhalten|bekommen|enviad|mandad"
    r"|enviamos|envie|enviaron|mandaron|recibi|llegad|llego|envoye|recu|recevoir|inviato|ricevuto"
    r"|enviei|recebi|phone|nachricht|mensaje|correo)|\bapp\b|usage|confirm|temporair|validat|securite",
    "w": r"\b(?:with|say|said|show|read)",
    "u": r"time|use",
    "y": r"\byour\b",
    "b": r"\b(?:back|front|reverse|ruckseite|vorderseite|reverso|dorso|atras|detras|trasera|dos"
    r"|verso|retro|achterkant)\b",
}
_HEAD_OF = {mark: re.compile(words) for mark, words in _HEADS.items()}
_WORD = re.compile(r"\w")
_SPEAKS = re.compile(r"k|[vu].?[cn]|[cn].{0,5}[vs]|[vs]w|yc|[chn].{0,5}b")


class _Known(dict[str, str]):
    """What was found for words without digits; those with digits may be secrets themselves."""

    def __missing__(self, word: str) -> str:
        found = self.of(word)
        if len(word) <= _MAX_CHARS and not any(map(str.isdigit, word)):
            if len(self) >= _MAX_KNOWN:
                self.clear()
            self[word] = found
        return found

    def of(self, word: str) -> str:
        raise NotImplementedError


class _Numbers(_Known):
    """
    What a word may be in a number.

    d: a digit. o: that is a letter too. s: sounds like one. f: a filler; l: that is a letter;
    c, C: or a country, whose IBANs are digits only, or not. p: another letter. e, E: another
    country. k: a word between two letters. B: the end of a line. x: any other character.
    """

    def of(self, word: str) -> str:
        return "".join(map(_number, _PIECE.findall(word)))


class _Marks(_Known):
    """How a word may be part of the words for a secret: a mark of `_HEADS`, a dot for none."""

    def of(self, word: str) -> str:
        marks = {mark for mark, head in _HEAD_OF.items() if head.search(word)}
        if marks in ({"n", "h"}, {"v", "s"}):
            return "n" if "n" in marks else "v"
        if len(marks) > 1:
            return "k"
        return next(iter(marks), "." if _WORD.search(word) else "")


_NUMBERS, _MARKS = _Numbers(), _Marks()


class Gist:
    """What may be in folded texts that are read as one, with a space or BREAK between them."""

    def __init__(self, folded: str) -> None:
        self._folded = folded
        self._words = folded.replace(BREAK, f" {BREAK} ").split()
        self._numbers = " ".join(map(_NUMBERS.__getitem__, self._words))

    @property
    def has_code(self) -> bool:
        """Tell whether a number of three digits or more may be in it."""
        return _THREE.search(self._numbers) is not None

    @property
    def has_ssn(self) -> bool:
        """Tell whether a number of nine digits or more may be in it."""
        return _NINE.search(self._numbers) is not None

    @property
    def has_card(self) -> bool:
        """Tell whether a number of thirteen digits or more may be in it."""
        return _THIRTEEN.search(self._numbers) is not None

    @property
    def has_spelt_iban(self) -> bool:
        """Tell whether the characters of an IBAN may be told in it one by one."""
        numbers = self._numbers
        return bool(_SPELT.search(numbers) and _SPELT_AFTER_COUNTRY.search(numbers))

    @property
    def has_iban(self) -> bool:
        """Tell whether an IBAN may be in it, written or spelt."""
        return may_hold_written_iban(self._folded) or self.has_spelt_iban

    @property
    def speaks_of_codes(self) -> bool:
        """Tell whether words are in it that make digits a secret."""
        marks = "".join(map(_MARKS.__getitem__, self._words))
        return _SPEAKS.search(marks) is not None and any(
            words.search(self._folded) for words in WORDS.values()
        )

    def may_hold(self, kinds: Collection[str], *, speaks_of_codes: bool) -> bool:
        """Tell whether a secret of these kinds may be in it, if codes are spoken of or not."""
        return bool(
            ("card" in kinds and self.has_card)
            or ("ssn" in kinds and self.has_ssn)
            or (speaks_of_codes and self.has_code)
            or ("iban" in kinds and self.has_iban)
        )


def _number(piece: str) -> str:
    if piece == BREAK:
        return "B"
    text = piece.replace(IGNORED, "")
    size = size_of(text)
    if size:
        if size == 1 and letter_of(text):
            return "o"
        return "s" if size < 0 else "d" * min(size, _MAX_DIGITS)
    return _ended(text) if size is None else _filling(text)


def _filling(text: str) -> str:
    if letter_of(text):
        return "l"
    if text in COUNTRIES:
        return "c" if text in DIGITS_ONLY else "C"
    return "f"


def _ended(text: str) -> str:
    if letter_of(text):
        return "p"
    if text in COUNTRIES:
        return "e" if text in DIGITS_ONLY else "E"
    return "k" if text in LIKE else "x" * len(text)
