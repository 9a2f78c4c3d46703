"""What became of one event, as the processor tells it to whoever looks on."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Outcome = Literal["applied", "nothing", "erased", "failed", "parked"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventOutcome:
    """
    One event that has been dealt with, after memory has it (or has the note of its failure).

    `outcome`: "applied" is in memory; "nothing" has nothing to remember (a recording);
    "erased" is of somebody who was erased; "failed" is tried again; "parked" is not.
    `seconds` is what this event took of reading, deriving and storing; `memories` how many it
    was stored with.
    """

    file: str
    event_id: str  # see telemetry.ids
    kind: str
    conversation_id: str
    outcome: Outcome
    seconds: float
    memories: int = 0
    received_at: datetime | None = None
    error: str = ""
