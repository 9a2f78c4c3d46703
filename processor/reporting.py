"""Telling whoever looks on what became of each event, once memory has it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from memory.port import Conversation, Failure
from processor.outcomes import EventOutcome, Outcome
from spool.format import DamagedLine, Receipt
from telemetry.ids import event_id_of

Observe = Callable[[EventOutcome], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """
    One event that has been read and derived, and is to be stored.

    `file` is what its failure is filed under. `seconds` is what reading and deriving took.
    `outcome` is what becomes of it if it is not among those that failed.
    """

    file: str
    event_id: str
    kind: str
    conversation_id: str
    received_at: datetime | None
    seconds: float
    outcome: Outcome
    memories: int = 0

    @classmethod
    def of(
        cls, file: str, receipt: Receipt | DamagedLine, result: object, *, seconds: float
    ) -> "Tried":
        """Return the event that `receipt` is of, and that came to `result` (see `attempt`)."""
        outcome: Outcome = "erased"
        if isinstance(result, Conversation):
            outcome = "applied"
        elif result is None:
            outcome = "nothing"
        elif isinstance(result, str):
            outcome = "failed"
        known = receipt if isinstance(receipt, Receipt) else None
        return cls(
            file=file,
            event_id="" if known is None else event_id_of(known.sha256),
            kind="" if known is None else known.kind,
            conversation_id="" if known is None else known.conversation_id or "",
            received_at=None if known is None else known.received_at,
            seconds=seconds,
            outcome=outcome,
            memories=len(result.memories) if isinstance(result, Conversation) else 0,
        )


def tell(
    observe: Observe,
    tried: Sequence[Tried],
    failed: Sequence[Failure],
    *,
    storing_seconds: float,
) -> None:
    """
    Tell `observe` of each of `tried`, stored together, of which the store notes `failed`.

    What storing took is shared out equally: it was one transaction.
    """
    failures = {failure.file: failure for failure in failed}
    share = storing_seconds / max(len(tried), 1)
    for each in tried:
        failure = failures.get(each.file)
        outcome = each.outcome
        if failure is not None:
            outcome = "parked" if failure.next_attempt_at is None else "failed"
        observe(
            EventOutcome(
                file=each.file,
                event_id=each.event_id,
                kind=each.kind,
                conversation_id=each.conversation_id,
                outcome=outcome,
                seconds=each.seconds + share,
                memories=each.memories if outcome == "applied" else 0,
                received_at=each.received_at,
                error="" if failure is None else failure.error,
            )
        )
