"""The peer of the search benchmarks: SQLite's FTS5 with BM25, as its documentation uses it."""

import re
import sqlite3
from collections.abc import Iterable
from pathlib import Path

_WORD = re.compile(r"\w+")
_TABLE = "USING fts5(id UNINDEXED, caller UNINDEXED, text, tokenize = 'porter unicode61')"


class Fts5:
    """
    Plain full text search: porter stems, the words of a question joined by OR, `bm25()`.

    With `shared` all callers are in one table with a column for the caller; otherwise each has
    a table of its own.
    """

    def __init__(self, path: Path | None = None, *, shared: bool = False) -> None:
        self._database = sqlite3.connect(path or ":memory:", isolation_level=None)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = NORMAL")
        self._shared = shared
        self._tables: dict[str, str] = {}

    def add(self, caller: str, items: Iterable[tuple[str, str, float]]) -> None:
        """Store (id, text, time) of one caller, in one transaction."""
        self.add_all([(caller, items)])

    def add_all(self, callers: Iterable[tuple[str, Iterable[tuple[str, str, float]]]]) -> None:
        """Store the memories of many callers in one transaction."""
        self._database.execute("BEGIN")
        for caller, items in callers:
            self._database.executemany(
                f"INSERT INTO {self._table(caller)} VALUES (?, ?, ?)",
                [(key, caller, text) for key, text, _ in items],
            )
        self._database.execute("COMMIT")

    def search(self, caller: str, query: str, limit: int) -> list[str]:
        """Return the ids of the best memories, best first."""
        words = dict.fromkeys(_WORD.findall(query.casefold()))
        if not words:
            return []
        table = self._table(caller)
        only = " AND caller = :caller" if self._shared else ""  # costs a look at every row found
        rows = self._database.execute(
            f"SELECT id FROM {table} WHERE {table} MATCH :words{only} "
            f"ORDER BY bm25({table}) LIMIT :limit",
            {
                "words": " OR ".join(f'"{word}"' for word in words),
                "caller": caller,
                "limit": limit,
            },
        )
        return [key for (key,) in rows]

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def _table(self, caller: str) -> str:
        owner = "" if self._shared else caller
        if owner not in self._tables:
            self._tables[owner] = f"memories{len(self._tables)}"
            self._database.execute(f"CREATE VIRTUAL TABLE {self._tables[owner]} {_TABLE}")
        return self._tables[owner]
