"""The embedded store's reads for a mirror: all of one caller, and who has changed."""
# ruff: noqa: S608 - what is put into SQL text here is our own constants, never a value

import sqlite3
from collections.abc import Sequence
from typing import get_args

from memory import embedded_profile, embedded_terms
from memory.embedded_rows import MEMORY_COLUMNS, memory_of
from memory.holdings import Holdings, Place, place_of
from memory.port import Memory
from memory.recall.cache import Stamp
from memory.values import MemoryKind


def holdings(connection: sqlite3.Connection, caller: str) -> Holdings:
    """Return all that is held of `caller`, in the connection's snapshot, by place."""
    rows = connection.execute(
        f"SELECT {MEMORY_COLUMNS}, source FROM memories WHERE caller = ? "
        "ORDER BY kind, conversation_id, source, id",
        (caller,),
    )
    memories = [(memory_of(row), row[-1]) for row in rows]
    profile = embedded_profile.profile(connection, caller)
    return Holdings(
        # without a profile there is no conversation: then nobody is to keep the caller in mind
        stamp=_stamp(embedded_terms.stamp(connection, caller)) if profile is not None else "",
        memories=tuple((place_of(memory, source), memory) for memory, source in memories),
        profile=profile,
        others=embedded_profile.names_of_others(connection, caller),
    )


def stamps(connection: sqlite3.Connection) -> dict[str, str]:
    """Return the stamp of every caller of whom anything is held."""
    [(incarnation,)] = connection.execute("SELECT value FROM incarnation").fetchall()
    rows = connection.execute(
        "SELECT caller, generation FROM generations g "
        "WHERE EXISTS (SELECT 1 FROM conversations c WHERE c.caller = g.caller)"
    )
    return {caller: f"{incarnation}/{generation}" for caller, generation in rows}


def memories_of(connection: sqlite3.Connection, caller: str, conversation_id: str) -> list[Memory]:
    """Return the memories of one conversation of `caller`, by place, reading no others."""
    query = (
        f"SELECT {MEMORY_COLUMNS} FROM memories WHERE caller = ? AND kind = ? "
        "AND conversation_id = ? ORDER BY source, id"
    )
    return [
        memory_of(row)
        for kind in sorted(get_args(MemoryKind))
        for row in connection.execute(query, (caller, kind, conversation_id))
    ]


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
    return f"{stamp.incarnation}/{stamp.generation}"
