"""The embedded store's search terms: kept for each conversation, and stamped for each caller."""

import sqlite3
from collections.abc import Iterable, Sequence

import msgspec

from memory.errors import MemoryDamaged
from memory.port import Conversation
from memory.recall.cache import Stamp
from memory.recall.terms import ConversationTerms, pack, terms_of, unpack


def put(connection: sqlite3.Connection, conversations: Sequence[Conversation]) -> None:
    """Keep the terms of conversations whose older records have been removed."""
    connection.executemany(
        "INSERT INTO terms VALUES (?, ?, ?, ?)",
        [
            (c.caller, c.id, c.kind, c.search_terms or pack(terms_of(c)))
            for c in conversations
            if c.memories
        ],
    )
    note_change(connection, [c.caller for c in conversations])


def remove(
    connection: sqlite3.Connection, *, caller: str | None, conversation_id: str, source: str
) -> None:
    """Remove the terms of one conversation record."""
    connection.execute(
        "DELETE FROM terms WHERE caller = ? AND conversation_id = ? AND source = ?",
        (caller, conversation_id, source),
    )
    note_change(connection, [caller])


def of_caller(connection: sqlite3.Connection, caller: str) -> Iterable[ConversationTerms]:
    """Yield the terms of every conversation of `caller`."""
    rows = connection.execute("SELECT terms FROM terms WHERE caller = ?", (caller,))
    try:
        for (packed,) in rows:
            yield unpack(packed)
    except msgspec.MsgspecError as error:
        raise MemoryDamaged(
            f"the search terms of a caller cannot be read: {error}; `run.py processor rebuild` "
            "derives them again from the spool"
        ) from error


def stamp(connection: sqlite3.Connection, caller: str) -> Stamp:
    """Return which state of this caller's memories the connection's snapshot shows."""
    incarnation, generation = connection.execute(
        "SELECT value, (SELECT generation FROM generations WHERE caller = ?) FROM incarnation",
        (caller,),
    ).fetchone()
    return Stamp(incarnation=incarnation, generation=generation or 0)


def note_change(connection: sqlite3.Connection, callers: Iterable[str | None]) -> None:
    """Let no index of these callers that was built before be used again."""
    connection.executemany(
        "INSERT INTO generations VALUES (?, 1 + (SELECT floor FROM incarnation)) "
        "ON CONFLICT (caller) DO UPDATE SET generation = generation + 1",
        [(caller,) for caller in callers if caller is not None],
    )
