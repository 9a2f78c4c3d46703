"""Text on its way back into a prompt: what callers said is data, never markup or a template."""

import unicodedata

# Controls, invisible and direction-changing characters, halves of surrogate pairs, and what has
# no meaning at all. Line ends and tabs are controls too, but they separate words.
_INVISIBLE = frozenset(["Cc", "Cf", "Cs", "Co", "Cn"])
# The platform fills in {{variables}}: no brace survives, so that none can be assembled.
_BRACES = str.maketrans("{}", "()")


def clean(text: str, *, limit: int) -> str:
    """
    Return `text` on one line, visible, without braces, in at most `limit` characters.

    A longer text ends at a word with "…". Cleaning twice changes nothing.
    """
    if not text.isprintable():  # then some character is one of the invisible, or a space
        text = "".join(map(_visible, text))
    text = " ".join(text.translate(_BRACES).split())
    if len(text) <= limit:
        return text
    cut = text[: limit - 1]
    last_space = cut.rfind(" ")
    if last_space > limit // 2:
        cut = cut[:last_space]
    return f"{cut.rstrip()}…"


def _visible(char: str) -> str:
    if char.isspace():
        return " "
    return "" if unicodedata.category(char) in _INVISIBLE else char
