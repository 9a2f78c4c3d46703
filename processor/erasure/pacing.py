"""When an erasure that has to wait is tried again: the longer it has waited, the later."""

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

_LEAST_SECONDS = 5.0
_MOST_SECONDS = 300.0
_SHARE = 0.25  # of how long it has waited so far


@dataclass(slots=True, kw_only=True)
class Pacing:
    """Which of the erasures that could not be completed are due; `clock` gives seconds."""

    clock: Callable[[], float] = time.monotonic
    _since: dict[str, float] = field(default_factory=dict)
    _due: dict[str, float] = field(default_factory=dict)

    def is_due(self, erasure_id: str) -> bool:
        """Tell whether it is to be tried now; one that was never tried is."""
        return self.clock() >= self._due.get(erasure_id, float("-inf"))

    def has_tried(self, pending: Collection[str], *, tried: Collection[str]) -> None:
        """Note which erasures are not complete, and which of them have just been tried."""
        now = self.clock()
        self._since = {each: self._since.get(each, now) for each in pending}
        self._due = {each: due for each, due in self._due.items() if each in self._since}
        for each in tried:
            if each in self._since:
                pause = min(max((now - self._since[each]) * _SHARE, _LEAST_SECONDS), _MOST_SECONDS)
                self._due[each] = now + pause
