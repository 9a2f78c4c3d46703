"""
The embedded store's table of facts: each statement with its standing in the history of its fact.

The standing is kept up as statements come and go, in any order, by looking at their two
neighbours in time. So a history is read from an index in a few steps, however long it is. It
is the standing among what one voice stated: see `memory.speakers`.
"""
# ruff: noqa: S608 - what is put into SQL text here is this file's own constants, never a value

import sqlite3
from collections.abc import Collection, Iterable
from heapq import nlargest
from typing import Any

from memory.embedded_fact_history import (
    CHANGED,
    NEWEST,
    NEWEST_FIRST,
    REPEATED,
    STATEMENT,
    history,
    place_of,
    statements,
)
from memory.facts import MAX_FACTS, bounded_key, newest_first, same_value, statement_of
from memory.moments import microseconds_of
from memory.names import NAME_PARTS, NAME_STATEMENTS, NAME_TOPICS, PREFERRED_TOPICS
from memory.same_name import folded_name
from memory.speakers import voice_of
from memory.topics import topic_of
from memory.values import Conversation, Fact, Memory

_AFTER = """
    SELECT value FROM facts WHERE caller = ? AND voice = ? AND topic = ?
    AND (occurred_at_us, conversation_id, source, id) > (?, ?, ?, ?)
    ORDER BY occurred_at_us, conversation_id, source, id LIMIT 1
"""
_BEFORE = f"""
    SELECT value, standing, occurred_at_us, conversation_id, source, id FROM facts
    WHERE caller = ? AND voice = ? AND topic = ?
    AND (occurred_at_us, conversation_id, source, id) < (?, ?, ?, ?) {NEWEST_FIRST} LIMIT 1
"""
_THIS = """
    caller = ? AND voice = ? AND topic = ? AND occurred_at_us = ? AND conversation_id = ?
    AND source = ? AND id = ?
"""
_NEWEST_TOPICS = f"""
    SELECT occurred_at_us, topic FROM facts INDEXED BY newest_facts
    WHERE caller = ? AND voice = ? AND standing = {NEWEST}
    ORDER BY occurred_at_us DESC, topic LIMIT ?
"""
_NAMES = f"""
    WITH names (topic) AS (VALUES {", ".join(f"('{topic}')" for topic in sorted(NAME_TOPICS))})
    SELECT topic FROM names WHERE EXISTS (
        SELECT 1 FROM facts INDEXED BY fact_changes
        WHERE caller = ? AND voice = ? AND facts.topic = names.topic AND standing > {REPEATED}
    )
"""
_NEWEST_OF_TOPIC = f"""
    SELECT {STATEMENT} FROM facts WHERE caller = ? AND voice = ? AND topic = ?
    {NEWEST_FIRST} LIMIT ?
"""
_Place = tuple[Any, ...]  # caller, voice, topic, occurred_at_us, conversation_id, source, id
_Row = tuple[Any, ...]  # of what was before: value, standing, and the place within the topic


def add(connection: sqlite3.Connection, conversation: Conversation) -> None:
    """Enter the facts among a conversation's memories."""
    voice = voice_of(conversation.speaker)
    for memory in conversation.memories:
        statement = statement_of(memory) if memory.kind == "fact" else None
        if statement is not None:
            _add(connection, _place(memory, conversation.kind, voice), statement)


def remove(
    connection: sqlite3.Connection, source: str, memories: Iterable[Memory], *, voice: str
) -> None:
    """
    Take out the facts among `memories`, if they were entered.

    They are of one conversation's record `source`, and were stated by `voice`.
    """
    for memory in memories:
        if memory.kind == "fact":
            place = _place(memory, source, voice)
            connection.execute(f"DELETE FROM facts WHERE {_THIS}", place)
            before = connection.execute(_BEFORE, place).fetchone()
            _settle(connection, place, before, _after(connection, place))


def newest(connection: sqlite3.Connection, caller: str, voices: Collection[str]) -> list[Fact]:
    """
    Return what these voices stated as `memory.facts.newest_facts` does.

    It is a bounded piece of work, as everything that is read here.
    """
    facts = newest_of(connection, caller, voices, at_most=MAX_FACTS)
    if len(facts) < MAX_FACTS:
        return facts
    known = {topic_of(fact.key) for fact in facts}
    named = {topic for voice in voices for topic in _names(connection, caller, voice)} - known
    names = {topic: history(connection, caller, sorted(voices), topic) for topic in named}
    return facts + [names[topic] for topic in newest_first(names)]


def newest_of(
    connection: sqlite3.Connection, caller: str, voices: Collection[str], *, at_most: int
) -> list[Fact]:
    """Return the newest facts that these voices stated, the newest first."""
    newest_at: dict[str, int] = {}
    speaking: list[str] = []  # those that stated anything
    for voice in sorted(voices):
        stated = connection.execute(_NEWEST_TOPICS, (caller, voice, at_most)).fetchall()
        speaking += [voice] if stated else []
        for at_us, topic in stated:
            newest_at[topic] = max(at_us, newest_at.get(topic, at_us))
    topics = sorted(newest_at, key=lambda topic: (-newest_at[topic], topic))[:at_most]
    return [history(connection, caller, speaking, topic) for topic in topics]


def newest_name_parts(
    connection: sqlite3.Connection, caller: str, voices: Collection[str], facts: Iterable[Fact]
) -> list[Fact]:
    """Return what `memory.facts.newest_name_parts` does, if all names are among `facts`."""
    topics = NAME_PARTS.intersection(topic_of(fact.key) for fact in facts)
    parts: list[Fact] = []
    for topic in sorted(topics):
        stated = [
            row
            for voice in voices
            for row in connection.execute(_NEWEST_OF_TOPIC, (caller, voice, topic, NAME_STATEMENTS))
        ]
        parts += statements(nlargest(NAME_STATEMENTS, stated, key=place_of))
    return parts


def aliases(connection: sqlite3.Connection, caller: str, voice: str) -> list[str]:
    """Return what `memory.speakers.aliases_in` does, for all that a voice stated."""
    named = PREFERRED_TOPICS.intersection(_names(connection, caller, voice))
    newest_rows = (
        connection.execute(_NEWEST_OF_TOPIC, (caller, voice, topic, 1)).fetchone()
        for topic in named
    )
    return [folded_name(row[1]) for row in newest_rows]


def _names(connection: sqlite3.Connection, caller: str, voice: str) -> list[str]:
    return [topic for (topic,) in connection.execute(_NAMES, (caller, voice))]


def _add(connection: sqlite3.Connection, place: _Place, statement: Fact) -> None:
    before = connection.execute(_BEFORE, place).fetchone()
    is_last = before is not None and before[1] == NEWEST  # as nearly always: calls come in order
    after = None if is_last else _after(connection, place)
    row = (*place, statement.key, statement.value, _standing(statement.value, after))
    connection.execute("INSERT INTO facts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
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
        connection.execute(query, (settled, *place[:3], *its_place))


def _standing(value: str, after: str | None) -> int:
    if after is None:
        return NEWEST
    return REPEATED if same_value(value, after) else CHANGED


def _place(memory: Memory, source: str, voice: str) -> _Place:
    topic, at_us = topic_of(bounded_key(memory.key)), microseconds_of(memory.occurred_at)
    return memory.caller, voice, topic, at_us, memory.conversation_id, source, memory.id
