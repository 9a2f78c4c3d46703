"""The embedded store's profile query: a few steps in an index, however long the history."""
# ruff: noqa: S608 - what is put into SQL text here is this file's own constants, never a value

import sqlite3
from functools import partial

from memory import embedded_facts, embedded_notes, embedded_voices
from memory.attempts import ATTEMPTS_LOOKED_AT, MAX_ATTEMPTS, bounded_reason
from memory.moments import EPOCH, moment_of
from memory.notes import tasks_since
from memory.port import Attempt, Other, Profile
from memory.profile import (
    LANGUAGES_LOOKED_AT,
    RECENT_CALLS,
    History,
    build_profile,
    call_note,
    language_of,
)
from memory.speakers import MAX_OTHERS, OTHER_FACTS, Household, Person, household_of, voice_of

_OF_CALLS = "WHERE caller = ? AND kind = 'call'"
_NEWEST_FIRST = "ORDER BY started_at_us DESC, id DESC"
# Each on its own: counting is quicker where nothing else is to be done with a row.
_SPAN = f"""
    SELECT (SELECT count(*) FROM conversations {_OF_CALLS}),
           (SELECT min(started_at_us) FROM conversations {_OF_CALLS}),
           (SELECT max(started_at_us) FROM conversations {_OF_CALLS})
"""
_LANGUAGES = f"""
    SELECT language, speaker FROM conversations INDEXED BY calls_with_language
    {_OF_CALLS} AND language <> '' {_NEWEST_FIRST} LIMIT {LANGUAGES_LOOKED_AT}
"""
_SUMMARIES = f"""
    SELECT started_at_us, summary, speaker FROM conversations INDEXED BY calls_with_summary
    {_OF_CALLS} AND summary <> '' {_NEWEST_FIRST} LIMIT {RECENT_CALLS}
"""
# The newest first, and only then those that were answered after all: so it is a few rows always.
_ATTEMPTS = f"""
    SELECT started_at_us, id, outcome FROM (
        SELECT started_at_us, id, outcome FROM conversations
        WHERE caller = ? AND kind = 'failure' {_NEWEST_FIRST} LIMIT {ATTEMPTS_LOOKED_AT}
    ) AS tried
    WHERE NOT EXISTS (
        SELECT 1 FROM conversations AS made
        WHERE made.id = tried.id AND made.kind = 'call' AND made.caller = ?
    )
    {_NEWEST_FIRST} LIMIT {MAX_ATTEMPTS}
"""


def profile(connection: sqlite3.Connection, caller: str) -> Profile | None:
    """Gather a caller's profile. Only counting the calls takes longer the more there are."""
    count, first_us, last_us = connection.execute(_SPAN, (caller, caller, caller)).fetchone()
    attempts = _attempts(connection, caller)
    if not count and not attempts:
        return None
    people = household(connection, caller)
    owned = people.owned
    recent = connection.execute(_SUMMARIES, (caller,))
    last_call_at = moment_of(last_us) if count else EPOCH
    facts = embedded_facts.newest(connection, caller, owned)
    history = History(
        call_count=count,
        first_call_at=moment_of(first_us) if count else EPOCH,
        last_call_at=last_call_at,
        language=language_of(connection.execute(_LANGUAGES, (caller,)), owned=owned),
        recent=[
            call_note(started_at=moment_of(us), summary=text, speaker=speaker, owned=owned)
            for us, text, speaker in recent
        ],
        preferences=embedded_notes.newest_preferences(connection, caller, owned),
        tasks=embedded_notes.newest_tasks(
            connection, caller, owned, since=tasks_since(last_call_at)
        ),
        name_parts=embedded_facts.newest_name_parts(connection, caller, owned, facts),
        attempts=attempts,
        others=[_other(connection, caller, each) for each in people.others[:MAX_OTHERS]],
    )
    return build_profile(caller, history, facts)


def household(connection: sqlite3.Connection, caller: str) -> Household:
    """Return who calls from a line."""
    return household_of(
        embedded_voices.looked_at(connection, caller),
        partial(embedded_facts.aliases, connection, caller),
    )


def names_of_others(connection: sqlite3.Connection, caller: str) -> dict[str, str]:
    """Return what `memory.profile.names_of_others` does: the longer, the more calls there are."""
    owned = household(connection, caller).owned
    rows = connection.execute(
        "SELECT id, speaker FROM conversations WHERE caller = ? AND speaker <> ''", (caller,)
    )
    return {id_: speaker for id_, speaker in rows if voice_of(speaker) not in owned}


def _other(connection: sqlite3.Connection, caller: str, person: Person) -> Other:
    facts = embedded_facts.newest_of(connection, caller, person.voices, at_most=OTHER_FACTS)
    return Other(
        name=embedded_voices.newest_name(connection, caller, person.newest),
        calls=person.calls,
        last_at=person.last_at,
        facts=tuple(facts),
    )


def _attempts(connection: sqlite3.Connection, caller: str) -> list[Attempt]:
    """Return what `memory.attempts.newest_attempts` does."""
    return [
        Attempt(at=moment_of(us), reason=bounded_reason(outcome), conversation_id=conversation_id)
        for us, conversation_id, outcome in connection.execute(_ATTEMPTS, (caller, caller))
    ]
