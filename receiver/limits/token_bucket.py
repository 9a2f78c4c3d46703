"""Token buckets, and debts that fade: how much somebody has asked for lately. Pure."""

from collections import OrderedDict
from collections.abc import Hashable

# Far more than ever ask at once; who is pushed out was the longest without asking.
MAX_KEYS = 10_000


class Buckets:
    """
    A bucket of tokens for each key, full at first.

    Times are in seconds of any one clock that does not go back. Rate and burst are told with
    each call, because settings may change while the program runs.
    """

    def __init__(self, *, max_keys: int = MAX_KEYS) -> None:
        self._max_keys = max_keys
        self._filled: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()

    def take(self, key: Hashable, *, now: float, per_second: float, burst: float) -> float:
        """Take a token and return 0.0; if there is none, return the seconds until there is."""
        tokens = self._tokens(key, now, per_second, burst)
        if tokens < 1:
            self._keep(key, tokens, now)
            return (1 - tokens) / per_second
        self._keep(key, tokens - 1, now)
        return 0.0

    def wait(self, key: Hashable, *, now: float, per_second: float, burst: float) -> float:
        """Return the seconds until there is a token, 0.0 if there is one, and take none."""
        tokens = self._tokens(key, now, per_second, burst)
        return 0.0 if tokens >= 1 else (1 - tokens) / per_second

    def give_back(self, key: Hashable) -> None:
        """Put back a token that was taken; the next look finds at most a full bucket."""
        if (filled := self._filled.get(key)) is not None:
            self._filled[key] = (filled[0] + 1, filled[1])

    def __len__(self) -> int:
        """Return how many keys are remembered."""
        return len(self._filled)

    def _tokens(self, key: Hashable, now: float, per_second: float, burst: float) -> float:
        tokens, at = self._filled.get(key, (burst, now))
        return min(burst, tokens + max(0.0, now - at) * per_second)

    def _keep(self, key: Hashable, tokens: float, now: float) -> None:
        self._filled[key] = (tokens, now)
        self._filled.move_to_end(key)
        if len(self._filled) > self._max_keys:
            self._filled.popitem(last=False)


class Debts:
    """What each key owes, in any unit; it fades by `per_second`."""

    def __init__(self, *, per_second: float, max_keys: int = MAX_KEYS) -> None:
        self._per_second = per_second
        self._max_keys = max_keys
        self._owed: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()

    def add(self, key: Hashable, amount: float, *, now: float) -> None:
        """Have `key` owe this much more."""
        self._owed[key] = (self.owed(key, now=now) + amount, now)
        self._owed.move_to_end(key)
        if len(self._owed) > self._max_keys:
            self._owed.popitem(last=False)

    def owed(self, key: Hashable, *, now: float) -> float:
        """Return what `key` owes now."""
        amount, at = self._owed.get(key, (0.0, now))
        return max(0.0, amount - max(0.0, now - at) * self._per_second)
