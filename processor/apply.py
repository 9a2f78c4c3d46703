"""From receipts to what memory is to store: read, derive, and note what cannot be derived."""

import logging
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from memory.check import check
from memory.port import START, Conversation, Failure, MemoryStore, MemoryStoreError, Position
from processor.derive import derive
from processor.options import ProcessorOptions
from processor.retry import failed_once_more
from spool.format import DamagedLine, Receipt, SpoolError
from spool.reader import is_line_boundary, ledger_identity, read_file, read_receipts
from voice.payload import NotUnderstood, parse_event

logger = logging.getLogger(__name__)

# One transaction's worth: small, so that stopping and the live answers never wait long.
MAX_EVENTS = 32
MAX_BYTES = 2_000_000

_DERIVED_KINDS = frozenset(["transcription", "failure"])  # recordings and quarantine say nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What the next lines of the ledger come to, and the position before and after them."""

    since: Position
    to: Position
    conversations: Sequence[Conversation]
    failed: Sequence[Failure]

    async def store_in(self, store: MemoryStore) -> None:
        """Store all of it with its position in one transaction; see `MemoryStore.apply`."""
        await store.apply(self.conversations, failed=self.failed, advance=(self.since, self.to))


def is_position_in(root: Path, position: Position) -> bool:
    """
    Tell whether memory at `position` can go on from there in the ledger at `root`.

    Not if the position is of another ledger or no line ends there. While there is no ledger at
    all (a disk not mounted yet), it can: nothing is to be concluded from nothing.
    """
    identity = ledger_identity(root)
    if position == START or not identity:
        return True
    return position.ledger == identity and is_line_boundary(root, position.offset)


def read_batch(
    root: Path, since: Position, options: ProcessorOptions, *, until_bytes: int | None = None
) -> Batch | None:
    """
    Return what the lines after `since` come to, up to a transaction's worth; None: no line yet.

    With `until_bytes`, lines that end after that offset are left alone. An event that cannot
    be derived is among `failed`, for whatever reason, and holds up none of the others.
    """
    conversations: list[Conversation] = []
    failed: list[Failure] = []
    offset, count, size_bytes = since.offset, 0, 0
    for receipt, after in read_receipts(root, offset=since.offset):
        if until_bytes is not None and after > until_bytes:
            break
        result = attempt(root, receipt, region=options.region)
        if isinstance(result, Conversation):
            conversations.append(result)
        elif result is not None:
            failed.append(noted(name_of(receipt, offset), result, options))
        offset, count = after, count + 1
        size_bytes += receipt.size if result is not None and isinstance(receipt, Receipt) else 0
        if count >= MAX_EVENTS or size_bytes >= MAX_BYTES:
            break
    if offset == since.offset:
        return None
    to = Position(ledger=ledger_identity(root), offset=offset)
    return Batch(since=since, to=to, conversations=conversations, failed=failed)


def attempt(
    root: Path, receipt: Receipt | DamagedLine, *, region: str | None
) -> Conversation | str | None:
    """Return what an event says; None if nothing; the reason, as text, if that failed."""
    if isinstance(receipt, DamagedLine):
        return str(receipt)
    if receipt.kind not in _DERIVED_KINDS:
        return None
    try:
        body = read_file(root, receipt)
        event = parse_event(receipt.kind, body, region=region, received_at=receipt.received_at)
        conversation = derive(event, sha256=receipt.sha256)
        check(conversation)
        if conversation.id != receipt.conversation_id:
            return f"{receipt.file} says that it is of conversation {conversation.id!r}"
    except (SpoolError, NotUnderstood, MemoryStoreError) as error:
        return str(error)
    except Exception as error:  # noqa: BLE001 - one event that trips a bug must not stop the others
        logger.error(  # the exception's own text may quote the caller
            "an event could not be derived",
            extra={
                "action": "derive_failed",
                "file": receipt.file,
                "error_type": type(error).__name__,
                "trace": "".join(traceback.format_tb(error.__traceback__)),
            },
        )
        return f"{type(error).__name__}: {error}"
    return conversation


def name_of(receipt: Receipt | DamagedLine, offset: int) -> str:
    """Return what a failure is filed under: the event's file, or where the damaged line is."""
    return receipt.file if isinstance(receipt, Receipt) else f"ledger@{offset}"


def noted(file: str, error: str, options: ProcessorOptions, *, attempts_before: int = 0) -> Failure:
    """Return the note of one more failed attempt at `file`, timed as `options` say."""
    return failed_once_more(
        file,
        error,
        attempts_before=attempts_before,
        now=options.clock(),
        policy=options.retry,
        jitter=options.jitter(),
    )
