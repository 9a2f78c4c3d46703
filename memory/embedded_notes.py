"""The embedded store's table of notes, in the order in which a profile reads them."""
# ruff: noqa: S608 - what is put into SQL text here is this file's own constants, never a value

import sqlite3
from collections.abc import Iterable, Iterator
from datetime import datetime
from heapq import nlargest
from typing import Any

from memory.commitments import TASK_NOTES
from memory.moments import microseconds_of, moment_of
from memory.notes import PREFERENCE_NOTES, is_task
from memory.port import Conversation, Note, Noted
from memory.speakers import voice_of

_COLUMNS = "kind, text, by, source, key"
_NEWEST_FIRST = "ORDER BY occurred_at_us DESC, conversation_id DESC, record DESC, place DESC"
_PLACED = f"occurred_at_us, conversation_id, record, place, {_COLUMNS}"
_PREFERENCES = f"""
    SELECT {_PLACED} FROM notes WHERE caller = ? AND voice = ? AND is_task = 0
    {_NEWEST_FIRST} LIMIT {PREFERENCE_NOTES}
"""
_TASKS = f"""
    SELECT {_PLACED} FROM notes WHERE caller = ? AND voice = ? AND is_task = 1
    AND occurred_at_us >= ? {_NEWEST_FIRST} LIMIT {TASK_NOTES}
"""
_OF_RECORD = """
    caller = ? AND voice = ? AND is_task IN (0, 1) AND occurred_at_us = ? AND conversation_id = ?
    AND record = ?
"""

# Where the notes of one conversation's record are: caller, voice, when it began, its id and kind.
Record = tuple[str | None, str, int, str, str]


def add(connection: sqlite3.Connection, conversation: Conversation) -> None:
    """Enter a conversation's notes."""
    connection.executemany(
        "INSERT INTO notes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", _rows(conversation)
    )


def remove(connection: sqlite3.Connection, record: Record) -> None:
    """Take out the notes of a record."""
    connection.execute(f"DELETE FROM notes WHERE {_OF_RECORD}", record)


def of_record(connection: sqlite3.Connection, record: Record) -> tuple[Note, ...]:
    """Return a record's notes in their order."""
    query = f"SELECT {_COLUMNS} FROM notes WHERE {_OF_RECORD} ORDER BY place"
    return tuple(map(_note_of, connection.execute(query, record)))


def newest_preferences(
    connection: sqlite3.Connection, caller: str, voices: Iterable[str]
) -> list[Noted]:
    """Return what `memory.notes.newest_preferences` does, of the calls of these voices."""
    rows = [row for voice in voices for row in connection.execute(_PREFERENCES, (caller, voice))]
    return list(map(_noted, nlargest(PREFERENCE_NOTES, rows, key=_place_of)))


def newest_tasks(
    connection: sqlite3.Connection, caller: str, voices: Iterable[str], *, since: datetime
) -> list[Noted]:
    """Return what `memory.notes.newest_tasks` does, of the calls of these voices."""
    since_us = microseconds_of(since)
    rows = [
        row for voice in voices for row in connection.execute(_TASKS, (caller, voice, since_us))
    ]
    return list(map(_noted, nlargest(TASK_NOTES, rows, key=_place_of)))


def _rows(conversation: Conversation) -> Iterator[tuple[Any, ...]]:
    at_us = microseconds_of(conversation.started_at)
    voice = voice_of(conversation.speaker)
    for place, note in enumerate(conversation.notes):
        yield (
            conversation.caller,
            voice,
            is_task(note),
            at_us,
            conversation.id,
            conversation.kind,
            place,
            note.kind,
            note.text,
            note.by,
            note.source,
            note.key,
        )


def _place_of(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return row[:4]


def _noted(row: tuple[Any, ...]) -> Noted:
    return Noted(note=_note_of(row[4:]), occurred_at=moment_of(row[0]), conversation_id=row[1])


def _note_of(row: tuple[Any, ...]) -> Note:
    kind, text, by, source, key = row
    return Note(kind=kind, text=text, by=by, source=source, key=key)
