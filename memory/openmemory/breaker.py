"""When to leave an OpenMemory alone that does not answer, and when to try it again."""

from collections.abc import Callable

COOL_DOWN_S = 5.0
MAX_COOL_DOWN_S = 60.0


class Breaker:
    """
    A circuit breaker: closed as long as calls succeed, open for a while after one that did not.

    What happened is told to it, so the call that tries again may be one whose answer nobody
    waits for. `clock` returns seconds that never go back.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], float],
        cool_down_seconds: float = COOL_DOWN_S,
        max_cool_down_seconds: float = MAX_COOL_DOWN_S,
    ) -> None:
        self._clock = clock
        self._shortest = cool_down_seconds
        self._longest = max_cool_down_seconds
        self._cool_down = cool_down_seconds
        self._open_until: float | None = None

    @property
    def is_closed(self) -> bool:
        """Whether calls may be made, and their answers waited for."""
        return self._open_until is None

    @property
    def may_try(self) -> bool:
        """Whether it is open and has cooled down, so that a call may find out."""
        return self._open_until is not None and self._clock() >= self._open_until

    def note_success(self) -> None:
        """Close: a call was answered in time."""
        self._open_until = None
        self._cool_down = self._shortest

    def note_failure(self, *, retry_after_seconds: float = 0.0) -> None:
        """
        Open for the cool-down, or for longer if that was asked for, and double the next one.

        While it cools down nothing changes: calls that were under way together fail together.
        """
        if not self.is_closed and not self.may_try:
            return
        wait = min(max(self._cool_down, retry_after_seconds), self._longest)
        self._open_until = self._clock() + wait
        self._cool_down = min(self._cool_down * 2, self._longest)
