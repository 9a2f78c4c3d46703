"""
The embedded store's table of facts: each statement with its standing in the history of its fact.

The standing is kept up as statements come and go, in any order, by looking at their two
neighbours in time. So a history is read from an index in a few steps, however long it is.
"""
# ruff: noqa: S608 - what is put into SQL text here is this file's own constants, never a value

import sqlite3
from collections.abc import Iterable, Iterator
from typing import Any, Final

from memory.facts import (
    MAX_FACTS,
    MAX_PREVIOUS,
    bounded_key,
    newest_first,
    same_value,
    statement_of,
    with_history,
)
from memory.moments import microseconds_of, moment_of
from memory.names import NAME_PARTS, NAME_STATEMENTS, NAME_TOPICS
from memory.port import Fact, Memory
from memory.topics import topic_of

REPEATED: Final = 0  # the statement after it has the same value
CHANGED: Final = 1  # the statement after it has another value
NEWEST: Final = 2  # there is none after it

_AFTER = """
    SELECT value FROM facts WHERE caller = ? AND topic = ?
    AND (occurred_at_us, conversation_id, source, id) > (?, ?, ?, ?)
    ORDER BY occurred_at_us, conversation_id, source, id LIMIT 1
"""
_BEFORE = """
    SELECT value, standing, occurred_at_us, conversation_id, source, id FROM facts
    WHERE caller = ? AND topic = ? AND (occurred_at_us, conversation_id, source, id) < (?, ?, ?, ?)
    ORDER BY occurred_at_us DESC, conversation_id DESC, source DESC, id DESC LIMIT 1
"""
_THIS = """
    caller = ? AND topic = ? AND occurred_at_us = ? AND conversation_id = ? AND source = ?
    AND id = ?
"""
_HISTORY = f"""
    SELECT key, value, occurred_at_us, conversation_id FROM facts INDEXED BY fact_changes
    WHERE caller = ? AND topic = ? AND standing > {REPEATED}
    ORDER BY occurred_at_us DESC, conversation_id DESC, source DESC, id DESC
    LIMIT {MAX_PREVIOUS + 1}
"""
_NEWEST_TOPICS = f"""
    SELECT topic FROM facts INDEXED BY newest_facts WHERE caller = ? AND standing = {NEWEST}
    ORDER BY occurred_at_us DESC, topic LIMIT {MAX_FACTS}
"""
_NAMES = f"""
    WITH names (topic) AS (VALUES {", ".join(f"('{topic}')" for topic in sorted(NAME_TOPICS))})
    SELECT topic FROM names WHERE EXISTS (
        SELECT 1 FROM facts INDEXED BY fact_changes
        WHERE caller = ? AND facts.topic = names.topic AND standing > {REPEATED}
    )
"""
_NEWEST_OF_TOPIC = f"""
    SELECT key, value, occurred_at_us, conversation_id FROM facts WHERE caller = ? AND topic = ?
    ORDER BY occurred_at_us DESC, conversation_id DESC, source DESC, id DESC
    LIMIT {NAME_STATEMENTS}
"""

_Place = tuple[Any, ...]  # caller, topic, occurred_at_us, conversation_id, source, id
_Row = tuple[Any, ...]  # of what was before: value, standing, and the place within the topic


def add(connection: sqlite3.Connection, source: str, memories: Iterable[Memory]) -> None:
    """Enter the facts among `memories`, which are of one conversation's record `source`."""
    for memory in memories:
        statement = statement_of(memory) if memory.kind == "fact" else None
        if statement is not None:
            _add(connection, _place(memory, source), statement)


def remove(connection: sqlite3.Connection, source: str, memories: Iterable[Memory]) -> None:
    """Take out the facts among `memories`, if they were entered."""
    for memory in memories:
        if memory.kind == "fact":
            place = _place(memory, source)
            connection.execute(f"DELETE FROM facts WHERE {_THIS}", place)
            before = connection.execute(_BEFORE, place).fetchone()
            _settle(connection, place, before, _after(connection, place))


def newest(connection: sqlite3.Connection, caller: str) -> list[Fact]:
    """Return a caller's facts as `memory.facts.newest_facts` does: a bounded piece of work."""
    topics = [topic for (topic,) in connection.execute(_NEWEST_TOPICS, (caller,))]
    facts = [_history(connection, caller, topic) for topic in topics]
    if len(topics) < MAX_FACTS:
        return facts
    named = {topic for (topic,) in connection.execute(_NAMES, (caller,))}.difference(topics)
    names = {topic: _history(connection, caller, topic) for topic in named}
    return facts + [names[topic] for topic in newest_first(names)]


def newest_name_parts(
    connection: sqlite3.Connection, caller: str, facts: Iterable[Fact]
) -> list[Fact]:
    """Return what `memory.facts.newest_name_parts` does, if all names are among `facts`."""
    topics = NAME_PARTS.intersection(topic_of(fact.key) for fact in facts)
    return [
        statement
        for topic in sorted(topics)
        for statement in _statements(connection.execute(_NEWEST_OF_TOPIC, (caller, topic)))
    ]


def _history(connection: sqlite3.Connection, caller: str, topic: str) -> Fact:
    return with_history(list(_statements(connection.execute(_HISTORY, (caller, topic)))))


def _statements(rows: Iterable[tuple[Any, ...]]) -> Iterator[Fact]:
    for key, value, at_us, call in rows:
        yield Fact(key=key, value=value, occurred_at=moment_of(at_us), conversation_id=call)


def _add(connection: sqlite3.Connection, place: _Place, statement: Fact) -> None:
    before = connection.execute(_BEFORE, place).fetchone()
    is_last = before is not None and before[1] == NEWEST  # as nearly always: calls come in order
    after = None if is_last else _after(connection, place)
    row = (*place, statement.key, statement.value, _standing(statement.value, after))
    connection.execute("INSERT INTO facts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
    _settle(connection, place, before, statement.value)


def _after(connection: sqlite3.Connection, place: _Place) -> str | None:
    found = connection.execute(_AFTER, place).fetchone()
    return found[0] if found else None


def _settle(
    connection: sqlite3.Connection, place: _Place, before: _Row | None, after: str | None
) -> None:
    """Correct the standing of the statement `before`, which the value `after` follows now."""
    if before is None:
        return
    value, standing, *its_place = before
    if (settled := _standing(value, after)) != standing:
        query = f"UPDATE facts SET standing = ? WHERE {_THIS}"
        connection.execute(query, (settled, *place[:2], *its_place))


def _standing(value: str, after: str | None) -> int:
    if after is None:
        return NEWEST
    return REPEATED if same_value(value, after) else CHANGED


def _place(memory: Memory, source: str) -> _Place:
    topic, at_us = topic_of(bounded_key(memory.key)), microseconds_of(memory.occurred_at)
    return memory.caller, topic, at_us, memory.conversation_id, source, memory.id
