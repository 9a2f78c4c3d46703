"""What somebody is called: first, full and preferred name, from the facts that name the caller."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from memory.port import Fact
from memory.topics import topic_of

_ROLES = ("", "user", "caller", "customer", "client", "patient", "guest")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _topics(names: str) -> tuple[str, ...]:
    """Return the names, alone and with each role before them: "firstname", "callerfirstname"."""
    return tuple(role + name for name in names.split() for role in _ROLES)


# In the order of preference, which decides between values of one call; else the newest counts.
_PREFERRED = (*_topics("preferredname nickname preferredfirstname"), "callme", "goesby")
_FIRST = (*_topics("firstname givenname forename"), "vorname", "prénom", "primernombre")
_LAST = (
    *_topics("lastname surname familyname"),
    *("nachname", "familienname", "apellido", "apellidos", "nomdefamille", "cognome", "sobrenome"),
)
_FULL = (
    *_topics("name fullname completename"),
    *("nombre", "nombrecompleto", "nomcomplet", "nome", "nomecompleto"),
)
# What was only heard counts where nothing was collected.
_HEARD = ("statedname",)
_HEARD_PREFERRED = ("statedpreferredname",)

NAME_TOPICS = frozenset([*_PREFERRED, *_FIRST, *_LAST, *_FULL, *_HEARD, *_HEARD_PREFERRED])

_TITLES = _words("""
    mr mrs ms miss mx dr prof sir madam herr frau señor señora señorita sr sra srta don doña
    monsieur madame mademoiselle mme mlle signor signora sig dott senhor senhora dona
""")
_SUFFIXES = _words("jr sr junior senior ii iii iv phd md esq")
# No name has one of these as a word, and a sentence about a name nearly always has.
_NO_NAME_WORDS = _words("""
    is was are did does not no none nobody unknown anonymous caller customer client user name names
    named provided mentioned stated said asked refused declined withheld wants would prefers called
    null undefined unavailable unspecified nicht nein kein keine heißt unbekannt desconocido ninguno
    inconnu inconnue aucun sconosciuto nessuno desconhecido nenhum
""")
_NO_NAME_MARKS = re.compile(r"[?!:;/@{}<>=|\\]")
_MAX_CHARS = 60
_MAX_WORDS = 6
_LONGEST_ABBREVIATION = 4  # "Jr.", "Esq.", with the point
_IN_BRACKETS = re.compile(r"\s*[(\[].*")
_EDGES = re.compile(r"^\W+|[^\w.]+$")
_WITHOUT_SPACES = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """The names of one caller, each "" if it is not known. `called` is how to address them."""

    called: str
    preferred: str
    first: str
    full: str


def names_of(facts: Iterable[Fact]) -> Names:
    """
    Return the names that `facts` give.

    The newest value that can be a name counts, and a collected one before one that was only
    heard. A full name that was told later than a first name tells the first name as well; one
    that was told before a first name that is not in it is another person's, or outdated.
    """
    by_topic = {topic_of(fact.key): fact for fact in facts}
    preferred = _newest(by_topic, _PREFERRED) or _newest(by_topic, _HEARD_PREFERRED)
    first, last = _newest(by_topic, _FIRST), _newest(by_topic, _LAST)
    full, heard = _newest(by_topic, _FULL), _newest(by_topic, _HEARD)
    whole = full or heard
    first_name = first.value if first else ""
    if whole and (first is None or (full and full.occurred_at > first.occurred_at)):
        given = given_name(whole.value)
        is_family_name = last and _folded(given) == _folded(last.value)
        first_name = first_name if is_family_name else given or first_name
    called = first_name if first else (whole.value if whole else "")
    return Names(
        called=preferred.value if preferred else called,
        preferred=preferred.value if preferred else "",
        first=first_name,
        full=_full_name(first, last, full=full, heard=heard),
    )


def given_name(full: str) -> str:
    """
    Return the first name in a full one: "Ana" for "Ana Torres" and for "Dr. Ana Torres".

    "" where there is none ("Frau Weber"). A name in a script that needs no spaces is kept whole:
    there the family name comes first.
    """
    if _WITHOUT_SPACES.search(full):
        return full
    words = full.split()
    named = [word for word in words if word.casefold().rstrip(".") not in _TITLES]
    if not named or (len(named) == 1 < len(words)):
        return ""
    return _EDGES.sub("", named[0])


def plausible_name(value: str) -> str:
    """Return `value` as a name, "" if it can be none: a sentence, a number, a placeholder."""
    name = _in_order(" ".join(_IN_BRACKETS.sub("", value[: 2 * _MAX_CHARS]).split()))
    words = re.findall(r"[\w'\u2019-]+", name.casefold())
    is_short = len(name) <= _MAX_CHARS and len(words) <= _MAX_WORDS
    if not is_short or not any(char.isalpha() for char in name) or _NO_NAME_MARKS.search(name):
        return ""
    return "" if _NO_NAME_WORDS.intersection(words) else name


def _in_order(name: str) -> str:
    """Return "Ana Torres" for "Torres, Ana", without anything but letters around it."""
    family, _, given = (_EDGES.sub("", part) for part in name.partition(","))
    if len(family.rpartition(" ")[2]) > _LONGEST_ABBREVIATION:
        family = family.rstrip(".")
    is_swapped = given and given.casefold().rstrip(".") not in _SUFFIXES
    return f"{given} {family}".strip() if is_swapped else family


def _newest(by_topic: Mapping[str, Fact], topics: Sequence[str]) -> Fact | None:
    """Return the newest value of these topics, earlier ones too, that can be a name."""
    facts = [by_topic[topic] for topic in topics if topic in by_topic]
    stated = [each for fact in facts for each in (fact, *fact.previous)]
    names = [replace(each, value=plausible_name(each.value)) for each in stated]
    return max(
        (name for name in names if name.value),
        key=lambda name: (name.occurred_at, _is_whole(name.value)),
        default=None,
    )


def _full_name(
    first: Fact | None, last: Fact | None, *, full: Fact | None, heard: Fact | None
) -> str:
    put_together = f"{first.value} {last.value}" if first and last else ""
    whole = full or (None if put_together else heard)
    if whole is None or not _is_whole(whole.value):
        return put_together
    is_doubtful = first is not None and (full is None or first.occurred_at >= full.occurred_at)
    if is_doubtful and first and not _is_within(first.value, whole.value):
        return put_together
    is_renamed = put_together and last and last.occurred_at > whole.occurred_at
    return put_together if is_renamed else whole.value


def _is_whole(name: str) -> bool:
    return " " in name or _WITHOUT_SPACES.search(name) is not None


def _is_within(name: str, whole: str) -> bool:
    return _WITHOUT_SPACES.search(whole) is not None or (
        _words(_folded(name)) <= _words(_folded(whole))
    )


def _folded(name: str) -> str:
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    return "".join(char for char in decomposed if not unicodedata.combining(char))
