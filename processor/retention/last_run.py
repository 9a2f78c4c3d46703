"""The record of the last run of retention: `.spool/retention.json`."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from spool.durable import write_over
from spool.format import STATE_FOLDER


@dataclass(frozen=True, slots=True, kw_only=True)
class LastRun:
    """
    A run of retention; times are aware. `finished_at` None: it was killed, or still runs.

    `gone` is how many things went, `over_bytes` by how much the spool is larger than it may be.
    """

    started_at: datetime
    finished_at: datetime | None = None
    gone: int = 0
    freed_bytes: int = 0
    waiting: int = 0
    problems: int = 0
    over_bytes: int = 0


def last_run_file(root: Path) -> Path:
    """Return where the record stands for the spool at `root`."""
    return root / STATE_FOLDER / "retention.json"


def read_last_run(root: Path) -> LastRun | None:
    """Return the last run; None if there was none, or nobody can tell: then one is due."""
    try:
        return _last_run(json.loads(last_run_file(root).read_bytes()))
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def write_last_run(root: Path, run: LastRun) -> None:
    """Replace the record, whole or not at all; raises SpoolError."""
    text = json.dumps(asdict(run), default=datetime.isoformat, indent=2)
    write_over(last_run_file(root), f"{text}\n".encode())


def _last_run(members: dict[str, Any]) -> LastRun:
    finished = members["finished_at"]
    return LastRun(
        started_at=_moment(members["started_at"]),
        finished_at=None if finished is None else _moment(finished),
        gone=int(members["gone"]),
        freed_bytes=int(members["freed_bytes"]),
        waiting=int(members["waiting"]),
        problems=int(members["problems"]),
        over_bytes=int(members["over_bytes"]),
    )


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text} has no time zone")
    return moment
