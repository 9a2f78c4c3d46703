"""How an agent addresses a caller: the names that are set off in its lines."""

import re

_GREETINGS = frozenset(
    (
        *("hi", "hey", "hello", "hallo", "hola", "bonjour", "ciao", "olá"),
        *("thanks", "danke", "gracias", "merci", "you"),
    )
)
_MARKS = frozenset(".,!?¡¿…—:;\"“”'")
# A capitalised word before a mark; looking for the capital first is what makes it quick.
_CAPITALISED = re.compile(r"(?<!\w)[A-ZÀ-ÖØ-ÞΑ-ΩА-ЯЁ][^\W\d_]+(?=[.,!?…—;:\"”]|$)")


def addressed(line: str) -> list[str]:
    """
    Return the words in an agent's line that may be the name of who is spoken to.

    They stand between marks or after a greeting: "Hi Ana!", "Thanks, Ana.", "Ana, …". So do
    exclamations ("Great, …"): which of them is a name shows only in many lines.
    """
    return [found[0] for found in _CAPITALISED.finditer(line) if _is_set_off(line[: found.start()])]


def _is_set_off(before: str) -> bool:
    before = before.rstrip()
    if not before or before[-1] in _MARKS:
        return True
    return before.rpartition(" ")[2].lstrip('"“¡¿').casefold() in _GREETINGS
