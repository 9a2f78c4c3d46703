"""The threads over one index: one that writes, a few that read, each with its connection."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from history.database import connect, identity, open_for_writing, remove, transaction, translated
from history.errors import HistoryUnavailable

_READERS = 3

_T = TypeVar("_T")
_Opened = tuple[sqlite3.Connection, tuple[int, int] | None]


class IndexThreads:
    """
    Runs work on an index off the event loop; a read never waits for a write.

    A file that somebody has removed or replaced is opened again: it is derived, and may go at
    any time.
    """

    def __init__(self, path: Path, *, must_exist: bool) -> None:
        """Open the index; see `open_for_writing`."""
        self._path = path
        self._writer: _Opened = (open_for_writing(path, must_exist=must_exist), identity(path))
        self._readers: dict[int, _Opened] = {}
        self._writing = ThreadPoolExecutor(1, thread_name_prefix="history-write")
        self._reading = ThreadPoolExecutor(_READERS, thread_name_prefix="history-read")
        self._closed = False

    async def read(self, query: Callable[[sqlite3.Connection], _T]) -> _T:
        """Run `query` on one snapshot."""

        def run() -> _T:
            with translated(self._path):
                connection = self._reader()
                with transaction(connection):
                    return query(connection)

        return await self._run(self._reading, run)

    async def write(self, change: Callable[[sqlite3.Connection], _T]) -> _T:
        """Run `change`, which begins and ends its own transactions."""

        def run() -> _T:
            with translated(self._path):
                return change(self._current_writer())

        return await self._run(self._writing, run)

    async def start_anew(self) -> None:
        """Replace the file by an empty one; other processes open that when they next look."""

        def replace() -> None:
            with translated(self._path):
                self._writer[0].close()
                remove(self._path)
                self._writer = (open_for_writing(self._path), identity(self._path))

        await self._run(self._writing, replace)

    def close(self) -> None:
        """End every thread, after what it is doing, and close the connections."""
        self._closed = True
        for pool in (self._reading, self._writing):
            pool.shutdown()
        for connection, _ in self._readers.values():
            connection.close()
        self._writer[0].close()  # the last one: it tidies the log up

    async def _run(self, pool: ThreadPoolExecutor, work: Callable[[], _T]) -> _T:
        if self._closed:
            raise HistoryUnavailable(f"the history index {self._path} is closed")
        return await asyncio.get_running_loop().run_in_executor(pool, work)

    def _current_writer(self) -> sqlite3.Connection:
        connection, known = self._writer
        if identity(self._path) != known:
            connection.close()
            connection = open_for_writing(self._path)
            self._writer = (connection, identity(self._path))
        return connection

    def _reader(self) -> sqlite3.Connection:
        """Return this thread's connection, to the file that is there now."""
        found = identity(self._path)
        if found is None:
            raise HistoryUnavailable(
                f"the history index {self._path} was removed; it is made again by the running "
                "server, or by `run.py history index`"
            )
        thread = threading.get_ident()
        connection, known = self._readers.pop(thread, (None, None))
        if connection is not None and known != found:
            connection.close()
            connection = None
        if connection is None:
            connection = connect(self._path, read_only=True)
        self._readers[thread] = (connection, found)
        return connection
