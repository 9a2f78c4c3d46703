"""When this spool was last backed up, and where to: for metrics, doctor and alerts."""

from datetime import UTC, datetime
from pathlib import Path

from spool.backup.backup import known_places


def last_backup(root: Path) -> tuple[str, datetime] | None:
    """Return where the newest backup of this spool was put, and when; raises SpoolError."""
    times = {place: _time_of(at) for place, at in known_places(root).items()}
    return max(
        ((place, at) for place, at in times.items() if at is not None),
        key=lambda found: found[1],
        default=None,
    )


def _time_of(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)
