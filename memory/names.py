"""What somebody is called: first, full and preferred name, from the facts that name the caller."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from memory.topics import topic_of
from memory.values import Fact

_GUESTS = ("patient", "guest")  # who may be somebody for whom the caller calls
_ROLES = ("", "user", "caller", "customer", "client", *_GUESTS)


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

PREFERRED_TOPICS = frozenset([*_PREFERRED, *_HEARD_PREFERRED])
NAME_TOPICS = frozenset([*_PREFERRED, *_FIRST, *_LAST, *_FULL, *_HEARD, *_HEARD_PREFERRED])
NAME_PARTS = frozenset([*_FIRST, *_LAST])
NAME_STATEMENTS = 20  # of each key, the newest, among which two parts of one call are looked for

TITLES = _words("""
    mr mrs ms miss mx dr prof sir madam herr frau señor señora señorita sr sra srta don doña
    monsieur madame mademoiselle mme mlle signor signora sig dott senhor senhora dona
""")
SUFFIXES = _words("jr sr junior senior ii iii iv phd md esq")
# No name has one of these as a word, and a sentence about a name nearly always has.
_NO_NAME_WORDS = _words("""
    is was are did does not no none nobody unknown anonymous caller customer client user name names
    named provided mentioned stated said asked refused declined withheld wants would prefers called
    null undefined unavailable unspecified nicht nein kein keine heißt unbekannt desconocido ninguno
    inconnu inconnue aucun sconosciuto nessuno desconhecido nenhum
""")
LITTLE_WORDS = _words("""
    de del della di da do dos das du la las le los van von der den ten ter zu zur y e bin al el
""")
_NO_NAME_MARKS = re.compile(r"[?!:;/@{}<>=|\\]")
_MAX_CHARS = 60
_MAX_WORDS = 6
_LONGEST_ABBREVIATION = 4  # "Jr.", "Esq.", with the point
_IN_BRACKETS = re.compile(r"\s*[(\[].*")
_EDGES = re.compile(r"^\W+|[^\w.]+$")
_OF_SOMEBODY = re.compile(r"\w['\u2019]s\b", re.IGNORECASE)  # "Laura's husband"
_LETTERS = re.compile(r"[^\W\d_]+")
_INITIALS = re.compile(r"[B-DF-HJ-NP-TV-XZ]{2}|[A-Z]J")  # "TJ", "AJ"
WITHOUT_SPACES = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """The names of one caller, each "" if it is not known. `called` is how to address them."""

    called: str
    preferred: str
    first: str
    full: str


def names_of(facts: Iterable[Fact], *, parts: Iterable[Fact] = ()) -> Names:
    """
    Return the names that `facts` give.

    The newest value that can be a name counts, and a collected one before one that was only
    heard. A full name that was told later than a first name tells the first name as well; one
    that was told before a first name that is not in it is another person's, or outdated.
    `parts` are statements of `NAME_PARTS`, newest first: a first and a last name make a full one
    only if one call collected both, for another person may call from the same number.
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
    joined = _put_together(first, parts)
    told = [full, joined] if full or joined else [heard]
    return Names(
        called=preferred.value if preferred else called,
        preferred=preferred.value if preferred else "",
        first=first_name,
        full=next((name.value for name in told if name and _is_sure(name, first, last)), ""),
    )


def is_of_a_guest(key: str) -> bool:
    """Tell whether the key of a name says that it may be another one than the caller's."""
    return topic_of(key).startswith(_GUESTS)


def without_heard(facts: Sequence[Fact]) -> Sequence[Fact]:
    """Return `facts` without the name that was only heard, if one was collected."""
    by_topic = {topic_of(fact.key): fact for fact in facts}
    if not _newest(by_topic, (*_FIRST, *_FULL)):
        return facts
    return [fact for fact in facts if topic_of(fact.key) not in _HEARD]


def given_name(full: str) -> str:
    """
    Return the first name in a full one: "Ana" for "Ana Torres" and for "Dr. Ana Torres".

    "" where there is none ("Frau Weber"). A name in a script that needs no spaces is kept whole:
    there the family name comes first.
    """
    if WITHOUT_SPACES.search(full):
        return full
    words = full.split()
    named = [word for word in words if word.casefold().rstrip(".") not in TITLES]
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
    if _NO_NAME_WORDS.intersection(words) or _OF_SOMEBODY.search(name):
        return ""
    return _as_written(name) if name.isupper() or name.islower() else name


def _in_order(name: str) -> str:
    """Return "Ana Torres" for "Torres, Ana", without anything but letters around it."""
    family, _, given = (_EDGES.sub("", part) for part in name.partition(","))
    if len(family.rpartition(" ")[2]) > _LONGEST_ABBREVIATION:
        family = family.rstrip(".")
    is_swapped = given and given.casefold().rstrip(".") not in SUFFIXES
    return f"{given} {family}".strip() if is_swapped else family


def _as_written(name: str) -> str:
    """Return a name that is all in capitals or all in small letters as it is usually written."""
    words = unicodedata.normalize("NFC", name).split()
    return " ".join(
        word.lower() if place and word.lower() in LITTLE_WORDS else _LETTERS.sub(_capital, word)
        for place, word in enumerate(words)
    )


def _capital(letters: re.Match[str]) -> str:
    word = letters[0]
    return word if _INITIALS.fullmatch(word) else word[:1].upper() + word[1:].lower()


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


def _put_together(first: Fact | None, parts: Iterable[Fact]) -> Fact | None:
    """Return the newest full name that is this first name and a last one of the same call."""
    by_call: dict[tuple[datetime, str], dict[str, Fact]] = {}
    for part in parts:
        call = by_call.setdefault((part.occurred_at, part.conversation_id), {})
        call.setdefault(topic_of(part.key), part)
    for _, call in sorted(by_call.items(), key=lambda item: item[0], reverse=True):
        its_first, its_last = _newest(call, _FIRST), _newest(call, _LAST)
        if first and its_first and its_last and _folded(its_first.value) == _folded(first.value):
            return replace(its_last, value=f"{first.value} {its_last.value}")
    return None


def _is_sure(whole: Fact, first: Fact | None, last: Fact | None) -> bool:
    """Tell whether a full name has two words at least, and no other name speaks against it."""
    is_heard = topic_of(whole.key) in _HEARD
    against = [
        name.value
        for name, is_newer in (
            (first, first and first.occurred_at >= whole.occurred_at),
            (last, last and last.occurred_at > whole.occurred_at),
        )
        if name and (is_heard or is_newer)
    ]
    return _is_whole(whole.value) and all(_is_within(name, whole.value) for name in against)


def _is_whole(name: str) -> bool:
    return " " in name or WITHOUT_SPACES.search(name) is not None


def _is_within(name: str, whole: str) -> bool:
    return WITHOUT_SPACES.search(whole) is not None or (
        _words(_folded(name)) <= _words(_folded(whole))
    )


def _folded(name: str) -> str:
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    return "".join(char for char in decomposed if not unicodedata.combining(char))
