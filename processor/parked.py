"""Parked events: what an operator finds in `.spool/parked/`, and how to have them tried again."""

import asyncio
import json
import os
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from memory.port import Failure, MemoryStore
from spool.format import STATE_FOLDER


def parked_folder(root: Path) -> Path:
    """Return the folder of the markers, whether it exists or not."""
    return root / STATE_FOLDER / "parked"


async def retry_parked(root: Path, store: MemoryStore, *, now: datetime | None = None) -> int:
    """
    Make every parked event due now, with all its attempts before it; return how many.

    A running processor notices within a second; otherwise the next one that runs does.
    """
    now = now or datetime.now(UTC)
    parked = [failure for failure in await store.failures() if failure.next_attempt_at is None]
    if parked:
        due = [replace(failure, attempts=0, next_attempt_at=now) for failure in parked]
        await store.apply([], failed=due)
    await mark_parked(root, store, now=now)
    return len(parked)


async def mark_parked(root: Path, store: MemoryStore, *, now: datetime) -> None:
    """Make the folder hold one marker for each event that `store` says is parked, and no other."""
    failures = await store.failures()
    parked = [failure for failure in failures if failure.next_attempt_at is None]
    await asyncio.to_thread(_reconcile, parked_folder(root), parked, now)


def _reconcile(folder: Path, parked: Iterable[Failure], now: datetime) -> None:
    wanted = {f"{failure.file.replace('/', '__')}.json": failure for failure in parked}
    if not wanted and not folder.exists():
        return
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    present = {entry.name for entry in os.scandir(folder)}
    for name in present - wanted.keys():
        (folder / name).unlink(missing_ok=True)
    for name in wanted.keys() - present:
        _write(folder, name, wanted[name], now)


def _write(folder: Path, name: str, failure: Failure, now: datetime) -> None:
    marker = {
        "file": failure.file,
        "error": failure.error,
        "attempts": failure.attempts,
        "parked_at": now.isoformat(),
    }
    unfinished = folder / f".{name}.{os.getpid()}"
    with unfinished.open("w", encoding="utf-8") as file:
        os.fchmod(file.fileno(), 0o600)
        json.dump(marker, file, indent=2)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    unfinished.rename(folder / name)
