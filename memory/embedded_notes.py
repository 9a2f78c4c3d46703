"""The embedded store's table of notes, in the order in which a profile reads them."""
# ruff: noqa: S608 - what is put into SQL text here is this file's own constants, never a value

import sqlite3
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from memory.commitments import TASK_NOTES
from memory.moments import microseconds_of, moment_of
from memory.notes import PREFERENCE_NOTES, is_task
from memory.port import Conversation, Note, Noted

_COLUMNS = "kind, text, by, source, key"
_NEWEST_FIRST = "ORDER BY occurred_at_us DESC, conversation_id DESC, record DESC, place DESC"


def add(connection: sqlite3.Connection, conversation: Conversation) -> None:
    """Enter a conversation's notes."""
    connection.executemany(
        "INSERT INTO notes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", _rows(conversation)
    )


def remove(
    connection: sqlite3.Connection, caller: str, at_us: int, conversation_id: str, record: str
) -> None:
    """Take out the notes of the conversation that began then."""
    connection.execute(
        "DELETE FROM notes WHERE caller = ? AND is_task IN (0, 1) AND occurred_at_us = ? "
        "AND conversation_id = ? AND record = ?",
        (caller, at_us, conversation_id, record),
    )


def of_conversation(
    connection: sqlite3.Connection, caller: str, at_us: int, conversation_id: str, record: str
) -> tuple[Note, ...]:
    """Return a conversation's notes in their order."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM notes WHERE caller = ? AND is_task IN (0, 1) "
        "AND occurred_at_us = ? AND conversation_id = ? AND record = ? ORDER BY place",
        (caller, at_us, conversation_id, record),
    )
    return tuple(map(_note_of, rows))


def newest_preferences(connection: sqlite3.Connection, caller: str) -> list[Noted]:
    """Return what `memory.notes.newest_preferences` does."""
    rows = connection.execute(
        f"SELECT occurred_at_us, conversation_id, {_COLUMNS} FROM notes "
        f"WHERE caller = ? AND is_task = 0 {_NEWEST_FIRST} LIMIT {PREFERENCE_NOTES}",
        (caller,),
    )
    return list(map(_noted, rows))


def newest_tasks(connection: sqlite3.Connection, caller: str, *, since: datetime) -> list[Noted]:
    """Return what `memory.notes.newest_tasks` does."""
    rows = connection.execute(
        f"SELECT occurred_at_us, conversation_id, {_COLUMNS} FROM notes WHERE caller = ? "
        f"AND is_task = 1 AND occurred_at_us >= ? {_NEWEST_FIRST} LIMIT {TASK_NOTES}",
        (caller, microseconds_of(since)),
    )
    return list(map(_noted, rows))


def _rows(conversation: Conversation) -> Iterator[tuple[Any, ...]]:
    at_us = microseconds_of(conversation.started_at)
    for place, note in enumerate(conversation.notes):
        yield (
            conversation.caller,
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


def _noted(row: tuple[Any, ...]) -> Noted:
    return Noted(note=_note_of(row[2:]), occurred_at=moment_of(row[0]), conversation_id=row[1])


def _note_of(row: tuple[Any, ...]) -> Note:
    kind, text, by, source, key = row
    return Note(kind=kind, text=text, by=by, source=source, key=key)
