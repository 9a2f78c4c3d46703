"""How an agent addresses a caller: the names that are set off in its lines."""

import re

_GREETINGS = frozenset(
    (
        *("hi", "hey", "hello", "hallo", "hola", "bonjour", "ciao", "olá"),
        *("thanks", "danke", "gracias", "merci", "you"),
    )
)
_MARKS = frozenset(".,!?¡¿…—:;\"“”'")
_IN_WORD = re.compile(r"\w")
_MARKS_AND_BLANK = frozenset(f"{mark} " for mark in _MARKS)
# A capitalised word before a mark; looking for the capital first is what makes it quick.
_CAPITALISED = re.compile(r"[A-ZÀ-ÖØ-ÞΑ-ΩА-ЯЁ][^\W\d_]++(?=[.,!?…—;:\"”]|$)")


def addressed(line: str) -> list[str]:
    """
    Return the words in an agent's line that may be the name of who is spoken to.

    They stand between marks or after a greeting: "Hi Ana!", "Thanks, Ana.", "Ana, …". So do
    exclamations ("Great, …"): which of them is a name shows only in many lines.
    """
    names = []
    found = _CAPITALISED.search(line)
    while found:
        at, end = found.span()
        if (
            line[at - 1 : at] in _MARKS
            or line[at - 2 : at] in _MARKS_AND_BLANK
            or _is_set_off(line[:at])
        ):
            names.append(line[at:end])
        found = _CAPITALISED.search(line, end)
    return names


def _is_set_off(before: str) -> bool:
    if _IN_WORD.match(before[-1:]):
        return False
    before = before.rstrip()
    if not before or before[-1] in _MARKS:
        return True
    return before.rpartition(" ")[2].lstrip('"“¡¿').casefold() in _GREETINGS
