"""What the owner has decided: who is erased and who is who, as it stands at each request."""

import asyncio
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from history.values import Entry
from spool.decisions import decision_ids, read_decisions
from spool.forgotten import Forgotten, keyed_hash, spool_key
from spool.people import Decision, People

_ID_DIGITS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """
    The decisions at one moment.

    `untrue` are the ids of those by which memories are not true, `pending` the hashes of callers
    whose erasure is not complete; `key` is that of these hashes.
    """

    forgotten: Forgotten
    people: People
    untrue: frozenset[str]
    pending: frozenset[str]
    key: bytes

    def id_of(self, caller: str) -> str:
        """Return the opaque id of a caller, as the history's rows have it."""
        return f"c_{keyed_hash(self.key, 'caller', caller)[:_ID_DIGITS]}"

    def is_pending(self, caller: str) -> bool:
        """Tell whether memory may still hold what is to be erased of a caller."""
        return bool(self.pending) and keyed_hash(self.key, "caller", caller) in self.pending

    def is_erased(self, entry: Entry) -> bool:
        """Tell whether a conversation is being erased, though the history may not know it yet."""
        callers = set()
        if entry.line:
            callers = {entry.line, self.people.key_of(entry.line, entry.id, "")}
            callers |= {entry.caller or ""} & {*self.people.apart(entry.line)}
        return self.forgotten.is_conversation(entry.id) or any(
            self.forgotten.is_caller(caller, began_at=entry.started_at) for caller in callers
        )

    def kept(self, entries: Iterable[Entry]) -> list[Entry]:
        """Return the entries without those that are being erased."""
        return [entry for entry in entries if not self.is_erased(entry)]


class Decided:
    """Reads the decisions; those that were read before are not read again."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._forgotten: Forgotten | None = None
        self._ids: frozenset[str] = frozenset()
        self._decisions: list[Decision] = []

    async def view(self, root: Path) -> View:
        """Return what is decided now; raises SpoolError."""
        return await asyncio.to_thread(self._view, root)

    def _view(self, root: Path) -> View:
        with self._turn:  # a refresh is for one at a time
            if self._forgotten is None:
                self._forgotten = Forgotten(root)
            self._forgotten.refresh()
            if (ids := decision_ids(root)) != self._ids:
                self._decisions, self._ids = read_decisions(root), ids
            pending = self._forgotten.pending()
            return View(
                forgotten=self._forgotten,
                people=People(self._decisions),
                untrue=frozenset(each.id for each in self._decisions if each.kind == "untrue"),
                pending=frozenset(hashed for each in pending for hashed in each.callers),
                key=spool_key(root),
            )
