"""A store that tells how long each use of it took, and how it ended."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from datetime import datetime
from typing import TypeVar

from memory.errors import MemoryStoreError
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

Observe = Callable[[str, float, str], None]

_Result = TypeVar("_Result")


class InstrumentedStore:
    """
    A `MemoryStore` that passes everything on, and calls `observe(operation, seconds, outcome)`.

    `operation` is the method's name. `outcome` is "ok", "failed" (with a MemoryStoreError), or
    "cancelled", which covers whatever else ended it: a deadline, mostly. `observe` must be quick
    and may not raise. Exports are not measured: their pace is that of who reads them.
    """

    def __init__(self, store: MemoryStore, observe: Observe) -> None:
        self._store = store
        self._observe = observe

    async def _measured(self, operation: str, doing: Awaitable[_Result]) -> _Result:
        began = time.perf_counter()
        outcome = "cancelled"
        try:
            result = await doing
            outcome = "ok"
        except MemoryStoreError:
            outcome = "failed"
            raise
        finally:
            self._observe(operation, time.perf_counter() - began, outcome)
        return result

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
        doing = self._store.apply(
            conversations,
            failed=failed,
            resolved=resolved,
            advance=advance,
            replaced=replaced,
            settled=settled,
        )
        await self._measured("apply", doing)

    async def embed_pending(self, *, limit: int) -> int:
        """Compute at most `limit` of the missing vectors; return how many."""
        return await self._measured("embed_pending", self._store.embed_pending(limit=limit))

    async def position(self) -> Position:
        """Return how far the store has come."""
        return await self._measured("position", self._store.position())

    async def failures(self) -> list[Failure]:
        """Return every noted failure, by file name."""
        return await self._measured("failures", self._store.failures())

    async def settled(self) -> frozenset[str]:
        """Return the ids of the decisions that memory includes."""
        return await self._measured("settled", self._store.settled())

    async def conversation_ids(self, caller: str) -> list[str]:
        """Return the ids of the conversations stored of `caller`."""
        return await self._measured("conversation_ids", self._store.conversation_ids(caller))

    async def holdings(self, caller: str) -> Holdings:
        """Return all that is held of `caller`."""
        return await self._measured("holdings", self._store.holdings(caller))

    async def memories_of(self, caller: str, conversation_id: str) -> list[Memory]:
        """Return what `holdings` has of one conversation of `caller`."""
        doing = self._store.memories_of(caller, conversation_id)
        return await self._measured("memories_of", doing)

    async def profile(self, caller: str) -> Profile | None:
        """Return what is known of `caller`."""
        return await self._measured("profile", self._store.profile(caller))

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
        doing = self._store.search(caller, query, limit=limit, now=now, explain=explain)
        return await self._measured("search", doing)

    async def is_agent_line(self, number: str) -> bool:
        """Tell whether `number` has been an agent's own number in any conversation."""
        return await self._measured("is_agent_line", self._store.is_agent_line(number))

    async def counts(self) -> Counts:
        """Return how many callers, conversations and memories are stored."""
        return await self._measured("counts", self._store.counts())

    def export(self) -> AsyncIterator[str]:
        """Yield the canonical dump."""
        return self._store.export()

    async def scrub(self) -> None:
        """Leave nothing in any file of what has been removed or replaced."""
        await self._measured("scrub", self._store.scrub())

    async def fresh(self) -> MemoryStore:
        """Return an empty store beside this one, for a rebuild, which is not measured."""
        return await self._store.fresh()

    async def adopt(self, fresh: MemoryStore) -> None:
        """Switch to everything in `fresh`, atomically, and consume it."""
        await self._measured("adopt", self._store.adopt(fresh))

    async def close(self) -> None:
        """Release every resource."""
        await self._store.close()
