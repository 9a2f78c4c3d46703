"""What is not in memory yet, cheaply enough to be looked at every few seconds for years."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from memory.port import Failure, MemoryStore, Position
from processor.apply import is_position_in
from spool.format import Receipt
from spool.reader import count_lines, receipt_at
from voice.rules import Rules


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """
    How many events are not in memory yet, as `Status` counts them, and since when the oldest.

    `retrying` of them failed and are tried again; `parked` ones are none of them.
    """

    count: int
    oldest_received_at: datetime | None
    retrying: int
    parked: int


async def read_pending(root: Path, store: MemoryStore, *, rules: Rules) -> Pending:
    """
    Return what is pending; changes nothing. The time this takes grows with what is pending only.

    Raises MemoryStoreError, SpoolError.
    """
    position = await store.position()
    failures = await store.failures()
    retrying = [failure for failure in failures if failure.next_attempt_at is not None]
    count, oldest = await asyncio.to_thread(_after, root, position, rules)
    came = await asyncio.to_thread(_came, root, retrying)
    return Pending(
        count=count + len(retrying),
        oldest_received_at=min([*came, *oldest], default=None),
        retrying=len(retrying),
        parked=len(failures) - len(retrying),
    )


def _after(root: Path, position: Position, rules: Rules) -> tuple[int, list[datetime]]:
    """Return how many lines follow `position`, and when what the first one names came."""
    offset = position.offset if is_position_in(root, position, rules=rules) else 0
    count = count_lines(root, offset=offset)
    first = receipt_at(root, offset) if count else None
    return count, [first.received_at] if isinstance(first, Receipt) else []


def _came(root: Path, failures: Sequence[Failure]) -> list[datetime]:
    """
    Return when the files of `failures` were written, which is when they came.

    Their receipts tell it too, but to find those the whole ledger would have to be read.
    """
    came = []
    for failure in failures:
        try:
            written = (root / failure.file).stat().st_mtime
        except OSError:  # gone, or no file but a damaged line
            continue
        came.append(datetime.fromtimestamp(written, UTC))
    return came
