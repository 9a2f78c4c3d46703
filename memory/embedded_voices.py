"""The embedded store's table of voices: how often, and when, each name was given on a line."""
# ruff: noqa: S608 - what is put into SQL text here is this file's own constants, never a value

import sqlite3
from collections.abc import Iterable

from memory.moments import microseconds_of, moment_of
from memory.speakers import MOST_GIVEN, NEWEST_GIVEN, Voice, voice_of
from memory.values import Conversation

_ADD = """
    INSERT INTO voices VALUES (?, ?, 1, ?, ?) ON CONFLICT (caller, voice) DO UPDATE SET
    calls = calls + 1, first_at_us = min(first_at_us, excluded.first_at_us),
    last_at_us = max(last_at_us, excluded.last_at_us)
"""
_ITS_CALLS = """
    conversations INDEXED BY calls_by_voice
    WHERE kind = 'call' AND caller = ? AND voice = ? AND voice <> ''
"""
_TAKE_OUT = f"""
    UPDATE voices SET calls = calls - 1,
    first_at_us = coalesce((SELECT min(started_at_us) FROM {_ITS_CALLS}), 0),
    last_at_us = coalesce((SELECT max(started_at_us) FROM {_ITS_CALLS}), 0)
    WHERE caller = ? AND voice = ?
"""
_COLUMNS = "voice, calls, first_at_us, last_at_us"
_MOST_GIVEN = f"""
    SELECT {_COLUMNS} FROM voices INDEXED BY most_given_voices WHERE caller = ?
    ORDER BY calls DESC, first_at_us, voice LIMIT {MOST_GIVEN}
"""
_NEWEST = f"""
    SELECT {_COLUMNS} FROM voices INDEXED BY newest_voices WHERE caller = ?
    ORDER BY last_at_us DESC, voice LIMIT {NEWEST_GIVEN}
"""
_NEWEST_NAME = f"""
    SELECT speaker FROM {_ITS_CALLS}
    ORDER BY started_at_us DESC, id DESC LIMIT 1
"""


def add(connection: sqlite3.Connection, conversations: Iterable[Conversation]) -> None:
    """Count the names given in these calls, which have been entered."""
    for each in conversations:
        voice = voice_of(each.speaker)
        if each.kind == "call" and each.caller is not None and voice:
            at_us = microseconds_of(each.started_at)
            connection.execute(_ADD, (each.caller, voice, at_us, at_us))


def remove(connection: sqlite3.Connection, conversation_id: str, kind: str) -> str:
    """Return the voice of a record that is still there, and count it no more."""
    its_key = (conversation_id, kind)
    caller, voice = connection.execute(
        "SELECT caller, voice FROM conversations WHERE id = ? AND kind = ?", its_key
    ).fetchone()
    if kind == "call" and caller is not None and voice:
        # Not seen by what looks for the first and the last call, of this record and the next.
        connection.execute("UPDATE conversations SET voice = '' WHERE id = ? AND kind = ?", its_key)
        connection.execute(_TAKE_OUT, (caller, voice) * 3)
        connection.execute(
            "DELETE FROM voices WHERE caller = ? AND voice = ? AND calls = 0", (caller, voice)
        )
    return str(voice)


def looked_at(connection: sqlite3.Connection, caller: str) -> list[Voice]:
    """Return what `memory.speakers.voices_of` does, in a bounded piece of work."""
    rows = [
        *connection.execute(_MOST_GIVEN, (caller,)),
        *connection.execute(_NEWEST, (caller,)),
    ]
    return [
        Voice(key=key, calls=calls, first_at=moment_of(first_us), last_at=moment_of(last_us))
        for key, calls, first_us, last_us in dict.fromkeys(rows)
    ]


def newest_name(connection: sqlite3.Connection, caller: str, voice: str) -> str:
    """Return the name as it was given in the newest call of a voice."""
    [(name,)] = connection.execute(_NEWEST_NAME, (caller, voice))
    return str(name)
