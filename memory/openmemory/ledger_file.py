"""The ledger's file: opened, made anew if it is of no use, and read and written in threads."""

import asyncio
import fcntl
import logging
import os
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from memory.embedded_schema import transaction
from memory.errors import MemoryStoreError, MemoryUnavailable
from memory.openmemory.ledger_tables import APPLICATION, SCHEMA, TABLES
from memory.write_anew import write_anew

logger = logging.getLogger(__name__)

_BUSY_TIMEOUT_S = 10.0
_READERS_S = 5.0  # of an older state, who keep the log from being emptied
_BESIDE = ("", "-journal", "-wal", "-shm")  # what SQLite keeps beside a database file

_T = TypeVar("_T")


class LedgerFile:
    """
    One SQLite file; several processes may have it open.

    A thread writes, one reads, and one reads for the live answers alone.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._writing = ThreadPoolExecutor(1, thread_name_prefix="ledger-write")
        self._reading = ThreadPoolExecutor(1, thread_name_prefix="ledger-read")
        self._live = ThreadPoolExecutor(1, thread_name_prefix="ledger-live")
        self._writer: sqlite3.Connection | None = None
        self._readers: dict[ThreadPoolExecutor, sqlite3.Connection] = {}

    async def open(self) -> None:
        """Open the file, made first if it is missing, or anew if it is of no use."""
        try:
            await asyncio.get_running_loop().run_in_executor(self._writing, self._open)
        except BaseException:
            self._shut_down()
            raise

    async def write(
        self, change: Callable[[sqlite3.Connection], _T], *, is_durable: bool = False
    ) -> _T:
        """Run `change` in one transaction, which only outlasts a power cut if it `is_durable`."""
        return await self._run(self._writing, lambda: self._changed(change, is_durable=is_durable))

    async def read(self, query: Callable[[sqlite3.Connection], _T]) -> _T:
        """Run `query` on one snapshot; it does not wait for a write."""
        return await self._run(self._reading, lambda: self._asked(self._reading, query))

    async def read_live(self, query: Callable[[sqlite3.Connection], _T]) -> _T:
        """Run `query`, which is quick, on one snapshot; it waits for no other read either."""
        return await self._run(self._live, lambda: self._asked(self._live, query))

    async def scrub(self) -> None:
        """
        Write the file anew and empty the log beside it: of what was deleted nothing is left.

        Raises MemoryUnavailable as long as another process is reading an older state.
        """
        await self._run(self._writing, self._scrub)

    async def close(self) -> None:
        """Close the file, after what is running."""
        await asyncio.to_thread(self._shut_down)

    async def _run(self, pool: ThreadPoolExecutor, work: Callable[[], _T]) -> _T:
        try:
            return await asyncio.get_running_loop().run_in_executor(pool, work)
        except RuntimeError as error:  # shut down
            raise MemoryUnavailable(f"the ledger {self.path} is closed") from error

    def _changed(self, change: Callable[[sqlite3.Connection], _T], *, is_durable: bool) -> _T:
        with _translated(self.path):
            if self._writer is None:
                raise MemoryUnavailable(f"the ledger {self.path} is closed")
            if is_durable:
                self._writer.execute("PRAGMA synchronous = FULL")
            try:
                with transaction(self._writer, begin="BEGIN IMMEDIATE"):
                    return change(self._writer)
            finally:
                if is_durable:
                    self._writer.execute("PRAGMA synchronous = OFF")

    def _scrub(self) -> None:
        with _translated(self.path):
            if self._writer is None:
                raise MemoryUnavailable(f"the ledger {self.path} is closed")
            if not write_anew(self._writer, self.path, wait_seconds=_READERS_S):
                raise MemoryUnavailable(
                    f"the log beside the mirror's ledger {self.path} may hold what was forgotten, "
                    "and somebody is still reading: end other programs that read it, such as "
                    "`run.py status`; it is tried again"
                )

    def _asked(self, pool: ThreadPoolExecutor, query: Callable[[sqlite3.Connection], _T]) -> _T:
        with _translated(self.path):
            if pool not in self._readers:
                self._readers[pool] = _connect(self.path)
            with transaction(self._readers[pool]):
                return query(self._readers[pool])

    def _open(self) -> None:
        with _translated(self.path), _opening(self.path):
            try:
                self._writer = _open(self.path)
            except (sqlite3.DatabaseError, _Useless) as error:
                if isinstance(error, sqlite3.OperationalError):  # locked, disk full
                    raise
                logger.warning(
                    "the mirror's ledger cannot be used and is derived again",
                    extra={"action": "ledger_anew", "file": str(self.path), "error": str(error)},
                )
                _remove(self.path)
                self._writer = _open(self.path)

    def _shut_down(self) -> None:
        for pool in (self._live, self._reading, self._writing):
            pool.shutdown()
        for reader in self._readers.values():
            reader.close()
        if self._writer is not None:
            self._writer.close()  # the last: it tidies the log up
        self._readers, self._writer = {}, None


class _Useless(Exception):
    """The file is a ledger of another version."""


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:  # locked, disk full, I/O error
        raise MemoryUnavailable(f"the mirror's ledger {path}: {error}") from error
    except sqlite3.DatabaseError as error:
        raise MemoryStoreError(
            f"the mirror's ledger {path} is damaged: {error}; stop the program and delete it: it "
            "is derived again"
        ) from error
    except OSError as error:
        raise MemoryUnavailable(f"the mirror's ledger {path}: {error}") from error


@contextmanager
def _opening(path: Path) -> Iterator[None]:
    """Open one at a time: of two processes that find it of no use, one makes it anew."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = path.with_name(f".{path.name}.open.lock")
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)  # the lock goes with it


def _open(path: Path) -> sqlite3.Connection:
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    connection = _connect(path)
    try:
        is_ready = _is_ready(connection, path)
        connection.execute("PRAGMA journal_mode = WAL")
        if not is_ready:
            with transaction(connection, begin="BEGIN IMMEDIATE"):
                _make_tables(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _is_ready(connection: sqlite3.Connection, path: Path) -> bool:
    """Tell whether the tables are there; raise if somebody else's are, or an older ledger's."""
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if (application, version) == (APPLICATION, SCHEMA):
        return True
    [(tables,)] = connection.execute("SELECT count(*) FROM sqlite_master").fetchall()
    if tables and application != APPLICATION:
        raise MemoryStoreError(f"{path} is a database, but not a mirror's ledger: move it away")
    if tables:
        raise _Useless(f"it has schema {version}, this Callspool needs {SCHEMA}")
    return False


def _make_tables(connection: sqlite3.Connection) -> None:
    statement = ""
    for line in TABLES.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            connection.execute(statement)
            statement = ""
    connection.execute(f"PRAGMA application_id = {APPLICATION}")
    connection.execute(f"PRAGMA user_version = {SCHEMA}")


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path, timeout=_BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
    )
    try:
        # Derived again after a power cut, from what OpenMemory says it holds.
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA secure_delete = ON")  # callers that were erased
    except BaseException:
        connection.close()
        raise
    return connection


def _remove(path: Path) -> None:
    for suffix in _BESIDE:
        path.with_name(path.name + suffix).unlink(missing_ok=True)
