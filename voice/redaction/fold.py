"""A text in plain lower-case letters and digits, character by character: places stay the same."""

# ruff: noqa: RUF001  (such characters are what this is about; a form is one line)

import re
import unicodedata

IGNORED = "\u0300"  # stands for every character that is not seen, such as a zero-width space
OPAQUE = "\x01"  # stands for every character of a placeholder
BREAK = "\x02"  # between texts that do not continue one another

PLACEHOLDERS = {
    "iban": "[IBAN]",
    "card": "[card number]",
    "ssn": "[social security number]",
    "cvv": "[card code]",
    "otp": "[one-time code]",
}
_PLACEHOLDER = re.compile("|".join(map(re.escape, PLACEHOLDERS.values())))
# Signs that part other numbers, between the parts of what looks like a card: 4242~4242~4242~4242.
_SIGNS = r"(?:%[0-9a-f]{2}){1,3}| {0,2}[x~<>+=#&^|*°@]{1,4} {0,2}"
_FOUR, _FIVE, _SIX = (rf"[0-9](?:{IGNORED}*[0-9]){{{more}}}" for more in (3, "3,4", 5))
_IN_SIGNS = re.compile(
    rf"(?<![0-9])({_FOUR})(?P<sign>{_SIGNS})(?:({_FOUR})(?P=sign)({_FOUR})(?P=sign)({_FOUR})"
    rf"|({_SIX})(?P=sign)({_FIVE}))(?![0-9])"
)
_IDEOGRAPHS = {"〇": "0", "零": "0", **dict(zip("一二三四五六七八九", "123456789", strict=True))}
_SINGLE = {"ß": "s", "ẞ": "s", "æ": "a", "œ": "o", "ł": "l", "ø": "o", "đ": "d", "ı": "i"}
_DASHES = {"\u2212", "\u00b7", "\u2022"}  # minus sign, middle dot, bullet


class _Folded(dict[int, str]):
    def __missing__(self, code: int) -> str:
        char = self[code] = _fold(chr(code))
        return char


_FOLDED = _Folded()


def fold(text: str) -> str:
    """
    Return `text` with digits of any script as ASCII digits, letters in lower case and without
    accents, spaces and dashes in their plain form. It has the length of `text`.
    """
    folded = _IN_SIGNS.sub(_in_spaces, text.translate(_FOLDED))
    if "[" not in folded:
        return folded
    parts, end = [], 0
    for found in _PLACEHOLDER.finditer(text):
        parts += [folded[end : found.start()], OPAQUE * (found.end() - found.start())]
        end = found.end()
    return "".join([*parts, folded[end:]])


def _in_spaces(found: re.Match[str]) -> str:
    gap = " " * len(found["sign"])
    return gap.join(part for number in (1, *range(3, 8)) if (part := found[number]))


def _fold(char: str) -> str:
    if char in "\n\r\u2028\u2029":
        return "\n"
    category = unicodedata.category(char)
    if category in ("Mn", "Me", "Cf"):
        return IGNORED
    digit = unicodedata.digit(char, -1)
    if digit >= 0:
        return str(digit)
    if category == "Pd" or char in _DASHES:
        return "-"
    if category[0] in "ZC":
        return " "
    known = _IDEOGRAPHS.get(char) or _SINGLE.get(char.lower())
    return known or _plain(char)


def _plain(char: str) -> str:
    bare = "".join(
        part
        for part in unicodedata.normalize("NFKD", char).casefold()
        if not unicodedata.combining(part)
    )
    if len(bare) == 1:
        return bare
    lower = char.lower()
    return lower if len(lower) == 1 else char
