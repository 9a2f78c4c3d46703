"""Writing entries: each function works in the transaction that it is called in."""

import sqlite3
from collections.abc import Callable, Iterable, Mapping

from history.figures import encode_figures
from history.sources import Document, Erased
from history.tables import PLACES, microseconds, place_of

_INSERT = (
    "INSERT INTO conversations (place, id, kind, person, line, channel, direction, agent_id,"
    " started_at, duration_secs, language, outcome, summary, has_transcript, has_audio,"
    " size_bytes, figures) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_COUNT = (
    "SELECT count(*) FILTER (WHERE kind = 'call'), min(started_at), max(started_at)"
    " FROM conversations WHERE person = ?"
)


def store(
    connection: sqlite3.Connection,
    found: Mapping[str, Document | Erased | None],
    *,
    caller_id: Callable[[str], str],
) -> None:
    """Put what was found of each conversation in the place of what is stored of it."""
    persons: set[str] = set()
    documents: list[tuple[int, Document]] = []
    for id_, each in found.items():
        stored = connection.execute(
            "SELECT place, person FROM conversations WHERE id = ?", [id_]
        ).fetchone()
        connection.execute("DELETE FROM forgotten WHERE id = ?", [id_])
        if stored is not None and stored[1] is not None:
            persons.add(stored[1])
        if isinstance(each, Document):
            documents.append((place_of(microseconds(each.entry.started_at), id_), each))
            continue
        if stored is not None:
            _delete(connection, stored[0])
        if isinstance(each, Erased):
            connection.execute(
                "INSERT INTO forgotten (id, line, person) VALUES (?, ?, ?)",
                [id_, each.line, each.person],
            )
        else:
            connection.execute("DELETE FROM files WHERE conversation_id = ?", [id_])
    # FTS5 writes what it has collected to disk whenever rows come out of order.
    for place, document in sorted(documents, key=lambda pair: pair[0]):
        _put(connection, place, document)
        if document.entry.caller is not None:
            persons.add(document.entry.caller)
    count_callers(connection, persons, caller_id=caller_id)


def _put(connection: sqlite3.Connection, place: int, document: Document) -> None:
    stored = connection.execute(
        "SELECT place FROM conversations WHERE id = ?", [document.entry.id]
    ).fetchone()
    if stored is not None:
        words = connection.execute(
            "SELECT tags, body FROM words WHERE rowid = ?", stored
        ).fetchone()
        is_in_place = 0 <= stored[0] - place < PLACES
        if is_in_place and words == (document.tags, document.body):
            # Nothing that is searched has changed: a recording has come, say, or gone.
            connection.execute("DELETE FROM conversations WHERE place = ?", stored)
            connection.execute(_INSERT, _row(stored[0], document))
            return
        _delete(connection, stored[0])
    while connection.execute("SELECT 1 FROM conversations WHERE place = ?", [place]).fetchone():
        place += 1
    connection.execute(_INSERT, _row(place, document))
    connection.execute(
        "INSERT INTO words (rowid, tags, body) VALUES (?, ?, ?)",
        [place, document.tags, document.body],
    )


def _row(place: int, document: Document) -> tuple[object, ...]:
    entry = document.entry
    return (
        place,
        entry.id,
        entry.kind,
        entry.caller,
        entry.line,
        entry.channel,
        entry.direction,
        entry.agent_id,
        microseconds(entry.started_at),
        entry.duration_secs,
        entry.language,
        entry.outcome,
        entry.summary,
        entry.has_transcript,
        entry.has_audio,
        entry.size_bytes,
        encode_figures(document.figures),
    )


def delete_conversations(connection: sqlite3.Connection, ids: Iterable[str]) -> None:
    """Delete the entries of these conversations, and count their callers again."""
    persons: set[str] = set()
    for id_ in ids:
        stored = connection.execute(
            "SELECT place, person FROM conversations WHERE id = ?", [id_]
        ).fetchone()
        if stored is not None:
            _delete(connection, stored[0])
            persons.update(filter(None, stored[1:]))
    count_callers(connection, persons, caller_id=None)


def count_callers(
    connection: sqlite3.Connection,
    persons: Iterable[str],
    *,
    caller_id: Callable[[str], str] | None,
) -> None:
    """Count the calls of these callers again; one who is new gets its id by `caller_id`."""
    for person in sorted(persons):
        calls, first_at, last_at = connection.execute(_COUNT, [person]).fetchone()
        if first_at is None:
            connection.execute("DELETE FROM callers WHERE person = ?", [person])
            continue
        updated = connection.execute(
            "UPDATE callers SET calls = ?, first_at = ?, last_at = ? WHERE person = ?",
            [calls, first_at, last_at, person],
        )
        if updated.rowcount == 0 and caller_id is not None:
            connection.execute(
                "INSERT INTO callers (person, id, calls, first_at, last_at) VALUES (?, ?, ?, ?, ?)",
                [person, caller_id(person), calls, first_at, last_at],
            )


def _delete(connection: sqlite3.Connection, place: int) -> None:
    connection.execute("DELETE FROM words WHERE rowid = ?", [place])
    connection.execute("DELETE FROM conversations WHERE place = ?", [place])
