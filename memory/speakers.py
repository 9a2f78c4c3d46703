"""
Who calls from a line: its owner, and others who gave another name.

A number is not a person. In each call a name may be given, and names that may be one person's
(misspelled, short forms, a family name alone) are one person. The owner is who called most by
name, of equals who did first; a call without a name counts as the owner's. Nothing of this is
stored: it follows from the calls, so that in whatever order they come it is the same.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from memory.facts import statement_of
from memory.names import NAME_TOPICS, PREFERRED_TOPICS, is_of_a_guest, names_of
from memory.same_name import ONLY_FAMILY, first_of, folded_name, is_similar, is_within, words_of
from memory.topics import topic_of
from memory.values import Conversation, Fact, Memory

# The names that are looked at, of a line on which ever more are given: those given most often,
# and the newest. So it is a bounded piece of work; what was said by other names is nobody's.
MOST_GIVEN = 8
NEWEST_GIVEN = 8
MAX_OTHERS = 5  # who are told of, the newest
OTHER_FACTS = 12  # of each of them

UNNAMED = ""  # the voice of a call in which no name was given


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """One name that was given in calls of a line: `key` is the name folded."""

    key: str
    calls: int
    first_at: datetime  # when the oldest of these calls began
    last_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who calls from a line. `newest` is the voice that was heard last."""

    voices: frozenset[str]
    calls: int
    first_at: datetime
    last_at: datetime
    newest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Household:
    """
    Who calls from a line. `owned` are the voices of the owner and of the calls without a name;
    `others` come newest first.
    """

    owned: frozenset[str]
    others: Sequence[Person]


# The names that the person of a voice wants to be called by, folded; asked only where it matters.
Aliases = Callable[[str], Iterable[str]]


def name_given(memories: Iterable[Memory]) -> str:
    """
    Return the name that a call's facts say the caller gave, "" if none does.

    What somebody wants to be called is no name given, nor is a family name alone: by neither can
    be told whether it is somebody else.
    """
    stated = [
        statement
        for memory in memories
        if memory.kind == "fact"
        and (topic := topic_of(memory.key)) in NAME_TOPICS
        and topic not in PREFERRED_TOPICS
        and (statement := statement_of(memory))
    ]
    own = [fact for fact in stated if not is_of_a_guest(fact.key)]
    names = names_of(own, parts=own)
    if not names.called:
        names = names_of(stated, parts=stated)
    return names.full or names.called


def voice_of(speaker: str) -> str:
    """Return the key of the voice that gave this name; `UNNAMED` for none."""
    return folded_name(speaker)


def voices_of(calls: Iterable[Conversation]) -> list[Voice]:
    """Return the voices in a caller's calls that are looked at."""
    at: dict[str, list[datetime]] = {}
    for call in calls:
        if voice := voice_of(call.speaker):
            at.setdefault(voice, []).append(call.started_at)
    voices = [
        Voice(key=key, calls=len(each), first_at=min(each), last_at=max(each))
        for key, each in at.items()
    ]
    most = sorted(voices, key=lambda v: (-v.calls, v.first_at, v.key))[:MOST_GIVEN]
    newest = sorted(sorted(voices, key=lambda v: v.key), key=lambda v: v.last_at, reverse=True)
    return list({voice.key: voice for voice in (*most, *newest[:NEWEST_GIVEN])}.values())


def household_of(voices: Iterable[Voice], aliases: Aliases) -> Household:
    """Return who the owner of a line is and who else calls from it; `aliases`: see there."""
    voices = list(voices)
    found = _persons(voices, {})
    if len(found) > 1:  # hardly ever
        known = {voice.key: tuple(filter(None, aliases(voice.key))) for voice in voices}
        found = _persons(voices, known) if any(known.values()) else found
    persons = [_person(each) for each in found]
    persons.sort(key=lambda person: (-person.calls, person.first_at, person.newest))
    owned = persons[0].voices if persons else frozenset()
    others = sorted(persons[1:], key=lambda person: (person.last_at, person.newest), reverse=True)
    return Household(owned=owned | {UNNAMED}, others=others)


def aliases_in(facts: Iterable[Fact]) -> list[str]:
    """Return what `facts`, those with the newest values, say that somebody is called."""
    return [folded_name(fact.value) for fact in facts if topic_of(fact.key) in PREFERRED_TOPICS]


def _persons(voices: Iterable[Voice], aliases: Mapping[str, Sequence[str]]) -> list[list[Voice]]:
    """Return the voices, those together that may be one person's: the fullest names first."""
    persons: list[list[Voice]] = []
    for voice in sorted(voices, key=lambda v: (_vagueness(v.key), -v.calls, v.first_at, v.key)):
        joined = (person for person in persons if _may_join(voice, person, aliases))
        if person := next(joined, None):
            person.append(voice)
        else:
            persons.append([voice])
    return persons


def _vagueness(name: str) -> int:
    if name.startswith(ONLY_FAMILY):
        return 2
    return 0 if len(words_of(name)) > 1 else 1


def _may_join(voice: Voice, person: Sequence[Voice], aliases: Mapping[str, Sequence[str]]) -> bool:
    """Tell whether a name goes with one of the person's and speaks against none of them."""
    theirs = [alias for each in person for alias in aliases.get(each.key, ())]
    is_alias = _is_first_in(voice.key, theirs)
    families = [word for each in (*person, voice) for word in words_of(each.key)[1:]]
    is_linked = False
    for each in person:
        goes = is_alias or _goes_with(voice.key, each.key)
        goes = goes or _is_first_in(each.key, aliases.get(voice.key, ()))
        is_linked = is_linked or goes
        # "Torres" does not speak against "Ana", once it is known for a family name.
        if not goes and not any(_is_one_of(name.key, families) for name in (voice, each)):
            return False
    return is_linked


def _goes_with(name: str, other: str) -> bool:
    """Tell whether two names may be of one person."""
    firsts = first_of(name), first_of(other)
    if all(firsts):
        return is_similar(*firsts) or is_within(name, other) or is_within(other, name)
    # A family name alone says nothing against a first name alone.
    is_first_alone = any(
        first and len(words_of(each)) == 1
        for first, each in ((firsts[0], name), (firsts[1], other))
    )
    return is_first_alone or is_within(name, other) or is_within(other, name)


def _is_first_in(name: str, aliases: Iterable[str]) -> bool:
    first = first_of(name)
    return bool(first) and any(is_similar(first, first_of(alias)) for alias in aliases)


def _is_one_of(name: str, families: Sequence[str]) -> bool:
    words = words_of(name)
    return len(words) == 1 and any(is_similar(words[0], family) for family in families)


def _person(voices: Sequence[Voice]) -> Person:
    newest = max(voices, key=lambda voice: (voice.last_at, voice.key))
    return Person(
        voices=frozenset(voice.key for voice in voices),
        calls=sum(voice.calls for voice in voices),
        first_at=min(voice.first_at for voice in voices),
        last_at=newest.last_at,
        newest=newest.key,
    )
