"""Everything that is held of one caller, wherever it is: gathered, for export and for a plan."""

import asyncio
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cli.assembly.store import processor_options
from cloud.calling.call_erasure import calls_of
from history.index import History
from history.values import Entry, Stored
from memory.port import Memory, MemoryStore, Profile
from processor.apply import is_position_in
from processor.erasure.look import unreadable
from processor.erasure.mentions import Mentions
from processor.erasure.quarantined import mentioning
from receiver.payload_log_erasure import count_lines
from settings import Settings
from spool.decisions import read_decisions
from spool.erasing import keys_of
from spool.people import Decision
from spool.standing_orders import Orders

_EVER = timedelta(days=1)  # after now: whatever a clock says


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversed:
    """One conversation: its entry, None if the index has none, and its receipts."""

    id: str
    entry: Entry | None
    files: tuple[Stored, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """
    All that is held of a caller. `keys` are the memory keys of that person, the first the one
    that memory has; `scanned_bytes` is how far in the ledger index and memory had read.
    """

    keys: tuple[str, ...]
    profiles: tuple[Profile, ...]
    memories: tuple[Memory, ...]
    conversations: tuple[Conversed, ...]
    scanned_bytes: int
    calls: tuple[dict[str, Any], ...]
    decisions: tuple[Decision, ...]
    quarantined: tuple[str, ...]
    logged_requests: int
    mentions: Mentions
    root: Path
    payload_log: Path | None

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing at all is held."""
        return not (
            self.memories or self.conversations or self.calls or self.quarantined
            or self.decisions or self.logged_requests or self.profiles
        )  # fmt: skip

    def files_there(self) -> list[Stored]:
        """Return the receipts whose files are there."""
        return [
            each for conversed in self.conversations for each in conversed.files if not each.dropped
        ]


async def held_of(settings: Settings, store: MemoryStore, history: History, caller: str) -> Held:
    """Return all that is held of `caller` (a memory key); the index has to be up to date."""
    root = settings.payload_storage_path
    orders = await asyncio.to_thread(Orders, root)
    people = orders.people
    first = people.person(caller)
    keys = (first, *sorted(keys_of(people, caller) - {first}))
    scanned_bytes = min(await history.position(), await _applied_bytes(settings, store))
    ids: set[str] = set()
    profiles, memories = [], []
    for key in keys:
        holdings = await store.holdings(key)
        memories += [memory for _, memory in holdings.memories]
        if holdings.profile is not None:
            profiles.append(holdings.profile)
        ids.update(await store.conversation_ids(key))
        ids.update(await history.conversations_of(key))
    failing = [failure.file for failure in await store.failures()]
    ids |= await asyncio.to_thread(unreadable, root, failing, Mentions(callers=keys))
    shown = {f"c_{orders.forgotten.hash_of('caller', key)[:20]}" for key in keys}
    mentions = Mentions(callers=keys, ids=ids | shown)
    conversations = [await _conversed(history, each) for each in ids]
    found = await asyncio.to_thread(_in_files, settings, mentions)
    return Held(
        keys=keys,
        profiles=tuple(profiles),
        memories=tuple(sorted(memories, key=lambda each: (each.occurred_at, each.id))),
        conversations=tuple(sorted(conversations, key=_began_at)),
        scanned_bytes=scanned_bytes,
        calls=tuple(map(_readable, found.calls)),
        decisions=tuple(_about(root, keys, ids)),
        quarantined=tuple(found.quarantined),
        logged_requests=found.logged,
        mentions=mentions,
        root=root,
        payload_log=settings.payload_log_path,
    )


async def _applied_bytes(settings: Settings, store: MemoryStore) -> int:
    """Return how far in the ledger memory has come: what it cannot read is noted until there."""
    position = await store.position()
    rules = processor_options(settings).rules
    is_of_it = await asyncio.to_thread(
        is_position_in, settings.payload_storage_path, position, rules=rules
    )
    return position.offset if is_of_it else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _InFiles:
    calls: list[bytes]
    quarantined: list[str]
    logged: int


def _in_files(settings: Settings, mentions: Mentions) -> _InFiles:
    root, log = settings.payload_storage_path, settings.payload_log_path
    return _InFiles(
        calls=calls_of(root, mentions.in_bytes, before=datetime.now(UTC) + _EVER),
        quarantined=mentioning(root, mentions),
        logged=count_lines(log, mentions.in_text) if log else 0,
    )


async def _conversed(history: History, conversation_id: str) -> Conversed:
    return Conversed(
        id=conversation_id,
        entry=await history.entry(conversation_id),
        files=tuple(await history.files(conversation_id)),
    )


def _began_at(conversed: Conversed) -> tuple[str, str]:
    began = conversed.entry.started_at.isoformat() if conversed.entry else ""
    return began, conversed.id


def _readable(record: bytes) -> dict[str, Any]:
    try:
        members = json.loads(record)
    except ValueError:
        members = None
    if isinstance(members, dict):
        return members
    return {"unreadable_record": record.decode("utf-8", "replace")}


def _about(root: Path, keys: Iterable[str], ids: set[str]) -> list[Decision]:
    """Return the decisions that name one of the keys, or memories of the conversations."""
    return [
        decision
        for decision in read_decisions(root)
        if {decision.caller, decision.into} & set(keys)
        or {memory.partition("/")[0] for memory in decision.memories} & ids
    ]
