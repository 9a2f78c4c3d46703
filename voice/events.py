"""
Events: what a stored payload says, in values that no longer depend on the platform's JSON.

Every optional field of the platform may be missing, null or of another type, and unknown ones
may be present: reading never fails for that. See `voice.payload` for the parsing.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from memory.port import Channel

Direction = Literal["inbound", "outbound", ""]


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One message of the transcript. `index` is its place in the platform's list."""

    index: int
    role: Literal["user", "agent"]
    message: str
    seconds: float  # since the call began
    is_backchannel: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectedValue:
    """One non-empty data-collection result, its value as text."""

    key: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """One evaluation result: whether a criterion was met, in the platform's word, and why."""

    criterion: str
    result: str  # success, failure, unknown or ""
    rationale: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallEnded:
    """A conversation that took place: `post_call_transcription`."""

    conversation_id: str
    agent_id: str
    event_timestamp: float  # unix seconds; 0: the payload has none; -1: it came by backfill
    caller: str | None  # memory key of the human; None: withheld or unknown
    channel: Channel
    direction: Direction
    agent_line: str
    started_at: datetime
    duration_secs: float
    language: str
    outcome: str  # the platform's call_successful: success, failure, unknown or ""
    summary: str
    collected: tuple[CollectedValue, ...]
    evaluations: tuple[Evaluation, ...]
    turns: tuple[Turn, ...]
    title: str = ""  # of the call, in the platform's words


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFailed:
    """An outbound call that never came about: `call_initiation_failure`."""

    conversation_id: str
    agent_id: str
    event_timestamp: float  # as in CallEnded
    caller: str | None
    agent_line: str
    failed_at: datetime
    reason: str


Event = CallEnded | CallFailed
