"""What becomes of each event in memory, told to whoever looks on."""

from collections.abc import Callable
from datetime import UTC, datetime

from processor.applied import Applied
from telemetry.activity import Activity


def told_to(
    activity: Activity, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> Callable[[Applied], None]:
    """Return the observer that publishes on `activity`; `now` returns aware UTC."""

    def observe(applied: Applied) -> None:
        if not activity.watchers:
            return
        received_at = applied.received_at
        activity.publish(
            "applied",
            {
                "kind": applied.kind,
                "outcome": applied.outcome,
                "conversation_id": applied.conversation_id,
                "event_id": applied.event_id,
                "milliseconds": round(applied.seconds * 1000, 2),
                "memories": applied.memories,
                "seconds_behind": None
                if received_at is None
                else round((now() - received_at).total_seconds(), 3),
                "error": applied.error,
            },
        )

    return observe
