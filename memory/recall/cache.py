"""The indexes of the callers asked about lately, within a limit in bytes."""

import threading
from collections import OrderedDict
from dataclasses import dataclass

from memory.recall.index import CallerIndex


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """Which state of a caller's memories something was read from: equal stamps, equal state."""

    incarnation: str
    generation: int


class IndexCache:
    """
    A least-recently-used cache of indexes, for several threads.

    An index is only handed out for the very state that it was built from, so it can be late
    but never wrong. One that is larger than the whole limit is not kept.
    """

    def __init__(self, *, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, tuple[Stamp, CallerIndex]] = OrderedDict()
        self._nbytes = 0

    @property
    def nbytes(self) -> int:
        """Return about how many bytes are in use."""
        return self._nbytes

    def get(self, caller: str, stamp: Stamp) -> CallerIndex | None:
        """Return the index of `caller` if it is of this state."""
        with self._lock:
            kept = self._kept.get(caller)
            if kept is None or kept[0] != stamp:
                return None
            self._kept.move_to_end(caller)
            return kept[1]

    def put(self, caller: str, stamp: Stamp, index: CallerIndex) -> None:
        """Keep `index`, in place of any older one, and forget what is then over the limit."""
        with self._lock:
            replaced = self._kept.pop(caller, None)
            if replaced is not None:
                self._nbytes -= replaced[1].nbytes
            if index.nbytes > self.max_bytes:  # it would drive everybody else out
                return
            self._kept[caller] = (stamp, index)
            self._nbytes += index.nbytes
            while self._nbytes > self.max_bytes:
                _, (_, forgotten) = self._kept.popitem(last=False)
                self._nbytes -= forgotten.nbytes

    def clear(self) -> None:
        """Forget every index."""
        with self._lock:
            self._kept.clear()
            self._nbytes = 0
