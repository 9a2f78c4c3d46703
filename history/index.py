"""The history: an index of all conversations, derived from the spool and deletable at any time."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TypeVar

from history import catching_up, figures, queries, scrubbing
from history.catching_up import Reading
from history.database import lock_path, rebuild_path, remove, translated, writing_lock
from history.errors import HistoryDamaged
from history.sources import SpeakerOf, collected_name
from history.threads import IndexThreads
from history.values import CallerPage, Entry, Filters, Measured, Page, Stored, Totals
from spool.standing_orders import Orders
from voice.rules import Rules

# Told how many conversations have been read, and how many there are to read.
Progress = Callable[[int, int], None]

MAX_LIMIT = 1_000

_T = TypeVar("_T")


class History:
    """
    An index in one SQLite file. It is never a second truth: delete it, and it is made again.

    Reads never wait for a write, of this process or another. Writes of all processes take turns.
    Every failure of the file is a HistoryError, of the spool a SpoolError.
    """

    def __init__(self, path: Path, threads: IndexThreads, speaker_of: SpeakerOf) -> None:
        """Take over an open file; use `History.open`."""
        self._path = path
        self._threads = threads
        self._speaker_of = speaker_of
        self._turn = asyncio.Lock()

    @classmethod
    async def open(
        cls, path: Path, *, must_exist: bool = False, speaker_of: SpeakerOf = collected_name
    ) -> "History":
        """
        Open the index at `path`, made empty (mode 0600) if it is missing, unless it `must_exist`.

        A damaged one, and one of another version, is replaced by an empty one. `speaker_of` tells
        who spoke in a call on a line of several people.
        """
        threads = await asyncio.to_thread(IndexThreads, path, must_exist=must_exist)
        return cls(path, threads, speaker_of)

    async def page(self, filters: Filters, *, limit: int, cursor: str | None = None) -> Page:
        """
        Return at most `limit` (1 to 1000) conversations, newest first, after those of a page.

        `cursor` is that page's, and the filters have to be the same. Raises InvalidCursor.
        """
        limit = max(1, min(limit, MAX_LIMIT))
        return await self._threads.read(
            partial(queries.page, filters=filters, limit=limit, cursor=cursor)
        )

    async def entry(self, conversation_id: str) -> Entry | None:
        """Return the entry of one conversation; None if there is none."""
        return await self._threads.read(partial(queries.entry, conversation_id=conversation_id))

    async def files(self, conversation_id: str) -> list[Stored]:
        """Return every receipt of a conversation, in order of arrival, dropped files included."""
        return await self._threads.read(partial(queries.files, conversation_id=conversation_id))

    async def callers(self, *, limit: int, cursor: str | None = None) -> CallerPage:
        """Return at most `limit` (1 to 1000) callers, the latest first; raises InvalidCursor."""
        limit = max(1, min(limit, MAX_LIMIT))
        return await self._threads.read(partial(queries.callers, limit=limit, cursor=cursor))

    async def caller_of(self, id: str) -> str | None:  # noqa: A002 - what it is called in the API
        """Return the caller (a person's key) with this opaque id; None if there is none."""
        return await self._threads.read(partial(queries.caller_of, id_=id))

    async def conversations_of(self, caller: str) -> list[str]:
        """
        Return the ids of all conversations of a line or person, sorted.

        Those of an erasure that is not complete are among them, though they have no entry.
        """
        return await self._threads.read(partial(queries.conversations_of, caller=caller))

    async def forgotten(self) -> list[tuple[str, str | None]]:
        """Return what incomplete erasures are about: (conversation id, line if known), by id."""
        return await self._threads.read(queries.forgotten)

    async def fold(self, filters: Filters, into: Callable[[Iterable[Measured]], _T]) -> _T:
        """
        Return what `into` makes of all conversations that are asked for, in no certain order.

        They are of one moment, and are not held in memory together. It runs in another thread.
        """
        return await self._threads.read(
            lambda connection: into(figures.measured(connection, filters))
        )

    async def totals(self) -> Totals:
        """Return all of the history in numbers."""
        return await self._threads.read(queries.totals)

    async def position(self) -> int:
        """Return the offset in the ledger up to which every conversation is indexed."""
        return await self._threads.read(catching_up.position)

    async def waiting(self) -> int:
        """Return how many conversations are known of, but not read yet."""
        return await self._threads.read(catching_up.waiting)

    async def catch_up(
        self,
        root: Path,
        orders: Orders,
        rules: Rules,
        *,
        on_progress: Progress | None = None,
        stop: asyncio.Event | None = None,
    ) -> int:
        """
        Bring the index up to the spool at `root`; return how many conversations were read.

        New lines of the ledger, what was dropped since, new decisions and erasures count.
        `orders`, of `root`, are refreshed, in another thread: they are this index's alone. An
        index of another ledger or other rules, or a damaged one, is made anew. Once `stop` is
        set it returns between two steps; the next call goes on from there. Killed, so does it.
        """
        if orders.root != root:
            raise ValueError(f"the orders are of {orders.root}, not of {root}")
        reading = Reading(orders=orders, rules=rules, speaker_of=self._speaker_of)
        async with self._writing(stop) as is_ours:
            if not is_ours:
                return 0
            await asyncio.to_thread(orders.refresh)
            try:
                return await self._catch_up(reading, on_progress, stop)
            except HistoryDamaged:
                await self._threads.start_anew()
                return await self._catch_up(reading, on_progress, stop)

    async def rebuild(
        self,
        root: Path,
        orders: Orders,
        rules: Rules,
        *,
        on_progress: Progress | None = None,
        stop: asyncio.Event | None = None,
    ) -> int:
        """
        Make the index anew from the whole spool; return how many conversations were read.

        It is built beside this one, which goes on answering until it is replaced, in one
        transaction. After `stop`, an error or a kill the old one stays. See `catch_up`.
        """
        fresh_path = rebuild_path(self._path)
        async with self._writing(stop) as is_ours:
            if not is_ours:
                return 0
            self._remove_fresh()  # what a kill has left
            fresh = await History.open(fresh_path, speaker_of=self._speaker_of)
            try:
                count = await fresh.catch_up(
                    root, orders, rules, on_progress=on_progress, stop=stop
                )
                if stop is None or not stop.is_set():
                    await self._adopt(fresh_path)
            finally:
                await fresh.close()
                self._remove_fresh()
        return count

    async def remove(self, conversation_ids: Sequence[str]) -> None:
        """Remove all that is indexed of these conversations; `scrub` clears the bytes too."""
        ids = list(conversation_ids)
        async with self._writing(None):
            await self._threads.write(partial(catching_up.remove, ids=ids))

    async def scrub(self) -> None:
        """
        Leave nothing of what was removed in the bytes of any file of the index.

        Raises HistoryUnavailable if another process goes on reading an old state.
        """
        async with self._writing(None):
            self._remove_fresh()
            await self._threads.write(partial(scrubbing.scrub, path=self._path))

    async def close(self) -> None:
        """Release every resource, after what is running."""
        await asyncio.to_thread(self._threads.close)

    @asynccontextmanager
    async def _writing(self, stop: asyncio.Event | None) -> AsyncIterator[bool]:
        async with self._turn, writing_lock(self._path, stop) as is_held:
            yield is_held

    async def _catch_up(
        self, reading: Reading, on_progress: Progress | None, stop: asyncio.Event | None
    ) -> int:
        if await self._threads.write(partial(catching_up.is_of_another, reading=reading)):
            await self._threads.start_anew()
        while await self._threads.write(partial(catching_up.enter_lines, reading=reading)):
            if stop is not None and stop.is_set():
                return 0
        await self._threads.write(partial(catching_up.enter_drops, reading=reading))
        await self._threads.write(partial(catching_up.obey, reading=reading))
        total = await self._threads.write(catching_up.waiting)
        done = 0
        while stop is None or not stop.is_set():
            count = await self._threads.write(partial(catching_up.index_some, reading=reading))
            if count == 0:
                break
            done += count
            if on_progress is not None:
                on_progress(done, max(done, total))
        return done

    def _remove_fresh(self) -> None:
        """Remove what is being built anew, or was when a kill came. Only who writes may."""
        fresh_path = rebuild_path(self._path)
        with translated(fresh_path):
            remove(fresh_path)
            lock_path(fresh_path).unlink(missing_ok=True)

    async def _adopt(self, fresh_path: Path) -> None:
        def copy(connection: sqlite3.Connection) -> None:
            with translated(fresh_path):
                scrubbing.copy_into(connection, fresh_path)

        await self._threads.write(copy)
