"""The embedded store's file: its tables, its version, and how a connection to it is opened."""

import errno
import logging
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from pathlib import Path

from memory.embedded_damage import find_damage, is_damage
from memory.embedded_files import FreshFile, set_aside
from memory.embedded_tables import SCHEMA, TABLES
from memory.errors import MemoryDamaged, MemoryStoreError, MemoryUnavailable

logger = logging.getLogger(__name__)

APPLICATION = 0x43414C53  # "CALS": tells our file from anybody else's SQLite database

BUSY_TIMEOUT_S = 10.0  # for another process that writes
_CHECK_S = 1.0  # for looking through the file at the start


class OutdatedStore(MemoryStoreError):
    """The memory file was written by an older Callspool; `processor rebuild` derives it anew."""


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn errors around the file, SQLite's or the system's, into the port's, naming the file."""
    try:
        yield
    except sqlite3.Error as error:
        if is_damage(error):
            raise MemoryDamaged(
                f"memory file {path} is damaged: {error}; `run.py processor rebuild` derives it "
                "again from the spool"
            ) from error
        if isinstance(error, sqlite3.OperationalError):  # locked, disk full, I/O error
            raise MemoryUnavailable(f"memory file {path}: {error}") from error
        raise MemoryStoreError(f"memory file {path}: {error}") from error
    except OSError as error:
        raise MemoryUnavailable(f"memory file {path}: {error}") from error


def connect(path: Path, *, read_only: bool) -> sqlite3.Connection:
    """
    Open the file for one user at a time, on any thread; transactions are begun by hand.

    With `read_only` a file that is missing stays so.
    """
    address = f"{path.absolute().as_uri()}?mode={'ro' if read_only else 'rwc'}"
    connection = sqlite3.connect(
        address,
        uri=True,
        timeout=BUSY_TIMEOUT_S,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        connection.execute("PRAGMA synchronous = NORMAL")
        if not read_only:
            connection.execute("PRAGMA secure_delete = ON").fetchall()  # see embedded_scrub
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def transaction(connection: sqlite3.Connection, *, begin: str = "BEGIN") -> Iterator[None]:
    """Run a block in one transaction: one snapshot to read from, all or nothing to write."""
    connection.execute(begin)
    try:
        yield
    except BaseException:
        # some errors (disk full) have already rolled back; then there is nothing left to undo
        with suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def open_live(path: Path, *, upgrade: bool, must_exist: bool, now: datetime) -> sqlite3.Connection:
    """
    Open the live memory file for writing, made first if it is missing (mode 0600).

    See `EmbeddedStore.open` for what is refused, emptied or set aside. `now` names a file
    that is set aside. Raises MemoryStoreError, sqlite3.Error or OSError.
    """
    if must_exist and not path.exists():
        raise MemoryStoreError(
            f"there is no memory file at {path} yet; start `run.py all-in-one`, which makes it"
        )
    try:
        return _open_live(path, upgrade=upgrade)
    except (sqlite3.DatabaseError, MemoryDamaged) as error:
        is_damaged = isinstance(error, MemoryDamaged) or is_damage(error)
        if not (upgrade and is_damaged):
            raise
        aside = set_aside(path, now=now)
        logger.error(
            "the memory file is damaged: set aside, and derived again from the spool",
            extra={"action": "memory_set_aside", "file": str(aside), "error": str(error)},
        )
    return _open_live(path, upgrade=upgrade)


def open_fresh(path: Path) -> sqlite3.Connection:
    """Make an empty file a store for a rebuild. Worth nothing after a crash, therefore fast."""
    connection = connect(path, read_only=False)
    try:
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA cache_size = -65536")  # KiB: random inserts stay in memory
        with transaction(connection):
            _create_tables(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def copy_fresh(fresh: FreshFile, connection: sqlite3.Connection) -> None:
    """
    Copy everything in `fresh` over what `connection` is to, in one transaction.

    Raises MemoryStoreError, nothing changed, if the file is not the whole store it should be.
    """
    if not fresh.is_ours():
        raise MemoryStoreError(
            f"the rebuilt memory {fresh.path} was removed or replaced; the old memory is still "
            "in use, start the rebuild again"
        )
    with translated(fresh.path):
        source = connect(fresh.path, read_only=True)
    with closing(source):
        with translated(fresh.path):
            if _version(source) != (APPLICATION, SCHEMA):
                raise MemoryStoreError(
                    f"the rebuilt memory {fresh.path} is incomplete; the old memory is still in use"
                )
        source.backup(connection, pages=-1)
    # without this the log would keep the size of the whole new content
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def _open_live(path: Path, *, upgrade: bool) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    # Only if it is missing: closing a file gives back every lock that this process has on it, also
    # those of SQLite, and the next process to close it would then delete the log under our feet.
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    connection = connect(path, read_only=False)
    try:
        _refuse_foreign(connection, path, upgrade=upgrade)
        _use_write_ahead_log(connection)
        with transaction(connection, begin="BEGIN IMMEDIATE"):
            if _version(connection) != (APPLICATION, SCHEMA):
                _drop_tables(connection)
                _create_tables(connection)
            for name in _table_names(connection):  # so that damage shows now, if it can
                connection.execute(f'SELECT * FROM "{name}" LIMIT 1').fetchall()  # noqa: S608 - its own
            if upgrade and (damage := find_damage(connection, seconds=_CHECK_S)):
                raise MemoryDamaged(f"memory file {path} is damaged: {damage}")
    except BaseException:
        connection.close()
        raise
    return connection


def _version(connection: sqlite3.Connection) -> tuple[int, int]:
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    return application, connection.execute("PRAGMA user_version").fetchone()[0]


def _refuse_foreign(connection: sqlite3.Connection, path: Path, *, upgrade: bool) -> None:
    with transaction(connection):  # one snapshot: another process may be making the tables
        application, version = _version(connection)
        is_empty = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0
    if application != APPLICATION:
        if is_empty:
            return
        raise MemoryStoreError(f"{path} is a database, but not a Callspool memory file")
    if version > SCHEMA:
        raise MemoryStoreError(
            f"memory file {path} has schema {version}, written by a newer Callspool; this one "
            f"knows schema {SCHEMA}: upgrade Callspool, or move the file away"
        )
    if version < SCHEMA and not upgrade:
        raise OutdatedStore(
            f"memory file {path} has schema {version}, this Callspool needs {SCHEMA}: "
            "run `processor rebuild`"
        )


def _use_write_ahead_log(connection: sqlite3.Connection) -> None:
    # SQLite does not wait for its busy timeout when two processes switch at the same moment
    deadline = time.monotonic() + BUSY_TIMEOUT_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return


def _drop_tables(connection: sqlite3.Connection) -> None:
    for name in _table_names(connection):
        connection.execute(f'DROP TABLE "{name}"')


def _table_names(connection: sqlite3.Connection) -> list[str]:
    rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    return [name for (name,) in rows]


def _create_tables(connection: sqlite3.Connection) -> None:
    statement = ""
    for line in TABLES.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            connection.execute(statement)
            statement = ""
    connection.execute(f"PRAGMA application_id = {APPLICATION}")
    connection.execute(f"PRAGMA user_version = {SCHEMA}")
