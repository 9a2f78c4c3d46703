"""What becomes of each event in memory: a line in the log, and a span in the event's trace."""

import logging
from collections.abc import Callable

from processor.applied import Applied
from telemetry.tracing import Tracer

logger = logging.getLogger(__name__)


def log_applied(applied: Applied) -> None:
    """Log that memory has this event; those that failed the processor has logged already."""
    if applied.outcome == "applied":
        logger.info(
            "in memory",
            extra={
                "action": "event_applied",
                "event_id": applied.event_id,
                "file": applied.file,
                "memories": applied.memories,
                "milliseconds": round(applied.seconds * 1000, 1),
            },
        )


def traced_by(tracer: Tracer) -> Callable[[Applied], None]:
    """Return the observer that tells `tracer` of each event, in the event's trace."""

    def observe(applied: Applied) -> None:
        if applied.event_id:  # a damaged line of the ledger is of no event
            tracer.event(
                "apply",
                applied.event_id,
                seconds=applied.seconds,
                error=applied.outcome if applied.error else "",  # its text may quote the caller
                attributes={
                    "callspool.outcome": applied.outcome,
                    "callspool.kind": applied.kind,
                    "callspool.memories": applied.memories,
                },
            )

    return observe


def memory_traced_by(tracer: Tracer) -> Callable[[str, float, str], None]:
    """Return what tells `tracer` of each use of memory: operation, seconds and outcome."""

    def observe(operation: str, seconds: float, outcome: str) -> None:
        error = "" if outcome == "ok" else outcome
        tracer.ended(f"memory {operation}", seconds=seconds, error=error)

    return observe
