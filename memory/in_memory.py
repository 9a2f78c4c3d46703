"""The reference store: dictionaries, for tests and for reading what a store must do."""

from collections.abc import AsyncIterator, Sequence

from memory.check import check
from memory.dump import dump_line
from memory.port import (
    START,
    Conversation,
    Counts,
    Fact,
    Failure,
    Found,
    Memory,
    MemoryStore,
    MemoryStoreError,
    Position,
    PositionMoved,
    Profile,
)
from memory.profile import RECENT_CALLS, CallNote, History, build_profile, fact_of
from memory.ranking import rank


class InMemoryStore:
    """A `MemoryStore` that forgets everything when its process ends."""

    def __init__(self) -> None:
        self._conversations: dict[tuple[str, str], Conversation] = {}
        self._failures: dict[str, Failure] = {}
        self._position = START

    async def apply(
        self,
        conversations: Sequence[Conversation],
        *,
        failed: Sequence[Failure] = (),
        resolved: Sequence[str] = (),
        advance: tuple[Position, Position] | None = None,
    ) -> None:
        """Store all of this, or nothing; see `MemoryStore.apply`."""
        for conversation in conversations:
            check(conversation)
        if advance is not None:
            since, to = advance
            if self._position != since:
                raise PositionMoved(f"the position is {self._position}, not {since}")
            self._position = to
        for conversation in conversations:
            key = (conversation.id, conversation.kind)
            stored = self._conversations.get(key)
            if stored is None or conversation.version > stored.version:
                self._conversations[key] = conversation
        for failure in failed:
            self._failures[failure.file] = failure
        for file in resolved:
            self._failures.pop(file, None)

    async def position(self) -> Position:
        """Return how far this store has come."""
        return self._position

    async def failures(self) -> list[Failure]:
        """Return every noted failure, by file name."""
        return [self._failures[file] for file in sorted(self._failures)]

    async def profile(self, caller: str) -> Profile | None:
        """Return what is known of `caller`; None for somebody who never called."""
        calls = [c for c in self._conversations.values() if c.caller == caller and c.kind == "call"]
        if not calls:
            return None
        calls.sort(key=lambda call: (call.started_at, call.id), reverse=True)
        history = History(
            call_count=len(calls),
            first_call_at=calls[-1].started_at,
            last_call_at=calls[0].started_at,
            language=next((call.language for call in calls if call.language), ""),
            recent=[
                CallNote(started_at=call.started_at, summary=call.summary)
                for call in calls
                if call.summary
            ][:RECENT_CALLS],
        )
        return build_profile(caller, history, self._newest_facts(caller))

    async def search(self, caller: str, query: str, *, limit: int) -> list[Found]:
        """Return at most `limit` of this caller's memories, best match first."""
        return rank(query, self._memories_of(caller), limit=limit)

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

    async def close(self) -> None:
        """Do nothing: there is nothing to release."""

    def _memories_of(self, caller: str) -> list[Memory]:
        return [
            memory
            for conversation in self._conversations.values()
            if conversation.caller == caller
            for memory in conversation.memories
        ]

    def _newest_facts(self, caller: str) -> list[Fact]:
        facts = [memory for memory in self._memories_of(caller) if memory.kind == "fact"]
        facts.sort(key=lambda m: (m.occurred_at, m.conversation_id, m.id, m.content))
        return [fact_of(memory) for memory in {memory.key: memory for memory in facts}.values()]
