"""What goes wrong for one caller, and is left alone for a while: it holds up none of the others."""

from collections.abc import Callable, Collection
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class _Trouble:
    count: int
    not_before: float


class Troubles:
    """
    What is left alone for a while, after each failure twice as long as before.

    A piece of work is known by a text. Times are seconds on `clock`.
    """

    def __init__(self, *, first: float, longest: float, clock: Callable[[], float]) -> None:
        self._first = first
        self._longest = longest
        self._clock = clock
        self._of: dict[str, _Trouble] = {}

    def __contains__(self, what: str) -> bool:
        return what in self._of

    def __len__(self) -> int:
        return len(self._of)

    def add(self, what: str) -> None:
        """Note one more failure."""
        count = self._of[what].count + 1 if what in self._of else 1
        pause = min(self._first * 2.0 ** min(count - 1, 30), self._longest)
        self._of[what] = _Trouble(count=count, not_before=self._clock() + pause)

    def end(self, what: str) -> None:
        """Note that it went well."""
        self._of.pop(what, None)

    def only(self, prefix: str, kept: Collection[str]) -> None:
        """End what begins with `prefix` and is not among `kept`: it is nobody's work any more."""
        for what in [each for each in self._of if each.startswith(prefix) and each not in kept]:
            del self._of[what]

    def next_at(self) -> float | None:
        """Return when the first of it may be tried again; None if there is none."""
        return min((trouble.not_before for trouble in self._of.values()), default=None)

    def may_try(self, what: str) -> bool:
        """Tell whether there is no trouble, or it is time to try again."""
        trouble = self._of.get(what)
        return trouble is None or self._clock() >= trouble.not_before
