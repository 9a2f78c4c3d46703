"""From the spool to the index, a step at a time: each step is one transaction, or reads first."""

import hashlib
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from history.database import transaction
from history.queries import files
from history.rows import delete_conversations, store
from history.sources import SpeakerOf, read_conversation
from history.tables import INDEX, datetime_of, microseconds
from spool.dropped import DROPPED_FILE, Drop, read_dropped
from spool.format import DamagedLine, Receipt, identify_file
from spool.reader import is_line_boundary, ledger_identity, read_receipts
from spool.standing_orders import Orders
from voice.rules import Rules

_LINES = 2_000  # of the ledger, in one transaction
_CONVERSATIONS = 100

_ENTER = (
    "INSERT INTO files (file, conversation_id, kind, sha256, size, received_at, event_timestamp,"
    " source, dropped, dropped_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (file) DO UPDATE SET sha256 = excluded.sha256, size = excluded.size,"
    " received_at = excluded.received_at, event_timestamp = excluded.event_timestamp,"
    " source = excluded.source, dropped = excluded.dropped, dropped_at = excluded.dropped_at"
)
_AWAIT = (
    "INSERT INTO pending (id, since, moment) VALUES (?, ?, ?)"
    " ON CONFLICT (id) DO UPDATE SET since = min(since, excluded.since)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What an index is made from, and how."""

    orders: Orders
    rules: Rules
    speaker_of: SpeakerOf

    @property
    def root(self) -> Path:
        """Return where the spool is."""
        return self.orders.root


def origin_of(root: Path, rules: Rules) -> str:
    """Return what an index is a function of: a ledger and rules; "" for no ledger yet."""
    ledger = ledger_identity(root)
    return f"{ledger}/{INDEX}/{rules.text()}" if ledger else ""


def is_of_another(connection: sqlite3.Connection, reading: Reading) -> bool:
    """
    Tell whether the index is not of this ledger, as it is, and these rules.

    While there is no ledger at all (a disk not mounted yet) nothing is concluded.
    """
    origin, offset, _, _ = _state(connection)
    now = origin_of(reading.root, reading.rules)
    if not origin or not now:
        return False
    return origin != now or not is_line_boundary(reading.root, offset)


def enter_lines(connection: sqlite3.Connection, reading: Reading) -> int:
    """Enter the next lines of the ledger; return how many, 0: there are none."""
    _, offset, _, _ = _state(connection)
    origin = origin_of(reading.root, reading.rules)
    lines, waiting, count, end = [], [], 0, offset
    for receipt, after in islice(read_receipts(reading.root, offset=offset), _LINES):
        if isinstance(receipt, Receipt):  # `spool verify` names those that are damaged
            lines.append(_line(receipt, reading.orders.dropped.file(receipt.file)))
            if receipt.conversation_id is not None and receipt.kind != "quarantine":
                waiting.append((receipt.conversation_id, end, _moment(receipt)))
        end, count = after, count + 1
    if count:
        with transaction(connection, writes=True):
            connection.executemany(_ENTER, lines)
            connection.executemany(_AWAIT, waiting)
            connection.execute("UPDATE state SET origin = ?, ledger = ?", [origin, end])
    return count


def _line(receipt: Receipt, drop: Drop | None) -> tuple[object, ...]:
    is_quarantined = receipt.kind == "quarantine"
    return (
        receipt.file,
        None if is_quarantined else receipt.conversation_id,
        receipt.kind,
        receipt.sha256,
        receipt.size,
        microseconds(receipt.received_at),
        receipt.event_timestamp,
        receipt.source,
        *_dropped(drop),
    )


def _dropped(drop: Drop | None) -> tuple[str, int | None]:
    return ("", None) if drop is None else (drop.reason, microseconds(drop.at))


def _moment(receipt: Receipt) -> int:
    if receipt.event_timestamp:
        return int(receipt.event_timestamp * 1_000_000)
    return microseconds(receipt.received_at)


def enter_drops(connection: sqlite3.Connection, reading: Reading) -> None:
    """Enter what was dropped since the last time: what is indexed of it has to be less then."""
    _, ledger, offset, _ = _state(connection)
    if offset > _size(reading.root / DROPPED_FILE):  # another file in its place
        offset = 0
    gone: list[tuple[object, ...]] = []
    waiting: list[tuple[str, int, int]] = []
    end = offset
    for drop, after in read_dropped(reading.root, offset=offset):
        end = after
        known = None if isinstance(drop, DamagedLine) else identify_file(drop.file)
        if isinstance(drop, DamagedLine) or known is None:
            continue
        if drop.what == "file":
            gone.append((*_dropped(drop), drop.file))
        if known[1] is not None:
            waiting.append((known[1], ledger, microseconds(drop.at)))
    if end == offset and offset == _state(connection)[2]:
        return
    with transaction(connection, writes=True):
        connection.executemany("UPDATE files SET dropped = ?, dropped_at = ? WHERE file = ?", gone)
        connection.executemany(_AWAIT, waiting)
        connection.execute("UPDATE state SET dropped = ?", [end])


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def obey(connection: sqlite3.Connection, reading: Reading) -> None:
    """Have every conversation read again that new decisions or erasures may be about."""
    orders = reading.orders
    asked = sorted(orders.ids) + [tombstone.id for tombstone in orders.forgotten.pending()]
    digest = hashlib.sha256(" ".join(asked).encode()).hexdigest() if asked else ""
    _, ledger, _, obeyed = _state(connection)
    if digest == obeyed:
        return
    rows = connection.execute("SELECT id, line, person, started_at FROM conversations")
    stale = [
        (id_, ledger, started_at)
        for id_, line, person, started_at in rows.fetchall()
        if _may_differ(orders, id_, line, person, started_at)
    ]
    erased = [
        (id_, ledger, 0) for (id_,) in connection.execute("SELECT id FROM forgotten").fetchall()
    ]
    with transaction(connection, writes=True):
        connection.executemany(_AWAIT, stale + erased)
        connection.execute("UPDATE state SET orders = ?", [digest])


def _may_differ(
    orders: Orders, id_: str, line: str | None, person: str | None, started_at: int
) -> bool:
    if orders.forgotten.is_conversation(id_):
        return True
    if line is None:
        return False
    people = orders.people
    if people.apart(line) or people.person_of(line, id_, "") != person:
        return True
    began_at = datetime_of(started_at)
    callers = {line, person or line}
    return any(orders.forgotten.is_caller(each, began_at=began_at) for each in callers)


def waiting(connection: sqlite3.Connection) -> int:
    """Return how many conversations have to be read."""
    return int(connection.execute("SELECT count(*) FROM pending").fetchone()[0])


def index_some(connection: sqlite3.Connection, reading: Reading) -> int:
    """Read and index some of the conversations that wait for it; return how many, 0: none waits."""
    rows = connection.execute(
        "SELECT id FROM pending ORDER BY moment, id LIMIT ?", [_CONVERSATIONS]
    )
    ids = [id_ for (id_,) in rows.fetchall()]
    if not ids:
        return 0
    found = {
        id_: read_conversation(
            reading.orders,
            id_,
            files(connection, id_),
            rules=reading.rules,
            speaker_of=reading.speaker_of,
        )
        for id_ in ids
    }
    with transaction(connection, writes=True):
        store(connection, found, caller_id=lambda caller: caller_id(reading.orders, caller))
        connection.executemany("DELETE FROM pending WHERE id = ?", [(id_,) for id_ in ids])
    return len(ids)


def caller_id(orders: Orders, caller: str) -> str:
    """Return what stands for a caller where the number may not: the same in every index."""
    return f"c_{orders.forgotten.hash_of('caller', caller)[:20]}"


def position(connection: sqlite3.Connection) -> int:
    """Return the offset in the ledger up to which everything is indexed."""
    _, ledger, _, _ = _state(connection)
    (earliest,) = connection.execute("SELECT min(since) FROM pending").fetchone()
    return ledger if earliest is None else min(ledger, int(earliest))


def remove(connection: sqlite3.Connection, ids: Sequence[str]) -> None:
    """Remove all that is indexed of these conversations, receipts included."""
    with transaction(connection, writes=True):
        delete_conversations(connection, ids)
        for table, column in (("files", "conversation_id"), ("pending", "id"), ("forgotten", "id")):
            connection.executemany(
                f"DELETE FROM {table} WHERE {column} = ?",  # noqa: S608 - constants
                _singles(ids),
            )


def _singles(ids: Iterable[str]) -> list[tuple[str]]:
    return [(id_,) for id_ in ids]


def _state(connection: sqlite3.Connection) -> tuple[str, int, int, str]:
    row = connection.execute("SELECT origin, ledger, dropped, orders FROM state").fetchone()
    origin, ledger, dropped, orders = row
    return origin, ledger, dropped, orders
