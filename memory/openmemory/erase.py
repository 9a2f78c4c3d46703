"""Erasing a caller from OpenMemory: delete, wait until its query cache has forgotten, read back."""

import logging
from collections.abc import Callable, Collection
from datetime import datetime
from typing import Literal

from memory.errors import MemoryStoreError
from memory.openmemory.backend import Backend, BackendUnreachable
from memory.openmemory.carry_out import Source
from memory.openmemory.claim import claimed
from memory.openmemory.ledger import Ledger

logger = logging.getLogger(__name__)

ErasureState = Literal["pending", "complete", "none"]

_MARGIN_S = 5.0  # beyond the time for which the backend's cache is known to keep an answer
_QUESTION = "everything that is known"


class Eraser:
    """Deletes callers, and goes on with what a crash has interrupted; the ledger remembers it."""

    def __init__(
        self,
        source: Source,
        ledger: Ledger,
        backend: Backend,
        *,
        clock: Callable[[], datetime],
        monotonic: Callable[[], float],
    ) -> None:
        self._source = source
        self._ledger = ledger
        self._backend = backend
        self._clock = clock
        self._monotonic = monotonic
        self._waited_from: dict[str, float] = {}
        self._asked: set[str] = set()
        self._ending: set[str] = set()

    async def begin(self, caller: str, *, conversations: Collection[str] | None = None) -> None:
        """
        Note that everything under this caller's number is to be deleted, whoever wrote it.

        Once this returns, it outlasts a power cut. `go_on` does it, as soon as memory holds none
        of these `conversations`; None: those that it holds now. What a new call leaves in memory
        meanwhile is mirrored afterwards. Asking again, before or after, does no harm.
        """
        renews = conversations is not None and not await self._is_deleted(caller)
        if conversations is None:
            conversations = await self._source.conversation_ids(caller)
        await self._ledger.begin_erasure(caller, awaits=conversations, renews=renews)
        self._asked.add(caller)

    async def state(self, caller: str) -> ErasureState:
        """
        Return how far the erasure of a caller is.

        "complete" is said by the process that asked for it, and "none" after a new start: a
        caller whose erasure has ended is not remembered. Whoever is not sure asks for it again.
        """
        if caller in self._ending or await self._ledger.is_erasing(caller):
            return "pending"
        return "complete" if caller in self._asked else "none"

    async def go_on(self, caller: str, deleted_at: datetime | None) -> bool:
        """
        Take the erasure of one caller as far as it can be taken now; tell if it is complete.

        The time of the query cache is waited out by a clock that nobody sets: in whole after a
        new start.
        """
        async with claimed(self._ledger.path):
            if deleted_at is None:
                if await self._is_held(caller):
                    return False  # memory comes first: it would be mirrored again
                await self._delete(caller)
                self._waited_from[caller] = self._monotonic()
                return False
            since = self._waited_from.setdefault(caller, self._monotonic())
            if self._monotonic() < since + self._cache_seconds():
                return False
            await self._verify(caller)
            del self._waited_from[caller]
            return True

    def _cache_seconds(self) -> float:
        seconds = self._backend.query_cache_seconds
        return seconds + _MARGIN_S if seconds else 0.0

    async def _is_held(self, caller: str) -> bool:
        awaited = await self._ledger.awaited(caller)
        return not awaited.isdisjoint(await self._source.conversation_ids(caller))

    async def _is_deleted(self, caller: str) -> bool:
        return any(who == caller and at is not None for who, at in await self._ledger.erasures())

    async def _delete(self, caller: str) -> None:
        await self._backend.delete_user(caller)
        if await self._backend.rows(caller):
            raise BackendUnreachable(f"{self._backend.name} kept what it was told to delete")
        await self._ledger.forget(caller)  # the erasure itself stays noted
        await self._ledger.note_deleted(caller, at=self._clock())

    async def _verify(self, caller: str) -> None:
        """Read it back, as anybody could; delete again if anything comes."""
        left = await self._backend.rows(caller)
        found = await self._backend.query(caller, _QUESTION, limit=1)
        mine = [match for match in found if await self._backend.get(caller, match.id) is not None]
        if left or mine:
            await self._ledger.begin_erasure(caller)
            del self._waited_from[caller]
            raise BackendUnreachable(f"{self._backend.name} still returns what was deleted")
        await self._backend.scrub()
        self._ending.add(caller)
        try:
            await self._ledger.forget(caller, ends_erasure=True)
            await self._ledger.scrub()
        except MemoryStoreError:
            await self._ledger.begin_erasure(caller)
            raise
        finally:
            self._ending.discard(caller)
        logger.info("a caller was erased from OpenMemory", extra={"action": "mirror_erased"})
