"""Whether a sentence about a caller outdates an older one: "Ana no longer eats meat"."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from memory.commitments import stem

_MAX_CHARS = 400
_SHORTEST_WORD = 3


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# In small letters and without accents: English, German, Spanish, French, Portuguese, Italian.
_OVER = re.compile(
    r"\bno longer\b|\b(?:not|never|\w+n['\u2019]t)\b.* any ?(?:more|longer)\b|\binstead\b|"
    r"\bstopped\b|\b(?:nicht|nie|kein\w*) (?:.* )?mehr\b(?! als)|\b(?:an)?statt(?:dessen)?\b|"
    r"\baufgehort\b|\b(?:ya|ja) n[ao]o?\b|\ben (?:lugar|vez) de|\bdej(?:o|ado) de\b|"
    r"\b(?:ne|n['\u2019]\w+) (?:\w+ )?plus\b(?! que)|\bau lieu d|\b(?:arrete|cesse) de\b|"
    r"\bnao (?:\S+ ){1,2}mais\b(?! de| do| que)|\bem vez d|\b(?:deixou|parou) de\b|"
    r"\bnon (?:\S+ ){0,2}piu\b(?! di| che)|\binvece\b|\bal posto d|\bsmesso di\b"
)
# None of these in a text: then nothing is over, and that is quicker to tell.
_MAY_BE_OVER = (
    *("longer", "more", "instead", "stopped", "mehr", "statt", "aufgehör", "ya no", "não"),
    *("lugar de", "vez d", "dejó de", "dejado de", "plus", "lieu d", "arrêté", "cessé"),
    *("deixou", "parou", "più", "invece", "posto d", "smesso"),
)
_CLAUSE = re.compile(r"[,;:()\u2014]| (?:and|but|und|aber|y|pero|et|e|mas|ma) ")
# Who it is, how and when: no content. So are the words that say that it is over.
_NO_CONTENT = _words(
    """
    the and for that this with from she her his him they their are was were has have had been being
    does did doesn didn isn aren wasn hasn don not never now any more anymore longer instead rather
    than stopped again also still caller customer client user patient guest said says
    der die das den dem des ein eine einen einem einer und mit ist sind hat hatte sie ihr ihre
    nicht nie kein keine keinen keinem keiner mehr jetzt wieder statt anstatt stattdessen aufgehort
    gegen auf von fur anrufer anruferin kunde kundin
    los las una uno unos unas del con por que ella esta ahora lugar vez dejo dejado cliente clienta
    les des une elle est sont aux pas plus lieu maintenant arrete cesse
    nao mais uma com ela agora deixou parou gli che non piu lei alla alle allo agli dei degli ora
    adesso invece posto smesso
    """
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A sentence: what it is about, stem by stem, which of that are names, and if it is over."""

    content: tuple[str, ...]
    names: frozenset[str]
    is_over: bool


def may_be_over(sentence: str) -> bool:
    """Tell whether it is worth looking for a word in `sentence` that something is over."""
    folded = unicodedata.normalize("NFC", sentence.casefold())
    return any(part in folded for part in _MAY_BE_OVER)


def read(sentence: str, *, caller: frozenset[str]) -> Said:
    """Return what `sentence` says; `caller` are the stems of the caller's own names."""
    text = sentence[:_MAX_CHARS]
    over = next((part for part in _CLAUSE.split(text) if _OVER.search(_plain(part))), "")
    words = [(found, stem(_plain(found))) for found in re.findall(r"[^\W_]+", over or text)]
    content = [
        (found, root)
        for found, root in words
        if len(found) >= _SHORTEST_WORD and _plain(found) not in _NO_CONTENT and root not in caller
    ]
    return Said(
        content=tuple(root for _, root in content),
        names=frozenset(root for found, root in content if found[0].isupper()),
        is_over=bool(over),
    )


def stems_of(names: str) -> Iterator[str]:
    """Yield the stems of the words in `names`."""
    yield from (stem(_plain(word)) for word in re.findall(r"[^\W_]+", names))


def outdates(newer: Said, older: Said) -> bool:
    """
    Tell whether `newer` says of what `older` says that it is over, or is so again.

    It has to name everything that the older one names, of the same somebody. Only what stands
    before a name may be left out: "Biscuit" is "her dog Biscuit".
    """
    common = frozenset(newer.content).intersection(older.content)
    if not common or not (newer.is_over or older.is_over):
        return False
    starts = [next(n for n, word in enumerate(s.content) if word in common) for s in (newer, older)]
    first, other_first = (s.content[at] for s, at in zip((newer, older), starts, strict=True))
    is_same_name = first == other_first and first in newer.names & older.names
    if any(starts) and not is_same_name:
        return False
    return common.issuperset(older.content[starts[1] :])


def _plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in decomposed if not unicodedata.combining(char))
