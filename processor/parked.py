"""Parked events: what an operator finds in `.spool/parked/`, and how to have them tried again."""

import asyncio
import json
import logging
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from memory.port import Failure, MemoryStore
from spool.format import STATE_FOLDER

logger = logging.getLogger(__name__)

_ENDING = ".parked.json"


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
    """
    Make the folder hold one marker for each event that `store` says is parked, and no other.

    The store is the truth: a marker that cannot be written or removed is logged and tried
    again the next time. Whatever else stands in the folder is left alone.
    """
    failures = await store.failures()
    parked = [failure for failure in failures if failure.next_attempt_at is None]
    await asyncio.to_thread(_reconcile, parked_folder(root), parked, now)


def _reconcile(folder: Path, parked: Iterable[Failure], now: datetime) -> None:
    wanted = {_marker_name(failure): failure for failure in parked}
    if not wanted and not folder.exists():
        return
    with _logged(folder):
        for each in (folder.parent, folder):  # never the spool itself: it may not be mounted
            each.mkdir(mode=0o700, exist_ok=True)
        present = {
            entry.name
            for entry in os.scandir(folder)
            if entry.name.endswith(_ENDING) and entry.is_file(follow_symlinks=False)
        }
        for name in present - wanted.keys():
            with _logged(folder / name):
                (folder / name).unlink(missing_ok=True)
        for name in wanted.keys() - present:
            with _logged(folder / name):
                _write(folder, name, wanted[name], now)


def _marker_name(failure: Failure) -> str:
    return failure.file.rpartition("/")[2] + _ENDING


@contextmanager
def _logged(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        logger.warning(
            "a marker of a parked event is not up to date; the status command is",
            extra={"action": "marker_failed", "file": str(path), "error": str(error)},
        )


def _write(folder: Path, name: str, failure: Failure, now: datetime) -> None:
    marker = {
        "file": failure.file,
        "error": failure.error,
        "attempts": failure.attempts,
        "parked_at": now.isoformat(),
    }
    unfinished = folder / f".{os.getpid()}.{name}"  # its ending has a leftover removed
    try:
        with unfinished.open("w", encoding="utf-8") as file:
            os.fchmod(file.fileno(), 0o600)
            json.dump(marker, file, indent=2)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(folder / name)
    except OSError:
        unfinished.unlink(missing_ok=True)
        raise
