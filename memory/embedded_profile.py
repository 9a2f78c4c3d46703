"""The embedded store's profile query: a few steps in an index, however long the history."""
# ruff: noqa: S608 - what is put into SQL text here is this file's own constants, never a value

import sqlite3

from memory import embedded_facts, embedded_notes
from memory.attempts import ATTEMPTS_LOOKED_AT, MAX_ATTEMPTS, bounded_reason
from memory.moments import EPOCH, moment_of
from memory.notes import tasks_since
from memory.port import Attempt, Profile
from memory.profile import RECENT_CALLS, CallNote, History, build_profile

_OF_CALLS = "WHERE caller = ? AND kind = 'call'"
_NEWEST_FIRST = "ORDER BY started_at_us DESC, id DESC"
# Each on its own: counting is quicker where nothing else is to be done with a row.
_SPAN = f"""
    SELECT (SELECT count(*) FROM conversations {_OF_CALLS}),
           (SELECT min(started_at_us) FROM conversations {_OF_CALLS}),
           (SELECT max(started_at_us) FROM conversations {_OF_CALLS})
"""
_LANGUAGE = f"""
    SELECT language FROM conversations INDEXED BY calls_with_language
    {_OF_CALLS} AND language <> '' {_NEWEST_FIRST} LIMIT 1
"""
_SUMMARIES = f"""
    SELECT started_at_us, summary FROM conversations INDEXED BY calls_with_summary
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
    language = connection.execute(_LANGUAGE, (caller,)).fetchone()
    recent = connection.execute(_SUMMARIES, (caller,))
    last_call_at = moment_of(last_us) if count else EPOCH
    facts = embedded_facts.newest(connection, caller)
    history = History(
        call_count=count,
        first_call_at=moment_of(first_us) if count else EPOCH,
        last_call_at=last_call_at,
        language=language[0] if language else "",
        recent=[CallNote(started_at=moment_of(us), summary=text) for us, text in recent],
        preferences=embedded_notes.newest_preferences(connection, caller),
        tasks=embedded_notes.newest_tasks(connection, caller, since=tasks_since(last_call_at)),
        name_parts=embedded_facts.newest_name_parts(connection, caller, facts),
        attempts=attempts,
    )
    return build_profile(caller, history, facts)


def _attempts(connection: sqlite3.Connection, caller: str) -> list[Attempt]:
    """Return what `memory.attempts.newest_attempts` does."""
    return [
        Attempt(at=moment_of(us), reason=bounded_reason(outcome), conversation_id=conversation_id)
        for us, conversation_id, outcome in connection.execute(_ATTEMPTS, (caller, caller))
    ]
