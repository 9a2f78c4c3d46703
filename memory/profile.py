"""The caller profile: a pure function of what a store knows about one caller."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from memory.attempts import newest_attempts
from memory.commitments import open_commitments
from memory.facts import Placed, all_facts, newest_facts, newest_name_parts, statement_of
from memory.moments import EPOCH, is_known_moment, spoken_date
from memory.names import names_of
from memory.notes import newest_preferences, newest_tasks, tasks_since
from memory.port import Attempt, Conversation, Fact, Noted, Other, Profile
from memory.preferences import preferences_of
from memory.rolling import CallNote, gave_the_name, rolling_summary, whole_sentences
from memory.speakers import (
    MAX_OTHERS,
    OTHER_FACTS,
    Household,
    Person,
    aliases_in,
    household_of,
    voice_of,
    voices_of,
)

__all__ = ["CallNote", "History", "build_profile", "is_known_moment", "profile_of", "spoken_date"]

RECENT_CALLS = 10  # as many of the last calls as the rolling summary looks at
LANGUAGES_LOOKED_AT = 10  # of the newest calls that have one
SUMMARY_CHARS = 1_200
LAST_SUMMARY_CHARS = 1_500


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """
    What a store gathers about one caller's calls.

    Failures to connect are no calls, they are `attempts`: see `memory.attempts`. Without any
    call the dates are the epoch, which is no known moment.

    `recent` are the newest `RECENT_CALLS` calls that have a summary, newest first; `language`
    follows from `language_of`. `preferences` and `tasks` are the owner's newest notes, newest
    first: see `memory.notes`. `name_parts` are the owner's statements of first and last names:
    see `memory.facts.newest_name_parts`. `others` are who else calls, newest first.
    """

    call_count: int
    first_call_at: datetime
    last_call_at: datetime
    language: str
    recent: Sequence[CallNote]
    preferences: Sequence[Noted] = ()
    tasks: Sequence[Noted] = ()
    name_parts: Sequence[Fact] = ()
    attempts: Sequence[Attempt] = ()
    others: Sequence[Other] = ()


def call_note(
    *, started_at: datetime, summary: str, speaker: str, owned: Collection[str]
) -> CallNote:
    """Return the summary of one call, with the name that was given if it is not the owner's."""
    is_owned = voice_of(speaker) in owned
    return CallNote(started_at=started_at, summary=summary, speaker="" if is_owned else speaker)


def language_of(newest: Iterable[tuple[str, str]], *, owned: Collection[str]) -> str:
    """
    Return the owner's language: that of the newest of the owner's calls among `newest`.

    These are (language, speaker) of the newest `LANGUAGES_LOOKED_AT` calls that have a language.
    If none of them is the owner's, the first tells it; "" if there are none.
    """
    told = list(newest)
    own = (language for language, speaker in told if voice_of(speaker) in owned)
    return next(own, told[0][0] if told else "")


def build_profile(caller: str, history: History, facts: Iterable[Fact]) -> Profile:
    """Return the profile that follows from `history` and the owner's `facts`, newest first."""
    facts = tuple(facts)
    names = names_of(facts, parts=history.name_parts)
    own_names = (names.called, names.preferred, names.first, names.full)
    # The owner's last call; if it is long ago, the last one, which says whose it was.
    recent = history.recent
    last = next((call for call in recent if not call.speaker), recent[0] if recent else None)
    return Profile(
        caller=caller,
        name=names.called,
        preferred_name=names.preferred,
        first_name=names.first,
        full_name=names.full,
        summary=rolling_summary(history.recent, max_chars=SUMMARY_CHARS),
        last_call_summary=_last_summary(last) if last else "",
        last_summary_at=last.started_at if last else history.last_call_at,
        last_call_at=history.last_call_at,
        first_call_at=history.first_call_at,
        call_count=history.call_count,
        language=history.language,
        preferences=preferences_of(facts, history.preferences, names=own_names),
        commitments=open_commitments(history.tasks, names=own_names),
        facts=facts,
        attempts=tuple(history.attempts),
        others=tuple(history.others),
    )


def _last_summary(call: CallNote) -> str:
    if not call.speaker:
        return whole_sentences(call.summary, max_chars=LAST_SUMMARY_CHARS)
    label = f"({gave_the_name(call.speaker)}.)"
    room = LAST_SUMMARY_CHARS - len(label) - 1
    return f"{label} {whole_sentences(call.summary, max_chars=room)}"


def profile_of(caller: str, conversations: Sequence[Conversation]) -> Profile | None:
    """
    Return the profile of the caller whose `conversations` these are; None if there are none.

    It says what a store has to come to, whichever way it gathers what a profile is made from.
    """
    if not conversations:
        return None
    calls = [each for each in conversations if each.kind == "call"]
    calls.sort(key=lambda call: (call.started_at, call.id), reverse=True)
    stated = _statements(conversations)
    household = _household(calls, stated)
    owned = household.owned
    statements = [each for voice in owned for each in stated.get(voice, ())]
    noted = list(_noted(record for record in conversations if voice_of(record.speaker) in owned))
    last_call_at = calls[0].started_at if calls else EPOCH
    spoken = [(call.language, call.speaker) for call in calls if call.language]
    history = History(
        call_count=len(calls),
        first_call_at=calls[-1].started_at if calls else EPOCH,
        last_call_at=last_call_at,
        language=language_of(spoken[:LANGUAGES_LOOKED_AT], owned=owned),
        recent=[
            call_note(
                started_at=call.started_at, summary=call.summary, speaker=call.speaker, owned=owned
            )
            for call in [each for each in calls if each.summary][:RECENT_CALLS]
        ],
        preferences=newest_preferences(noted),
        tasks=newest_tasks(noted, since=tasks_since(last_call_at)),
        name_parts=newest_name_parts(statements),
        attempts=newest_attempts(conversations),
        others=[_other(person, calls, stated) for person in household.others[:MAX_OTHERS]],
    )
    return build_profile(caller, history, newest_facts(statements))


def names_of_others(conversations: Sequence[Conversation]) -> dict[str, str]:
    """Return the name given in each conversation of a caller that is not the owner's, by its id."""
    calls = [each for each in conversations if each.kind == "call"]
    owned = _household(calls, _statements(conversations)).owned
    return {each.id: each.speaker for each in conversations if voice_of(each.speaker) not in owned}


def _household(calls: Iterable[Conversation], stated: Mapping[str, Sequence[Placed]]) -> Household:
    return household_of(voices_of(calls), lambda voice: aliases_in(all_facts(stated[voice])))


def _noted(records: Iterable[Conversation]) -> Iterator[tuple[tuple[object, ...], Noted]]:
    """Yield (order, note) for each note of these records."""
    for record in records:
        for place, note in enumerate(record.notes):
            order = (record.started_at, record.id, record.kind, place)
            yield (
                order,
                Noted(note=note, occurred_at=record.started_at, conversation_id=record.id),
            )


def _statements(records: Iterable[Conversation]) -> dict[str, list[Placed]]:
    """Return what is stated in the calls of each voice."""
    stated: dict[str, list[Placed]] = {}
    for record in records:
        of_voice = stated.setdefault(voice_of(record.speaker), [])
        for memory in record.memories:
            if memory.kind == "fact" and (statement := statement_of(memory)):
                of_voice.append(
                    ((memory.occurred_at, record.id, record.kind, memory.id), statement)
                )
    return stated


def _other(person: Person, calls: Sequence[Conversation], stated: dict[str, list[Placed]]) -> Other:
    """Return what is told of somebody else on the line; `calls` come newest first."""
    statements = [each for voice in person.voices for each in stated[voice]]
    return Other(
        name=next(call.speaker for call in calls if voice_of(call.speaker) == person.newest),
        calls=person.calls,
        last_at=person.last_at,
        facts=tuple(all_facts(statements)[:OTHER_FACTS]),
    )
