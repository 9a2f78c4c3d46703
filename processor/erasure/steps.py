"""The steps of an erasure. Each can be done again, and leaves nothing of its part behind."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from history.errors import HistoryUnavailable
from memory.errors import MemoryUnavailable
from processor.erasure.decided import affected_decisions, erase_decisions
from processor.erasure.files import count_files, erase_files, quarantined_with
from processor.erasure.leftovers import remove_leftovers
from processor.erasure.look import callers_of
from processor.erasure.mentions import Mentions
from processor.erasure.mirrored import OPENMEMORY, ask_mirror, is_mirror_done
from processor.erasure.parts import Parts
from processor.erasure.quarantined import erase_quarantined, mentioning
from processor.erasure.subject import mentions_of
from processor.lock import is_held, rebuild_lock
from processor.parked import mark_parked
from processor.settle import derive_anew, touched_by
from spool.blanking import blank_receipts
from spool.erasing import Erasing, write_erasing
from spool.forgotten import Tombstone
from spool.format import QUARANTINE_FOLDER, identify_file
from spool.standing_orders import Orders

logger = logging.getLogger(__name__)


class Work:
    """
    One round through the steps.

    `erasing` is what is known, `waiting_for` what is not done, `clean` the steps that are.
    """

    def __init__(self, tombstone: Tombstone, erasing: Erasing, parts: Parts) -> None:
        self.tombstone = tombstone
        self.erasing = erasing
        self.parts = parts
        self.mentions = mentions_of(erasing, parts.orders)
        self.waiting_for: list[str] = []
        self.clean = erasing.clean

    async def note(self, counts: Mapping[str, int]) -> None:
        """Write down what is about to be removed; of what was counted before, the larger stays."""
        known = dict(self.erasing.counts)
        for name, count in counts.items():
            known[name] = max(count, known.get(name, 0))
        await self.keep(counts=known)

    async def keep(self, **known: Any) -> None:
        """Write down what has become known, if it is anything new."""
        changed = replace(self.erasing, **known)
        if changed != self.erasing:
            self.erasing = changed
            await asyncio.to_thread(write_erasing, self.parts.root, changed)

    def wait_for(self, what: str, *, error: Exception | None = None) -> None:
        """Note what is in the way: this step is done again."""
        self.waiting_for.append(what)
        logger.info(
            "an erasure has to wait",
            extra={
                "action": "erasure_waits",
                "id": self.erasing.id,
                "waiting_for": what,
                "error": str(error or ""),
            },
        )


async def _count(work: Work) -> None:
    """Write down how much there is, before it goes."""
    parts, ids = work.parts, frozenset(work.erasing.conversations)
    counts = await asyncio.to_thread(count_files, parts.root, ids, parts.orders.dropped)
    counts["conversations"] = len(ids)
    if not work.erasing.callers:
        owners = await asyncio.to_thread(callers_of, parts.root, parts.orders, parts.rules, ids)
        await work.keep(owners=tuple(sorted({*work.erasing.owners, *owners})))
    for caller in work.erasing.callers or work.erasing.owners:
        held = (await parts.store.holdings(caller)).memories
        counts["memories"] += sum(memory.conversation_id in ids for _, memory in held)
    await work.note(counts)


async def _ask_mirror(work: Work) -> None:
    asked = await ask_mirror(work.erasing, work.parts)
    await work.keep(has_asked_mirror=asked.has_asked_mirror)


async def _files(work: Work) -> None:
    parts = work.parts
    dropped = parts.orders.dropped
    erase = partial(erase_files, at=parts.clock(), dropped=dropped)
    await asyncio.to_thread(erase, parts.root, work.erasing.conversations)


async def _memory(work: Work) -> None:
    """Memories, and the failures of events, with the markers that name them."""
    ids = frozenset(work.erasing.conversations)
    store = work.parts.store
    failed = [each.file for each in await store.failures() if _conversation_of(each.file) in ids]
    await work.note({"parked": len(failed)})
    settled = [work.tombstone.id]  # a memory file without it is older than the erasure
    await store.apply([], replaced=sorted(ids), resolved=failed, settled=settled)
    await mark_parked(work.parts.root, store, now=work.parts.clock())


async def _quarantine(work: Work) -> None:
    root = work.parts.root
    named = await asyncio.to_thread(quarantined_with, root, work.erasing.conversations)
    files = await asyncio.to_thread(mentioning, root, work.mentions, also=named)
    bodies = sum(identify_file(file) is not None for file in files)
    await work.note({"quarantined": bodies})
    await asyncio.to_thread(erase_quarantined, root, files, at=work.parts.clock())


async def _receipts(work: Work) -> None:
    """What the ledger quotes of them: the envelope of a recording, the reason of a quarantine."""
    callers = Mentions(callers=work.erasing.callers)
    await asyncio.to_thread(_blank, work.parts.orders, callers)


def _blank(orders: Orders, callers: Mentions) -> None:
    root = orders.root
    orders.refresh()
    erased = orders.dropped.files_gone_for("erased")
    bodies = [file for file in erased if file.startswith(f"{QUARANTINE_FOLDER}/")]
    blank_receipts(root, bodies, lambda quoted: bool(quoted.strip(b"x\n")))
    blank_receipts(root, erased, callers.in_bytes)


async def _calls(work: Work) -> None:
    """The records of calls that were started here, with their idempotency keys."""
    removed, dialling = await asyncio.to_thread(
        work.parts.remove_calls, work.mentions, work.tombstone.at
    )
    await work.note({"started_calls": removed})
    if dialling:
        work.wait_for("a call that is being dialled")


async def _logged(work: Work) -> None:
    mentions = mentions_of(work.erasing, work.parts.orders)  # whose calls they were, too
    removed = await asyncio.to_thread(work.parts.remove_logged, mentions)
    await work.note({"logged_requests": removed})


async def _decisions(work: Work) -> None:
    """Decisions that name them; what these have touched, and is of others, is noted first."""
    parts, erasing = work.parts, work.erasing
    affected = await asyncio.to_thread(
        affected_decisions,
        parts.root,
        callers=erasing.callers,
        conversation_ids=erasing.conversations,
    )
    await asyncio.to_thread(parts.orders.refresh)
    going = [replace(each, caller="") if each.kind == "untrue" else each for each in affected.going]
    touched = await touched_by(parts.store, parts.orders, going)
    again = {*erasing.again, *touched} - set(erasing.conversations)
    await work.keep(again=tuple(sorted(again)))
    await work.note({"decisions": len(affected.going)})
    await asyncio.to_thread(erase_decisions, parts.root, affected)
    await asyncio.to_thread(parts.orders.refresh)


async def _derive_again(work: Work) -> None:
    """What decisions that are gone have touched: whose it is now, and what was not true."""
    parts, again = work.parts, work.erasing.again
    if not again:
        return
    await derive_anew(parts.root, parts.store, parts.orders, parts.options, conversation_ids=again)
    if await asyncio.to_thread(is_held, rebuild_lock(parts.root)):
        work.wait_for("a rebuild")  # which may know of those decisions still
        return
    await work.keep(again=())


async def _openmemory(work: Work) -> None:
    if not await is_mirror_done(work.erasing, work.parts):
        work.wait_for(OPENMEMORY)


async def _leftovers(work: Work) -> None:
    await asyncio.to_thread(remove_leftovers, work.parts.root, work.mentions)


async def _former(work: Work) -> None:
    """What OpenMemories that are not set any more have left here; nobody can ask them."""
    names = await work.parts.forget_former(work.erasing.callers or work.erasing.owners)
    await work.keep(may_remain_in=tuple(sorted({*work.erasing.may_remain_in, *names})))


async def _history(work: Work) -> None:
    """What the index of the history has, only marks as free, and what stands in its log."""
    parts = work.parts
    if parts.history is None:
        return
    try:
        # It is to know of everything first: nothing of them may be entered afterwards.
        await parts.history.catch_up(parts.root, parts.orders, parts.rules)
        await parts.history.remove(work.erasing.conversations)
        await parts.history.scrub()
    except HistoryUnavailable as error:
        work.wait_for("who else reads the history index", error=error)


async def _bytes(work: Work) -> None:
    """What the memory file only marks as free, and what stands in its log."""
    try:
        await work.parts.store.scrub()
    except MemoryUnavailable as error:
        work.wait_for("who else reads memory, or a rebuild", error=error)


def _conversation_of(file: str) -> str | None:
    known = identify_file(file)
    return known[1] if known else None


STEPS: tuple[tuple[str, Callable[[Work], Awaitable[None]]], ...] = (
    ("count", _count),
    ("ask openmemory", _ask_mirror),
    ("files", _files),
    ("memory", _memory),
    ("quarantine", _quarantine),
    ("receipts", _receipts),
    ("calls", _calls),
    ("log", _logged),
    ("decisions", _decisions),
    ("derive again", _derive_again),
    ("openmemory", _openmemory),
    ("leftovers", _leftovers),
    ("former openmemories", _former),
    ("history", _history),
    ("bytes", _bytes),
)
