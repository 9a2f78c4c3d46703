"""
The histories of facts, read from the embedded store: what the voices of one person stated.

A history is kept for each voice alone (see `memory.embedded_facts`), because whose voice it is
may change with every call; here they are put together, in as few steps as there are changes.
"""
# ruff: noqa: S608 - what is put into SQL text here is this file's own constants, never a value

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any, Final

from memory.facts import MAX_PREVIOUS, same_value, with_history
from memory.moments import moment_of
from memory.values import Fact

REPEATED: Final = 0  # the statement after it has the same value
CHANGED: Final = 1  # the statement after it has another value
NEWEST: Final = 2  # there is none after it

STATEMENT: Final = "key, value, occurred_at_us, conversation_id, source, id"
NEWEST_FIRST: Final = "ORDER BY occurred_at_us DESC, conversation_id DESC, source DESC, id DESC"
_OF_VOICE = "caller = ? AND voice = ? AND topic = ?"
# What is shown holds at most one change of each voice for each value; the one after the last of
# them may be passed over, because it says the same.
_READ = MAX_PREVIOUS + 2
_CHANGES = f"""
    SELECT voice, {STATEMENT} FROM (
        SELECT voice, {STATEMENT} FROM facts INDEXED BY fact_changes
        WHERE {_OF_VOICE} AND standing > {REPEATED} {NEWEST_FIRST} LIMIT {_READ}
    )
"""
_BEFORE = "AND (occurred_at_us, conversation_id, source, id) < (?, ?, ?, ?)"
_STATED_BEFORE = f"""
    SELECT {STATEMENT} FROM facts WHERE {_OF_VOICE} {_BEFORE} {NEWEST_FIRST} LIMIT 1
"""
Row = tuple[Any, ...]  # a statement: key, value, and its place within the topic
_Place = tuple[Any, ...]


def history(connection: sqlite3.Connection, caller: str, voices: Sequence[str], topic: str) -> Fact:
    """Return a fact as `memory.facts.with_history` does, of all that these voices stated."""
    changes: dict[str, list[Row]] = {}
    keys = [each for voice in voices for each in (caller, voice, topic)]
    for voice, *row in connection.execute(_changes_of(len(voices)), keys):
        changes.setdefault(voice, []).append(tuple(row))
    for newest_first in changes.values():
        newest_first.sort(key=place_of, reverse=True)  # several queries in one promise no order
    if len(changes) == 1:
        [only] = changes.values()
        return with_history(list(statements(only[: MAX_PREVIOUS + 1])))
    told = [
        _Voice(connection, (caller, voice, topic), newest_first)
        for voice, newest_first in changes.items()
    ]
    return with_history(list(statements(_together(told))))


def statements(rows: Iterable[Row]) -> Iterator[Fact]:
    """Yield what the rows state."""
    for key, value, at_us, call, *_ in rows:
        yield Fact(key=key, value=value, occurred_at=moment_of(at_us), conversation_id=call)


def place_of(row: Row) -> _Place:
    """Return where in the order of a topic's statements a row is."""
    return row[2:]


class _Voice:
    """What one voice stated of a topic: its newest changes, and what lies between, when asked."""

    def __init__(
        self, connection: sqlite3.Connection, key: tuple[str, str, str], changes: list[Row]
    ) -> None:
        self._connection = connection
        self._key = key
        self._changes = changes  # newest first

    def before(self, place: _Place, value: str) -> Row | None:
        """Return the newest statement before `place` with another value than `value`."""
        at = sum(1 for change in self._changes if place_of(change) >= place)
        if at and not same_value(self._changes[at - 1][1], value):
            # What led up to that change says the same as it: some of it may be before `place`.
            row: Row | None = self._connection.execute(
                _STATED_BEFORE, (*self._key, *place)
            ).fetchone()
            if row is None or not same_value(row[1], value):
                return row
        if at < len(self._changes) and same_value(self._changes[at][1], value):
            at += 1
        return self._changes[at] if at < len(self._changes) else None

    def newest(self) -> Row:
        return self._changes[0]


def _together(voices: Sequence[_Voice]) -> Iterator[Row]:
    """Yield the newest statement of all, and the newest with another value before each."""
    newest = max((voice.newest() for voice in voices), key=place_of)
    for _ in range(MAX_PREVIOUS):
        yield newest
        found = [voice.before(place_of(newest), newest[1]) for voice in voices]
        before = [row for row in found if row is not None]
        if not before:
            return
        newest = max(before, key=place_of)
    yield newest


@cache
def _changes_of(voices: int) -> str:
    return " UNION ALL ".join([_CHANGES] * voices)
