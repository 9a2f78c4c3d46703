"""
What happens at this moment, told to whoever looks on.

While nobody looks, telling is one comparison. While somebody does, nothing here waits for them:
who reads too slowly loses the oldest lines, and is told how many.
"""

import asyncio
import hashlib
import secrets
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import UTC, datetime
from types import MappingProxyType

import msgspec

MAX_WATCHERS = 8
MAX_WAITING_LINES = 1000  # for one watcher: under a megabyte

# How many of these a second are told one by one; of the others only the number. A flood of
# refused requests, or a rebuild, would push the calls out.
TOLD_EACH_SECOND: Mapping[str, int] = MappingProxyType({"refused": 10, "log": 20, "applied": 50})


class TooManyWatchers(Exception):
    """As many look on as may: one of them has to stop first."""


class Watcher:
    """One who looks on, in one event loop; what is published waits here for it."""

    def __init__(self, loop: asyncio.AbstractEventLoop, *, max_waiting: int) -> None:
        self._loop = loop
        self._lock = threading.Lock()
        self._waiting: deque[bytes] = deque(maxlen=max_waiting)
        self._dropped = 0
        self._is_closed = False
        self._wake = asyncio.Event()

    async def take(self) -> bytes:
        """Wait for lines and return all that there are; b"" once it is over."""
        while True:
            await self._wake.wait()
            with self._lock:
                if not self._is_closed:
                    self._wake.clear()
                lines, dropped = b"".join(self._waiting), self._dropped
                self._waiting.clear()
                self._dropped = 0
            if lines or self._is_closed:  # else woken for what was taken already
                break
        return (_encoded({"event": "dropped", "count": dropped}) if dropped else b"") + lines

    def put(self, line: bytes) -> None:
        """Have `line` wait, in place of the oldest if need be; from any thread, at once."""
        with self._lock:
            is_first = not self._waiting
            self._dropped += len(self._waiting) == self._waiting.maxlen
            self._waiting.append(line)
        if is_first:
            self._loop.call_soon_threadsafe(self._wake.set)

    def close(self) -> None:
        """Let the watcher have what waits, and nothing more."""
        self._is_closed = True
        self._loop.call_soon_threadsafe(self._wake.set)


class Activity:
    """
    Where things that happen are published, from any thread, and looked at, in an event loop.

    `now` gives the time that events carry, aware UTC.
    """

    def __init__(
        self,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        max_watchers: int = MAX_WATCHERS,
        max_waiting: int = MAX_WAITING_LINES,
    ) -> None:
        self._now = now
        self._max_watchers = max_watchers
        self._max_waiting = max_waiting
        self._watchers: tuple[Watcher, ...] = ()  # replaced, never changed: read without a lock
        self._is_over = False
        self._meanwhile = ExitStack()
        self._lock = threading.Lock()
        self._published: Counter[str] = Counter()
        self._left_out: Counter[str] = Counter()
        self._alias_key = secrets.token_bytes(16)
        self._second = 0
        self._this_second: Counter[str] = Counter()

    @property
    def watchers(self) -> int:
        """How many look on now: while it is 0, nothing needs to be made ready to be told."""
        return len(self._watchers)

    def publish(self, event: str, members: Mapping[str, object]) -> None:
        """Tell everybody who looks on that `event` happened; nobody is waited for."""
        if not self._watchers or self._is_over:
            return
        time = self._now()
        with self._lock:
            self._published[event] += 1
            if not self._is_told(event, int(time.timestamp())):
                self._left_out[event] += 1
                return
        line = _encoded({"event": event, "time": _text(time), **members})
        for watcher in self._watchers:
            watcher.put(line)

    def alias(self, name: str) -> str:
        """Return what tells `name` from others without telling it, for as long as this lives."""
        alias = hashlib.blake2b(name.encode(), key=self._alias_key, digest_size=6)
        return alias.hexdigest()

    def take_counts(self) -> tuple[Mapping[str, int], Mapping[str, int]]:
        """Return how many were published, and left out, of each event since the last time."""
        with self._lock:
            counts = dict(self._published), dict(self._left_out)
            self._published.clear()
            self._left_out.clear()
        return counts

    @contextmanager
    def looked_at(self, meanwhile: Callable[[], AbstractContextManager[None]]) -> Iterator[Watcher]:
        """
        Look on until the block ends. Raises `TooManyWatchers`.

        `meanwhile` is entered by the first who looks, and left with the last.
        """
        if len(self._watchers) >= self._max_watchers:
            raise TooManyWatchers
        watcher = Watcher(asyncio.get_running_loop(), max_waiting=self._max_waiting)
        if self._is_over:
            watcher.close()
        if not self._watchers:
            self._meanwhile.enter_context(meanwhile())
        self._watchers = (*self._watchers, watcher)
        try:
            yield watcher
        finally:
            self._watchers = tuple(each for each in self._watchers if each is not watcher)
            if not self._watchers:
                self._meanwhile.close()
                self.take_counts()  # of this look; the next begins at nothing

    def close(self) -> None:
        """Tell everybody, and who comes later, that it is over: the server is about to stop."""
        self.publish("bye", {})
        self._is_over = True
        for watcher in self._watchers:
            watcher.close()

    def _is_told(self, event: str, second: int) -> bool:
        if event not in TOLD_EACH_SECOND:
            return True
        if second != self._second:
            self._second = second
            self._this_second.clear()
        self._this_second[event] += 1
        return self._this_second[event] <= TOLD_EACH_SECOND[event]


def _text(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _encoded(value: Mapping[str, object]) -> bytes:
    return msgspec.json.encode(value) + b"\n"
