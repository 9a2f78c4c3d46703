"""The certificate of an erasure: what was removed and when, and nobody's number."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """
    What one erasure removed. `removed` counts by kind, `size_bytes` is of the files.

    `completed_at` is None while something has still to be waited for, which `waiting_for` names.
    `may_remain_in` are OpenMemories that were mirrored to once and are not set any more.
    """

    id: str
    kind: str
    asked_at: datetime
    completed_at: datetime | None
    removed: Mapping[str, int]
    size_bytes: int
    waiting_for: str = ""
    may_remain_in: tuple[str, ...] = ()

    def members(self) -> dict[str, Any]:
        """Return it as JSON members."""
        completed = self.completed_at
        return {
            "id": self.id,
            "kind": self.kind,
            "status": "complete" if completed else "pending",
            "asked_at": self.asked_at.isoformat(),
            "completed_at": completed.isoformat() if completed else None,
            "removed": dict(sorted(self.removed.items())),
            "size_bytes": self.size_bytes,
            "waiting_for": self.waiting_for,
            "may_remain_in": list(self.may_remain_in),
        }
