"""The embedded store and two FTS5 databases, filled with the same invented calls."""

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from pathlib import Path
from random import Random

from benchmarks.fts5 import Fts5
from benchmarks.invented import (
    MEMORIES_A_CALL,
    Language,
    invent_calls,
    invent_language,
    invent_question,
)
from benchmarks.timing import Work
from memory.embedded import EmbeddedStore
from memory.port import Conversation, Memory

_LIMIT = 10  # memories that a search asks for
_NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)  # the day of every question
_BATCH = 100  # conversations in a transaction
_SEED = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A caller who is asked about, and as many questions as are wanted."""

    caller: str
    questions: Sequence[str]


class Engines:
    """
    Ours, one FTS5 table for all callers, and FTS5 with a table for each.

    Callers whose number is not `measured` are in the first two alone: a hundred thousand tables
    of five tables each are not what FTS5 is made for.
    """

    def __init__(self, store: EmbeddedStore, folder: Path) -> None:
        self.store = store
        self.shared = Fts5(folder / "shared.db", shared=True)
        self.each = Fts5(folder / "each.db")
        self.memories = 0
        self._random = Random(_SEED)
        self._language: Language = invent_language(self._random)
        self.callers = 0

    def new_callers(self, count: int) -> list[str]:
        """Return the numbers of callers that nothing is stored of yet."""
        first, self.callers = self.callers, self.callers + count
        return [f"+1500{number:07d}" for number in range(first, self.callers)]

    def calls_of(self, caller: str, memories: int, *, first: int = 0) -> Iterator[Conversation]:
        """Yield calls with so many memories in all."""
        return invent_calls(
            self._random, self._language, caller, memories // MEMORIES_A_CALL, first=first
        )

    async def fill(self, calls: Iterable[Conversation], *, measured: bool) -> None:
        """Store the calls in all engines, a batch in a transaction."""
        rest = iter(calls)
        while batch := list(islice(rest, _BATCH)):
            await self.store.apply(batch)
            items = [(call.caller or "", _items(call)) for call in batch]
            self.shared.add_all(items)
            if measured:
                self.each.add_all(items)
            self.memories += sum(len(call.memories) for call in batch)

    async def asked(self, caller: str, memories: int, *, questions: int) -> Asked:
        """Store a new caller with so many memories, and return questions about them."""
        calls = list(self.calls_of(caller, memories))
        await self.fill(calls, measured=True)
        said = [memory for call in calls for memory in call.memories]
        return Asked(caller=caller, questions=self.questions_about(said, count=questions))

    def questions_about(self, memories: Sequence[Memory], *, count: int) -> list[str]:
        """Return questions about random ones of these memories."""
        chosen = self._random.choices(memories, k=count)
        return [invent_question(self._random, memory) for memory in chosen]

    def searches(self, asked: Asked) -> list[Work]:
        """Return our searches for a caller's questions."""
        return [
            partial(self.store.search, asked.caller, question, limit=_LIMIT, now=_NOW)
            for question in asked.questions
        ]

    def peer_searches(self, peer: Fts5, asked: Asked) -> list[Work]:
        """Return a peer's searches for the same questions."""

        async def search(question: str) -> list[str]:
            return peer.search(asked.caller, question, _LIMIT)

        return [partial(search, question) for question in asked.questions]

    def apply(self, call: Conversation) -> Work:
        """Return the storing of one call in our store."""
        return partial(self.store.apply, [call])

    def peer_apply(self, call: Conversation) -> Work:
        """Return the storing of the same call in the table for all callers."""

        async def add() -> None:
            self.shared.add(call.caller or "", _items(call))

        return add

    def profile(self, caller: str) -> Work:
        """Return the profile that a ringing phone asks for."""
        return partial(self.store.profile, caller)

    def index_memory(self) -> str:
        """Return how much the indexes in memory take and may take, as far as the store tells."""
        for part in vars(self.store).values():
            if hasattr(part, "nbytes"):
                limit = f" of {part.max_bytes / 2**20:.0f}" if hasattr(part, "max_bytes") else ""
                return f"indexes {part.nbytes / 2**20:.1f}{limit} MB, "
        return ""

    async def close(self) -> None:
        """Close all three."""
        await self.store.close()
        self.shared.close()
        self.each.close()


@asynccontextmanager
async def engines(folder: Path) -> AsyncIterator[Engines]:
    """Open empty engines in an empty folder."""
    opened = Engines(await EmbeddedStore.open(folder / "memory.db"), folder)
    try:
        yield opened
    finally:
        await opened.close()


def _items(call: Conversation) -> list[tuple[str, str, float]]:
    return [(memory.id, memory.content, 0.0) for memory in call.memories]
