"""
The ports to what the owner looks back on and lets go of.

The receiver knows the spool and the history; what only the processor's side can do comes as
callables. Nothing here holds up the event loop.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from history.index import History
from memory.port import MemoryStore
from receiver.decided import Decided

# Counts all that is kept, as JSON; raises SpoolError, MemoryStoreError or HistoryError.
ReadStats = Callable[[], Awaitable[Mapping[str, Any]]]
# Makes one ZIP, block by block, of all that is held of a caller. Raises NothingHeld or
# TooManyExports before the first, and in between what ReadStats raises, or OSError.
Export = Callable[[str], AsyncGenerator[bytes, None]]


class NothingHeld(Exception):
    """Nothing is held of the caller, anywhere."""


class TooManyExports(Exception):
    """Others are being exported, and none of them has come to its end for some time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """
    What is kept in the spool at `root`, and who can tell of it. `memory` is asked by the key of
    the person, and tells the owner also what an agent must not be told.

    `open_history` returns the open index, always the same one; it is asked for each request, so
    that an index that cannot be opened now may be later. `patience_seconds` is how long a
    request to erase something waits for that to be done.
    """

    root: Path
    memory: MemoryStore
    open_history: Callable[[], Awaitable[History]]
    read_stats: ReadStats | None = None
    export: Export | None = None
    patience_seconds: float = 3.0
    decided: Decided = field(default_factory=Decided)
