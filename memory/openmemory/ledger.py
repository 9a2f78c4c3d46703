"""
The mirror's ledger: which of our memories one OpenMemory has, under which of its ids.

It is derived: from the embedded store, and from what OpenMemory itself says it holds. If it is
lost, the next look at OpenMemory makes it again; only erasures that were not complete have to be
asked for again then. Each OpenMemory has a ledger of its own; several processes may have it open.
"""

import sqlite3
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec

from memory.holdings import Place
from memory.moments import microseconds_of, moment_of
from memory.openmemory.entry import Entry, Report, Tally
from memory.openmemory.ledger_file import LedgerFile

__all__ = ["Entry", "Ledger", "Report", "Tally"]

_ENTRY = (
    "key, digest, state, backend_id, content_hash, attempts, reason, kind, conversation_id, "
    "source, id"
)
_PUT = (
    f"INSERT OR REPLACE INTO rows (caller, {_ENTRY}) "  # noqa: S608 - our own constants
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_BEGIN_ERASURE = "INSERT OR IGNORE INTO erasures VALUES (?, ?, NULL)"
_RENEW_ERASURE = "INSERT OR REPLACE INTO erasures VALUES (?, ?, NULL)"
_PLACES = (
    "SELECT backend_id, kind, conversation_id, source, id FROM rows WHERE backend_id = ? "
    "AND caller = ? AND kind <> '' AND state IN ('stored', 'shortened')"
)
_WAITING = (
    "SELECT caller FROM (SELECT caller, max(state = 'unwanted') AS removes FROM rows "
    "WHERE state IN ('wanted', 'unwanted') GROUP BY caller "
    "UNION ALL SELECT caller, 0 FROM callers WHERE is_unsure = 1) "
    "WHERE caller NOT IN (SELECT caller FROM erasures) "
    "GROUP BY caller ORDER BY max(removes) DESC, caller LIMIT ?"
)


def ledger_beside(memory: Path, identity: str) -> Path:
    """Return where the ledger of the backend `identity` is, beside the memory file."""
    name = sha256(identity.encode()).hexdigest()[:8]
    return memory.with_name(f"{memory.stem}.mirror-{name}{memory.suffix}")


class Ledger:
    """The ledger in one SQLite file. Every failure is a `MemoryStoreError`."""

    def __init__(self, file: LedgerFile) -> None:
        self._file = file

    @classmethod
    async def open(cls, path: Path) -> "Ledger":
        """Open the ledger at `path`; one that is missing or of no use is begun anew."""
        file = LedgerFile(path)
        await file.open()
        return cls(file)

    @property
    def path(self) -> Path:
        """Return where the file is."""
        return self._file.path

    async def close(self) -> None:
        """Release the file."""
        await self._file.close()

    async def scrub(self) -> None:
        """Leave nothing in the file, or beside it, of what has been forgotten."""
        await self._file.scrub()

    async def stamps(self) -> dict[str, str]:
        """Return by caller which stamp the caller's rows were last planned for."""
        query = "SELECT caller, stamp FROM callers"
        return dict(await self._file.read(lambda c: c.execute(query).fetchall()))

    async def stamp(self, caller: str) -> str:
        """Return which stamp a caller's rows were last planned for, "" for none."""
        query = "SELECT stamp FROM callers WHERE caller = ?"
        rows = await self._file.read(lambda c: c.execute(query, (caller,)).fetchall())
        return str(rows[0][0]) if rows else ""

    async def entries(self, caller: str) -> tuple[dict[str, Entry], bool]:
        """Return a caller's entries by key, and whether there may be rows it does not know."""

        def query(connection: sqlite3.Connection) -> tuple[dict[str, Entry], bool]:
            rows = connection.execute(
                f"SELECT {_ENTRY} FROM rows WHERE caller = ? ORDER BY key",  # noqa: S608 - ours
                (caller,),
            )
            entries = {row[0]: _entry(row) for row in rows}
            unsure = "SELECT 1 FROM callers WHERE caller = ? AND is_unsure = 1"
            return entries, connection.execute(unsure, (caller,)).fetchone() is not None

        return await self._file.read(query)

    async def put(
        self,
        caller: str,
        entries: Iterable[Entry],
        *,
        removed: Iterable[str] = (),
        stamp: str | None = None,
        is_unsure: bool | None = None,
    ) -> None:
        """Write all of this of one caller, at once; what is None stays as it is."""
        rows = [_row(caller, entry) for entry in entries]
        keys = [(caller, key) for key in removed]

        def change(connection: sqlite3.Connection) -> None:
            connection.executemany("DELETE FROM rows WHERE caller = ? AND key = ?", keys)
            connection.executemany(_PUT, rows)
            connection.execute("INSERT OR IGNORE INTO callers VALUES (?, '', 1)", (caller,))
            for column, value in (("stamp", stamp), ("is_unsure", is_unsure)):
                if value is not None:
                    query = f"UPDATE callers SET {column} = ? WHERE caller = ?"  # noqa: S608 - ours
                    connection.execute(query, (value, caller))

        await self._file.write(change)

    async def distrust_all(self) -> None:
        """Have every caller looked at again: there may not be what is written here."""
        await self._file.write(lambda c: c.execute("UPDATE callers SET is_unsure = 1"))

    async def distrust(self, callers: Iterable[str]) -> None:
        """Have these callers looked at again."""
        query = "UPDATE callers SET is_unsure = 1 WHERE caller = ?"
        values = [(caller,) for caller in callers]
        await self._file.write(lambda c: c.executemany(query, values))

    async def retry_refused(self, *, but: str) -> None:
        """Have what was refused sent again, save for the reason `but`."""
        query = (
            "UPDATE rows SET state = 'wanted', attempts = 0, reason = '' "
            "WHERE state = 'refused' AND reason <> ?"
        )
        await self._file.write(lambda c: c.execute(query, (but,)))

    async def forget(self, caller: str, *, ends_erasure: bool = False) -> None:
        """Remove all that this ledger says of one caller; the erasure only where that ends."""

        def change(connection: sqlite3.Connection) -> None:
            for table in ("rows", "callers", "erasures"):
                if table != "erasures" or ends_erasure:
                    query = f"DELETE FROM {table} WHERE caller = ?"  # noqa: S608 - our own names
                    connection.execute(query, (caller,))

        await self._file.write(change)

    async def waiting(self, *, limit: int) -> list[str]:
        """
        Return at most `limit` of the callers for whom there is something to do there.

        Those of whom something goes come first: it may stand in the way of another's.
        """
        rows = await self._file.read(lambda c: c.execute(_WAITING, (limit,)).fetchall())
        return [caller for (caller,) in rows]

    async def sample(self, *, limit: int) -> list[tuple[str, str]]:
        """Return (caller, backend id) of some rows that are said to be there."""
        query = (
            "SELECT caller, backend_id FROM rows WHERE state IN ('stored', 'shortened') "
            "ORDER BY random() LIMIT ?"
        )
        return await self._file.read(lambda c: c.execute(query, (limit,)).fetchall())

    async def begin_erasure(
        self, caller: str, *, awaits: Collection[str] = (), renews: bool = True
    ) -> None:
        """
        Note that nothing of this caller may be left there, once memory holds none of `awaits`.

        An erasure that is already noted is begun anew; unless `renews`, it stays as it is.
        """
        query = _RENEW_ERASURE if renews else _BEGIN_ERASURE
        values = (caller, msgspec.json.encode(sorted(awaits)).decode())
        # All else here is derived; this was asked for, and must outlast a power cut.
        await self._file.write(lambda c: c.execute(query, values), is_durable=True)

    async def awaited(self, caller: str) -> frozenset[str]:
        """Return the conversations that memory has to forget before the caller is erased there."""
        query = "SELECT awaits FROM erasures WHERE caller = ?"
        rows = await self._file.read(lambda c: c.execute(query, (caller,)).fetchall())
        return frozenset(msgspec.json.decode(rows[0][0], type=list[str])) if rows else frozenset()

    async def is_erasing(self, caller: str) -> bool:
        """Tell whether an erasure of this caller is not complete yet."""
        query = "SELECT 1 FROM erasures WHERE caller = ?"
        rows = await self._file.read(lambda c: c.execute(query, (caller,)).fetchall())
        return bool(rows)

    async def note_deleted(self, caller: str, *, at: datetime) -> None:
        """Note that the last of a caller was deleted there at this moment."""
        query = "UPDATE erasures SET deleted_at_us = ? WHERE caller = ?"
        values = (microseconds_of(at), caller)
        await self._file.write(lambda c: c.execute(query, values))

    async def erasures(self) -> list[tuple[str, datetime | None]]:
        """Return (caller, when the last was deleted) of every erasure that is not complete."""
        query = "SELECT caller, deleted_at_us FROM erasures ORDER BY caller"
        rows = await self._file.read(lambda c: c.execute(query).fetchall())
        return [(caller, None if us is None else moment_of(us)) for caller, us in rows]

    async def places(self, caller: str, backend_ids: Sequence[str]) -> dict[str, Place]:
        """Return which memories of `caller` these ids stand for; others' and unknown are not in."""

        def query(connection: sqlite3.Connection) -> dict[str, Place]:
            found = (connection.execute(_PLACES, (each, caller)).fetchone() for each in backend_ids)
            return {row[0]: _place(row[1:]) for row in found if row is not None}

        return await self._file.read_live(query)

    async def tally(self) -> Tally:
        """Return how many rows are in which state."""

        def query(connection: sqlite3.Connection) -> Tally:
            counts: dict[str, int] = dict(
                connection.execute("SELECT state, count(*) FROM rows GROUP BY state").fetchall()
            )
            [(callers, erasing)] = connection.execute(
                "SELECT (SELECT count(*) FROM (SELECT caller FROM rows "
                "WHERE state IN ('wanted', 'unwanted') "
                "UNION SELECT caller FROM callers WHERE is_unsure = 1)), "
                "(SELECT count(*) FROM erasures)"
            ).fetchall()
            waiting = counts.pop("wanted", 0) + counts.pop("unwanted", 0)
            return Tally(**counts, waiting=waiting, callers_waiting=callers, erasing=erasing)

        return await self._file.read(query)

    async def report(self) -> Report | None:
        """Return what a mirror last said of itself, None if none ever has."""
        query = "SELECT report FROM backend"
        rows = await self._file.read_live(lambda c: c.execute(query).fetchall())
        try:
            return msgspec.json.decode(rows[0][0], type=Report)
        except msgspec.MsgspecError:  # none yet, or another version's
            return None

    async def put_report(self, report: Report) -> None:
        """Keep what the mirror says of itself, for whoever asks."""
        text = msgspec.json.encode(report).decode()
        await self._file.write(lambda c: c.execute("UPDATE backend SET report = ?", (text,)))


def _entry(row: Sequence[Any]) -> Entry:
    return Entry(
        key=row[0],
        digest=row[1],
        state=row[2],
        backend_id=row[3],
        content_hash=row[4],
        attempts=row[5],
        reason=row[6],
        place=_place(row[7:]) if row[7] else None,
    )


def _row(caller: str, entry: Entry) -> tuple[Any, ...]:
    place = entry.place
    where = (place.kind, place.conversation_id, place.source, place.id) if place else ("",) * 4
    return (
        caller,
        entry.key,
        entry.digest,
        entry.state,
        entry.backend_id,
        entry.content_hash,
        entry.attempts,
        entry.reason,
        *where,
    )


def _place(row: Sequence[Any]) -> Place:
    return Place(kind=row[0], conversation_id=row[1], source=row[2], id=row[3])
