"""Writing an SQLite file anew, so that of what was deleted no byte is left in it or its log."""

import os
import sqlite3
import time
from pathlib import Path

_PAUSE_S = 0.05
_BUSY_MS = 250  # an attempt keeps others from writing


def write_anew(connection: sqlite3.Connection, path: Path, *, wait_seconds: float) -> bool:
    """
    Write the file at `path` anew, from what is held, and empty the log beside it, durably.

    SQLite only takes what is deleted out of its lists. `secure_delete` overwrites most of it;
    but a row that was once moved from one page to another may have left a copy, and the log
    holds the pages as they were.

    Returns False if somebody has been reading an older state for `wait_seconds`: the log is not
    empty then. Killed meanwhile, it has to be done again. Raises sqlite3.Error and OSError.
    """
    connection.execute("VACUUM")
    [(busy_ms,)] = connection.execute("PRAGMA busy_timeout").fetchall()
    connection.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
    try:
        is_empty = _empty_log(connection, deadline=time.monotonic() + wait_seconds)
    finally:
        connection.execute(f"PRAGMA busy_timeout = {busy_ms}")
    for written in (path.with_name(f"{path.name}-wal"), path.parent):
        if written.exists():
            flush(written)
    return is_empty


def flush(path: Path) -> None:
    """Have it outlast a power cut what a file holds, or which files are in a folder."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _empty_log(connection: sqlite3.Connection, *, deadline: float) -> bool:
    while True:
        (is_busy, _, _) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if not is_busy:
            return True
        if time.monotonic() > deadline:
            return False
        time.sleep(_PAUSE_S)
