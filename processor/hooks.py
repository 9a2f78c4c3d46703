"""What a processor has others do: they delete, and need more than memory for it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from spool.forgotten import Tombstone


@dataclass(frozen=True, slots=True, kw_only=True)
class Hooks:
    """
    `erase` carries an erasure as far as it can be carried now, and goes on where it stopped.
    `applied` is called after the ledger has been caught up with: retention acts then. Both may
    raise MemoryStoreError, SpoolError or ProcessorError, and are called again later.
    """

    erase: Callable[[Tombstone], Awaitable[None]] | None = None
    applied: Callable[[], Awaitable[None]] | None = None
