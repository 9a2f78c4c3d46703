"""What is given to the spool, and what becomes of it."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from spool.format import (
    Kind,
    Receipt,
    Source,
    file_path,
    finite,
    is_conversation_id,
    quarantine_path,
)
from spool.staging import StagedFile

OfWhom = Callable[[bytes], tuple[str | None, datetime]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """
    One event to be stored; the members are those of its receipt (see `spool.format.Receipt`).

    `is_same_event` tells of the content that stands under the plain name already whether it is
    this event as a backfill brought it; it must not raise. Recordings need none: see
    FORMAT.md. `of_whom` tells of the content who called (None: nobody known), and when the call
    began: an event of somebody who was erased since is not stored. It must not raise either, and
    is asked only if anybody was erased. A StagedFile must be finished. Raises ValueError for what
    could never be a receipt: an id that is no conversation id (quarantine may have None), a naive
    time, an infinite number.
    """

    kind: Kind
    conversation_id: str | None
    content: bytes | StagedFile
    event_timestamp: float | None
    signature: str
    source: Source
    received_at: datetime
    reason: str = ""
    body_prefix: str = ""
    body_suffix: str = ""
    is_same_event: Callable[[bytes], bool] | None = field(default=None, compare=False, repr=False)
    of_whom: OfWhom | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Refuse what could never be a receipt, before anything is written."""
        if self.kind != "quarantine" and not is_conversation_id(self.conversation_id or ""):
            message = f"{self.conversation_id!r} cannot name a folder; put the event in quarantine"
            raise ValueError(message)
        if self.received_at.tzinfo is None:
            message = "received_at has no time zone; pass an aware UTC datetime"
            raise ValueError(message)
        if self.event_timestamp is not None:
            finite(self.event_timestamp)
        if isinstance(self.content, StagedFile) and not self.content.sha256:
            message = "a staged file must be finished before it is stored"
            raise ValueError(message)

    def fingerprint(self) -> tuple[int, str]:
        """Return size in bytes and SHA-256 (hex) of the content."""
        if isinstance(self.content, StagedFile):
            return self.content.size, self.content.sha256
        return len(self.content), hashlib.sha256(self.content).hexdigest()

    def names(self, sha256: str) -> tuple[str, ...]:
        """
        Return the paths this may be stored under, in the order in which they are tried.

        A backfill fills gaps and nothing else: it never makes a revision.
        """
        if self.kind == "quarantine" or self.conversation_id is None:
            return (quarantine_path(sha256),)
        plain = file_path(self.kind, self.conversation_id)
        if self.source == "backfill":
            return (plain,)
        return (plain, file_path(self.kind, self.conversation_id, revision_of=sha256))

    def receipt(self, file: str, size: int, sha256: str) -> Receipt:
        """Return the receipt for this, stored as `file`."""
        return Receipt(
            file=file,
            kind=self.kind,
            conversation_id=self.conversation_id,
            sha256=sha256,
            size=size,
            received_at=self.received_at,
            event_timestamp=self.event_timestamp,
            signature=self.signature,
            source=self.source,
            reason=self.reason,
            body_prefix=self.body_prefix,
            body_suffix=self.body_suffix,
        )

    def sidecar(self) -> bytes:
        """Return what stands beside a quarantined body, for a person to read."""
        members = {
            "reason": self.reason,
            "received_at": self.received_at.isoformat(),
            "signature": self.signature,
        }
        return json.dumps(members, indent=2).encode("ascii") + b"\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """
    What became of an arrival. `file` is where its content stands, relative to the spool.

    A revision is "stored". "duplicate": the same content, or the same event by backfill, was
    there with its receipt, nothing was written. Content that was there without one (a folder
    copied in while we run) is "stored" too: this arrival gave it its receipt. "quarantined" is
    said again for a body that is in quarantine already. "forgotten": it is of a conversation or
    a caller that was erased; nothing was written, and `file` is "". What was dropped on purpose
    is a duplicate, if it comes again.
    """

    status: Literal["stored", "duplicate", "quarantined", "forgotten"]
    file: str
