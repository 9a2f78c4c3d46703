"""The embedded store with an OpenMemory beside it, as one memory store."""

import asyncio
import logging
from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from datetime import datetime
from typing import Protocol

from memory.errors import MemoryStoreError
from memory.holdings import Holdings, Place
from memory.openmemory.fuse import fuse
from memory.openmemory.recall import Asked, Ranked, Recall
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

logger = logging.getLogger(__name__)

_READ_SECONDS = 0.1  # for the memories that OpenMemory ranks: an answer is there without them


class StoreWithPlaces(MemoryStore, Protocol):
    """The embedded store, as far as it is used here."""

    async def memories_at(self, caller: str, places: Sequence[Place]) -> list[Memory]:
        """Return the memories of `caller` at these places; those that are gone are left out."""
        ...


class Noticed(Protocol):
    """The mirror, as far as it is used here."""

    def note(self, callers: Iterable[str]) -> None:
        """Wake it: what is stored of these callers may have changed."""

    def note_all(self) -> None:
        """Wake it: what is stored of anybody may have changed."""

    async def scrub(self) -> None:
        """Leave nothing in its own files of whom it has forgotten."""


class MirroredStore:
    """
    A `MemoryStore` whose searches OpenMemory takes part in, and which tells its mirror.

    The embedded store is what answers and what is derived; OpenMemory adds what it ranks, if it
    can say so in time. Nothing that OpenMemory does or fails to do is an error here, and what
    it returns is read from the embedded store, as this caller's. `mirror` is None in a process
    that only reads.
    """

    def __init__(self, store: StoreWithPlaces, recall: Recall, mirror: Noticed | None) -> None:
        self._store = store
        self._recall = recall
        self._mirror = mirror

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
        """Store all of this in one transaction, or nothing; the mirror follows by itself."""
        await self._store.apply(
            conversations,
            failed=failed,
            resolved=resolved,
            advance=advance,
            replaced=replaced,
            settled=settled,
        )
        if self._mirror is None:
            return
        if replaced:  # whose they were is not known any more
            self._mirror.note_all()
        if callers := [each.caller for each in conversations if each.caller is not None]:
            self._mirror.note(callers)

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
        asked = self._recall.ask(caller, query, limit=limit)
        found = await self._store.search(caller, query, limit=limit, now=now, explain=explain)
        if asked is None:
            return found
        matches = await self._matches(caller, asked)
        if not matches:
            return found
        return fuse(found, matches, limit=limit, explain=explain)

    async def _matches(self, caller: str, asked: Asked) -> list[tuple[Memory, int]]:
        """Return the memories that OpenMemory ranks, and their ranks."""
        ranked = await self._recall.matches(asked)
        if not ranked:
            return []
        try:
            async with asyncio.timeout(_READ_SECONDS):
                memories = await self._store.memories_at(caller, [each.place for each in ranked])
        except (MemoryStoreError, TimeoutError) as error:
            logger.warning(
                "the memories that OpenMemory ranks cannot be read, it is answered without them",
                extra={"action": "openmemory_matches_unread", "error": str(error) or "late"},
            )
            return []
        ranks = {_key(each): each.rank for each in reversed(ranked)}
        return [
            (memory, ranks[memory.kind, memory.conversation_id, memory.id])
            for memory in memories
            if memory.caller == caller
        ]

    async def embed_pending(self, *, limit: int) -> int:
        """Compute at most `limit` of the missing vectors; return how many."""
        return await self._store.embed_pending(limit=limit)

    async def position(self) -> Position:
        """Return how far the embedded store has come; the mirror is behind, at its own pace."""
        return await self._store.position()

    async def failures(self) -> list[Failure]:
        """Return every noted failure, by file name."""
        return await self._store.failures()

    async def settled(self) -> frozenset[str]:
        """Return the ids of the decisions that memory includes."""
        return await self._store.settled()

    async def conversation_ids(self, caller: str) -> list[str]:
        """Return the ids of the conversations stored of `caller`, sorted."""
        return await self._store.conversation_ids(caller)

    async def holdings(self, caller: str) -> Holdings:
        """Return all that the embedded store holds of `caller`."""
        return await self._store.holdings(caller)

    async def memories_of(self, caller: str, conversation_id: str) -> list[Memory]:
        """Return what the embedded store holds of one conversation of `caller`."""
        return await self._store.memories_of(caller, conversation_id)

    async def profile(self, caller: str) -> Profile | None:
        """Return what is known of `caller`; None without a call or an attempt."""
        return await self._store.profile(caller)

    async def is_agent_line(self, number: str) -> bool:
        """Tell whether `number` has been an agent's own number in any conversation."""
        return await self._store.is_agent_line(number)

    async def counts(self) -> Counts:
        """Return how many callers, conversations and memories the embedded store has."""
        return await self._store.counts()

    def export(self) -> AsyncIterator[str]:
        """Yield the canonical dump of the embedded store."""
        return self._store.export()

    async def scrub(self) -> None:
        """
        Leave nothing of what was removed in the files of the embedded store and the mirror.

        What OpenMemory still holds is erased by the mirror, not here.
        """
        await self._store.scrub()
        if self._mirror is not None:
            await self._mirror.scrub()

    async def fresh(self) -> MemoryStore:
        """Return an empty embedded store: a rebuild is mirrored when it is adopted."""
        return await self._store.fresh()

    async def adopt(self, fresh: MemoryStore) -> None:
        """Switch to everything in `fresh`; the mirror then looks who has changed."""
        await self._store.adopt(fresh)
        if self._mirror is not None:
            self._mirror.note_all()

    async def close(self) -> None:
        """
        Close the recall and the embedded store.

        The backend, the ledger and the mirror are closed by who opened them: the mirror
        before this store, which it reads; the others after it.
        """
        await self._recall.close()
        await self._store.close()


def _key(ranked: Ranked) -> tuple[str, str, str]:
    return ranked.place.kind, ranked.place.conversation_id, ranked.place.id
