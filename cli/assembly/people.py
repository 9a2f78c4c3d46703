"""Who is behind a number, for live answers: as the owner has decided up to this moment."""

import asyncio
import time
from pathlib import Path

from memory.errors import MemoryUnavailable
from memory.port import MemoryStore
from memory.resolved import ResolvedStore
from spool.format import SpoolError
from spool.standing_orders import Decisions

_FRESH_S = 0.25


async def by_person(store: MemoryStore, root: Path) -> MemoryStore:
    """
    Return `store` as whoever is asked by number reads it: see `ResolvedStore`.

    The decisions are read before this returns, so that no live answer waits for all of them.
    Raises SpoolError if they cannot be read.
    """
    decisions = await asyncio.to_thread(Decisions, root)
    return ResolvedStore(store, PeopleNow(decisions).resolve)


class PeopleNow:
    """The owner's decisions about one spool, looked at again every quarter of a second at most."""

    def __init__(self, decisions: Decisions) -> None:
        self._decisions = decisions
        self._looked_at = time.monotonic()
        self._looking: asyncio.Task[None] | None = None

    async def resolve(self, caller: str) -> str | None:
        """
        Return whose memory is to be read for `caller`: the key of the person.

        None if nothing may be told: several people share the line, or its erasure is under way.
        Raises MemoryUnavailable.
        """
        if self._looking is None and time.monotonic() > self._looked_at + _FRESH_S:
            self._looking = asyncio.create_task(self._look())
        if self._looking is not None:
            # One look at a time, which nobody's deadline cancels: the next caller needs it too.
            await asyncio.shield(self._looking)
        people, forgotten = self._decisions.people, self._decisions.forgotten
        person = people.person(caller)
        if people.is_shared(caller):
            return None
        if any(forgotten.is_pending(each) for each in {caller, person}):
            return None
        return person

    async def _look(self) -> None:
        try:
            await asyncio.to_thread(self._decisions.refresh)
        except SpoolError as error:
            raise MemoryUnavailable(f"who is behind a number is not known: {error}") from error
        finally:
            self._looked_at = time.monotonic()
            self._looking = None
