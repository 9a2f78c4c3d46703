"""The embedded store: one SQLite file, exact per-caller isolation, answers in milliseconds."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Collection, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from memory import (
    embedded_export,
    embedded_files,
    embedded_holdings,
    embedded_profile,
    embedded_rows,
    embedded_schema,
    embedded_scrub,
    embedded_search,
    embedded_vectors,
)
from memory.check import check
from memory.embedded_files import FreshFile
from memory.embedded_threads import FileThreads
from memory.embedded_watch import FileWatch
from memory.embedding.encoder import Encoder
from memory.embedding.pending import embed_pending
from memory.embedding.query import QueryEncoder
from memory.errors import MemoryStoreError
from memory.holdings import Holdings, Place
from memory.port import (
    Conversation,
    Counts,
    Failure,
    Found,
    Memory,
    MemoryStore,
    Position,
    Profile,
)
from memory.recall.cache import IndexCache

DEFAULT_CACHE_BYTES = 64 * 1024 * 1024
DEFAULT_QUERY_SECONDS = 0.4  # for the vector of a question; then its words have to do


class EmbeddedStore:
    """
    A `MemoryStore` in one SQLite file in WAL mode.

    Writes run in one thread; reads in a few others, each with its own connection, so that a
    read never waits for a write, of this process or another. What `apply` has returned for
    survives `kill -9`; a power cut may take the file back to an earlier commit.
    """

    def __init__(
        self,
        path: Path,
        writer: sqlite3.Connection,
        *,
        fresh: FreshFile | None,
        cache_bytes: int = DEFAULT_CACHE_BYTES,
        encoder: Encoder | None = None,
        query_seconds: float = DEFAULT_QUERY_SECONDS,
    ) -> None:
        self._path = path
        self._encoder = encoder
        self._query_seconds = query_seconds
        self._questions = QueryEncoder(encoder) if encoder else None
        self._indexes = IndexCache(max_bytes=cache_bytes)
        self._fresh = fresh  # the claim on the file, for a store from fresh()
        self._threads = FileThreads(path, writer)
        self._watch = FileWatch(path, self._threads, is_live=fresh is None)
        self._closed = False

    @classmethod
    async def open(
        cls,
        path: Path,
        *,
        upgrade: bool = False,
        must_exist: bool = False,
        cache_bytes: int = DEFAULT_CACHE_BYTES,
        encoder: Encoder | None = None,
        query_seconds: float = DEFAULT_QUERY_SECONDS,
    ) -> "EmbeddedStore":
        """
        Open the store at `path`; if it is missing, make it, or raise if it `must_exist`.

        Unfinished rebuilds that nobody works on are removed. Another program's database, a store
        of a newer Callspool and a damaged file raise `MemoryStoreError`, an older `OutdatedStore`.

        `upgrade` is for who derives memory from the spool afterwards. It sets a damaged file
        aside, under another name, and starts an empty one; it empties an older store at once,
        before anything is derived: until that is done callers get the neutral answer, also
        after a kill meanwhile, because nothing of the old store is left.

        `cache_bytes` is about what the search indexes of callers may take. `encoder` is closed by
        who opened it, after the store; a question waits `query_seconds` for it.
        """
        connection = await asyncio.to_thread(
            _open_file, path, upgrade=upgrade, must_exist=must_exist
        )
        return cls(
            path,
            connection,
            fresh=None,
            cache_bytes=cache_bytes,
            encoder=encoder,
            query_seconds=query_seconds,
        )

    async def apply(
        self,
        conversations: Sequence[Conversation],
        *,
        failed: Sequence[Failure] = (),
        resolved: Sequence[str] = (),
        advance: tuple[Position, Position] | None = None,
        replaced: Collection[str] = (),
        settled: Collection[str] = (),
    ) -> None:
        """Store all of this in one transaction, or nothing; see `MemoryStore.apply`."""

        def write(connection: sqlite3.Connection) -> None:
            for conversation in conversations:
                check(conversation)
            with embedded_schema.transaction(connection, begin="BEGIN IMMEDIATE"):
                embedded_rows.apply(
                    connection,
                    conversations,
                    failed=failed,
                    resolved=resolved,
                    advance=advance,
                    replaced=replaced,
                    settled=settled,
                )
                embedded_vectors.want(connection, conversations)

        await self._threads.write(write)

    async def embed_pending(self, *, limit: int) -> int:
        """Compute and store at most `limit` of the vectors that are missing; return how many."""
        threads = self._threads
        return await embed_pending(
            self._encoder, limit=limit, read=threads.read, write=threads.write
        )

    async def position(self) -> Position:
        """
        Return how far this store has come; now and then sweep what killed rebuilds left.

        Raises `MemoryUnavailable` if the file was removed or replaced: nobody else would see
        what is written from then on.
        """
        await self._watch.look()
        return await self._threads.read(embedded_rows.position)

    async def failures(self) -> list[Failure]:
        """Return every noted failure, by file name."""
        return await self._threads.read(embedded_rows.failures)

    async def settled(self) -> frozenset[str]:
        """Return the ids of the decisions that memory includes."""
        return await self._threads.read(embedded_rows.settled)

    async def conversation_ids(self, caller: str) -> list[str]:
        """Return the ids of the conversations stored of `caller`, sorted."""
        return await self._threads.read(partial(embedded_rows.conversation_ids, caller=caller))

    async def profile(self, caller: str) -> Profile | None:
        """Return what is known of `caller`; None without a call or an attempt."""
        return await self._threads.read_at_ring(partial(embedded_profile.profile, caller=caller))

    async def search(
        self,
        caller: str,
        query: str,
        *,
        limit: int,
        now: datetime | None = None,
        explain: bool = False,
    ) -> list[Found]:
        """Return at most `limit` of this caller's memories, best match first."""
        meaning = None
        if self._questions is not None:
            meaning = await self._questions.query_vector(query, seconds=self._query_seconds)
        return await self._threads.read(
            partial(
                embedded_search.search,
                cache=self._indexes,
                caller=caller,
                query=query,
                limit=limit,
                now=now,
                explain=explain,
                model=self._encoder.model if self._encoder else "",
                meaning=meaning,
            )
        )

    async def is_agent_line(self, number: str) -> bool:
        """Tell whether `number` has been an agent's own number in any conversation."""
        return await self._threads.read_at_ring(partial(embedded_rows.is_agent_line, number=number))

    async def counts(self) -> Counts:
        """Return how many callers, conversations and memories are stored."""
        return await self._threads.read(embedded_rows.counts)

    async def holdings(self, caller: str) -> Holdings:
        """Return all that is held of `caller`, of one moment."""
        return await self._threads.read(partial(embedded_holdings.holdings, caller=caller))

    async def memories_of(self, caller: str, conversation_id: str) -> list[Memory]:
        """Return what is held of one conversation of `caller`."""
        return await self._threads.read(
            partial(embedded_holdings.memories_of, caller=caller, conversation_id=conversation_id)
        )

    async def stamps(self) -> dict[str, str]:
        """Return the stamp of what is held of each caller, by caller."""
        return await self._threads.read(embedded_holdings.stamps)

    async def memories_at(self, caller: str, places: Sequence[Place]) -> list[Memory]:
        """Return the memories of `caller` at these places; those that are gone are left out."""
        return await self._threads.read(
            partial(embedded_holdings.memories_at, caller=caller, places=places)
        )

    def export(self) -> AsyncIterator[str]:
        """Yield the canonical dump of one moment, a conversation a line, by id and kind."""
        return embedded_export.export(self._threads)

    async def scrub(self) -> None:
        """Leave nothing of what was removed in any file of this store; see `MemoryStore.scrub`."""
        await self._threads.write(partial(embedded_scrub.scrub, path=self._path))
        self._indexes.clear()

    async def fresh(self) -> "EmbeddedStore":
        """Return an empty store in a file beside this one; no reader of this one sees it."""

        def make() -> tuple[FreshFile, sqlite3.Connection]:
            with embedded_schema.translated(self._path):
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
        await self._threads.write(partial(embedded_schema.copy_fresh, file))
        self._threads.damage = None
        await fresh.close()

    async def close(self) -> None:
        """Release every resource, after what is running. An unadopted fresh store is deleted."""
        if self._closed:
            return
        self._closed = True
        if self._questions:
            await self._questions.close()
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        self._threads.close()
        if self._fresh is not None:
            self._fresh.release()


def _open_file(path: Path, *, upgrade: bool, must_exist: bool) -> sqlite3.Connection:
    with embedded_schema.translated(path):
        connection = embedded_schema.open_live(
            path, upgrade=upgrade, must_exist=must_exist, now=datetime.now(UTC)
        )
    embedded_files.remove_leftovers(path)
    return connection
