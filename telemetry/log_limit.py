"""
A flood of requests must not fill the disk with lines that all say the same.

What anybody can cause without a key is limited: lines of requests that were refused or failed, or
that need no key, and warnings of the receiver and of the libraries under it. Everything else
always passes.
"""

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable

logger = logging.getLogger(__name__)

MAX_LINES = 10
WINDOW_SECONDS = 10.0

_OUTWARD = ("receiver", "aiohttp", "asyncio")  # the packages that speak of requests
_KEYLESS = frozenset(["/health", "/metrics"])
_REFUSED = 400  # this status and those above; 0 is a client that went away

_Kind = tuple[int, str, int]  # level, action and status


class LineLimit(logging.Filter):
    """
    Passes at most 10 lines in 10 seconds of each action and status, then says what it left out.

    It says so when the 10 seconds are over, by one line for each action and status, of the level
    of those that were left out. `clock` returns seconds; `later` calls a function after so many.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.monotonic,
        later: Callable[[float, Callable[[], None]], None] | None = None,
    ) -> None:
        """Leave nothing out yet."""
        super().__init__()
        self._clock = clock
        self._later = later or _in_a_thread
        self._turn = threading.Lock()
        self._began = clock()
        self._seen: Counter[_Kind] = Counter()
        self._is_timed = False

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether this line is to be written."""
        kind = _kind(record)
        if kind is None:
            return True
        if self._clock() - self._began >= WINDOW_SECONDS:
            self.tell()
        with self._turn:
            self._seen[kind] += 1
            is_left_out = self._seen[kind] > MAX_LINES
            starts_timer = is_left_out and not self._is_timed
            if starts_timer:
                self._is_timed = True
                left_seconds = self._began + WINDOW_SECONDS - self._clock()
        if starts_timer:
            self._later(max(left_seconds, 0), self._tell_in_time)
        return not is_left_out

    def tell(self) -> None:
        """Say what has been left out, and count from anew; at the end of the program too."""
        with self._turn:
            seen, self._seen = self._seen, Counter()
            self._began, began = self._clock(), self._began
            seconds = round(self._began - began, 1)
        for (level, action, status), count in seen.items():
            if count > MAX_LINES:
                logger.log(
                    level,
                    "%d more lines like that were left out",
                    count - MAX_LINES,
                    extra={
                        "action": "lines_left_out",
                        "of_action": action,
                        "of_status": status,
                        "count": count - MAX_LINES,
                        "seconds": seconds,
                    },
                )

    def _tell_in_time(self) -> None:
        with self._turn:
            self._is_timed = False
        self.tell()


def _kind(record: logging.LogRecord) -> _Kind | None:
    """Return what the line is counted with, None if it is not limited."""
    if record.name.partition(".")[0] not in _OUTWARD:
        return None
    action = getattr(record, "action", "") or record.name
    status = getattr(record, "status", 0)
    if action == "request":
        is_keyless = getattr(record, "path", "") in _KEYLESS
        is_limited = is_keyless or status >= _REFUSED or not status
    else:
        is_limited = record.levelno >= logging.WARNING
    return (record.levelno, action, status) if is_limited else None


def _in_a_thread(seconds: float, function: Callable[[], None]) -> None:
    timer = threading.Timer(seconds, function)
    timer.daemon = True  # the end of the program does not wait for it, but tells by itself
    timer.start()
