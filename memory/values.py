"""The values that memory holds and answers with; `memory.port` is where others import them from."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

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
    `speaker` is the name that the human gave in this conversation, "" if none: a line has more
    than one person where the names on it cannot be one person's (see `memory.speakers`).
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
    speaker: str = ""
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
class Other:
    """
    Somebody else who called from the line, by another name than its owner's.

    `name` is as it was given last. `facts` are what was said in these calls, newest first;
    none of them is the owner's.
    """

    name: str
    calls: int
    last_at: datetime  # when the newest of these calls began
    facts: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """
    What is known of one caller: a function of the caller's conversations. Of somebody who was
    never reached it has attempts only; the dates of calls are the epoch then.

    It is the profile of the line's owner: see `memory.speakers`. `summary` tells the calls of
    others too, and says so; how many calls there were, and when, is of the whole line.
    """

    caller: str
    name: str  # what the caller is addressed by
    preferred_name: str = ""
    first_name: str = ""
    full_name: str = ""
    summary: str  # rolling, over the recent calls, newest first
    last_call_summary: str  # of the owner's newest call that has one
    last_summary_at: datetime  # when that call began
    last_call_at: datetime
    first_call_at: datetime
    call_count: int
    language: str
    preferences: tuple[Noted, ...]
    commitments: tuple[Noted, ...]  # that are still open, newest first
    facts: tuple[Fact, ...]  # newest first
    attempts: tuple[Attempt, ...] = ()  # that nobody answered, newest first
    others: tuple[Other, ...] = ()  # who called from this line too, the newest first


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
