"""The embedded memory as an engine to measure: texts with times in, ids out."""

import asyncio
import re
import shutil
import tempfile
import time
import weakref
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import uvloop

from benchmarks.corpora import Item
from memory.embedded import EmbeddedStore
from memory.port import Conversation, Memory, MemoryKind
from processor.sectors import sector_of

SILENCE_SECONDS = 30 * 60  # a longer one separates two conversations
ASKED_AFTER = timedelta(days=1)  # the newest memory

_FACT = re.compile(r"F\d+\.\d+")
_SALIENCE: dict[MemoryKind, float] = {"fact": 1.0, "summary": 0.9, "utterance": 0.8}


class Adapter:
    """
    A temporary `EmbeddedStore` behind the two calls of an engine, with an event loop of its own.

    The folder goes with `close`, or with the process. `seconds` is what the last search took
    inside the loop: a caller's own clock adds the 0.05 ms that entering the loop takes.
    """

    def __init__(self) -> None:
        folder = tempfile.mkdtemp(prefix="callspool-benchmark-")
        self._remove = weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        self._runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
        self._store = self._runner.run(EmbeddedStore.open(Path(folder) / "memory.db"))
        self._ids: dict[str, str] = {}
        self._newest: dict[str, datetime] = {}
        self.seconds = 0.0

    def add(self, caller: str, items: Sequence[Item]) -> None:
        """Apply (id, text, unix seconds) of one caller, oldest first, a conversation a session."""
        conversations = list(conversations_of(caller, items, began=len(self._ids)))
        memories = (memory for each in conversations for memory in each.memories)
        self._ids |= {m.id: key for m, (key, *_) in zip(memories, items, strict=True)}
        self._runner.run(self._store.apply(conversations))
        newest = max(memory.occurred_at for each in conversations for memory in each.memories)
        self._newest[caller] = max(newest, self._newest.get(caller, newest))

    def search(self, caller: str, query: str, k: int) -> list[str]:
        """Return the ids of the best `k`, best first, asked the day after the newest memory."""
        now = self._newest[caller] + ASKED_AFTER

        async def find() -> list[str]:
            began = time.perf_counter()
            found = await self._store.search(caller, query, limit=k, now=now)
            self.seconds = time.perf_counter() - began
            return [each.memory.id for each in found]

        return [self._ids[key] for key in self._runner.run(find())]

    def close(self) -> None:
        """Close the store and remove its folder."""
        self._runner.run(self._store.close())
        self._runner.close()
        self._remove()


def conversations_of(
    caller: str, items: Sequence[Item], *, began: int = 0
) -> Iterator[Conversation]:
    """Yield the items as conversations, one a session, numbered from `began` on."""
    for number, session in enumerate(sessions(items), start=began):
        conversation_id = f"conv_{number}_{caller}"
        memories = tuple(_memories(caller, conversation_id, session))
        yield _conversation(conversation_id, caller, memories)


def sessions(items: Sequence[Item]) -> Iterator[list[Item]]:
    """Yield the items in groups that no long silence interrupts."""
    session: list[Item] = []
    for item in items:
        if session and abs(item[2] - session[-1][2]) > SILENCE_SECONDS:
            yield session
            session = []
        session.append(item)
    if session:
        yield session


def _memories(caller: str, conversation_id: str, session: Sequence[Item]) -> Iterator[Memory]:
    for place, (key, text, at) in enumerate(session):
        kind: MemoryKind = "fact" if _FACT.fullmatch(key) else "utterance"
        yield Memory(
            id=f"{conversation_id}/{kind}/{place}",
            caller=caller,
            conversation_id=conversation_id,
            agent_id="agent_1",
            kind=kind,
            content=text,
            sector=sector_of(kind, text),
            salience=_SALIENCE[kind],
            occurred_at=_moment(at),
        )


def _conversation(conversation_id: str, caller: str, memories: tuple[Memory, ...]) -> Conversation:
    began, ended = memories[0].occurred_at, memories[-1].occurred_at
    return Conversation(
        id=conversation_id,
        kind="call",
        version=(ended.timestamp(), ""),
        caller=caller,
        channel="phone",
        direction="inbound",
        agent_id="agent_1",
        agent_line="",
        started_at=began,
        duration_secs=(ended - began).total_seconds(),
        language="en",
        outcome="success",
        summary="",
        memories=memories,
    )


def _moment(seconds: float) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
