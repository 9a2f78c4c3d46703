"""Writing a whole index anew: so that nothing that was removed is left in its bytes."""

import sqlite3
import time
from contextlib import closing
from pathlib import Path

from history.database import connect
from history.errors import HistoryUnavailable

_PATIENCE_S = 15.0
_STEP_S = 0.05


def scrub(connection: sqlite3.Connection, path: Path) -> None:
    """Leave nothing of what was removed in the file at `path`, nor in its log."""
    # FTS5 only marks what is deleted, until the pieces of its index are merged.
    connection.execute("INSERT INTO words (words) VALUES ('optimize')")
    connection.execute("VACUUM")
    empty_log(connection, path)


def empty_log(connection: sqlite3.Connection, path: Path) -> None:
    """Move the log into the file and cut it off; raises HistoryUnavailable if that fails."""
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if not busy:
            return
        if time.monotonic() > deadline:
            raise HistoryUnavailable(
                f"another program keeps reading an old state of {path}: end it, and it is tried "
                "again"
            )
        time.sleep(_STEP_S)


def copy_into(connection: sqlite3.Connection, fresh: Path) -> None:
    """Replace all that `connection` is to by what is in `fresh`, in one transaction."""
    with closing(connect(fresh, read_only=True)) as source:
        source.backup(connection, pages=-1)
    # Without this the log would keep the size of the whole new content.
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
