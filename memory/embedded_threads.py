"""The threads over one memory file: one that writes, a few that read, each with its connection."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from memory import embedded_schema
from memory.errors import MemoryDamaged, MemoryUnavailable

_THREADS = 2  # for each kind of reading

_T = TypeVar("_T")


class FileThreads:
    """
    Runs work on a memory file off the event loop.

    A read never waits for a write, of this process or another, and a ringing phone never for a
    search. `damage` is the last damage that any work ran into.
    """

    def __init__(self, path: Path, writer: sqlite3.Connection) -> None:
        self.damage: MemoryDamaged | None = None
        self._path = path
        self._connections = [writer]
        self._writer = writer
        self._writing = ThreadPoolExecutor(1, thread_name_prefix="memory-write")
        self._ringing = ThreadPoolExecutor(_THREADS, thread_name_prefix="memory-ring")
        self._reading = ThreadPoolExecutor(_THREADS, thread_name_prefix="memory-read")
        self._of_thread = threading.local()
        self._closed = False

    async def read(self, query: Callable[[sqlite3.Connection], _T]) -> _T:
        """Run `query` on one snapshot, in a thread that may be busy with searches."""
        return await self._run(self._reading, lambda: self._on_snapshot(query))

    async def read_at_ring(self, query: Callable[[sqlite3.Connection], _T]) -> _T:
        """Run `query`, which is quick, on one snapshot while a phone rings."""
        return await self._run(self._ringing, lambda: self._on_snapshot(query))

    async def write(self, change: Callable[[sqlite3.Connection], _T]) -> _T:
        """Run `change`, which begins and ends its own transaction."""

        def run() -> _T:
            with embedded_schema.translated(self._path):
                return change(self._writer)

        return await self._run(self._writing, run)

    def write_later(self, work: Callable[[], object]) -> None:
        """Have `work` done in the thread that writes, when it comes to it."""
        if not self._closed:
            self._writing.submit(work)

    def connect(self) -> sqlite3.Connection:
        """Return another connection for reading, which the caller closes."""
        return embedded_schema.connect(self._path, read_only=True)

    def close(self) -> None:
        """End every thread, after what it is doing, and close the connections."""
        self._closed = True
        for pool in (self._ringing, self._reading, self._writing):
            pool.shutdown()
        for connection in reversed(self._connections):  # the writer last: it tidies the log up
            connection.close()

    async def _run(self, pool: ThreadPoolExecutor, work: Callable[[], _T]) -> _T:
        if self._closed:
            raise MemoryUnavailable(f"memory file {self._path} is closed")
        try:
            return await asyncio.get_running_loop().run_in_executor(pool, work)
        except MemoryDamaged as error:
            self.damage = error
            raise

    def _on_snapshot(self, query: Callable[[sqlite3.Connection], _T]) -> _T:
        with embedded_schema.translated(self._path):
            connection = self._reader()
            with embedded_schema.transaction(connection):
                return query(connection)

    def _reader(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._of_thread, "connection", None)
        if connection is None:
            connection = self.connect()
            self._connections.append(connection)
            self._of_thread.connection = connection
        return connection
