"""What is to be done about one caller's rows: pure decisions, without any input or output."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256

from memory.openmemory.backend import Row
from memory.openmemory.entry import Entry
from memory.openmemory.wanted import Wanted, digest_of, key_of

Entries = Mapping[str, Entry]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What changes in the ledger: entries that are put, and keys of which nothing is left."""

    put: tuple[Entry, ...] = ()
    removed: tuple[str, ...] = ()

    def applied_to(self, entries: Entries) -> dict[str, Entry]:
        """Return the entries as they are then."""
        kept = {key: entry for key, entry in entries.items() if key not in self.removed}
        return kept | {entry.key: entry for entry in self.put}


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """
    What a look at OpenMemory's own list of a caller's rows says.

    `entries` are the ledger's, put right. `surplus` are rows that stand for something wanted a
    second time, or in an older form; `extra` are ours too, but stand for nothing that is wanted.
    `missing` and `changed` are the keys of what the ledger took to be there, and is not, or not
    as it was; `foreign` counts the rows that others have written.
    """

    entries: dict[str, Entry]
    surplus: tuple[Row, ...] = ()
    extra: tuple[Row, ...] = ()
    missing: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    foreign: int = 0


def plan_of(wanted: Mapping[str, Wanted], entries: Entries) -> Plan:
    """
    Return how the ledger's `entries` are to change for what is `wanted` now.

    An entry that is wanted and has a backend id is one to be replaced: the old row goes first.
    """
    put = {key: entry for key, row in wanted.items() if (entry := _planned(row, entries.get(key)))}
    removed = []
    for key, entry in entries.items():
        if key in wanted:
            continue
        if not _leaves_a_row(entry):
            removed.append(key)
        elif entry.state != "unwanted":
            put[key] = replace(entry, state="unwanted", attempts=0)
    going = {entry.backend_id for entry in put.values() if entry.backend_id}
    for key, entry in entries.items():
        if entry.state == "dropped" and entry.backend_id in going and key in wanted:
            put[key] = _wanted_entry(wanted[key])  # what stood in its way is removed
    return Plan(put=tuple(put.values()), removed=tuple(removed))


def look(wanted: Mapping[str, Wanted], entries: Entries, there: Iterable[Row]) -> Looked:
    """Return what OpenMemory's own list of one caller's rows says about `wanted` and `entries`."""
    by_key: dict[str, list[Row]] = defaultdict(list)
    foreign = 0
    for each in there:
        if key := key_of(each.metadata):
            by_key[key].append(each)
        else:
            foreign += 1
    found = dict(entries)
    surplus: list[Row] = []
    changed = []
    for key, row in wanted.items():
        entry, others, is_changed = _settled(row, entries.get(key), by_key.pop(key, []))
        found[key] = entry
        surplus += others
        changed += [key] if is_changed else []
    going = {entry.backend_id for entry in entries.values() if entry.state == "unwanted"}
    extra = [row for rows in by_key.values() for row in rows if row.id not in going]
    missing = [key for key, entry in entries.items() if entry.is_there and key in wanted
               and found[key].state == "wanted" and key not in changed]  # fmt: skip
    return Looked(
        entries=found,
        surplus=tuple(surplus),
        extra=tuple(extra),
        missing=tuple(missing),
        changed=tuple(changed),
        foreign=foreign,
    )


def stored_as(wanted: Wanted, row: Row | None, siblings: Iterable[Entry]) -> Entry:
    """
    Return the entry for `wanted` after an add, by the `row` that its answer named, read back.

    None: that row is not this caller's. Another row: OpenMemory took the one for the other.
    """
    if row is not None and _is(wanted, row):
        return _there(wanted, row)
    if row is None:
        return replace(
            _wanted_entry(wanted), state="dropped", reason="taken for another caller's memory"
        )
    known = any(entry.backend_id == row.id and entry.is_there for entry in siblings)
    is_same = row.content == wanted.content
    return replace(
        _wanted_entry(wanted),
        state="dropped",
        reason="the same words of this caller are there"
        if is_same
        else "taken for another memory of this caller",
        backend_id=row.id if known else "",
    )


def content_hash(content: str) -> str:
    """Return what tells a text that was read back from another one."""
    return sha256(content.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _planned(wanted: Wanted, entry: Entry | None) -> Entry | None:
    """Return the entry that this row needs now; None if the one there is will do."""
    if entry is None:
        return _wanted_entry(wanted)
    if entry.digest == wanted.digest and entry.state != "unwanted":
        return None
    old = entry.backend_id if _leaves_a_row(entry) else ""
    return replace(_wanted_entry(wanted), backend_id=old)


def _leaves_a_row(entry: Entry) -> bool:
    return bool(entry.backend_id) and entry.state != "dropped"


def _settled(
    wanted: Wanted, entry: Entry | None, there: list[Row]
) -> tuple[Entry, list[Row], bool]:
    """Return the right entry, the rows that are too many, and whether the one kept was changed."""
    good = [row for row in there if _is(wanted, row)]
    known = entry.backend_id if entry is not None else ""
    good.sort(key=lambda row: (row.id != known, row.id))
    if not good:
        stays = entry is not None and entry.digest == wanted.digest
        if entry is not None and stays and entry.state in ("dropped", "refused"):
            return entry, there, False
        attempts = entry.attempts if entry is not None and entry.state == "wanted" else 0
        return replace(_wanted_entry(wanted), attempts=attempts), there, False
    kept = good[0]
    others = [row for row in there if row is not kept]
    if _was_changed(entry, kept):
        return replace(_wanted_entry(wanted), backend_id=kept.id), others, True
    return _there(wanted, kept), others, False


def _was_changed(entry: Entry | None, row: Row) -> bool:
    if entry is None or not entry.is_there or entry.backend_id != row.id:
        return False
    return entry.content_hash != content_hash(row.content)


def _is(wanted: Wanted, row: Row) -> bool:
    return key_of(row.metadata) == wanted.key and digest_of(row.metadata) == wanted.digest


def _there(wanted: Wanted, row: Row) -> Entry:
    return replace(
        _wanted_entry(wanted),
        state="stored" if row.content in wanted.texts else "shortened",
        backend_id=row.id,
        content_hash=content_hash(row.content),
    )


def _wanted_entry(wanted: Wanted) -> Entry:
    return Entry(key=wanted.key, digest=wanted.digest, state="wanted", place=wanted.place)
