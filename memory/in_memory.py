"""The reference store: dictionaries, for tests and for reading what a store must do."""

from collections import Counter
from collections.abc import AsyncIterator, Collection, Sequence
from datetime import datetime

from memory.check import check
from memory.dump import dump_line
from memory.errors import MemoryStoreError, PositionMoved
from memory.holdings import Holdings, Place, place_of
from memory.port import (
    START,
    Conversation,
    Counts,
    Failure,
    Found,
    Memory,
    MemoryStore,
    Position,
    Profile,
)
from memory.profile import names_of_others, profile_of
from memory.recall.build import build_index
from memory.recall.find import find
from memory.recall.terms import terms_of


class InMemoryStore:
    """A `MemoryStore` that forgets everything when its process ends."""

    def __init__(self) -> None:
        self._conversations: dict[tuple[str, str], Conversation] = {}
        self._failures: dict[str, Failure] = {}
        self._position = START
        self._settled: frozenset[str] = frozenset()
        self._changes: Counter[str] = Counter()  # of each caller, as the mirror asks for

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
        """Store all of this, or nothing; see `MemoryStore.apply`."""
        for conversation in conversations:
            check(conversation)
        if advance is not None:
            since, to = advance
            if self._position != since:
                raise PositionMoved(f"the position is {self._position}, not {since}")
            self._position = to
        for key in [key for key in self._conversations if key[0] in replaced]:
            self._note_change(self._conversations.pop(key))
        for conversation in conversations:
            key = (conversation.id, conversation.kind)
            stored = self._conversations.get(key)
            if stored is None or conversation.version > stored.version:
                self._note_change(stored)
                self._note_change(conversation)
                self._conversations[key] = conversation
        self._settled |= frozenset(settled)
        for failure in failed:
            self._failures[failure.file] = failure
        for file in resolved:
            self._failures.pop(file, None)

    async def embed_pending(self, *, limit: int) -> int:  # noqa: ARG002 - the port's
        """Return 0: there is no model."""
        return 0

    async def position(self) -> Position:
        """Return how far this store has come."""
        return self._position

    async def failures(self) -> list[Failure]:
        """Return every noted failure, by file name."""
        return [self._failures[file] for file in sorted(self._failures)]

    async def settled(self) -> frozenset[str]:
        """Return the ids of the decisions that memory includes."""
        return self._settled

    async def conversation_ids(self, caller: str) -> list[str]:
        """Return the ids of the conversations stored of `caller`, sorted."""
        return sorted({conversation.id for conversation in self._of(caller)})

    async def holdings(self, caller: str) -> Holdings:
        """Return all that is held of `caller`."""
        held = [
            (place_of(memory, conversation.kind), memory)
            for conversation in self._of(caller)
            for memory in conversation.memories
        ]
        profile = profile_of(caller, self._of(caller))
        return Holdings(
            stamp=str(self._changes[caller]) if profile is not None else "",
            memories=tuple(sorted(held, key=_by_place)),
            profile=profile,
            others=names_of_others(self._of(caller)),
        )

    async def memories_of(self, caller: str, conversation_id: str) -> list[Memory]:
        """Return what is held of one conversation of `caller`."""
        held = [
            (place_of(memory, conversation.kind), memory)
            for conversation in self._of(caller)
            if conversation.id == conversation_id
            for memory in conversation.memories
        ]
        return [memory for _, memory in sorted(held, key=_by_place)]

    async def profile(self, caller: str) -> Profile | None:
        """Return what is known of `caller`; None without a call or an attempt."""
        return profile_of(caller, self._of(caller))

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
        memories: dict[tuple[str, str, str, str], Memory] = {
            (memory.kind, conversation.id, conversation.kind, memory.id): memory
            for conversation in self._of(caller)
            for memory in conversation.memories
        }
        index = build_index(map(terms_of, self._of(caller)))
        hits = find(index, query, limit=limit, now=now, explain=explain)
        return [
            Found(memory=memories[index.entries[hit.place]], score=hit.score, parts=hit.parts)
            for hit in hits
        ]

    async def is_agent_line(self, number: str) -> bool:
        """Tell whether `number` has been an agent's own number in any conversation."""
        return any(number == c.agent_line != "" for c in self._conversations.values())

    async def counts(self) -> Counts:
        """Return how many callers, conversations and memories are stored."""
        conversations = self._conversations.values()
        return Counts(
            callers=len({c.caller for c in conversations if c.caller is not None}),
            conversations=len(conversations),
            memories=sum(len(c.memories) for c in conversations),
        )

    async def export(self) -> AsyncIterator[str]:
        """Yield the canonical dump, a conversation a line, by id and kind."""
        for _, conversation in sorted(self._conversations.items()):
            yield dump_line(conversation)

    async def scrub(self) -> None:
        """Do nothing: what was removed is nowhere."""

    async def fresh(self) -> "InMemoryStore":
        """Return another empty store."""
        return InMemoryStore()

    async def adopt(self, fresh: MemoryStore) -> None:
        """Switch to everything in `fresh`."""
        if not isinstance(fresh, InMemoryStore):
            raise MemoryStoreError("only a store made by fresh() can be adopted")
        self._conversations = fresh._conversations  # noqa: SLF001 - its own kind
        self._failures = fresh._failures  # noqa: SLF001
        self._position = fresh._position  # noqa: SLF001
        self._settled = fresh._settled  # noqa: SLF001
        self._changes += fresh._changes + Counter(self._changes.keys())  # noqa: SLF001

    async def close(self) -> None:
        """Do nothing: there is nothing to release."""

    def _note_change(self, conversation: Conversation | None) -> None:
        if conversation is not None and conversation.caller is not None:
            self._changes[conversation.caller] += 1

    def _of(self, caller: str) -> list[Conversation]:
        return [c for c in self._conversations.values() if c.caller == caller]


def _by_place(held: tuple[Place, Memory]) -> tuple[str, str, str, str]:
    place, _ = held
    return place.kind, place.conversation_id, place.source, place.id
