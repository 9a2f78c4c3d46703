"""Text on its way back into a prompt: what callers said is data, never markup or a template."""

import re
import unicodedata

# Controls, invisible and direction-changing characters, halves of surrogate pairs, and what has
# no meaning at all. Line ends and tabs are controls too, but they separate words.
_INVISIBLE = frozenset(["Cc", "Cf", "Cs", "Co", "Cn"])
# The platform fills in {{variables}}, others know ${x}, <% x %>, tags and ``` fences: none of
# their marks survives, in no script, so that none can be assembled.
_MARKS = str.maketrans(
    {
        **dict.fromkeys("{\u2774\u2983\ufe5b\ufe37\uff5b", "("),
        **dict.fromkeys("}\u2775\u2984\ufe5c\ufe38\uff5d", ")"),
        **dict.fromkeys("<\ufe64\uff1c\u276e\u2770\u27e8\u3008", "\u2039"),
        **dict.fromkeys(">\ufe65\uff1e\u276f\u2771\u27e9\u3009", "\u203a"),
        **dict.fromkeys("`\uff40", "'"),
    }
)
_ROLE_IN_BRACKETS = re.compile(
    r"\[(?=\s*/?\s*(?:inst|sys|system|assistant|user|human|developer|tool)\b)", re.IGNORECASE
)
_HEADING = re.compile(r"#(?:\s*#)+|(?:~\s*){3,}")
# "System: …" where a line or a sentence begins is how a prompt says who speaks.
_ROLE = re.compile(
    r"(?<![^\W\d_] )(?<!\w)(system|assistant|developer|sistema|syst\u00e8me|systeem|asistente|"
    r"assistente|assistent|asystent|\u0441\u0438\u0441\u0442\u0435\u043c\u0430|\u7cfb\u7edf|"
    r"\u7cfb\u7d71|\u30b7\u30b9\u30c6\u30e0)\s*[:\uff1a]",
    re.IGNORECASE,
)


def clean(text: str, *, limit: int) -> str:
    """
    Return `text` on one line, visible, without marks of templates and markup, in at most `limit`
    characters.

    A longer text ends at a word with "…". Cleaning twice changes nothing.
    """
    if not text.isprintable():  # then some character is one of the invisible, or a space
        text = "".join(map(_visible, text))
    text = _ROLE.sub("\\1 \u2013", text.translate(_MARKS))
    text = _HEADING.sub("#", _ROLE_IN_BRACKETS.sub("(", text))
    text = " ".join(text.split())
    if len(text) <= limit:
        return text
    cut = text[: limit - 1]
    last_space = cut.rfind(" ")
    if last_space > limit // 2:
        cut = cut[:last_space]
    return f"{cut.rstrip()}…"


def _visible(char: str) -> str:
    if char.isspace():
        return "\n" if char in "\n\r\u2028\u2029\x0b\x0c\x85" else " "
    return "" if unicodedata.category(char) in _INVISIBLE else char
