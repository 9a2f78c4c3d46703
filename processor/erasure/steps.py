"""The steps of an erasure. Each can be done again, and leaves nothing of its part behind."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from pathlib import Path

from processor.erasure.decided import erase_decisions
from processor.erasure.files import count_files, erase_files, erased_files
from processor.erasure.leftovers import remove_leftovers
from processor.erasure.look import callers_of
from processor.erasure.mentions import Mentions
from processor.erasure.mirrored import OPENMEMORY, ask_mirror, is_mirror_done
from processor.erasure.parts import Parts
from processor.erasure.quarantined import erase_quarantined, mentioning
from processor.erasure.subject import mentions_of
from processor.parked import mark_parked
from spool.blanking import blank_receipts
from spool.erasing import Erasing, write_erasing
from spool.forgotten import Tombstone
from spool.format import QUARANTINE_FOLDER, identify_file
from spool.standing_orders import Orders


class Work:
    """One round through the steps; `erasing` is what is known, `waiting_for` what is not done."""

    def __init__(self, tombstone: Tombstone, erasing: Erasing, parts: Parts) -> None:
        self.tombstone = tombstone
        self.erasing = erasing
        self.parts = parts
        self.mentions = mentions_of(erasing, parts.orders.forgotten)
        self.waiting_for: list[str] = []

    def note(self, counts: Mapping[str, int]) -> None:
        """Write down what is about to be removed; of what was counted before, the larger stays."""
        known = dict(self.erasing.counts)
        for name, count in counts.items():
            known[name] = max(count, known.get(name, 0))
        if known != self.erasing.counts:
            self.erasing = replace(self.erasing, counts=known)
            write_erasing(self.parts.root, self.erasing)


async def _count(work: Work) -> None:
    """Write down how much there is, before it goes."""
    parts, ids = work.parts, frozenset(work.erasing.conversations)
    counts = await asyncio.to_thread(count_files, parts.root, ids)
    counts["conversations"] = len(ids)
    if not work.erasing.callers:
        owners = await asyncio.to_thread(callers_of, parts.root, parts.orders, parts.rules, ids)
        found = sorted({*work.erasing.owners, *owners})
        work.erasing = replace(work.erasing, owners=tuple(found))
        await asyncio.to_thread(write_erasing, parts.root, work.erasing)
    for caller in work.erasing.callers or work.erasing.owners:
        held = (await parts.store.holdings(caller)).memories
        counts["memories"] += sum(memory.conversation_id in ids for _, memory in held)
    await asyncio.to_thread(work.note, counts)


async def _ask_mirror(work: Work) -> None:
    work.erasing = await ask_mirror(work.erasing, work.parts)


async def _files(work: Work) -> None:
    await asyncio.to_thread(
        erase_files, work.parts.root, work.erasing.conversations, at=work.parts.clock()
    )


async def _memory(work: Work) -> None:
    """Memories, and the failures of events, with the markers that name them."""
    ids = frozenset(work.erasing.conversations)
    store = work.parts.store
    failed = [each.file for each in await store.failures() if _conversation_of(each.file) in ids]
    await asyncio.to_thread(work.note, {"parked": len(failed)})
    settled = [work.tombstone.id]  # a memory file without it is older than the erasure
    await store.apply([], replaced=sorted(ids), resolved=failed, settled=settled)
    await mark_parked(work.parts.root, store, now=work.parts.clock())


async def _quarantine(work: Work) -> None:
    root = work.parts.root
    files = await asyncio.to_thread(mentioning, root, work.mentions)
    bodies = sum(identify_file(file) is not None for file in files)
    await asyncio.to_thread(work.note, {"quarantined": bodies})
    await asyncio.to_thread(erase_quarantined, root, files, at=work.parts.clock())


async def _receipts(work: Work) -> None:
    """What the ledger quotes of them: the envelope of a recording, the reason of a quarantine."""
    callers = Mentions(callers=work.erasing.callers)
    await asyncio.to_thread(_blank, work.parts.root, callers)


def _blank(root: Path, callers: Mentions) -> None:
    erased = erased_files(root)
    bodies = [file for file in erased if file.startswith(f"{QUARANTINE_FOLDER}/")]
    blank_receipts(root, bodies, lambda quoted: bool(quoted.strip(b"x\n")))
    blank_receipts(root, erased, callers.in_bytes)


async def _calls(work: Work) -> None:
    """The records of calls that were started here, with their idempotency keys."""
    removed, dialling = await asyncio.to_thread(
        work.parts.remove_calls, work.mentions, work.tombstone.at
    )
    await asyncio.to_thread(work.note, {"started_calls": removed})
    if dialling:
        work.waiting_for.append("a call that is being dialled")


async def _logged(work: Work) -> None:
    removed = await asyncio.to_thread(work.parts.remove_logged, work.mentions)
    await asyncio.to_thread(work.note, {"logged_requests": removed})


async def _decisions(work: Work) -> None:
    removed = await asyncio.to_thread(
        erase_decisions,
        work.parts.root,
        callers=work.erasing.callers,
        conversation_ids=work.erasing.conversations,
    )
    await asyncio.to_thread(work.note, {"decisions": removed})


async def _openmemory(work: Work) -> None:
    if not await is_mirror_done(work.erasing, work.parts):
        work.waiting_for.append(OPENMEMORY)


async def _leftovers(work: Work) -> None:
    await asyncio.to_thread(remove_leftovers, work.parts.root, work.mentions)


async def _former(work: Work) -> None:
    """What OpenMemories that are not set any more have left here; nobody can ask them."""
    names = await work.parts.forget_former(work.erasing.callers or work.erasing.owners)
    if more := set(names) - set(work.erasing.may_remain_in):
        known = tuple(sorted({*work.erasing.may_remain_in, *more}))
        work.erasing = replace(work.erasing, may_remain_in=known)
        await asyncio.to_thread(write_erasing, work.parts.root, work.erasing)


async def _bytes(work: Work) -> None:
    """What databases only mark as free, and what stands in their logs."""
    parts = work.parts
    if parts.history is not None:
        # It is to know of everything first: nothing of them may be entered afterwards.
        orders = await asyncio.to_thread(Orders, parts.root)
        await parts.history.catch_up(parts.root, orders, parts.rules)
        await parts.history.remove(work.erasing.conversations)
        await parts.history.scrub()
    await parts.store.scrub()


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
    ("openmemory", _openmemory),
    ("leftovers", _leftovers),
    ("former openmemories", _former),
    ("bytes", _bytes),
)
