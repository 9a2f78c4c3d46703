"""The embedded store's search: the index of one caller, kept or built anew, and what it finds."""
# ruff: noqa: S608 - what is put into SQL text here is our own constants, never a value

import sqlite3
from dataclasses import replace
from datetime import datetime

import numpy as np

from memory import embedded_terms, embedded_vectors
from memory.embedded_rows import MEMORY_COLUMNS, memory_of
from memory.port import Found, Memory
from memory.recall.build import build_index
from memory.recall.cache import IndexCache
from memory.recall.find import find
from memory.recall.index import CallerIndex, Floats, no_vectors


def search(
    connection: sqlite3.Connection,
    cache: IndexCache,
    *,
    caller: str,
    query: str,
    limit: int,
    now: datetime | None,
    explain: bool,
    model: str = "",
    meaning: Floats | None = None,
) -> list[Found]:
    """
    Answer `query` from the memories of `caller`, all read in the connection's transaction.

    `meaning` is its vector by `model`, if there is one.
    """
    index = _index(connection, cache, caller, model)
    hits = find(index, query, limit=limit, now=now, meaning=meaning, explain=explain)
    return [
        Found(
            memory=_memory(connection, caller, index.entries[hit.place]),
            score=hit.score,
            parts=hit.parts,
        )
        for hit in hits
    ]


def _index(
    connection: sqlite3.Connection, cache: IndexCache, caller: str, model: str
) -> CallerIndex:
    stamp = embedded_terms.stamp(connection, caller)
    index = cache.get(caller, stamp)
    if index is None:
        index = build_index(embedded_terms.of_caller(connection, caller))
        if model:
            index = replace(index, vectors=_vectors(connection, caller, model, index))
        cache.put(caller, stamp, index)
    return index


def _vectors(connection: sqlite3.Connection, caller: str, model: str, index: CallerIndex) -> Floats:
    entries, known = embedded_vectors.load(connection, caller, model)
    if not entries:
        return no_vectors()
    place = {entry: number for number, entry in enumerate(index.entries)}
    vectors = np.zeros((len(index), known.shape[1]), np.float32)
    vectors[[place[entry] for entry in entries]] = known
    return vectors


def _memory(
    connection: sqlite3.Connection, caller: str, entry: tuple[str, str, str, str]
) -> Memory:
    row = connection.execute(
        f"SELECT {MEMORY_COLUMNS} FROM memories WHERE caller = ? AND kind = ? "
        "AND conversation_id = ? AND source = ? AND id = ?",
        (caller, *entry),
    ).fetchone()
    return memory_of(row)
