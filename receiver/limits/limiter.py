"""The running state of all limits of one receiver."""

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from receiver.limits.address import Client
from receiver.limits.token_bucket import MAX_KEYS, Buckets
from receiver.limits.upload_queue import UploadQueue
from voice.webhook_addresses import PUBLISHED

_SECONDS_A_MINUTE = 60.0
# A valid signature makes its address a sender to be trusted with large bodies for this long.
_PROVEN_SECONDS = 24 * 3600.0


@dataclass(slots=True, kw_only=True)
class Limits:
    """
    Who has asked how much lately, and who may. For one event loop; nothing here waits.

    Whatever returns seconds returns 0.0 if the request may pass, else after how long to come
    again. A limit of 0 is none. `clock` is monotonic, in seconds.
    """

    clock: Callable[[], float] = time.monotonic
    uploads: UploadQueue = field(default_factory=UploadQueue)
    _addresses: Buckets = field(default_factory=Buckets)
    _callers: Buckets = field(default_factory=Buckets)
    _failures: Buckets = field(default_factory=Buckets)
    _proven: OrderedDict[str, float] = field(default_factory=OrderedDict)

    def take_for_address(self, endpoint: str, client: Client, *, per_second: int) -> float:
        """Count a request of an address to an endpoint: twice the rate may come at once."""
        if not per_second:
            return 0.0
        return self._addresses.take(
            (endpoint, client.key), now=self.clock(), per_second=per_second, burst=2 * per_second
        )

    def give_back(self, endpoint: str, client: Client) -> None:
        """Take back the counting of a request that turned out to be a right one."""
        self._addresses.give_back((endpoint, client.key))

    def take_for_caller(self, endpoint: str, caller: str, *, per_minute: int) -> float:
        """Count a live request about a caller: those of a minute may come at once."""
        if not per_minute:
            return 0.0
        return self._callers.take(
            (endpoint, caller),
            now=self.clock(),
            per_second=per_minute / _SECONDS_A_MINUTE,
            burst=per_minute,
        )

    def wait_after_failures(self, what: str, client: Client, *, per_minute: int) -> float:
        """Tell whether an address has brought wrong keys for `what` too often."""
        if not per_minute:
            return 0.0
        return self._failures.wait(
            (what, client.key),
            now=self.clock(),
            per_second=per_minute / _SECONDS_A_MINUTE,
            burst=per_minute,
        )

    def note_failure(self, what: str, client: Client, *, per_minute: int) -> None:
        """Count a wrong key for `what`."""
        if per_minute:
            self._failures.take(
                (what, client.key),
                now=self.clock(),
                per_second=per_minute / _SECONDS_A_MINUTE,
                burst=per_minute,
            )

    def prove(self, client: Client) -> None:
        """Note that a valid signature came from this address."""
        self._proven[client.key] = self.clock()
        self._proven.move_to_end(client.key)
        if len(self._proven) > MAX_KEYS:
            self._proven.popitem(last=False)

    def is_proven(self, client: Client) -> bool:
        """Tell whether it has sent a valid signature lately, or the platform publishes it."""
        proven_at = self._proven.get(client.key, -math.inf)
        return self.clock() - proven_at < _PROVEN_SECONDS or client.is_in(PUBLISHED)
