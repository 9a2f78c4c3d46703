"""What an operator wants to know: how far memory is behind, and what does not get there."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from memory.port import Counts, Failure, MemoryStore, Position
from processor.apply import is_position_in
from processor.lock import is_held, processor_lock, rebuild_lock
from processor.quarantine import Quarantine, read_quarantine
from spool.reader import count_lines
from voice.rules import Rules

_NEWEST = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """
    The state of one processor. `backlog` counts the events that are not in memory yet: ledger
    lines after the position, and failures that will be tried again. Parked ones are not in it,
    nor are bodies in quarantine, of which the newest 10 are named.
    """

    position: Position
    backlog: int
    retrying: tuple[Failure, ...]
    parked: tuple[Failure, ...]
    quarantine: Quarantine
    counts: Counts
    is_running: bool
    is_rebuilding: bool


async def read_status(root: Path, store: MemoryStore, *, rules: Rules) -> Status:
    """
    Return how the memory in `store` stands to the spool at `root`; changes nothing.

    `rules` are those of `ProcessorOptions`: memory derived by others is all backlog.
    """
    position = await store.position()
    failures = await store.failures()
    retrying = tuple(failure for failure in failures if failure.next_attempt_at is not None)
    return Status(
        position=position,
        backlog=await asyncio.to_thread(_lines_after, root, position, rules) + len(retrying),
        retrying=retrying,
        parked=tuple(failure for failure in failures if failure.next_attempt_at is None),
        quarantine=await asyncio.to_thread(read_quarantine, root, limit=_NEWEST),
        counts=await store.counts(),
        is_running=is_held(processor_lock(root)),
        is_rebuilding=is_held(rebuild_lock(root)),
    )


async def count_backlog(root: Path, store: MemoryStore, *, rules: Rules) -> int:
    """Return `Status.backlog` alone, cheaply: a health check asks for it often."""
    position = await store.position()
    retrying = [f for f in await store.failures() if f.next_attempt_at is not None]
    return await asyncio.to_thread(_lines_after, root, position, rules) + len(retrying)


def _lines_after(root: Path, position: Position, rules: Rules) -> int:
    offset = position.offset if is_position_in(root, position, rules=rules) else 0
    return count_lines(root, offset=offset)
