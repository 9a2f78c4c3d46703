"""What is asked of the index: each query a function of a connection."""

import json
import re
import sqlite3
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, date, datetime
from typing import Any

from history.errors import InvalidCursor
from history.tables import datetime_of, first_place, microseconds
from history.values import (
    CallerPage,
    CallerRow,
    Day,
    Entry,
    FileTotal,
    Filters,
    Page,
    Stored,
    Totals,
)
from history.words import match_of

_ENTRY = (
    "c.id, c.kind, c.person, c.line, c.channel, c.direction, c.agent_id, c.started_at,"
    " c.duration_secs, c.language, c.outcome, c.summary, c.has_transcript, c.has_audio,"
    " c.size_bytes, k.id"
)
_CALLER = "LEFT JOIN callers AS k ON k.person = c.person"
_CURSOR = re.compile(r"[A-Za-z0-9_-]{1,200}={0,2}")
_MAX_PLACE = 2**63 - 1
_DAY = 86_400_000_000  # microseconds


def page(
    connection: sqlite3.Connection, filters: Filters, *, limit: int, cursor: str | None
) -> Page:
    """Return at most `limit` entries that come after `cursor`, newest first."""
    match = match_of(filters)
    if match == "":
        return Page(entries=(), next_cursor=None)
    before, since, until = _bounds(filters, cursor)
    if match is None:
        source, key, where = "conversations AS c", "c.place", ""
    else:
        source = "words CROSS JOIN conversations AS c ON c.place = words.rowid"
        key, where = "words.rowid", "words MATCH :match AND"
    # Places are of time but coarser, so the exact times are compared as well.
    rows = connection.execute(
        f"SELECT {_ENTRY}, c.place FROM {source} {_CALLER} WHERE {where} {key} < :before"  # noqa: S608 - constants
        f" AND {key} >= :first AND c.started_at >= :since AND c.started_at < :until"
        f" ORDER BY {key} DESC LIMIT :limit",
        {
            "match": match,
            "before": before,
            "first": _place_bound(since),
            "since": since,
            "until": until,
            "limit": limit + 1,
        },
    ).fetchall()
    has_more = len(rows) > limit
    next_cursor = encode_cursor(rows[limit - 1][-1]) if has_more else None
    return Page(entries=tuple(map(_entry, rows[:limit])), next_cursor=next_cursor)


def _bounds(filters: Filters, cursor: str | None) -> tuple[int, int, int]:
    """Return the place to begin before, and the first microsecond in and the first one out."""
    _, since, until = time_bounds(filters)
    before = _MAX_PLACE if filters.until is None else _place_bound(until + 1_000_000)
    if cursor is not None:
        (place,) = decode_cursor(cursor, int)
        before = min(before, place)
    return before, since, until


def time_bounds(filters: Filters) -> tuple[int, int, int]:
    """Return the first place, the first microsecond in and the first one out."""
    since = -_MAX_PLACE if filters.since is None else microseconds(filters.since)
    until = _MAX_PLACE if filters.until is None else microseconds(filters.until)
    return _place_bound(since), since, until


def _place_bound(micros: int) -> int:
    return max(-_MAX_PLACE, min(first_place(micros), _MAX_PLACE))


def encode_cursor(*parts: int | str) -> str:
    """Return what stands for a place in a list, and means nothing to anybody else."""
    return urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


def decode_cursor(cursor: str, *types: type) -> list[Any]:
    """Return what a cursor was made of; raises InvalidCursor for any other text."""
    try:
        if not _CURSOR.fullmatch(cursor):
            raise ValueError(cursor)
        parts = json.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, RecursionError):
        parts = None
    if (
        not isinstance(parts, list)
        or [type(part) for part in parts] != list(types)
        or any(isinstance(part, int) and abs(part) > _MAX_PLACE for part in parts)
    ):
        raise InvalidCursor(
            f"{cursor!r:.60} is no cursor of this list: take it from the page before, or leave it "
            "out to begin with the newest"
        )
    return parts


def entry(connection: sqlite3.Connection, conversation_id: str) -> Entry | None:
    """Return the entry of one conversation; None if there is none."""
    row = connection.execute(
        f"SELECT {_ENTRY} FROM conversations AS c {_CALLER} WHERE c.id = ?",  # noqa: S608 - constants
        [conversation_id],
    ).fetchone()
    return None if row is None else _entry(row)


def _entry(row: tuple[Any, ...]) -> Entry:
    return Entry(
        id=row[0],
        kind=row[1],
        caller=row[2],
        line=row[3],
        channel=row[4],
        direction=row[5],
        agent_id=row[6],
        started_at=datetime_of(row[7]),
        duration_secs=row[8],
        language=row[9],
        outcome=row[10],
        summary=row[11],
        has_transcript=bool(row[12]),
        has_audio=bool(row[13]),
        size_bytes=row[14],
        caller_id=row[15],
    )


def files(connection: sqlite3.Connection, conversation_id: str) -> list[Stored]:
    """Return every receipt of a conversation, in order of arrival."""
    rows = connection.execute(
        "SELECT file, kind, sha256, size, received_at, event_timestamp, source, dropped,"
        " dropped_at FROM files WHERE conversation_id = ? ORDER BY received_at, file",
        [conversation_id],
    )
    return [
        Stored(
            file=file,
            kind=kind,
            sha256=sha256,
            size=size,
            received_at=datetime_of(received_at),
            event_timestamp=timestamp,
            source=source,
            dropped=dropped,
            dropped_at=None if dropped_at is None else datetime_of(dropped_at),
        )
        for file, kind, sha256, size, received_at, timestamp, source, dropped, dropped_at in rows
    ]


def callers(connection: sqlite3.Connection, *, limit: int, cursor: str | None) -> CallerPage:
    """Return at most `limit` callers that come after `cursor`, the latest first."""
    last_at, last_id = (_MAX_PLACE, "") if cursor is None else decode_cursor(cursor, int, str)
    rows = connection.execute(
        "SELECT id, person, calls, first_at, last_at FROM callers"
        " WHERE (last_at, id) < (?, ?) ORDER BY last_at DESC, id DESC LIMIT ?",
        [last_at, last_id, limit + 1],
    ).fetchall()
    shown = tuple(
        CallerRow(
            id=id_,
            caller=person,
            calls=calls,
            first_at=datetime_of(first_at),
            last_at=datetime_of(last_at),
        )
        for id_, person, calls, first_at, last_at in rows[:limit]
    )
    has_more = len(rows) > limit
    last = rows[limit - 1] if has_more else None
    return CallerPage(
        callers=shown, next_cursor=None if last is None else encode_cursor(last[4], last[0])
    )


def caller_of(connection: sqlite3.Connection, id_: str) -> str | None:
    """Return the caller with this opaque id; None if there is none."""
    row = connection.execute("SELECT person FROM callers WHERE id = ?", [id_]).fetchone()
    return None if row is None else str(row[0])


def conversations_of(connection: sqlite3.Connection, caller: str) -> list[str]:
    """Return the ids of all conversations of a line or person, being erased or not, sorted."""
    rows = connection.execute(
        "SELECT id FROM conversations WHERE line = :caller"
        " UNION SELECT id FROM conversations WHERE person = :caller"
        " UNION SELECT id FROM forgotten WHERE line = :caller OR person = :caller ORDER BY 1",
        {"caller": caller},
    )
    return [id_ for (id_,) in rows]


def forgotten(connection: sqlite3.Connection) -> list[tuple[str, str | None]]:
    """Return every conversation of an erasure that is not complete, with its line, by id."""
    rows = connection.execute("SELECT id, line FROM forgotten ORDER BY id")
    return [(id_, line) for id_, line in rows]


def totals(connection: sqlite3.Connection) -> Totals:
    """Return all of the history in numbers."""
    calls, failures, oldest, newest = connection.execute(
        "SELECT count(*) FILTER (WHERE kind = 'call'), count(*) FILTER (WHERE kind = 'failure'),"
        " min(started_at), max(started_at) FROM conversations"
    ).fetchone()
    (count,) = connection.execute("SELECT count(*) FROM callers").fetchone()
    kept, dropped, sizes = _file_totals(connection)
    return Totals(
        conversations=calls,
        failures=failures,
        callers=count,
        kept=kept,
        dropped=dropped,
        days=_days(connection, sizes),
        oldest=None if oldest is None else datetime_of(oldest),
        newest=None if newest is None else datetime_of(newest),
    )


_Sums = dict[str, FileTotal]


def _file_totals(connection: sqlite3.Connection) -> tuple[_Sums, _Sums, dict[int, int]]:
    """Return the files that are there by kind, those dropped by reason, and all bytes by day."""
    rows = connection.execute(
        "SELECT received_at / ?, kind, dropped, count(*), sum(size) FROM files"
        " GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
        [_DAY],
    )
    kept: _Sums = {}
    dropped: _Sums = {}
    sizes: dict[int, int] = {}
    for day, kind, reason, count, size in rows:
        sums, name = (dropped, reason) if reason else (kept, kind)
        before = sums.get(name, FileTotal())
        sums[name] = FileTotal(files=before.files + count, size_bytes=before.size_bytes + size)
        sizes[day] = sizes.get(day, 0) + size
    return kept, dropped, sizes


def _days(connection: sqlite3.Connection, sizes: dict[int, int]) -> tuple[Day, ...]:
    firsts = connection.execute(
        "SELECT first / ?, count(*) FROM (SELECT min(received_at) AS first FROM files"
        " WHERE conversation_id IS NOT NULL GROUP BY conversation_id) GROUP BY 1",
        [_DAY],
    )
    arrived = dict(firsts.fetchall())
    return tuple(
        Day(day=_date(day), conversations=arrived.get(day, 0), size_bytes=size)
        for day, size in sorted(sizes.items())
    )


def _date(days: int) -> date:
    return datetime.fromtimestamp(days * 86_400, UTC).date()
