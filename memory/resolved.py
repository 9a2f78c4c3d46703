"""A store that is asked by number and answers for the person: who is who is decided elsewhere."""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from datetime import datetime

from memory.port import (
    Conversation,
    Counts,
    Failure,
    Found,
    Holdings,
    Memory,
    MemoryStore,
    Position,
    Profile,
)

Resolve = Callable[[str], Awaitable[str | None]]


class ResolvedStore:
    """
    A `MemoryStore` whose live reads (`profile`, `search`) are of the person behind a number.

    `resolve` returns whose memory is to be read for a number: None for a line of several people,
    or one that is being erased, of whom nothing is told. All else is passed on as it is.
    """

    def __init__(self, store: MemoryStore, resolve: Resolve) -> None:
        self._store = store
        self._resolve = resolve

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
        await self._store.apply(
            conversations,
            failed=failed,
            resolved=resolved,
            advance=advance,
            replaced=replaced,
            settled=settled,
        )

    async def profile(self, caller: str) -> Profile | None:
        """Return what is known of the person behind `caller`; None if nothing is to be told."""
        person = await self._resolve(caller)
        return None if person is None else await self._store.profile(person)

    async def search(
        self,
        caller: str,
        query: str,
        *,
        limit: int,
        now: datetime | None = None,
        explain: bool = False,
    ) -> list[Found]:
        """Return at most `limit` memories of the person behind `caller`, best match first."""
        person = await self._resolve(caller)
        if person is None:
            return []
        return await self._store.search(person, query, limit=limit, now=now, explain=explain)

    async def embed_pending(self, *, limit: int) -> int:
        """Compute and store at most `limit` of the vectors that are missing; return how many."""
        return await self._store.embed_pending(limit=limit)

    async def position(self) -> Position:
        """Return how far the store has come."""
        return await self._store.position()

    async def settled(self) -> frozenset[str]:
        """Return the ids of the decisions that memory includes."""
        return await self._store.settled()

    async def failures(self) -> list[Failure]:
        """Return every noted failure, by file name."""
        return await self._store.failures()

    async def conversation_ids(self, caller: str) -> list[str]:
        """Return the ids of the conversations stored of `caller`, a person's key."""
        return await self._store.conversation_ids(caller)

    async def holdings(self, caller: str) -> Holdings:
        """Return all that is held of `caller`, a person's key."""
        return await self._store.holdings(caller)

    async def memories_of(self, caller: str, conversation_id: str) -> list[Memory]:
        """Return what is held of one conversation of `caller`, a person's key."""
        return await self._store.memories_of(caller, conversation_id)

    async def is_agent_line(self, number: str) -> bool:
        """Tell whether `number` has been an agent's own number in any conversation."""
        return await self._store.is_agent_line(number)

    async def counts(self) -> Counts:
        """Return how many callers, conversations and memories are stored."""
        return await self._store.counts()

    def export(self) -> AsyncIterator[str]:
        """Yield the canonical dump."""
        return self._store.export()

    async def scrub(self) -> None:
        """Leave nothing in any file of what has been removed."""
        await self._store.scrub()

    async def fresh(self) -> MemoryStore:
        """Return an empty store, for a rebuild."""
        return await self._store.fresh()

    async def adopt(self, fresh: MemoryStore) -> None:
        """Switch to everything in `fresh`."""
        await self._store.adopt(fresh)

    async def close(self) -> None:
        """Release every resource of the store."""
        await self._store.close()
