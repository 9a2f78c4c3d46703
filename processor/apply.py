"""From receipts to what memory is to store: read, derive, and note what cannot be derived."""

import logging
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from memory.check import check
from memory.errors import MemoryStoreError
from memory.port import START, Conversation, Failure, MemoryStore, Position
from memory.recall.terms import pack, terms_of
from processor.derive import derive, origin
from processor.errors import type_and_place
from processor.kept import read_kept
from processor.options import ProcessorOptions
from processor.ordered import is_erased, under
from processor.reporting import Observe, Tried, tell
from processor.retry import failed_once_more
from processor.storing import Derived, store_derived
from spool.dropped import Drop
from spool.format import DamagedLine, Receipt, SpoolError
from spool.reader import is_line_boundary, ledger_identity, read_file, read_receipts
from spool.standing_orders import Orders
from telemetry.ids import event_id_of
from voice.payload import NotUnderstood, parse_event
from voice.redaction import redact_event
from voice.rules import Rules

logger = logging.getLogger(__name__)

# One transaction's worth: small, so that stopping and the live answers never wait long.
MAX_EVENTS = 32
MAX_BYTES = 2_000_000

_DERIVED_KINDS = frozenset(["transcription", "failure"])  # recordings and quarantine say nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """What comes of an event that was erased: it is not remembered, and its files are to go."""

    conversation_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """
    What the next lines of the ledger come to, and the position before and after them.

    `erased` are conversations that came although they, or their caller, were erased; `tried` are
    all the events.
    """

    since: Position
    to: Position
    derived: Derived
    failed: Sequence[Failure]
    erased: Sequence[str] = ()
    tried: Sequence[Tried] = ()

    async def store_in(
        self, store: MemoryStore, options: ProcessorOptions, *, observe: Observe | None = None
    ) -> Sequence[Failure]:
        """
        Store all of it with its position; see `store_derived`. Return every failure noted.

        `observe` is then told of each event.
        """
        began = time.perf_counter()
        failed = await store_derived(
            store,
            self.derived,
            note=partial(noted, options=options),
            failed=self.failed,
            advance=(self.since, self.to),
        )
        if observe is not None:
            seconds = time.perf_counter() - began
            tell(observe, self.tried, failed, storing_seconds=seconds)
        return failed


def why_not_from(root: Path, position: Position, *, rules: Rules) -> str:
    """
    Return why memory at `position` cannot go on from there in the ledger at `root`; "" if it can.

    While there is no ledger at all (a disk not mounted yet), it can: nothing is to be
    concluded from nothing.
    """
    identity = ledger_identity(root)
    if position == START or not identity:
        return ""
    if position.ledger != origin(identity, read_by=rules):
        is_same_ledger = position.ledger.partition("/")[0] == identity
        return (
            "memory was derived by other rules, or with another PHONE_REGION or REDACT"
            if is_same_ledger
            else "memory is of another ledger"
        )
    if not is_line_boundary(root, position.offset):
        return "the ledger is not the one that memory has read: no line ends where it stopped"
    return ""


def is_position_in(root: Path, position: Position, *, rules: Rules) -> bool:
    """Tell whether memory at `position` can go on from there; see `why_not_from`."""
    return not why_not_from(root, position, rules=rules)


def read_batch(
    root: Path,
    since: Position,
    options: ProcessorOptions,
    *,
    orders: Orders,
    until_bytes: int | None = None,
) -> Batch | None:
    """
    Return what the lines after `since` come to, up to a transaction's worth; None: no line yet.

    With `until_bytes`, lines that end after that offset are left alone. An event that cannot
    be derived is among `failed`, for whatever reason, and holds up none of the others.
    """
    derived: list[tuple[str, Conversation]] = []
    failed: list[Failure] = []
    erased: list[str] = []
    tried: list[Tried] = []
    offset, size_bytes = since.offset, 0
    for receipt, after in read_receipts(root, offset=since.offset):
        if until_bytes is not None and after > until_bytes:
            break
        name = name_of(receipt, offset)
        began = time.perf_counter()
        result = attempt(root, receipt, rules=options.rules, orders=orders)
        tried.append(Tried.of(name, receipt, result, seconds=time.perf_counter() - began))
        if isinstance(result, Conversation):
            derived.append((name, result))
        elif isinstance(result, Erased):
            erased.append(result.conversation_id)
        elif result is not None:
            failed.append(noted(name, result, options=options))
        offset = after
        size_bytes += receipt.size if result is not None and isinstance(receipt, Receipt) else 0
        if len(tried) >= MAX_EVENTS or size_bytes >= MAX_BYTES:
            break
    if offset == since.offset:
        return None
    to = Position(ledger=origin(ledger_identity(root), read_by=options.rules), offset=offset)
    return Batch(since=since, to=to, derived=derived, failed=failed, erased=erased, tried=tried)


def attempt(
    root: Path, receipt: Receipt | DamagedLine, *, rules: Rules, orders: Orders
) -> Conversation | Erased | str | None:
    """
    Return what an event says; None if nothing; the reason, as text, if that failed.

    A file that is let go of at this moment, by whichever process, is no failure: `orders` look
    again before it counts as one.
    """
    if isinstance(receipt, DamagedLine):
        return str(receipt)
    before = _letting_go(receipt, orders)
    result = _attempt(root, receipt, rules, orders)
    if isinstance(result, str):
        orders.refresh()
        if _letting_go(receipt, orders) != before:
            return _attempt(root, receipt, rules, orders)
    return result


def _letting_go(receipt: Receipt, orders: Orders) -> tuple[Drop | None, bool]:
    dropped = orders.dropped
    return dropped.file(receipt.file), dropped.has_no_memories(receipt.file)


def _attempt(
    root: Path, receipt: Receipt, rules: Rules, orders: Orders
) -> Conversation | Erased | str | None:
    drop = orders.dropped.file(receipt.file)
    conversation_id = receipt.conversation_id
    if conversation_id is not None and orders.forgotten.is_conversation(conversation_id):
        return None if drop is not None else Erased(conversation_id=conversation_id)
    if receipt.kind not in _DERIVED_KINDS or orders.dropped.has_no_memories(receipt.file):
        return None
    if drop is not None and not drop.kept_sha256:
        return None
    result = _unordered(root, receipt, drop, rules)
    if isinstance(result, str):
        return result
    if is_erased(result, orders):
        return Erased(conversation_id=result.id)
    ordered = under(result, orders)
    return (
        ordered if ordered.search_terms else replace(ordered, search_terms=pack(terms_of(ordered)))
    )


def derive_alone(root: Path, receipt: Receipt, *, rules: Rules) -> Conversation | str:
    """Return what an event says, whatever the owner decided; the reason if that failed."""
    return _unordered(root, receipt, None, rules)


def _unordered(root: Path, receipt: Receipt, drop: Drop | None, rules: Rules) -> Conversation | str:
    try:
        conversation = _derived(root, receipt, rules) if drop is None else read_kept(root, drop)
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
                "event_id": event_id_of(receipt.sha256),
                "file": receipt.file,
                "error_type": type(error).__name__,
                "trace": "".join(traceback.format_tb(error.__traceback__)),
            },
        )
        return type_and_place(error)
    return conversation


def _derived(root: Path, receipt: Receipt, rules: Rules) -> Conversation:
    event = parse_event(receipt.kind, read_file(root, receipt), region=rules.region)
    return derive(redact_event(event, rules.redact), sha256=receipt.sha256)


def name_of(receipt: Receipt | DamagedLine, offset: int) -> str:
    """Return what a failure is filed under: the event's file, or where the damaged line is."""
    return receipt.file if isinstance(receipt, Receipt) else f"ledger@{offset}"


def noted(file: str, error: str, *, options: ProcessorOptions, attempts_before: int = 0) -> Failure:
    """Return the note of one more failed attempt at `file`, timed as `options` say."""
    return failed_once_more(
        file,
        error,
        attempts_before=attempts_before,
        now=options.clock(),
        policy=options.retry,
        jitter=options.jitter(),
    )
