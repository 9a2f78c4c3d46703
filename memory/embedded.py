"""The embedded store: one SQLite file, exact per-caller isolation, answers in milliseconds."""

import asyncio
import sqlite3
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TypeVar

from memory import embedded_damage, embedded_files, embedded_rows, embedded_schema
from memory.check import check
from memory.dump import dump_line
from memory.embedded_files import FreshFile
from memory.port import (
    Conversation,
    Counts,
    Failure,
    Found,
    MemoryDamaged,
    MemoryStore,
    MemoryStoreError,
    MemoryUnavailable,
    Position,
    Profile,
)

_THREADS = 2  # for each kind of reading
_EXPORT_STEP = 200  # conversations read between two looks at the event loop
_SWEEP_EVERY_S = 60.0
_LOOK_EVERY_S = 5.0  # at a file that was found damaged

_T = TypeVar("_T")


class EmbeddedStore:
    """
    A `MemoryStore` in one SQLite file in WAL mode.

    Writes run in one thread; reads in a few others, each with its own connection, so that a
    read never waits for a write, of this process or another. What `apply` has returned for
    survives `kill -9`; a power cut may take the file back to an earlier commit.
    """

    def __init__(self, path: Path, writer: sqlite3.Connection, *, fresh: FreshFile | None) -> None:
        self._path = path
        self._fresh = fresh  # the claim on the file, for a store from fresh()
        self._swept_at = time.monotonic()
        self._damage: MemoryDamaged | None = None
        self._looked_at = 0.0
        self._connections = [writer]
        self._writer = writer
        self._writing = ThreadPoolExecutor(1, thread_name_prefix="memory-write")
        # Two kinds, so that no search, however long, keeps a ringing phone waiting.
        self._ringing = ThreadPoolExecutor(_THREADS, thread_name_prefix="memory-ring")
        self._reading = ThreadPoolExecutor(_THREADS, thread_name_prefix="memory-read")
        self._identity = _identity(path)
        self._of_thread = threading.local()
        self._closed = False

    @classmethod
    async def open(
        cls, path: Path, *, upgrade: bool = False, must_exist: bool = False
    ) -> "EmbeddedStore":
        """
        Open the store at `path`; if it is missing, make it, or raise if it `must_exist`.

        Unfinished rebuilds that nobody works on are removed. Another program's database and
        a store of a newer Callspool raise `MemoryStoreError`. So does a damaged file, or one
        that is no database; an older store raises `OutdatedStore`.

        `upgrade` is for who derives memory from the spool afterwards. It sets a damaged file
        aside, under another name, and starts an empty one; it empties an older store at once,
        before anything is derived: until that is done callers get the neutral answer, also
        after a kill meanwhile, because nothing of the old store is left.
        """

        def open_file() -> sqlite3.Connection:
            with _translated(path):
                connection = embedded_schema.open_live(
                    path, upgrade=upgrade, must_exist=must_exist, now=datetime.now(UTC)
                )
            embedded_files.remove_leftovers(path)
            return connection

        return cls(path, await asyncio.to_thread(open_file), fresh=None)

    async def apply(
        self,
        conversations: Sequence[Conversation],
        *,
        failed: Sequence[Failure] = (),
        resolved: Sequence[str] = (),
        advance: tuple[Position, Position] | None = None,
    ) -> None:
        """Store all of this in one transaction, or nothing; see `MemoryStore.apply`."""

        def write(connection: sqlite3.Connection) -> None:
            for conversation in conversations:
                check(conversation)
            with embedded_schema.transaction(connection, begin="BEGIN IMMEDIATE"):
                embedded_rows.apply(
                    connection, conversations, failed=failed, resolved=resolved, advance=advance
                )

        await self._write(write)

    async def position(self) -> Position:
        """
        Return how far this store has come; now and then sweep what killed rebuilds left.

        Raises `MemoryUnavailable` if the file was removed or replaced: what is written from
        then on would be seen by nobody else, and lost at the end.
        """
        if _identity(self._path) != self._identity:
            raise MemoryUnavailable(
                f"memory file {self._path} was removed or replaced while in use: restart, and "
                "it is derived again"
            )
        if self._damage is not None:
            await self._look_at_damage(self._damage)
        if self._fresh is None and time.monotonic() >= self._swept_at + _SWEEP_EVERY_S:
            self._swept_at = time.monotonic()
            if not self._closed:
                self._writing.submit(embedded_files.remove_leftovers, self._path)
        return await self._read(embedded_rows.position)

    async def failures(self) -> list[Failure]:
        """Return every noted failure, by file name."""
        return await self._read(embedded_rows.failures)

    async def profile(self, caller: str) -> Profile | None:
        """Return what is known of `caller`; None for somebody who never called."""
        return await self._read(partial(embedded_rows.profile, caller=caller), pool=self._ringing)

    async def search(self, caller: str, query: str, *, limit: int) -> list[Found]:
        """Return at most `limit` of this caller's memories, best match first."""
        return await self._read(
            partial(embedded_rows.search, caller=caller, query=query, limit=limit)
        )

    async def is_agent_line(self, number: str) -> bool:
        """Tell whether `number` has been an agent's own number in any conversation."""
        return await self._read(
            partial(embedded_rows.is_agent_line, number=number), pool=self._ringing
        )

    async def counts(self) -> Counts:
        """Return how many callers, conversations and memories are stored."""
        return await self._read(embedded_rows.counts)

    async def export(self) -> AsyncIterator[str]:
        """Yield the canonical dump of one moment, a conversation a line, by id and kind."""
        snapshot = await self._read(lambda _: self._connect())
        try:
            await self._read(lambda _: snapshot.execute("BEGIN"))
            rows = embedded_rows.conversations_by_id(snapshot)
            while True:
                lines = await self._read(
                    lambda _: [dump_line(c) for c in islice(rows, _EXPORT_STEP)]
                )
                for line in lines:
                    yield line
                if not lines:
                    return
        finally:
            snapshot.close()

    async def fresh(self) -> "EmbeddedStore":
        """Return an empty store in a file beside this one; no reader of this one sees it."""

        def make() -> tuple[FreshFile, sqlite3.Connection]:
            with _translated(self._path):
                file = embedded_files.claim_fresh(self._path)
                try:
                    return file, embedded_schema.open_fresh(file.path)
                except BaseException:
                    file.release()
                    raise

        file, connection = await asyncio.to_thread(make)
        return EmbeddedStore(file.path, connection, fresh=file)

    async def adopt(self, fresh: MemoryStore) -> None:
        """
        Switch to everything in `fresh`, in one transaction, and delete its file.

        Readers in any process see the old content until that transaction commits, then the
        new. A crash before the commit leaves the old content, and so does a fresh file that
        was removed, replaced or is incomplete: that raises `MemoryStoreError`.
        """
        file = fresh._fresh if isinstance(fresh, EmbeddedStore) else None  # noqa: SLF001
        if file is None or file.live != self._path:
            raise MemoryStoreError("only a store made by this store's fresh() can be adopted")
        await self._write(partial(embedded_schema.copy_fresh, file))
        self._damage = None
        await fresh.close()

    async def close(self) -> None:
        """Release every resource, after what is running. An unadopted fresh store is deleted."""
        if self._closed:
            return
        self._closed = True
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        for pool in (self._ringing, self._reading, self._writing):
            pool.shutdown()
        for connection in reversed(self._connections):  # the writer last: it tidies the log up
            connection.close()
        if self._fresh is not None:
            self._fresh.release()

    async def _read(
        self,
        query: Callable[[sqlite3.Connection], _T],
        *,
        pool: ThreadPoolExecutor | None = None,
    ) -> _T:
        """Run `query` in a reader's thread, on one snapshot."""

        def run() -> _T:
            with embedded_schema.translated(self._path):
                connection = self._reader()
                with embedded_schema.transaction(connection):
                    return query(connection)

        return await self._run(pool or self._reading, run)

    async def _write(self, change: Callable[[sqlite3.Connection], None]) -> None:
        def run() -> None:
            with embedded_schema.translated(self._path):
                change(self._writer)

        await self._run(self._writing, run)

    async def _run(self, pool: ThreadPoolExecutor, work: Callable[[], _T]) -> _T:
        if self._closed:
            raise MemoryUnavailable(f"memory file {self._path} is closed")
        try:
            return await asyncio.get_running_loop().run_in_executor(pool, work)
        except MemoryDamaged as error:
            self._damage = error
            raise

    async def _look_at_damage(self, damage: MemoryDamaged) -> None:
        """Raise the damage that a read or write ran into, until the file is whole again."""
        if time.monotonic() >= self._looked_at + _LOOK_EVERY_S:
            self._looked_at = time.monotonic()
            find = partial(embedded_damage.find_damage, seconds=_LOOK_EVERY_S)
            if not await self._read(find):
                self._damage = None  # rebuilt, by this process or another
                return
        raise damage

    def _reader(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._of_thread, "connection", None)
        if connection is None:
            connection = self._connect()
            self._connections.append(connection)
            self._of_thread.connection = connection
        return connection

    def _connect(self) -> sqlite3.Connection:
        return embedded_schema.connect(self._path, read_only=True)


def _identity(path: Path) -> tuple[int, int] | None:
    """Return what tells a file from any other of the same name; None if there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    """Turn errors around the file, SQLite's or the system's, into the port's."""
    with embedded_schema.translated(path):
        try:
            yield
        except OSError as error:
            raise MemoryUnavailable(f"memory file {path}: {error}") from error
