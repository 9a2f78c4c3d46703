"""Whether a text names a caller, however the number is written, or a conversation. Pure."""

import json
import re
import unicodedata
from collections.abc import Iterable
from urllib.parse import unquote

import phonenumbers

MIN_DIGITS = 7  # fewer are in every text by chance

# What may stand between two digits of one number, after escapes are undone.
_GAP = r"[\s().\-/_\u00b7\u2010-\u2015\u2022\u2212]{0,4}"
_PHONE = re.compile(r"\+?(\d+)")
_ESCAPE = re.compile(r"\\+(?:u([0-9a-fA-F]{4})|([bfnrt])|(?=[\"/]))")
_TOKEN = re.compile(r"[A-Za-z0-9_-]+")
_TELLING = ("/webhook/client-data", "/webhook/search-data")
_KIND = re.compile(r"_(?:transcription|audio|failure)$")


class Mentions:
    """
    Finds callers (memory keys, see `voice.identity`) and ids in texts of any origin.

    A number is found in international and national form, with whatever separators, as other
    digits of Unicode, and behind the escapes of JSON and URLs; one of fewer than 7 digits is
    not looked for. A user id counts where a JSON member for such ids has it. `ids` are
    conversations and others that are words of their own. `lines` are numbers on which something
    of who is erased may have been told, while the number itself stays.
    """

    def __init__(
        self,
        *,
        callers: Iterable[str] = (),
        ids: Iterable[str] = (),
        lines: Iterable[str] = (),
    ) -> None:
        self._lines = Mentions(callers=told) if (told := tuple(lines)) else None
        patterns = [pattern for caller in callers for pattern in _patterns(caller)]
        self._callers = re.compile("|".join(patterns)) if patterns else None
        self._ids = frozenset(ids)

    def in_text(self, text: str) -> bool:
        """Tell whether `text` names any of them."""
        plain = _plain(text)
        if self._callers is not None and self._callers.search(plain):
            return True
        return bool(self._ids) and any(
            word in self._ids or _KIND.sub("", word) in self._ids
            for word in (match[0] for match in _TOKEN.finditer(plain))
        )

    def in_logged(self, text: str) -> bool:
        """
        Tell whether a logged request, its path first, names any of them or was told of them.

        A live answer quotes earlier calls without naming them: all that went to the line goes.
        """
        if self.in_text(text):
            return True
        return self._lines is not None and text.startswith(_TELLING) and self._lines.in_text(text)

    def in_bytes(self, content: bytes) -> bool:
        """Tell whether `content`, of whatever kind, names any of them."""
        return self.in_text(content.decode("utf-8", "replace"))


def _plain(text: str) -> str:
    """Return `text` without escapes, with digits and spaces in their plain form."""
    if "\\" in text:
        text = _ESCAPE.sub(_unescape, text)
    if "%" in text:
        text = unquote(text)
    if text.isascii():
        return text
    text = unicodedata.normalize("NFKC", text)
    return "".join(str(unicodedata.digit(c)) if c.isdigit() else c for c in text)


def _unescape(match: re.Match[str]) -> str:
    if match[1]:
        return chr(int(match[1], 16))
    return " " if match[2] else ""


def _patterns(caller: str) -> list[str]:
    """Return what finds one caller; a second person of a line ("~2") has no number alone."""
    space, colon, rest = caller.partition(":")
    if "~" in caller and not colon:
        return []
    if not colon:
        return _number_patterns(caller)
    if space == "line":
        return [_spaced(rest, prefix="")] if len(rest) >= MIN_DIGITS else []
    return [
        rf"\"[a-z_]*(?:user|caller)[a-z_]*id\"\s*:\s*{re.escape(json.dumps(rest))}",
        rf"\"[a-z_]*(?:user|caller)[a-z_]*id\"\s*:\s*\"{re.escape(rest)}\"",
        rf"(?<![\w:]){re.escape(caller)}(?![\w])",
    ]


def _number_patterns(number: str) -> list[str]:
    found = _PHONE.fullmatch(number)
    if found is None:
        return []
    country, national = _parts(number, found[1])
    international = rf"(?:(?:\+|00|011){_GAP})?{_digits(country)}{_GAP}(?:\(?0\)?{_GAP})?"
    if len(national) < MIN_DIGITS:
        long_enough = len(country + national) >= MIN_DIGITS
        return [_spaced(national, prefix=international)] if long_enough else []
    return [_spaced(national, prefix=rf"(?:{international}|0{_GAP}|0)?")]


def _parts(number: str, digits: str) -> tuple[str, str]:
    """Return country code and national digits; "" for a country that nobody knows."""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return "", digits
    return str(parsed.country_code), phonenumbers.national_significant_number(parsed)


def _spaced(digits: str, *, prefix: str) -> str:
    return rf"(?<!\d){prefix}{_digits(digits)}(?!\d)"


def _digits(digits: str) -> str:
    return _GAP.join(digits)
