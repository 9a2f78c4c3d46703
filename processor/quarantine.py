"""What stands in quarantine: signed bodies that were not understood, with the reason."""

import heapq
import json
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from spool.format import QUARANTINE_FOLDER, sidecar_path

_BODY = ".body"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantined:
    """One body. `reason` "" and `received_at` None: the sidecar that tells is unreadable."""

    file: str  # the path below the spool, as the ledger names it
    reason: str
    received_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantine:
    """How many bodies there are, and the newest of them, newest first."""

    count: int
    newest: tuple[Quarantined, ...]


def read_quarantine(root: Path, *, limit: int) -> Quarantine:
    """Return the quarantine of the spool at `root` with at most `limit` bodies; changes nothing."""
    try:
        with os.scandir(root / QUARANTINE_FOLDER) as entries:
            bodies = [
                (entry.stat(follow_symlinks=False).st_mtime_ns, entry.name)
                for entry in entries
                if entry.name.endswith(_BODY) and entry.is_file(follow_symlinks=False)
            ]
    except FileNotFoundError:
        bodies = []
    newest = heapq.nlargest(limit, bodies)
    return Quarantine(
        count=len(bodies), newest=tuple(_quarantined(root, name) for _, name in newest)
    )


def _quarantined(root: Path, name: str) -> Quarantined:
    file = f"{QUARANTINE_FOLDER}/{name}"
    try:
        sidecar = json.loads((root / sidecar_path(name.removesuffix(_BODY))).read_bytes())
        return Quarantined(
            file=file,
            reason=str(sidecar["reason"]),
            received_at=datetime.fromisoformat(sidecar["received_at"]),
        )
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return Quarantined(file=file, reason="", received_at=None)
