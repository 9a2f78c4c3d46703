"""The values of the mirror's ledger."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from memory.holdings import Place

State = Literal["wanted", "unwanted", "stored", "shortened", "dropped", "refused"]
Status = Literal["ok", "degraded", "refused"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """
    What the ledger says of one row.

    - wanted: it is still to be added; unwanted: it is still to be removed.
    - stored: it was read back as it was sent; shortened: with another text.
    - dropped: OpenMemory took it for a duplicate of another row and did not store it.
    - refused: OpenMemory does not take it, for `reason`.

    `digest` is of what is to be there (see `Wanted`), `content_hash` of the text that was read
    back. `backend_id` is "" as long as nothing of it is there. `place` is the memory that it
    stands for, None for the profile.
    """

    key: str
    digest: str
    state: State
    backend_id: str = ""
    content_hash: str = ""
    attempts: int = 0
    reason: str = ""
    place: Place | None = None

    @property
    def is_there(self) -> bool:
        """Tell whether OpenMemory has it."""
        return self.state in ("stored", "shortened")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many rows are in which state; `waiting` are those still to be added or removed."""

    stored: int = 0
    shortened: int = 0
    dropped: int = 0
    refused: int = 0
    waiting: int = 0
    callers_waiting: int = 0
    erasing: int = 0

    @property
    def dropped_share(self) -> float:
        """Return which share of what was sent was dropped as duplicates, 0..1."""
        sent = self.stored + self.shortened + self.dropped
        return self.dropped / sent if sent else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """
    What a mirror last said of itself.

    `detail` is why it is not ok, and what to do, for the owner. What has not been found out yet
    is None. `at` is refreshed at least every 30 seconds while a mirror runs.
    """

    status: Status
    backend: str
    product: str = ""
    detail: str = ""
    keeps_users_apart: bool | None = None
    shortens: bool | None = None
    is_open: bool = False
    advice: tuple[str, ...] = ()
    at: datetime
