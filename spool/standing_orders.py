"""Everything the owner has decided about a spool, for whoever derives, indexes or answers."""

import threading
from pathlib import Path

from spool.decisions import decision_ids, read_decisions
from spool.dropped import dropped_of
from spool.forgotten import Forgotten
from spool.people import Decision, People


class Decisions:
    """
    Who was forgotten, who is who, and which memories are not true; several threads may share it.

    `ids` names every decision and erasure: memory notes which of them it obeys.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._turn = threading.Lock()
        self._ids: frozenset[str] = frozenset()
        self.forgotten = Forgotten(root)
        self.all: tuple[Decision, ...] = ()
        self.people = People(())
        self.untrue: frozenset[str] = frozenset()
        self.refresh()

    @property
    def ids(self) -> frozenset[str]:
        """Return the ids of all decisions and erasures."""
        return self._ids | self.forgotten.ids

    def refresh(self) -> None:
        """Look again; raises SpoolError."""
        with self._turn:
            self.forgotten.refresh()
            if (ids := decision_ids(self._root)) != self._ids:
                self.all = tuple(read_decisions(self._root))
                self.people = People(self.all)
                self.untrue = frozenset(id_ for each in self.all for id_ in each.memories)
                self._ids = ids


class Orders:
    """The decisions about a spool, and what was dropped from it; several threads may share it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._decisions = Decisions(root)
        self.dropped = dropped_of(root)

    @property
    def ids(self) -> frozenset[str]:
        """Return the ids of all decisions and erasures."""
        return self._decisions.ids

    @property
    def forgotten(self) -> Forgotten:
        """Return who was forgotten."""
        return self._decisions.forgotten

    @property
    def people(self) -> People:
        """Return who is who."""
        return self._decisions.people

    @property
    def untrue(self) -> frozenset[str]:
        """Return the ids of the memories that are not true."""
        return self._decisions.untrue

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """Return every decision, in the order in which they count."""
        return self._decisions.all

    def refresh(self) -> None:
        """Look again; raises SpoolError."""
        self.dropped.refresh()
        self._decisions.refresh()
