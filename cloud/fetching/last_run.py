"""The record of the last reconciliation: `.spool/reconciliation.json`, for people and /health."""

import json
import os
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, Self

from spool.format import STATE_FOLDER


@dataclass(frozen=True, slots=True, kw_only=True)
class LastRun:
    """
    What the last reconciliation did; times are aware.

    It looked at calls that began from `since` on. Up to `complete_until` nothing is missing, as
    far as is known: it moves only when a run succeeds. `error` is "" then.
    """

    started_at: datetime
    finished_at: datetime
    status: Literal["ok", "failed"]
    error: str
    listed: int
    stored: int
    recordings: int
    failed: int
    since: datetime
    complete_until: datetime

    @classmethod
    def of(cls, members: dict[str, Any]) -> Self:
        """Return the run that was written so; raises ValueError, KeyError or TypeError."""
        values = {each.name: members[each.name] for each in fields(cls)}
        for name in ("started_at", "finished_at", "since", "complete_until"):
            values[name] = datetime.fromisoformat(values[name])
            if values[name].tzinfo is None:
                raise ValueError(f"{name} has no time zone")
        for name in ("listed", "stored", "recordings", "failed"):
            values[name] = int(values[name])
        return cls(**values)


def last_run_file(root: Path) -> Path:
    """Return where the record stands for the spool at `root`."""
    return root / STATE_FOLDER / "reconciliation.json"


def read_last_run(root: Path) -> LastRun | None:
    """Return the last run; None if there was none, or nobody can tell."""
    try:
        return LastRun.of(json.loads(last_run_file(root).read_bytes()))
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None  # then the next run looks back as if it were the first


def write_last_run(root: Path, run: LastRun) -> None:
    """Replace the record, whole or not at all; raises OSError."""
    path = last_run_file(root)
    unfinished = path.with_name(f".{os.getpid()}.{path.name}")
    text = json.dumps(asdict(run), default=datetime.isoformat, indent=2)
    try:
        with unfinished.open("w", encoding="utf-8") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(path)
    except OSError:
        unfinished.unlink(missing_ok=True)
        raise
