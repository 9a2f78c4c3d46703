"""The embedded store's reads for a mirror: all of one caller, and who has changed."""
# ruff: noqa: S608 - what is put into SQL text here is our own constants, never a value

import sqlite3
from collections.abc import Sequence

from memory import embedded_profile, embedded_terms
from memory.embedded_rows import MEMORY_COLUMNS, memory_of
from memory.holdings import Holdings, Place
from memory.port import Memory
from memory.recall.cache import Stamp


def holdings(connection: sqlite3.Connection, caller: str) -> Holdings:
    """Return all that is held of `caller`, in the connection's snapshot, by place."""
    rows = connection.execute(
        f"SELECT {MEMORY_COLUMNS}, source FROM memories WHERE caller = ? "
        "ORDER BY kind, conversation_id, source, id",
        (caller,),
    )
    memories = [(memory_of(row), row[-1]) for row in rows]
    return Holdings(
        stamp=_stamp(embedded_terms.stamp(connection, caller)),
        memories=tuple((_place(memory, source), memory) for memory, source in memories),
        profile=embedded_profile.profile(connection, caller),
    )


def stamps(connection: sqlite3.Connection) -> dict[str, str]:
    """Return the stamp of every caller there has ever been in this file."""
    [(incarnation,)] = connection.execute("SELECT value FROM incarnation").fetchall()
    rows = connection.execute("SELECT caller, generation FROM generations")
    return {caller: f"{incarnation}/{generation}" for caller, generation in rows}


def memories_at(
    connection: sqlite3.Connection, caller: str, places: Sequence[Place]
) -> list[Memory]:
    """Return the memories of `caller` at these places, in their order; those missing are not."""
    query = (
        f"SELECT {MEMORY_COLUMNS} FROM memories WHERE caller = ? AND kind = ? "
        "AND conversation_id = ? AND source = ? AND id = ?"
    )
    keys = ((caller, p.kind, p.conversation_id, p.source, p.id) for p in places)
    rows = [connection.execute(query, key).fetchone() for key in keys]
    return [memory_of(row) for row in rows if row is not None]


def _stamp(stamp: Stamp) -> str:
    return f"{stamp.incarnation}/{stamp.generation}" if stamp.generation else ""


def _place(memory: Memory, source: str) -> Place:
    return Place(
        kind=memory.kind,
        conversation_id=memory.conversation_id,
        source=source,
        id=memory.id,
    )
