"""Making one caller's rows in OpenMemory what they are to be: the steps, with the ledger kept."""

import asyncio
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from memory.holdings import Holdings
from memory.openmemory.backend import Backend, BackendUnreachable, Row, RowRefused
from memory.openmemory.claim import claimed
from memory.openmemory.entry import Entry
from memory.openmemory.ledger import Ledger
from memory.openmemory.plan import Looked, Plan, look, plan_of, stored_as
from memory.openmemory.wanted import Wanted, key_of, wanted_of

MAX_ATTEMPTS = 5  # at a row after which OpenMemory stopped answering, while it answers otherwise

NO_ANSWER = "each time it was sent, no answer came"


class Source(Protocol):
    """The store that is mirrored."""

    async def holdings(self, caller: str) -> Holdings:
        """Return all that is held of `caller`."""
        ...

    async def conversation_ids(self, caller: str) -> list[str]:
        """Return the ids of the conversations that are held of `caller`."""
        ...

    async def stamps(self) -> dict[str, str]:
        """Return the stamp of what is held of each caller."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What was done for one caller; `looked` is what was seen there first, if anybody looked."""

    added: int = 0
    removed: int = 0
    looked: Looked | None = None


class Carrier:
    """Plans and carries out what a mirror has to do, a caller at a time, for one backend."""

    def __init__(self, source: Source, ledger: Ledger, backend: Backend) -> None:
        self.settled = 0  # rows of which it is known what became of them
        self._source = source
        self._ledger = ledger
        self._backend = backend

    async def plan(self, caller: str) -> None:
        """Bring the ledger up to what is wanted for `caller`; nothing is sent."""
        async with claimed(self._ledger.path):
            await self._plan(caller)

    async def look(self, caller: str) -> tuple[Looked, dict[str, Entry]]:
        """Return what is there, against what is wanted, and the ledger's entries; changes none."""
        async with claimed(self._ledger.path):
            wanted = await self._wanted(await self._source.holdings(caller))
            entries, _ = await self._ledger.entries(caller)
            planned = plan_of(wanted, entries).applied_to(entries)
            there = await self._backend.rows(caller)
            return await asyncio.to_thread(look, wanted, planned, there), planned

    async def carry_out(
        self,
        caller: str,
        *,
        looks: bool = False,
        prunes: bool = False,
        retries: bool = False,
        at_most: int | None = None,
    ) -> Done:
        """
        Remove and add what is to be removed and added for `caller`.

        With `looks`, or if rows may be there that the ledger does not know, OpenMemory's own
        list is read first and believed. With `prunes` rows of ours that stand for nothing
        that is wanted are removed too. With `retries` what was refused or dropped is tried once
        more: what stood in its way may be gone. At most `at_most` rows are added.
        """
        async with claimed(self._ledger.path):
            if await self._ledger.is_erasing(caller):
                return Done()  # a new story begins when the old one is gone for good
            wanted, entries, is_unsure = await self._plan(caller)
            if retries:
                entries = await self._retried(caller, entries)
            looked, removed, added = None, 0, 0
            if looks or is_unsure:
                there = await self._backend.rows(caller)
                looked = await asyncio.to_thread(look, wanted, entries, there)
                entries = dict(looked.entries)  # what was seen stays what it is
                removed = await self._tidy(caller, looked, prunes=prunes)
            if any(_is_waiting(entry) for entry in entries.values()):
                await self._ledger.put(caller, (), is_unsure=True)
                removed += await self._remove(caller, entries)
                added = await self._add(caller, wanted, entries, at_most=at_most)
            await self._settle(caller)
            return Done(added=added, removed=removed, looked=looked)

    async def purge(self, caller: str, conversations: Collection[str]) -> int:
        """
        Delete every row of ours that is of these `conversations`; return how many.

        Also those that the ledger does not know. Memory must hold none of them any more; then
        what the ledger says of them goes with the next plan.
        """
        async with claimed(self._ledger.path):
            rows = [
                row
                for row in await self._backend.rows(caller)
                if key_of(row.metadata) and row.metadata.get("conversation_id") in conversations
            ]
            for row in rows:
                await self._delete(caller, row.id)
            return len(rows)

    async def is_up_to_date(self, caller: str) -> bool:
        """Tell whether nothing of `caller` is still to be added or removed, as far as is known."""
        if (await self._source.holdings(caller)).stamp != await self._ledger.stamp(caller):
            return False
        entries, is_unsure = await self._ledger.entries(caller)
        return not is_unsure and not any(map(_is_waiting, entries.values()))

    async def _plan(self, caller: str) -> tuple[dict[str, Wanted], dict[str, Entry], bool]:
        holdings = await self._source.holdings(caller)
        wanted = await self._wanted(holdings)
        entries, is_unsure = await self._ledger.entries(caller)
        plan: Plan = plan_of(wanted, entries)
        is_changed = plan != Plan() or holdings.stamp != await self._ledger.stamp(caller)
        if is_changed:  # else nobody is entered of whom nothing is held: an erased caller, perhaps
            await self._ledger.put(caller, plan.put, removed=plan.removed, stamp=holdings.stamp)
        return wanted, plan.applied_to(entries), is_unsure

    async def _wanted(self, holdings: Holdings) -> dict[str, Wanted]:
        return await asyncio.to_thread(wanted_of, holdings)  # it can be thousands of digests

    async def _retried(self, caller: str, entries: Mapping[str, Entry]) -> dict[str, Entry]:
        again = [
            replace(entry, state="wanted", attempts=0, reason="", backend_id="")
            for entry in entries.values()
            if entry.state in ("refused", "dropped")
        ]
        await self._ledger.put(caller, again)
        return dict(entries) | {entry.key: entry for entry in again}

    async def _tidy(self, caller: str, looked: Looked, *, prunes: bool) -> int:
        """Believe what was seen, and delete the rows that are too many."""
        await self._ledger.put(caller, looked.entries.values(), is_unsure=True)
        rows = looked.surplus + (looked.extra if prunes else ())
        for row in rows:
            await self._delete(caller, row.id)
        return len(rows)

    async def _remove(self, caller: str, entries: dict[str, Entry]) -> int:
        """Delete the old rows of all that waits; the ledger says so after each."""
        going = [entry for entry in entries.values() if _is_waiting(entry) and entry.backend_id]
        for entry in going:
            await self._delete(caller, entry.backend_id)
            if entry.state == "unwanted":
                del entries[entry.key]
                await self._ledger.put(caller, (), removed=[entry.key])
            else:
                entries[entry.key] = replace(entry, backend_id="")
                await self._ledger.put(caller, [entries[entry.key]])
        return len(going)

    async def _delete(self, caller: str, row_id: str) -> None:
        """Delete one row, and see that it is gone."""
        await self._backend.delete(caller, row_id)
        if await self._backend.get(caller, row_id) is not None:
            raise BackendUnreachable(f"{self._backend.name} kept what it was told to delete")

    async def _add(
        self,
        caller: str,
        wanted: Mapping[str, Wanted],
        entries: dict[str, Entry],
        *,
        at_most: int | None,
    ) -> int:
        waiting = sorted(
            (entry for entry in entries.values() if entry.state == "wanted"),
            key=lambda entry: (entry.attempts, entry.key),
        )[:at_most]
        for entry in waiting:
            settled = await self._added(caller, wanted[entry.key], entry, entries.values())
            entries[entry.key] = settled
            await self._ledger.put(caller, [settled])
            self.settled += 1
        return sum(entries[entry.key].is_there for entry in waiting)

    async def _added(
        self, caller: str, wanted: Wanted, entry: Entry, siblings: Iterable[Entry]
    ) -> Entry:
        """Add one row, read it back, and return what its entry is then."""
        if entry.attempts >= MAX_ATTEMPTS:
            return replace(entry, state="refused", reason=NO_ANSWER)
        try:
            for text in wanted.texts:
                row = await self._sent(caller, wanted, text)
                settled = stored_as(wanted, row, siblings)
                if settled.is_there or (row is not None and row.content == wanted.content):
                    break  # the same words of the same caller need not be there twice
        except RowRefused as error:
            return replace(entry, state="refused", reason=str(error))
        except BackendUnreachable as error:
            if not error.retry_after_seconds:  # then it was not the row
                await self._ledger.put(caller, [replace(entry, attempts=entry.attempts + 1)])
            raise
        return settled

    async def _sent(self, caller: str, wanted: Wanted, content: str) -> Row | None:
        """Add a row, and return what is there under the id in the answer: it may be another's."""
        row_id = await self._backend.add(
            caller, content, tags=wanted.tags, metadata=wanted.metadata
        )
        return await self._backend.get(caller, row_id)

    async def _settle(self, caller: str) -> None:
        entries, _ = await self._ledger.entries(caller)
        if not entries and not await self._ledger.stamp(caller):
            await self._ledger.forget(caller)
        else:
            await self._ledger.put(caller, (), is_unsure=False)


def _is_waiting(entry: Entry) -> bool:
    return entry.state in ("wanted", "unwanted")
