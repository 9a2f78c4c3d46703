"""Everything the owner has decided about a spool, for whoever derives, indexes or answers."""

import threading
from pathlib import Path

from spool.decisions import decision_ids, read_decisions
from spool.dropped import Dropped
from spool.forgotten import Forgotten
from spool.people import Decision, People


class Orders:
    """
    What was dropped, who was forgotten, who is who, and which memories are not true.

    Several threads may share it. `ids` names every decision and erasure: memory notes which of
    them it obeys.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._turn = threading.Lock()
        self.dropped = Dropped(root)
        self.forgotten = Forgotten(root)
        self._decided: frozenset[str] = frozenset()
        self.people = People(())
        self.untrue: frozenset[str] = frozenset()
        self.decisions: tuple[Decision, ...] = ()
        self.refresh()

    @property
    def ids(self) -> frozenset[str]:
        """Return the ids of all decisions and erasures."""
        return self._decided | self.forgotten.ids

    def refresh(self) -> None:
        """Look again; raises SpoolError."""
        with self._turn:
            self.dropped.refresh()
            self.forgotten.refresh()
            if (ids := decision_ids(self.root)) != self._decided:
                self.decisions = tuple(read_decisions(self.root))
                self.people = People(self.decisions)
                self.untrue = frozenset(id_ for each in self.decisions for id_ in each.memories)
                self._decided = ids
