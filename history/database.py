"""The file of the index: how it is opened, what it must be, and who may write to it."""

import asyncio
import fcntl
import os
import sqlite3
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

from history.errors import HistoryDamaged, HistoryError, HistoryUnavailable
from history.tables import INDEX, TABLES

APPLICATION = 0x43414C48  # "CALH": tells our file from anybody else's SQLite database

_BUSY_TIMEOUT_S = 10.0
_CACHE_KIB = 16_384
_LOCK_STEP_S = 0.02
_BESIDE = ("", "-journal", "-wal", "-shm")


class _OtherVersion(HistoryDamaged):
    """The index was made by another version, and is of no use to this one."""


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn errors around the file, SQLite's or the system's, into ours, naming the file."""
    try:
        yield
    except sqlite3.Error as error:
        if _is_damage(error):
            raise HistoryDamaged(
                f"the history index {path} is damaged: {error}; `run.py history index --rebuild` "
                "makes it again from the spool"
            ) from error
        raise HistoryUnavailable(f"the history index {path}: {error}; try again") from error
    except OSError as error:
        raise HistoryUnavailable(f"the history index {path}: {error}; try again") from error


def _is_damage(error: sqlite3.Error) -> bool:
    primary_code = (getattr(error, "sqlite_errorcode", 0) or 0) & 0xFF
    if primary_code in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
        return True
    return str(error).startswith("no such table")  # ours are made when a file is


def connect(path: Path, *, read_only: bool) -> sqlite3.Connection:
    """Open the file for one user at a time, on any thread; transactions are begun by hand."""
    address = f"{path.absolute().as_uri()}?mode={'ro' if read_only else 'rw'}"
    connection = sqlite3.connect(
        address, uri=True, timeout=_BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
    )
    try:
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        if not read_only:
            connection.execute("PRAGMA secure_delete = ON")  # what was erased is overwritten
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def transaction(connection: sqlite3.Connection, *, writes: bool = False) -> Iterator[None]:
    """Run a block in one transaction: one snapshot to read from, all or nothing to write."""
    connection.execute("BEGIN IMMEDIATE" if writes else "BEGIN")
    try:
        yield
    except BaseException:
        with suppress(sqlite3.Error):  # some errors (disk full) have already rolled back
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def open_for_writing(path: Path, *, must_exist: bool = False) -> sqlite3.Connection:
    """
    Open the index at `path`, made first (mode 0600) if it is missing and need not exist.

    One that is damaged, or of another version, is replaced by an empty one. Another program's
    database is left alone: that raises HistoryError.
    """
    if must_exist and not path.exists():
        raise HistoryUnavailable(
            f"there is no history index at {path} yet; `run.py history index` makes it"
        )
    try:
        with translated(path):
            return _opened(path)
    except HistoryDamaged:
        with translated(path):
            remove(path)
            return _opened(path)


def _opened(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Only if it is missing: closing a file gives back every lock that this process has on it, also
    # those of SQLite, and the next process to close it would then delete the log under our feet.
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    connection = connect(path, read_only=False)
    try:
        _use_write_ahead_log(connection)
        with transaction(connection, writes=True):
            if _is_empty(connection, path):
                _create_tables(connection)
            connection.execute("SELECT * FROM state").fetchall()
            connection.execute("SELECT rowid FROM words LIMIT 1").fetchall()
    except BaseException:
        connection.close()
        raise
    return connection


def _is_empty(connection: sqlite3.Connection, path: Path) -> bool:
    """Tell whether there are no tables yet; raises HistoryError if they are not ours."""
    if connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0:
        return True
    if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION:
        raise HistoryError(
            f"{path} is a database, but not a Callspool history index; move it away, or set "
            "OPENMEMORY_DB_PATH to another place"
        )
    if connection.execute("PRAGMA user_version").fetchone()[0] != INDEX:
        raise _OtherVersion(f"{path} was made by another version of Callspool")
    return False


def _create_tables(connection: sqlite3.Connection) -> None:
    statement = ""
    for line in TABLES.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            connection.execute(statement)
            statement = ""
    connection.execute(f"PRAGMA application_id = {APPLICATION}")
    connection.execute(f"PRAGMA user_version = {INDEX}")


def _use_write_ahead_log(connection: sqlite3.Connection) -> None:
    # SQLite does not wait for its busy timeout when two processes switch at the same moment.
    deadline = time.monotonic() + _BUSY_TIMEOUT_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(_LOCK_STEP_S)
        else:
            return


def remove(path: Path) -> None:
    """Delete a database file and what SQLite keeps beside it; raises OSError."""
    for suffix in _BESIDE:
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def identity(path: Path) -> tuple[int, int] | None:
    """Return what tells a file from any other of the same name; None if there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def rebuild_path(path: Path) -> Path:
    """Return where an index is built anew beside the one at `path`."""
    return path.with_name(f"{path.name}.rebuild")


def lock_path(path: Path) -> Path:
    """Return the file that whoever writes to the index at `path` holds."""
    return path.with_name(f".{path.name}.lock")


@asynccontextmanager
async def writing_lock(path: Path, stop: asyncio.Event | None) -> AsyncIterator[bool]:
    """
    Hold the right to write to the index at `path`, alone among all processes.

    Waits for it; gives False, without it, once `stop` is set. Raises HistoryUnavailable.
    """
    with translated(path):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(lock_path(path), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        while not (is_held := _try_lock(descriptor)):
            if stop is not None and stop.is_set():
                break
            await asyncio.sleep(_LOCK_STEP_S)
        yield is_held
    finally:
        os.close(descriptor)  # the lock goes with it


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
