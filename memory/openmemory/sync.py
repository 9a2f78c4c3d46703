"""All of OpenMemory against all of the embedded store: compared, or brought up to it."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Literal

from memory.openmemory.backend import Backend, Row
from memory.openmemory.carry_out import Source
from memory.openmemory.entry import Entry
from memory.openmemory.mirror import Mirror
from memory.openmemory.plan import Looked
from memory.openmemory.probe import PROBE_PREFIX, is_left_over
from memory.openmemory.wanted import key_of

Kind = Literal["missing", "extra", "doubled", "changed", "dropped", "shortened", "refused"]
Progress = Callable[[int, int], None]  # callers done, callers in all


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One row that is not there as it is wanted; `key` is our id of it, `reason` why, if known."""

    what: Kind
    caller: str
    key: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncReport:
    """
    How OpenMemory stands to the embedded store.

    - `wanted` rows are to be there; `there` of them are, unaltered or shortened.
    - missing: not there, and to be added; changed: there, but somebody else altered it.
    - extra: ours, but stands for nothing in memory; doubled: there a second time, or outdated.
    - dropped: OpenMemory took it for a duplicate; shortened: kept, but not the whole text;
      refused: not taken. Recall does not depend on any of these.

    `foreign` rows of our callers were written by others. `added` and `removed` are what was done,
    and the other counts are of what was found before that. Every difference is named.
    """

    callers: int = 0
    wanted: int = 0
    there: int = 0
    counts: dict[Kind, int] = field(default_factory=dict)
    foreign: int = 0
    added: int = 0
    removed: int = 0
    seconds: float = 0.0
    differences: tuple[Difference, ...] = ()

    @property
    def is_up_to_date(self) -> bool:
        """Tell whether there is nothing that a sync would mend."""
        mends: tuple[Kind, ...] = ("missing", "extra", "doubled", "changed", "refused")
        return not any(self.counts.get(kind) for kind in mends)


async def check(mirror: Mirror, source: Source, *, on_progress: Progress) -> SyncReport:
    """
    Compare every caller's rows with what is wanted.

    Nothing is changed there, but for the two throw-away users of the examination.
    """
    began = time.monotonic()
    await mirror.backend.examine()
    found = _Found()
    callers = await _callers(mirror, source, await mirror.backend.users())
    for done, caller in enumerate(callers, start=1):
        looked, planned = await mirror.carrier.look(caller)
        found.note(caller, looked, planned)
        on_progress(done, len(callers))
    return found.report(seconds=time.monotonic() - began)


async def sync(
    mirror: Mirror, source: Source, *, prunes: bool, on_progress: Progress
) -> SyncReport:
    """
    Bring every caller's rows up to what is wanted; return what was found, and what was done.

    With `prunes` what should not be there is removed too. What was refused is tried once more.
    Interrupted, it goes on where it was: what is done is found to be done.
    """
    began = time.monotonic()
    await mirror.backend.examine()
    await mirror.erase_more()
    found = _Found()
    users = await mirror.backend.users()
    found.removed += await _remove_probes(mirror.backend, users)
    callers = await _callers(mirror, source, users)
    for done, caller in enumerate(callers, start=1):
        before = (await mirror.ledger.entries(caller))[0]
        result = await mirror.carrier.carry_out(caller, looks=True, prunes=prunes, retries=True)
        after = (await mirror.ledger.entries(caller))[0]
        if result.looked is not None:
            found.note(caller, replace(result.looked, entries=_seen(result.looked, after)), before)
        found.added += result.added
        found.removed += result.removed
        on_progress(done, len(callers))
    return found.report(seconds=time.monotonic() - began)


def _seen(looked: Looked, after: dict[str, Entry]) -> dict[str, Entry]:
    """Return the entries as they were seen, and of those that were sent then what became of it."""
    settled = {key: entry for key, entry in after.items() if entry.state in ("dropped", "refused")}
    return looked.entries | settled


async def _callers(mirror: Mirror, source: Source, users: set[str]) -> list[str]:
    """Return everybody we know, and the `users` that we do not, but who have rows of ours."""
    known = (await source.stamps()).keys() | (await mirror.ledger.stamps()).keys()
    strangers = [user for user in users - known if not user.startswith(PROBE_PREFIX)]
    ours = {user for user in strangers if any(map(_is_ours, await mirror.backend.rows(user)))}
    return sorted(known | ours)


async def _remove_probes(backend: Backend, users: set[str]) -> int:
    """Delete what a probe that was killed has left; return how many rows."""
    count = 0
    now = datetime.now(UTC)
    for user in users:
        if user.startswith(PROBE_PREFIX):
            rows = await backend.rows(user)
            if all(is_left_over(row, now=now) for row in rows):  # else somebody may be at it
                count += len(rows)
                await backend.delete_user(user)
    return count


def _is_ours(row: Row) -> bool:
    return bool(key_of(row.metadata))


class _Found:
    def __init__(self) -> None:
        self.added = 0
        self.removed = 0
        self._callers = 0
        self._wanted = 0
        self._there = 0
        self._foreign = 0
        self._counts: Counter[Kind] = Counter()
        self._differences: list[Difference] = []

    def note(self, caller: str, looked: Looked, before: dict[str, Entry]) -> None:
        entries = {k: e for k, e in looked.entries.items() if e.state != "unwanted"}
        self._callers += 1
        self._wanted += len(entries)
        self._there += sum(entry.is_there for entry in entries.values())
        self._foreign += looked.foreign
        for entry in entries.values():
            if entry.key in looked.changed:
                self._add("changed", caller, entry.key)
            elif entry.state == "wanted":
                lost = "it was there once" if entry.key in looked.missing else ""
                self._add("missing", caller, entry.key, reason=lost)
            elif entry.state in ("dropped", "shortened", "refused"):
                self._add(entry.state, caller, entry.key, reason=entry.reason)
        for entry in before.values():
            if entry.state == "unwanted":
                self._add("extra", caller, entry.key, reason="still to be removed")
        for row in looked.extra:
            self._add("extra", caller, key_of(row.metadata))
        for row in looked.surplus:
            self._add("doubled", caller, key_of(row.metadata))

    def report(self, *, seconds: float) -> SyncReport:
        return SyncReport(
            callers=self._callers,
            wanted=self._wanted,
            there=self._there,
            counts=dict(sorted(self._counts.items())),
            foreign=self._foreign,
            added=self.added,
            removed=self.removed,
            seconds=seconds,
            differences=tuple(self._differences),
        )

    def _add(self, what: Kind, caller: str, key: str, *, reason: str = "") -> None:
        self._counts[what] += 1
        self._differences.append(Difference(what=what, caller=caller, key=key, reason=reason))
