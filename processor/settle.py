"""Decisions after the fact: what they touch is derived again, and noted with what is stored."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from memory.port import Conversation, Failure, MemoryStore
from processor.apply import Erased, attempt, noted
from processor.options import ProcessorOptions
from spool.forgotten import Tombstone, new_erasure_id, write_tombstone
from spool.format import Receipt
from spool.people import Decision
from spool.reader import read_receipts
from spool.standing_orders import Orders

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How things stood at one moment: the ids of decisions and erasures, files without memories."""

    decisions: frozenset[str]
    erasures: frozenset[str]
    without_memories: frozenset[str]

    @classmethod
    def of(cls, orders: Orders) -> "Standing":
        """Return how things stand for `orders` now."""
        return cls(
            decisions=frozenset(decision.id for decision in orders.decisions),
            erasures=orders.forgotten.ids,
            without_memories=orders.dropped.all_without_memories(),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Again:
    """What the conversations that a decision touches come to now."""

    conversations: Sequence[Conversation]
    failed: Sequence[Failure]
    resolved: Sequence[str]
    erased: Sequence[str]


async def settle(
    root: Path, store: MemoryStore, orders: Orders, options: ProcessorOptions
) -> list[str]:
    """
    Make memory obey each decision that it does not include yet, all in one transaction.

    Return the conversations that are still there although they were erased. Of erasures only
    those are settled that are complete, in a memory that is older than they are.
    """
    known = await store.settled()
    new = [decision for decision in orders.decisions if decision.id not in known]
    erased = orders.forgotten.complete - known
    if not new and not erased:
        return []
    touched = await _touched(store, orders, new)
    if erased:  # this memory is older than they are: it was put back from a copy, perhaps
        touched |= {each async for each in _erased_in(store, orders)}
    ids = [*(decision.id for decision in new), *erased]
    came = await _settle(root, store, orders, options, ids=ids, touched=touched)
    if erased:
        await store.scrub()
    return came


async def settle_since(
    root: Path, fresh: MemoryStore, orders: Orders, options: ProcessorOptions, *, since: Standing
) -> None:
    """
    Make a fresh memory obey what was decided, erased or dropped while it was being derived.

    `since` is how things stood when that began; what was decided before is noted as settled.
    """
    await asyncio.to_thread(orders.refresh)
    now = Standing.of(orders)
    known = await fresh.settled() | since.decisions
    new = [decision for decision in orders.decisions if decision.id not in known]
    dropped = now.without_memories - since.without_memories
    touched = await _touched(fresh, orders, new) | {file.partition("/")[0] for file in dropped}
    if now.erasures != since.erasures:
        touched |= {each async for each in _erased_in(fresh, orders)}
    ids = [*now.decisions, *orders.forgotten.complete]  # who carries out the others notes them
    await _settle(root, fresh, orders, options, ids=ids, touched=touched)


async def touched_by(
    store: MemoryStore, orders: Orders, decisions: Iterable[Decision]
) -> frozenset[str]:
    """Return every conversation that one of `decisions`, which `orders` have, may have changed."""
    return await _touched(store, orders, decisions)


async def derive_anew(
    root: Path,
    store: MemoryStore,
    orders: Orders,
    options: ProcessorOptions,
    *,
    conversation_ids: Collection[str],
) -> None:
    """Have memory hold of these conversations what `orders` make of them: after some are gone."""
    await _settle(root, store, orders, options, ids=(), touched=frozenset(conversation_ids))


async def _erased_in(store: MemoryStore, orders: Orders) -> AsyncIterator[str]:
    """Yield every conversation in `store` that was erased, or whose caller was."""
    forgotten = orders.forgotten
    async for line in store.export():
        record = json.loads(line)
        began_at, caller = datetime.fromisoformat(record["started_at"]), record["caller"]
        is_callers = caller is not None and forgotten.is_caller(caller, began_at=began_at)
        if is_callers or forgotten.is_conversation(record["id"]):
            yield record["id"]


async def _settle(
    root: Path,
    store: MemoryStore,
    orders: Orders,
    options: ProcessorOptions,
    *,
    ids: Sequence[str],
    touched: frozenset[str],
) -> list[str]:
    again = await asyncio.to_thread(_derive_again, root, touched, options, orders)
    known = {failure.file for failure in await store.failures()}  # with their attempts so far
    await store.apply(
        again.conversations,
        failed=[failure for failure in again.failed if failure.file not in known],
        resolved=again.resolved,
        replaced=touched,
        settled=ids,
    )
    logger.debug(
        "memory follows the decisions of its owner",
        extra={"action": "decisions_settled", "decisions": len(ids), "calls": len(touched)},
    )
    return list(again.erased)


async def _touched(
    store: MemoryStore, orders: Orders, decisions: Iterable[Decision]
) -> frozenset[str]:
    """Return every conversation that one of `decisions` may change."""
    touched: set[str] = set()
    keys: set[str] = set()
    for decision in decisions:
        touched.update(decision.conversations)
        touched.update(memory.partition("/")[0] for memory in decision.memories)
        for caller in (decision.caller, decision.into):
            keys |= orders.people.related(caller) if caller else set()
    for key in sorted(keys):
        touched.update(await store.conversation_ids(key))
    return frozenset(touched)


def _derive_again(
    root: Path, conversation_ids: Collection[str], options: ProcessorOptions, orders: Orders
) -> _Again:
    conversations, failed, resolved, erased = [], [], [], []
    for receipt, _ in read_receipts(root) if conversation_ids else ():
        if not isinstance(receipt, Receipt) or receipt.conversation_id not in conversation_ids:
            continue
        result = attempt(root, receipt, rules=options.rules, orders=orders)
        if isinstance(result, Conversation):
            conversations.append(result)
        elif isinstance(result, Erased):
            erased.append(result.conversation_id)
        elif result is not None:
            failed.append(noted(receipt.file, result, options=options))
        if not isinstance(result, str):
            resolved.append(receipt.file)
    return _Again(conversations=conversations, failed=failed, resolved=resolved, erased=erased)


def shut_out(
    root: Path, conversation_ids: Iterable[str], orders: Orders, *, now: datetime
) -> Tombstone | None:
    """
    Have conversations erased that came, or came back, although they or their caller were.

    Return the tombstone that was written for them, None if there was nothing to do.
    """
    hashes = {orders.forgotten.hash_of("conversation", each) for each in conversation_ids}
    if not hashes:
        return None
    tombstone = Tombstone(
        id=new_erasure_id(), kind="conversation", at=now, conversations=tuple(sorted(hashes))
    )
    write_tombstone(root, tombstone)
    logger.warning(
        "an erased conversation came back, it is erased again",
        extra={"action": "erased_came_back", "calls": len(hashes)},
    )
    return tombstone


def came_back(root: Path, orders: Orders) -> list[str]:
    """Return the erased conversations of which a file is there: put back from a copy, perhaps."""
    if not orders.forgotten.ids:
        return []
    found: dict[str, bool] = {}
    back = []
    for receipt, _ in read_receipts(root):
        if not isinstance(receipt, Receipt) or receipt.conversation_id is None:
            continue
        conversation_id = receipt.conversation_id
        if conversation_id not in found:
            found[conversation_id] = orders.forgotten.is_conversation(conversation_id)
        if found[conversation_id] and (root / receipt.file).exists():
            back.append(conversation_id)
    return back
