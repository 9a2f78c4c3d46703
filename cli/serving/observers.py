"""Who is told what became of each event: the log, the metrics, the traces, and who watches."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime

from processor.outcomes import EventOutcome
from telemetry.activity import Activity
from telemetry.metrics import Metrics
from telemetry.tracing import Tracer

logger = logging.getLogger(__name__)


def log_outcome(event: EventOutcome) -> None:
    """Log that memory has this event; those that failed the processor has logged already."""
    if event.outcome == "applied":
        logger.info(
            "in memory",
            extra={
                "action": "event_applied",
                "event_id": event.event_id,
                "file": event.file,
                "memories": event.memories,
                "milliseconds": round(event.seconds * 1000, 1),
            },
        )


def counting(
    metrics: Metrics, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> Callable[[EventOutcome], None]:
    """Return what the processor tells of each event it is done with."""

    def observe(event: EventOutcome) -> None:
        received_at = event.received_at
        metrics.applied(
            outcome=event.outcome,
            seconds=event.seconds,
            memories=event.memories,
            since_received=None if received_at is None else (clock() - received_at).total_seconds(),
        )

    return observe


def traced_by(tracer: Tracer) -> Callable[[EventOutcome], None]:
    """Return the observer that tells `tracer` of each event, in the event's trace."""

    def observe(event: EventOutcome) -> None:
        if event.event_id:  # a damaged line of the ledger is of no event
            tracer.event(
                "apply",
                event.event_id,
                seconds=event.seconds,
                error=event.outcome if event.error else "",  # its text may quote the caller
                attributes={
                    "callspool.outcome": event.outcome,
                    "callspool.kind": event.kind,
                    "callspool.memories": event.memories,
                },
            )

    return observe


def told_to(
    activity: Activity, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> Callable[[EventOutcome], None]:
    """Return the observer that publishes on `activity`; `now` returns aware UTC."""

    def observe(event: EventOutcome) -> None:
        if not activity.watchers:
            return
        received_at = event.received_at
        activity.publish(
            "applied",
            {
                "kind": event.kind,
                "outcome": event.outcome,
                "conversation_id": event.conversation_id,
                "event_id": event.event_id,
                "milliseconds": round(event.seconds * 1000, 2),
                "memories": event.memories,
                "seconds_behind": None
                if received_at is None
                else round((now() - received_at).total_seconds(), 3),
                "error": event.error,
            },
        )

    return observe
