"""Who is behind a number, for live answers: as the owner has decided up to this moment."""

import asyncio
import time
from pathlib import Path

from memory.errors import MemoryUnavailable
from memory.port import MemoryStore
from memory.resolved import ResolvedStore
from spool.format import SpoolError
from spool.standing_orders import Orders

_FRESH_S = 0.25


def by_person(store: MemoryStore, root: Path) -> MemoryStore:
    """Return `store` as whoever is asked by number reads it: see `ResolvedStore`."""
    return ResolvedStore(store, PeopleNow(root).resolve)


class PeopleNow:
    """The owner's decisions about one spool, looked at again every quarter of a second at most."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._orders: Orders | None = None
        self._looked_at = 0.0

    async def resolve(self, caller: str) -> str | None:
        """
        Return whose memory is to be read for `caller`: the key of the person.

        None if nothing may be told: several people share the line, or its erasure is under way.
        Raises MemoryUnavailable.
        """
        try:
            orders = await self._now()
        except SpoolError as error:
            raise MemoryUnavailable(f"who is behind a number is not known: {error}") from error
        person = orders.people.person(caller)
        if orders.people.is_shared(caller):
            return None
        if any(orders.forgotten.is_pending(each) for each in {caller, person}):
            return None
        return person

    async def _now(self) -> Orders:
        if self._orders is None:
            self._orders = await asyncio.to_thread(Orders, self._root)
        elif time.monotonic() > self._looked_at + _FRESH_S:
            await asyncio.to_thread(self._orders.refresh)
        self._looked_at = time.monotonic()
        return self._orders
