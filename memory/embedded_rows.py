"""The embedded store's queries: values to rows and back, on a connection somebody else opened."""
# ruff: noqa: S608 - what is put into SQL text here is this file's own constants, never a value

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from memory.port import (
    Conversation,
    Counts,
    Fact,
    Failure,
    Found,
    Memory,
    Position,
    PositionMoved,
    Profile,
)
from memory.profile import RECENT_CALLS, CallNote, History, build_profile, fact_of
from memory.ranking import best_matches

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_CONVERSATION = (
    "id, kind, event_timestamp, sha256, caller, channel, direction, agent_id, agent_line, "
    "started_at_us, duration_secs, language, outcome, summary"
)
_MEMORY = (
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
) -> None:
    """Write what `MemoryStore.apply` promises; the caller holds the transaction."""
    if advance is not None:
        _advance(connection, *advance)
    newer = [c for c in _newest(conversations) if _replaces(connection, c)]
    connection.executemany(
        f"INSERT OR REPLACE INTO conversations ({_CONVERSATION}) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        map(_conversation_row, newer),
    )
    connection.executemany(
        f"INSERT INTO memories (source, {_MEMORY}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        _memory_rows(newer),
    )
    connection.executemany(
        "INSERT OR REPLACE INTO failures VALUES (?, ?, ?, ?)",
        [(f.file, f.error, f.attempts, _microseconds(f.next_attempt_at)) for f in failed],
    )
    connection.executemany("DELETE FROM failures WHERE file = ?", [(file,) for file in resolved])


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


def profile(connection: sqlite3.Connection, caller: str) -> Profile | None:
    """Gather a caller's profile; the work is bounded by calls and facts, not by memories."""
    of_calls = "FROM conversations WHERE caller = ? AND kind = 'call'"
    newest_first = "ORDER BY started_at_us DESC, id DESC"
    count, first_us, last_us = connection.execute(
        f"SELECT count(*), min(started_at_us), max(started_at_us) {of_calls}", (caller,)
    ).fetchone()
    if not count:
        return None
    language = connection.execute(
        f"SELECT language {of_calls} AND language <> '' {newest_first} LIMIT 1", (caller,)
    ).fetchone()
    recent = connection.execute(
        f"SELECT started_at_us, summary {of_calls} AND summary <> '' {newest_first} LIMIT ?",
        (caller, RECENT_CALLS),
    )
    history = History(
        call_count=count,
        first_call_at=_known_moment(first_us),
        last_call_at=_known_moment(last_us),
        language=language[0] if language else "",
        recent=[CallNote(started_at=_known_moment(us), summary=text) for us, text in recent],
    )
    return build_profile(caller, history, _newest_facts(connection, caller))


def search(connection: sqlite3.Connection, caller: str, query: str, *, limit: int) -> list[Found]:
    """Rank one caller's memories; only the few that are returned become values."""
    rows = connection.execute(
        f"SELECT {_MEMORY} FROM memories WHERE caller = ?", (caller,)
    ).fetchall()
    rows.sort(key=lambda row: (-row[10], row[3]))  # newest first; faster here than in SQL
    best = best_matches(query, [row[6] for row in rows], limit=limit)
    return [Found(memory=_memory(rows[index]), score=score) for index, score in best]


def is_agent_line(connection: sqlite3.Connection, number: str) -> bool:
    """Tell whether a conversation names `number` as the agent's own."""
    query = "SELECT 1 FROM conversations WHERE agent_line = ? AND agent_line <> '' LIMIT 1"
    return connection.execute(query, (number,)).fetchone() is not None


def counts(connection: sqlite3.Connection) -> Counts:
    """Count callers, conversations and memories."""
    callers, conversations, memories = connection.execute(
        "SELECT (SELECT count(DISTINCT caller) FROM conversations), "
        "(SELECT count(*) FROM conversations), (SELECT count(*) FROM memories)"
    ).fetchone()
    return Counts(callers=callers, conversations=conversations, memories=memories)


def conversations_by_id(connection: sqlite3.Connection) -> Iterator[Conversation]:
    """Yield every conversation with its memories, sorted by id and kind."""
    for row in connection.execute(f"SELECT {_CONVERSATION} FROM conversations ORDER BY id, kind"):
        memories = connection.execute(
            f"SELECT {_MEMORY} FROM memories WHERE caller = ? AND kind IN {_KINDS} "
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
            started_at=_known_moment(row[9]),
            duration_secs=row[10],
            language=row[11],
            outcome=row[12],
            summary=row[13],
            memories=tuple(map(_memory, memories)),
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
    """Tell whether `conversation` is to be stored; clear the memories of what it replaces."""
    stored = connection.execute(
        "SELECT event_timestamp, sha256, caller FROM conversations WHERE id = ? AND kind = ?",
        (conversation.id, conversation.kind),
    ).fetchone()
    if stored is None:
        return True
    if conversation.version <= (stored[0], stored[1]):
        return False
    connection.execute(
        f"DELETE FROM memories WHERE caller = ? AND kind IN {_KINDS} "
        "AND conversation_id = ? AND source = ?",
        (stored[2], conversation.id, conversation.kind),
    )
    return True


def _newest_facts(connection: sqlite3.Connection, caller: str) -> list[Fact]:
    rows = connection.execute(
        f"SELECT {_MEMORY} FROM (SELECT *, row_number() OVER (PARTITION BY key ORDER BY "
        "occurred_at_us DESC, conversation_id DESC, id DESC, content DESC) AS age "
        "FROM memories WHERE caller = ? AND kind = 'fact') WHERE age = 1",
        (caller,),
    )
    return [fact_of(_memory(row)) for row in rows]


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


def _memory(row: Sequence[Any]) -> Memory:
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
        occurred_at=_known_moment(row[10]),
    )


def _microseconds(moment: datetime | None) -> int | None:
    if moment is None:
        return None
    since = moment - _EPOCH  # exact, unlike timestamp()
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def _known_moment(microseconds: int) -> datetime:
    return _EPOCH + timedelta(microseconds=microseconds)


def _moment(microseconds: int | None) -> datetime | None:
    return None if microseconds is None else _known_moment(microseconds)
