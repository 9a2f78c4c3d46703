"""Damage in the embedded store's file: what SQLite says of it, and looking for it."""

import sqlite3
import time

_LOOK_EVERY_STEPS = 10_000  # of SQLite's machine, between two looks at the clock


def is_damage(error: sqlite3.Error) -> bool:
    """Tell whether `error` means that the file's content cannot be what was written."""
    primary_code = (getattr(error, "sqlite_errorcode", 0) or 0) & 0xFF
    if primary_code in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
        return True
    return str(error).startswith("no such table")  # ours are made when a file is


def find_damage(connection: sqlite3.Connection, *, seconds: float) -> str:
    """
    Return what is wrong with the file, "" if nothing was found within `seconds`.

    A large file is looked at in part only: whoever opens it is waited for by a ringing phone.
    """
    deadline = time.monotonic() + seconds
    connection.set_progress_handler(lambda: time.monotonic() > deadline, _LOOK_EVERY_STEPS)
    try:
        (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.DatabaseError as error:
        return str(error) if is_damage(error) else ""  # else: out of time
    finally:
        connection.set_progress_handler(None, 0)
    return "" if found == "ok" else str(found)
