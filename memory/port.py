"""
The memory port: the values that memory holds, and the one protocol every store fulfils.

A store is an index that can be derived again: the spool is the truth. Its durability class
follows from that. What `apply` has returned for survives a crash of the process; after a
power cut the store may have gone back to an earlier `position`, never to a half-applied one.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

MemoryKind = Literal["fact", "summary", "utterance"]
Sector = Literal["episodic", "semantic", "procedural", "emotional", "reflective"]
Channel = Literal["phone", "sms", "whatsapp", "web"]
NoteKind = Literal["preference", "commitment", "done"]
NoteSource = Literal["fact", "evaluation", "summary"]
Party = Literal["agent", "caller", ""]


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """
    How far memory has come in one ledger.

    `offset` is in bytes, always just after a complete line. `ledger` says which ledger that is
    of, and by which rules memory was derived from it (see `processor.derive.origin`), so that
    no memory is of two spools or partly of older rules; it is "" as long as nothing has been
    applied.
    """

    ledger: str = ""
    offset: int = 0


START = Position()


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """
    One permanent memory of one caller.

    `id` follows from what it is (conversation, kind, turn or key), so storing it twice changes
    nothing. `content` is what an agent may be told; `key` is the name of a fact and "" otherwise.
    `salience` lies in 0..1; `decay_lambda` is per day, and 0 means that it never fades.
    """

    id: str
    caller: str
    conversation_id: str
    agent_id: str
    kind: MemoryKind
    key: str = ""
    content: str
    sector: Sector
    salience: float
    decay_lambda: float = 0.0
    occurred_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """
    One sentence of a call to be kept in view: a preference of the caller's, a promise, or word
    that something promised is done.

    `text` is as it was found. `by` is who promised or did it, "" if that is not said; the agent
    stands for all on its side. `key` names the fact or the evaluation criterion.
    """

    kind: NoteKind
    text: str
    by: Party = ""
    source: NoteSource
    key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """
    Everything one spooled event says about one conversation: the unit that is applied.

    A conversation has at most one record of each `kind`. Several revisions may exist on disk:
    the one with the greatest `version` counts, whichever came first. `caller` is None for a
    withheld or unknown number: then `memories` and `notes` are empty: history only.
    `agent_line` is the agent's own number, "" if unknown. `duration_secs` is in seconds.
    `search_terms` may hold what `memory.recall.terms` makes of all this, packed, so that it is
    worked out before a store is held up by it; it is no part of what is compared.
    """

    id: str
    kind: Literal["call", "failure"]
    version: tuple[float, str]  # (event timestamp in unix seconds, SHA-256 of the stored file)
    caller: str | None
    channel: Channel
    direction: Literal["inbound", "outbound", ""]
    agent_id: str
    agent_line: str
    started_at: datetime
    duration_secs: float
    language: str
    outcome: str
    summary: str
    memories: tuple[Memory, ...] = ()
    notes: tuple[Note, ...] = ()
    search_terms: bytes = field(default=b"", compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """
    The newest value of one fact about a caller, and where it was last said.

    `previous` are the values it had before, newest first, each where it was last said; they
    have none of their own.
    """

    key: str
    value: str
    occurred_at: datetime
    conversation_id: str
    previous: tuple["Fact", ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """A note with the call that it comes from."""

    note: Note
    occurred_at: datetime
    conversation_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A call that nobody answered, and why: busy, no-answer or another of the platform's words."""

    at: datetime
    reason: str
    conversation_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """
    What is known of one caller: a function of the caller's conversations. Of somebody who was
    never reached it has attempts only; the dates of calls are the epoch then.
    """

    caller: str
    name: str  # what the caller is addressed by
    preferred_name: str = ""
    first_name: str = ""
    full_name: str = ""
    summary: str  # rolling, over the recent calls, newest first
    last_call_summary: str  # of the newest call that has one
    last_summary_at: datetime  # when that call began
    last_call_at: datetime
    first_call_at: datetime
    call_count: int
    language: str
    preferences: tuple[Noted, ...]
    commitments: tuple[Noted, ...]  # that are still open, newest first
    facts: tuple[Fact, ...]  # newest first
    attempts: tuple[Attempt, ...] = ()  # that nobody answered, newest first


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part of a score: points of a word, a factor on all points, or what is added then."""

    what: str
    effect: Literal["points", "factor", "added"]
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """
    One search result. Scores compare within one answer only; higher is better.

    `parts` says where the score comes from, if that was asked for: the sum of the points,
    times every factor, plus what is added.
    """

    memory: Memory
    score: float
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A spooled event that could not be applied. `next_attempt_at` None: parked for somebody."""

    file: str  # the path below the spool, as the ledger names it
    error: str
    attempts: int
    next_attempt_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How much a store holds, and how many memories still lack the vector a model gives."""

    callers: int
    conversations: int
    memories: int
    vectors_pending: int = 0


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
    ) -> None:
        """
        Store all of this in one transaction, or nothing.

        A conversation replaces the stored record of the same id and kind, memories included,
        only if its `version` is greater: so order and repeats do not matter. `failed` are
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
        the order of arrival. Versions, position and failures are not part of it.
        """
        ...

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
