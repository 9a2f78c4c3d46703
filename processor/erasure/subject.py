"""Whom an erasure is about: written down, or found again by the hashes of its tombstone."""

import asyncio
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from processor.erasure.look import Found, Wanted, look_through, unreadable
from processor.erasure.mentions import Mentions
from processor.erasure.parts import Parts
from spool.erasing import Erasing, read_erasing, write_erasing
from spool.forgotten import Forgotten, Tombstone, new_erasure_id, note_complete, write_tombstone
from spool.people import People


async def subject_of(tombstone: Tombstone, parts: Parts) -> Erasing:
    """
    Return whom `tombstone` is about, with all of their conversations, durably written down.

    Raises SpoolError or MemoryStoreError.
    """
    erasing = await asyncio.to_thread(read_erasing, parts.root, tombstone.id)
    if erasing is not None and erasing.is_over:
        return erasing
    if erasing is None:
        parts.on_step("find")
        found = await asyncio.to_thread(_by_hash, tombstone, parts)
        erasing = Erasing(
            id=tombstone.id,
            callers=tuple(sorted(found.callers)),
            conversations=tuple(sorted(found.conversations)),
            scanned_bytes=found.end_bytes,
        )
    known = set(erasing.conversations)
    for caller in erasing.callers:
        known.update(await parts.store.conversation_ids(caller))
        if parts.history is not None:
            known.update(await parts.history.conversations_of(caller))
    return await look_again(tombstone, replace(erasing, conversations=tuple(sorted(known))), parts)


async def look_again(tombstone: Tombstone, erasing: Erasing, parts: Parts) -> Erasing:
    """
    Return `erasing` with what the ledger has named since; it is durably written down.

    Every conversation in it has its hash in a tombstone then, so that no recording comes back.
    """
    failing = [failure.file for failure in await parts.store.failures()]
    return await asyncio.to_thread(_look_again, tombstone, erasing, failing, parts)


def mentions_of(erasing: Erasing, forgotten: Forgotten) -> Mentions:
    """Return what finds all that an erasure is about in a text."""
    shown = {f"c_{forgotten.hash_of('caller', caller)[:20]}" for caller in erasing.callers}
    return Mentions(callers=erasing.callers, ids={*erasing.conversations, *shown})


def _look_again(
    tombstone: Tombstone, erasing: Erasing, failing: Sequence[str], parts: Parts
) -> Erasing:
    orders = parts.orders
    orders.refresh()
    mentions = Mentions(callers=erasing.callers)
    also = unreadable(parts.root, failing, mentions) if erasing.callers else frozenset[str]()
    found = look_through(
        parts.root, orders, parts.rules, _known(tombstone, erasing),
        since_bytes=erasing.scanned_bytes,
    )  # fmt: skip
    conversations = {*erasing.conversations, *found.conversations, *also}
    looked = replace(
        erasing,
        conversations=tuple(sorted(conversations)),
        scanned_bytes=found.end_bytes,
        is_clean=erasing.is_clean and conversations == set(erasing.conversations),
    )
    write_erasing(parts.root, looked)
    _shut_out(parts.root, tombstone, conversations, orders.forgotten)
    return looked


def _known(tombstone: Tombstone, erasing: Erasing) -> Wanted:
    """Return who is wanted, when that is written down."""
    callers = frozenset(erasing.callers)
    return Wanted(
        at=tombstone.at,
        is_caller=callers.__contains__,
        is_conversation=frozenset(erasing.conversations).__contains__,
        mentions=Mentions(callers=erasing.callers),
    )


def _by_hash(tombstone: Tombstone, parts: Parts) -> Found:
    """Look through the whole ledger for whom the hashes of a tombstone stand for."""
    forgotten, people = parts.orders.forgotten, parts.orders.people
    callers, conversations = frozenset(tombstone.callers), frozenset(tombstone.conversations)

    def is_caller(key: str) -> bool:
        return bool(callers) and forgotten.hash_of("caller", key) in callers

    def is_conversation(conversation_id: str) -> bool:
        return forgotten.hash_of("conversation", conversation_id) in conversations

    wanted = Wanted(
        at=tombstone.at,
        is_caller=is_caller,
        is_conversation=is_conversation,
        mentions=Mentions(),
    )
    found = look_through(parts.root, parts.orders, parts.rules, wanted, since_bytes=0)
    more = {key for key in _keys(people, found.callers) if is_caller(key)}
    # What cannot be read can be found by the number alone, which is known only now.
    return replace(found, callers=found.callers | more, end_bytes=0)


def _keys(people: People, callers: Iterable[str]) -> set[str]:
    return {key for caller in callers for key in (*people.lines(caller), *people.apart(caller))}


def _shut_out(
    root: Path, tombstone: Tombstone, conversations: Collection[str], forgotten: Forgotten
) -> None:
    """Write a tombstone for the conversations that have none: recordings name nobody else."""
    hashes = {
        forgotten.hash_of("conversation", each)
        for each in conversations
        if not forgotten.is_conversation(each)
    }
    hashes -= set(tombstone.conversations)
    if not hashes:
        return
    further = Tombstone(
        id=new_erasure_id(), kind="conversation", at=tombstone.at,
        conversations=tuple(sorted(hashes)),
    )  # fmt: skip
    write_tombstone(root, further)
    note_complete(root, further.id, {"id": further.id, "part_of": tombstone.id})
    forgotten.refresh()
