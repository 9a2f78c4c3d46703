"""What a processor has others do: they delete, and need more than memory for it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from processor.outcomes import EventOutcome
from spool.forgotten import Tombstone


def unobserved(_: EventOutcome) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hooks:
    """
    `erase` carries an erasure as far as it can be carried now, and goes on where it stopped.
    `caught_up` is called after the ledger has been caught up with: retention acts then. Both may
    raise MemoryStoreError, SpoolError or ProcessorError, and are called again later. `observe` is
    told of each event once memory has it; it must be quick, and may not raise.
    """

    erase: Callable[[Tombstone], Awaitable[None]] | None = None
    caught_up: Callable[[], Awaitable[None]] | None = None
    observe: Callable[[EventOutcome], None] = unobserved
