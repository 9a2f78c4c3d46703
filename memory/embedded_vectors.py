"""The embedded store's vectors: which are wanted, storing them, and one caller's for a search."""
# ruff: noqa: S608 - what is put into SQL text here is this file's own constants, never a value

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from memory.embedded_terms import note_change
from memory.errors import MemoryDamaged
from memory.port import Conversation, MemoryKind

Key = tuple[str, MemoryKind, str, str, str]  # caller, kind, conversation_id, source, id
Entry = tuple[MemoryKind, str, str, str]  # the same without the caller

_ENTRY = "kind, conversation_id, source, id"
_KEY = f"caller, {_ENTRY}"
_IS_KEY = "caller = ? AND kind = ? AND conversation_id = ? AND source = ? AND id = ?"
_KINDS = "('fact', 'summary', 'utterance')"  # named, so that a caller's range is used for each
_URGENCIES = "(0, 1, 2, 3)"  # likewise
_STORED = np.dtype("<f2")  # loses nothing that a ranking would show

# Facts and summaries gain most from vectors, what callers say in a conversation hardly any; and
# the call that has just ended goes before everything a new model has still to see.
_URGENCY = "CASE kind WHEN 'utterance' THEN 2 ELSE 0 END"
_LACKS_VECTOR = (
    "NOT EXISTS (SELECT 1 FROM vectors v WHERE v.caller = m.caller AND v.kind = m.kind "
    "AND v.conversation_id = m.conversation_id AND v.source = m.source AND v.id = m.id)"
)
_STEP = 2_000  # memories in a transaction, which others wait for


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A memory that lacks a vector."""

    key: Key
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VectorStatus:
    """
    Which model's vectors are stored ("" for none) and how many memories still lack one.

    While a new model is being noted that number grows at first.
    """

    model: str
    dimensions: int
    pending: int


def want(connection: sqlite3.Connection, conversations: Iterable[Conversation]) -> None:
    """
    Note which memories of `conversations` lack a vector; nothing as long as there is no model.

    Call it in the transaction that stores them.
    """
    if not _model(connection)[0]:
        return
    connection.executemany(
        f"INSERT OR IGNORE INTO vectors_wanted SELECT {_URGENCY}, {_KEY} FROM memories m "
        f"WHERE caller = ? AND kind IN {_KINDS} AND conversation_id = ? AND source = ? "
        f"AND {_LACKS_VECTOR}",
        [(c.caller, c.id, c.kind) for c in conversations if c.memories],
    )


def is_prepared(connection: sqlite3.Connection, model: str) -> bool:
    """Tell whether `pending` knows every memory that lacks a vector of `model`."""
    name, _, filled_to = _model(connection)
    return name == model and filled_to is None


def prepare(connection: sqlite3.Connection, model: str) -> bool:
    """
    Do the next short step towards `is_prepared`, and return that.

    The vectors of any other model go at once: no question is compared with them any more.
    With the model "" everything goes.
    """
    name, _, filled_to = _model(connection)
    if name != model:
        _set_aside(connection)
        name, filled_to = "", ""
    if not name and filled_to is not None:
        if not _clear_some(connection):
            return False
        filled_to = "" if model else None
        _begin(connection, model, filled_to)
    count = 0
    while filled_to is not None and count < _STEP:
        (caller,) = connection.execute(
            "SELECT min(caller) FROM memories WHERE caller > ?", (filled_to,)
        ).fetchone()
        if caller is not None:
            count += 1 + _want_all(connection, caller)
        filled_to = caller
    connection.execute("UPDATE vector_model SET filled_to = ?", (filled_to,))
    return filled_to is None


def pending(connection: sqlite3.Connection, model: str, *, limit: int) -> list[Wanted]:
    """
    Return at most `limit` of the memories that lack a vector of `model`, the most urgent first.

    What it costs depends on `limit` alone. There are none before `prepare` has begun.
    """
    if _model(connection)[0] != model:
        return []
    rows = connection.execute(
        f"SELECT {_KEY}, content FROM vectors_wanted JOIN memories USING ({_KEY}) "
        f"ORDER BY urgency, {_KEY} LIMIT ?",
        (limit,),
    )
    return [Wanted(key=row[:5], content=row[5]) for row in rows]


def put(
    connection: sqlite3.Connection,
    model: str,
    rows: Sequence[tuple[Wanted, NDArray[np.float32] | None]],
) -> None:
    """
    Store the vectors of `model` for what was `pending`; None: there can be none.

    Nothing is stored for a memory that is gone or says something else meanwhile, or if the
    model is not the stored one any more: another memory file was adopted. A model whose vectors
    have other dimensions than before is another one: it begins anew.
    """
    name, dimensions, _ = _model(connection)
    if name != model:
        return
    vectors = [(wanted, vector) for wanted, vector in rows if vector is not None]
    if any(len(vector) != (dimensions or len(vectors[0][1])) for _, vector in vectors):
        _set_aside(connection)
        return
    if vectors and not dimensions:
        connection.execute("UPDATE vector_model SET dimensions = ?", (len(vectors[0][1]),))
    connection.executemany(
        f"INSERT OR REPLACE INTO vectors SELECT {_KEY}, ? FROM memories "
        f"WHERE {_IS_KEY} AND content = ?",
        [(v.astype(_STORED).tobytes(), *wanted.key, wanted.content) for wanted, v in vectors],
    )
    connection.executemany(
        f"DELETE FROM vectors_wanted WHERE urgency IN {_URGENCIES} AND {_IS_KEY} "
        f"AND EXISTS (SELECT 1 FROM memories WHERE {_IS_KEY} AND content = ?)",
        [(*wanted.key, *wanted.key, wanted.content) for wanted, _ in rows],
    )
    note_change(connection, sorted({wanted.key[0] for wanted, _ in vectors}))


def load(
    connection: sqlite3.Connection, caller: str, model: str
) -> tuple[list[Entry], NDArray[np.float32]]:
    """Return which of the caller's memories have a vector of `model`, and the vectors, as rows."""
    name, dimensions, _ = _model(connection)
    rows: list[tuple[Any, ...]] = []
    if name == model and dimensions:
        query = f"SELECT {_ENTRY}, vector FROM vectors WHERE caller = ? ORDER BY {_ENTRY}"
        rows = connection.execute(query, (caller,)).fetchall()
    stored = b"".join([row[4] for row in rows])
    if len(stored) != len(rows) * dimensions * _STORED.itemsize:
        raise MemoryDamaged(
            "the vectors of a caller cannot be read; `run.py processor rebuild` derives memory "
            "again from the spool"
        )
    matrix = np.frombuffer(stored, dtype=_STORED).astype(np.float32)
    return [row[:4] for row in rows], matrix.reshape(len(rows), dimensions)


def status(connection: sqlite3.Connection) -> VectorStatus:
    """Return which vectors are stored, and how many are missing."""
    name, dimensions, _ = _model(connection)
    (count,) = connection.execute("SELECT count(*) FROM vectors_wanted").fetchone()
    return VectorStatus(model=name, dimensions=dimensions, pending=count)


def _model(connection: sqlite3.Connection) -> tuple[str, int, str | None]:
    row: tuple[str, int, str | None] = connection.execute(
        "SELECT name, dimensions, filled_to FROM vector_model"
    ).fetchone()
    return row


def _begin(connection: sqlite3.Connection, model: str, filled_to: str | None) -> None:
    connection.execute(
        "UPDATE vector_model SET name = ?, dimensions = 0, filled_to = ?", (model, filled_to)
    )


def _set_aside(connection: sqlite3.Connection) -> None:
    """Let no stored vector be used any more; `prepare` clears them away."""
    _begin(connection, "", "")


def _clear_some(connection: sqlite3.Connection) -> bool:
    """Forget some callers' vectors, and all that is wanted; True once nothing is left."""
    connection.execute("DELETE FROM vectors_wanted")
    deleted = connection.execute(
        "DELETE FROM vectors WHERE caller <= (SELECT max(caller) FROM "
        "(SELECT caller FROM vectors ORDER BY caller LIMIT ?))",
        (_STEP,),
    )
    return deleted.rowcount == 0


def _want_all(connection: sqlite3.Connection, caller: str) -> int:
    return connection.execute(
        f"INSERT OR IGNORE INTO vectors_wanted SELECT 1 + {_URGENCY}, {_KEY} FROM memories m "
        f"WHERE caller = ? AND {_LACKS_VECTOR}",
        (caller,),
    ).rowcount
