"""
The memory port: the values that memory holds, and the one protocol every store fulfils.

A store is an index that can be derived again: the spool is the truth. Its durability class
follows from that. What `apply` has returned for survives a crash of the process; after a
power cut the store may have gone back to an earlier `position`, never to a half-applied one.
"""

from collections.abc import AsyncIterator, Collection, Sequence
from datetime import datetime
from typing import Protocol

from memory.holdings import Holdings, Place
from memory.values import (
    START,
    Attempt,
    Channel,
    Conversation,
    Counts,
    Fact,
    Failure,
    Found,
    Memory,
    MemoryKind,
    Note,
    Noted,
    NoteKind,
    NoteSource,
    Other,
    Part,
    Party,
    Position,
    Profile,
    Sector,
)

__all__ = [
    "START",
    "Attempt",
    "Channel",
    "Conversation",
    "Counts",
    "Fact",
    "Failure",
    "Found",
    "Holdings",
    "Memory",
    "MemoryKind",
    "MemoryStore",
    "Note",
    "NoteKind",
    "NoteSource",
    "Noted",
    "Other",
    "Part",
    "Party",
    "Place",
    "Position",
    "Profile",
    "Sector",
]


class MemoryStore(Protocol):
    """
    Where memories live. Every failure is a `MemoryStoreError`.

    Every read is of one caller and sees that caller's rows alone. Reads never wait for a write.
    """

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
        """
        Store all of this in one transaction, or nothing.

        First everything stored of the conversations `replaced` (their ids) is removed, whatever
        its version: the records of both kinds, and all that came with them. Then a conversation
        replaces the stored record of the same id and kind, memories included, only if its
        `version` is greater: so order and repeats do not matter. `settled` are the ids of
        decisions that memory includes from then on. `failed` are
        noted (by file, replacing), `resolved` files are no longer failures. With
        `advance=(since, to)` the position moves too; if the stored one is not `since`,
        nothing is stored and `PositionMoved` is raised.
        """

    async def embed_pending(self, *, limit: int) -> int:
        """Compute at most `limit` of the missing vectors; return how many, 0 without a model."""
        ...

    async def position(self) -> Position:
        """Return how far this store has come; `START` for an empty one."""
        ...

    async def failures(self) -> list[Failure]:
        """Return every noted failure, by file name."""
        ...

    async def settled(self) -> frozenset[str]:
        """Return the ids of the decisions that memory includes."""
        ...

    async def conversation_ids(self, caller: str) -> list[str]:
        """Return the ids of the conversations stored of `caller`, of any kind, sorted."""
        ...

    async def holdings(self, caller: str) -> Holdings:
        """Return all that is held of `caller`, of one moment."""
        ...

    async def memories_of(self, caller: str, conversation_id: str) -> list[Memory]:
        """Return what `holdings` has of one conversation of `caller`, in the same order."""
        ...

    async def profile(self, caller: str) -> Profile | None:
        """Return what is known of `caller`; None if there was neither a call nor an attempt."""
        ...

    async def search(
        self,
        caller: str,
        query: str,
        *,
        limit: int,
        now: datetime | None = None,
        explain: bool = False,
    ) -> list[Found]:
        """
        Return at most `limit` of this caller's memories, best match first.

        `now` is when the question is asked: "last week" is understood against it, and is only
        two words without it. With `explain` each result says where its score comes from.
        """
        ...

    async def is_agent_line(self, number: str) -> bool:
        """Tell whether `number` has been an agent's own number in any conversation."""
        ...

    async def counts(self) -> Counts:
        """Return how many callers, conversations and memories are stored."""
        ...

    def export(self) -> AsyncIterator[str]:
        """
        Yield the canonical dump, a JSON object a line, without newlines.

        Two stores that remember the same yield the same lines: sorted, nothing that depends on
        the order of arrival. Versions, position, failures and decisions are not part of it.
        """
        ...

    async def scrub(self) -> None:
        """
        Leave nothing in any file of this store of what has been removed or replaced.

        Raises `MemoryUnavailable` if that is not possible now; then it is to be called again,
        and so it is after a crash meanwhile. Doing it twice does no harm.
        """

    async def fresh(self) -> "MemoryStore":
        """Return an empty store beside this one, for a rebuild; no reader sees it."""
        ...

    async def adopt(self, fresh: "MemoryStore") -> None:
        """
        Switch to everything in `fresh`, atomically, and consume it.

        Readers of this store, in any process, see the old content or the new, never a mixture.
        """

    async def close(self) -> None:
        """Release every resource. A store from `fresh` that was not adopted leaves no file."""
