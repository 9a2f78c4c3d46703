"""The embedded store's queries: values to rows and back, on a connection somebody else opened."""
# ruff: noqa: S608 - what is put into SQL text here is this file's own constants, never a value

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from memory import embedded_facts, embedded_notes, embedded_terms, embedded_voices
from memory.errors import PositionMoved
from memory.moments import microseconds_of, moment_of
from memory.port import Conversation, Counts, Failure, Memory, Position
from memory.speakers import voice_of

_CONVERSATION = (
    "id, kind, event_timestamp, sha256, caller, channel, direction, agent_id, agent_line, "
    "started_at_us, duration_secs, language, outcome, summary, speaker, voice"
)
MEMORY_COLUMNS = (
    "caller, kind, conversation_id, id, agent_id, key, content, sector, salience, decay_lambda, "
    "occurred_at_us"
)
_KINDS = "('fact', 'summary', 'utterance')"  # named, so that a caller's range is used for each


def apply(
    connection: sqlite3.Connection,
    conversations: Iterable[Conversation],
    *,
    failed: Sequence[Failure],
    resolved: Sequence[str],
    advance: tuple[Position, Position] | None,
    replaced: Iterable[str] = (),
    settled: Iterable[str] = (),
) -> None:
    """Write what `MemoryStore.apply` promises; the caller holds the transaction."""
    if advance is not None:
        _advance(connection, *advance)
    for conversation_id in replaced:
        _remove(connection, conversation_id)
    newer = [c for c in _newest(conversations) if _replaces(connection, c)]
    connection.executemany(
        f"INSERT OR REPLACE INTO conversations ({_CONVERSATION}) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        map(_conversation_row, newer),
    )
    connection.executemany(
        f"INSERT INTO memories (source, {MEMORY_COLUMNS}) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        _memory_rows(newer),
    )
    for conversation in newer:
        embedded_facts.add(connection, conversation)
        embedded_notes.add(connection, conversation)
    embedded_voices.add(connection, newer)
    embedded_terms.put(connection, newer)
    connection.executemany(
        "INSERT OR REPLACE INTO failures VALUES (?, ?, ?, ?)",
        [(f.file, f.error, f.attempts, _microseconds(f.next_attempt_at)) for f in failed],
    )
    connection.executemany("DELETE FROM failures WHERE file = ?", [(file,) for file in resolved])
    connection.executemany("INSERT OR IGNORE INTO settled VALUES (?)", [(id_,) for id_ in settled])


def position(connection: sqlite3.Connection) -> Position:
    """Return the stored position."""
    ledger, offset = connection.execute("SELECT ledger, offset FROM position").fetchone()
    return Position(ledger=ledger, offset=offset)


def failures(connection: sqlite3.Connection) -> list[Failure]:
    """Return every noted failure, by file name."""
    rows = connection.execute("SELECT * FROM failures ORDER BY file")
    return [
        Failure(file=file, error=error, attempts=attempts, next_attempt_at=_moment(next_us))
        for file, error, attempts, next_us in rows
    ]


def settled(connection: sqlite3.Connection) -> frozenset[str]:
    """Return the ids of the decisions that are included."""
    return frozenset(id_ for (id_,) in connection.execute("SELECT id FROM settled"))


def conversation_ids(connection: sqlite3.Connection, caller: str) -> list[str]:
    """Return the ids of a caller's conversations, sorted."""
    query = "SELECT DISTINCT id FROM conversations WHERE caller = ? ORDER BY id"
    return [id_ for (id_,) in connection.execute(query, (caller,))]


def is_agent_line(connection: sqlite3.Connection, number: str) -> bool:
    """Tell whether a conversation names `number` as the agent's own."""
    query = "SELECT 1 FROM conversations WHERE agent_line = ? AND agent_line <> '' LIMIT 1"
    return connection.execute(query, (number,)).fetchone() is not None


def counts(connection: sqlite3.Connection) -> Counts:
    """Count callers, conversations and memories."""
    callers, conversations, memories, pending = connection.execute(
        "SELECT (SELECT count(DISTINCT caller) FROM conversations), "
        "(SELECT count(*) FROM conversations), (SELECT count(*) FROM memories), "
        "(SELECT count(*) FROM vectors_wanted)"
    ).fetchone()
    return Counts(
        callers=callers,
        conversations=conversations,
        memories=memories,
        vectors_pending=pending,
    )


def conversations_by_id(connection: sqlite3.Connection) -> Iterator[Conversation]:
    """Yield every conversation with its memories, sorted by id and kind."""
    for row in connection.execute(f"SELECT {_CONVERSATION} FROM conversations ORDER BY id, kind"):
        memories = connection.execute(
            f"SELECT {MEMORY_COLUMNS} FROM memories WHERE caller = ? AND kind IN {_KINDS} "
            "AND conversation_id = ? AND source = ? ORDER BY id",
            (row[4], row[0], row[1]),
        )
        yield Conversation(
            id=row[0],
            kind=row[1],
            version=(row[2], row[3]),
            caller=row[4],
            channel=row[5],
            direction=row[6],
            agent_id=row[7],
            agent_line=row[8],
            started_at=moment_of(row[9]),
            duration_secs=row[10],
            language=row[11],
            outcome=row[12],
            summary=row[13],
            speaker=row[14],
            memories=tuple(map(memory_of, memories)),
            notes=embedded_notes.of_record(connection, (row[4], row[15], row[9], row[0], row[1])),
        )


def _advance(connection: sqlite3.Connection, since: Position, to: Position) -> None:
    cursor = connection.execute(
        "UPDATE position SET ledger = ?, offset = ? WHERE ledger = ? AND offset = ?",
        (to.ledger, to.offset, since.ledger, since.offset),
    )
    if cursor.rowcount != 1:
        raise PositionMoved(f"the position is {position(connection)}, not {since}")


def _newest(conversations: Iterable[Conversation]) -> Iterable[Conversation]:
    newest: dict[tuple[str, str], Conversation] = {}
    for conversation in conversations:
        key = (conversation.id, conversation.kind)
        if key not in newest or conversation.version > newest[key].version:
            newest[key] = conversation
    return newest.values()


def _replaces(connection: sqlite3.Connection, conversation: Conversation) -> bool:
    """Tell whether `conversation` is to be stored; clear what came with the one it replaces."""
    stored = connection.execute(
        "SELECT event_timestamp, sha256, caller, started_at_us FROM conversations "
        "WHERE id = ? AND kind = ?",
        (conversation.id, conversation.kind),
    ).fetchone()
    if stored is None:
        return True
    if conversation.version <= (stored[0], stored[1]):
        return False
    _clear(connection, conversation.id, conversation.kind, caller=stored[2], at_us=stored[3])
    return True


def _remove(connection: sqlite3.Connection, conversation_id: str) -> None:
    """Remove every record of a conversation, and what came with it."""
    records = connection.execute(
        "SELECT kind, caller, started_at_us FROM conversations WHERE id = ?", (conversation_id,)
    ).fetchall()
    for kind, caller, at_us in records:
        _clear(connection, conversation_id, kind, caller=caller, at_us=at_us)
    connection.execute("DELETE FROM conversations WHERE id = ?", (conversation_id,))


def _clear(
    connection: sqlite3.Connection, conversation_id: str, kind: str, *, caller: str, at_us: int
) -> None:
    """Remove what came with one record of a conversation; the record itself stays."""
    facts = connection.execute(
        f"SELECT {MEMORY_COLUMNS} FROM memories WHERE caller = ? AND kind = 'fact' "
        "AND conversation_id = ? AND source = ?",
        (caller, conversation_id, kind),
    ).fetchall()
    voice = embedded_voices.remove(connection, conversation_id, kind)
    embedded_facts.remove(connection, kind, map(memory_of, facts), voice=voice)
    embedded_notes.remove(connection, (caller, voice, at_us, conversation_id, kind))
    connection.execute(
        f"DELETE FROM memories WHERE caller = ? AND kind IN {_KINDS} "
        "AND conversation_id = ? AND source = ?",
        (caller, conversation_id, kind),
    )
    embedded_terms.remove(connection, caller=caller, conversation_id=conversation_id, source=kind)


def _conversation_row(conversation: Conversation) -> tuple[Any, ...]:
    return (
        conversation.id,
        conversation.kind,
        *conversation.version,
        conversation.caller,
        conversation.channel,
        conversation.direction,
        conversation.agent_id,
        conversation.agent_line,
        _microseconds(conversation.started_at),
        conversation.duration_secs,
        conversation.language,
        conversation.outcome,
        conversation.summary,
        conversation.speaker,
        voice_of(conversation.speaker),
    )


def _memory_rows(conversations: Iterable[Conversation]) -> Iterator[tuple[Any, ...]]:
    for conversation in conversations:
        for memory in conversation.memories:
            yield (
                conversation.kind,
                memory.caller,
                memory.kind,
                memory.conversation_id,
                memory.id,
                memory.agent_id,
                memory.key,
                memory.content,
                memory.sector,
                memory.salience,
                memory.decay_lambda,
                _microseconds(memory.occurred_at),
            )


def memory_of(row: Sequence[Any]) -> Memory:
    """Return the memory in a row of `MEMORY_COLUMNS`."""
    return Memory(
        caller=row[0],
        kind=row[1],
        conversation_id=row[2],
        id=row[3],
        agent_id=row[4],
        key=row[5],
        content=row[6],
        sector=row[7],
        salience=row[8],
        decay_lambda=row[9],
        occurred_at=moment_of(row[10]),
    )


def _microseconds(moment: datetime | None) -> int | None:
    return None if moment is None else microseconds_of(moment)


def _moment(microseconds: int | None) -> datetime | None:
    return None if microseconds is None else moment_of(microseconds)
