"""What an erasure needs from others: it reaches files that the processor does not own."""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, Protocol

from history.index import History
from memory.port import MemoryStore
from processor.erasure.mentions import Mentions
from processor.options import ProcessorOptions
from processor.retry import RetryPolicy
from spool.standing_orders import Orders
from voice.rules import Rules


class MirrorOfMemory(Protocol):
    """What has OpenMemory forget; see `memory.openmemory.mirror.Mirror`."""

    async def erase(self, caller: str, *, conversations: Collection[str] | None = None) -> None:
        """Have everything of a caller deleted there, once memory holds none of these."""

    async def erasure_state(self, caller: str) -> Literal["pending", "complete", "none"]:
        """Return how far that is."""
        ...

    async def purge(self, caller: str, conversations: Collection[str]) -> None:
        """Delete what is there of conversations that memory does not hold any more."""

    async def scrub(self) -> None:
        """Leave nothing in its own files of whom it has forgotten."""


def _no_calls(mentions: Mentions, before: datetime) -> tuple[int, int]:
    del mentions, before
    return 0, 0


def _no_log(mentions: Mentions) -> int:
    del mentions
    return 0


async def _no_former(callers: Collection[str]) -> list[str]:
    del callers
    return []


def _nothing(step: str) -> None:
    del step


_RETRY = RetryPolicy(base_seconds=5.0, max_seconds=3600.0, max_attempts=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """
    What holds something of callers, and how it is made to let go. Every part can be asked again.

    `remove_calls` removes the records of calls started before a moment, and tells how many went
    and how many are being dialled now. `remove_logged` removes lines of the payload log, and
    tells how many. Both block, and raise SpoolError or OSError. `forget_former` has what is left
    here of OpenMemories that are not set any more forget callers, and names those that may still
    hold something, the first time; it raises MemoryStoreError. `history` is None where there is
    no index, `mirror` where there is no OpenMemory. `retry` is for events that
    cannot be derived again. `on_step` is told each step as it begins.
    """

    root: Path
    store: MemoryStore
    orders: Orders
    rules: Rules
    retry: RetryPolicy = _RETRY
    history: History | None = None
    remove_calls: Callable[[Mentions, datetime], tuple[int, int]] = _no_calls
    remove_logged: Callable[[Mentions], int] = _no_log
    mirror: MirrorOfMemory | None = None
    forget_former: Callable[[Collection[str]], Awaitable[list[str]]] = _no_former
    clock: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    on_step: Callable[[str], None] = _nothing

    @property
    def options(self) -> ProcessorOptions:
        """Return how events are derived again."""
        return ProcessorOptions(
            retry=self.retry, region=self.rules.region, redact=self.rules.redact, clock=self.clock
        )
