"""Whom an erasure is about: written down, or found again by the hashes of its tombstone."""

import asyncio
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from processor.erasure.look import Wanted, look_through, tell_apart, unreadable
from processor.erasure.mentions import Mentions
from processor.erasure.parts import Parts
from spool.erasing import Erasing, read_erasing, write_erasing
from spool.forgotten import (
    Forgotten,
    Tombstone,
    name_on,
    new_erasure_id,
    note_complete,
    write_tombstone,
)
from spool.people import People
from spool.standing_orders import Orders

# Where only a number could be found that was lost before it was looked for.
NAMELESS = "files that name the number alone, which was lost: ask for it once more"


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
        erasing = await asyncio.to_thread(_found_again, tombstone, parts)
    if not erasing.clean:  # later, the ledger alone tells what is new
        more = await _held_besides(tombstone, erasing, parts)
        erasing = replace(erasing, conversations=tuple(sorted({*erasing.conversations, *more})))
    return await look_again(tombstone, erasing, parts)


async def _held_besides(tombstone: Tombstone, erasing: Erasing, parts: Parts) -> set[str]:
    """Return what memory and history have of the callers, but for what began since."""
    held: set[str] = set()
    for caller in erasing.callers:
        held.update(await parts.store.conversation_ids(caller))
        if parts.history is not None:
            held.update(await parts.history.conversations_of(caller))
    held -= set(erasing.conversations)
    if not held:
        return held
    wanted = _known(tombstone, erasing, parts.orders.forgotten)
    told = await asyncio.to_thread(tell_apart, parts.root, parts.orders, parts.rules, wanted, held)
    # What nobody can read any more is taken for what it was held for.
    return {
        each
        for each in held
        if told.get(each, True) and not (each not in told and await _is_later(each, wanted, parts))
    }


async def _is_later(conversation_id: str, wanted: Wanted, parts: Parts) -> bool:
    entry = None if parts.history is None else await parts.history.entry(conversation_id)
    return entry is not None and entry.line is not None and entry.started_at >= wanted.at


async def look_again(tombstone: Tombstone, erasing: Erasing, parts: Parts) -> Erasing:
    """
    Return `erasing` with what the ledger has named since; it is durably written down.

    Every conversation in it has its hash in a tombstone then, so that no recording comes back.
    """
    failing = [failure.file for failure in await parts.store.failures()]
    return await asyncio.to_thread(_look_again, tombstone, erasing, failing, parts)


def mentions_of(erasing: Erasing, orders: Orders) -> Mentions:
    """Return what finds all that an erasure is about in a text."""
    shown = {f"c_{orders.forgotten.hash_of('caller', caller)[:20]}" for caller in erasing.callers}
    people = erasing.callers or erasing.owners
    keys = {key for caller in people for key in (caller, *orders.people.lines(caller))}
    lines = {key.partition("~")[0] for key in keys}
    return Mentions(callers=erasing.callers, ids={*erasing.conversations, *shown}, lines=lines)


def _look_again(
    tombstone: Tombstone, erasing: Erasing, failing: Sequence[str], parts: Parts
) -> Erasing:
    orders = parts.orders
    orders.refresh()
    mentions = Mentions(callers=erasing.callers)
    also = unreadable(parts.root, failing, mentions) if erasing.callers else frozenset[str]()
    found = look_through(
        parts.root, orders, parts.rules, _known(tombstone, erasing, orders.forgotten),
        since_bytes=erasing.scanned_bytes,
    )  # fmt: skip
    conversations = {*erasing.conversations, *found.conversations, *also}
    looked = replace(
        erasing,
        conversations=tuple(sorted(conversations)),
        scanned_bytes=found.end_bytes,
        clean=erasing.clean if conversations == set(erasing.conversations) else (),
    )
    write_erasing(parts.root, looked)
    _shut_out(parts.root, tombstone, conversations, orders.forgotten)
    return looked


def _known(tombstone: Tombstone, erasing: Erasing, forgotten: Forgotten) -> Wanted:
    """Return who is wanted, when that is written down."""
    callers = frozenset(erasing.callers)
    return Wanted(
        at=tombstone.at,
        is_caller=callers.__contains__,
        is_conversation=frozenset(erasing.conversations).__contains__,
        mentions=Mentions(callers=erasing.callers),
        is_named=_is_named(tombstone, forgotten),
        has_callers=tombstone.kind == "caller",
    )


def _is_named(tombstone: Tombstone, forgotten: Forgotten) -> Callable[[str, str], bool] | None:
    def is_named(line: str, name: str) -> bool:
        named = name_on(line, name)
        return bool(named) and forgotten.hash_of("name", named) in tombstone.names

    return is_named if tombstone.names else None


def _found_again(tombstone: Tombstone, parts: Parts) -> Erasing:
    """Look through the whole ledger for whom the hashes of a tombstone stand for."""
    forgotten, orders = parts.orders.forgotten, parts.orders
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
        is_named=_is_named(tombstone, forgotten),
        has_callers=tombstone.kind == "caller",
    )
    found = look_through(parts.root, orders, parts.rules, wanted, since_bytes=0)
    decided = {key for each in orders.decisions for key in (each.caller, each.into) if key}
    keys = {key for key in _keys(orders.people, {*found.callers, *decided}) if is_caller(key)}
    known = found.callers | keys
    return Erasing(
        id=tombstone.id,
        callers=tuple(sorted(known)),
        conversations=tuple(sorted(found.conversations)),
        # What cannot be read can be found by the number alone, which is known only now.
        scanned_bytes=0,
        may_remain_in=(NAMELESS,) if len(known) < len(callers) else (),
    )


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
        conversations=tuple(sorted(hashes)), part_of=tombstone.id,
    )  # fmt: skip
    write_tombstone(root, further)
    note_complete(root, further.id, {"id": further.id, "part_of": tombstone.id})
    forgotten.refresh()
