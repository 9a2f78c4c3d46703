"""What goes wrong, and when: told beforehand, so that a test sees the same in every run."""

import random
import re
import threading
from dataclasses import dataclass, field


@dataclass
class _Fault:
    """One thing that goes wrong, for requests whose method and path fit."""

    kind: str  # "answer", "drop", "slow" or "every"
    path: str
    method: str | None = None
    times: int | None = None  # None: every time
    skip: int = 0  # this many fitting requests pass first
    before: bool = True
    status: int = 500
    retry_after: float | str | None = None
    seconds: float = 0.0
    every: int = 1
    share: random.Random | None = None
    probability: float = 1.0
    seen: int = field(default=0)

    def takes(self, method, path):
        """True if it hits this request; counts."""
        if self.method is not None and not re.fullmatch(self.method, method, re.IGNORECASE):
            return False
        if not re.search(self.path, path):
            return False
        if self.times is not None and self.seen >= self.skip + self.times:
            return False
        self.seen += 1
        if self.seen <= self.skip or (self.seen - self.skip) % self.every:
            return False
        return self.share is None or self.share.random() < self.probability


@dataclass
class Cut:
    """Where an audio answer breaks off, and how often it does."""

    after_bytes: int
    times: int


@dataclass
class Ahead:
    """What will happen to one request."""

    seconds: float = 0.0
    fault: _Fault | None = None


class Faults:
    """
    The faults to come. Paths are regular expressions, searched in the path (without query).

    A fault counts down only with requests that fit it; of several that fit, the one that was
    added first is taken. `skip` lets so many fitting requests pass before it begins.
    """

    def __init__(self):
        self._faults = []
        self._slow = []
        self._cuts = {}
        self._lock = threading.Lock()

    def add(
        self,
        *,
        path,
        status,
        method=None,
        times=1,
        retry_after=None,
        before=True,
        skip=0,
    ):
        """
        Answer with an error. `before=False`: the work is done first, so the answer is lost.

        `retry_after` are the seconds of the header Retry-After (or a date's text), None: no
        header. `times=None`: for ever.
        """
        self._append(
            _Fault(
                "answer",
                path,
                method=method,
                times=times,
                skip=skip,
                before=before,
                status=status,
                retry_after=retry_after,
            )
        )

    def drop(self, method, path, times=1, *, after_work=False, skip=0):
        """Close the connection without an answer; `after_work`: when the work is done."""
        self._append(
            _Fault("drop", path, method=method, times=times, skip=skip, before=not after_work)
        )

    def every(self, n, status, path="", retry_after=None, *, method=None, before=True):
        """Answer every n-th fitting request with an error, for ever."""
        self._append(
            _Fault(
                "answer",
                path,
                method=method,
                every=n,
                status=status,
                retry_after=retry_after,
                before=before,
            )
        )

    def at_random(self, probability, status, path="", retry_after=None, *, seed, before=True):
        """Answer this share of the fitting requests with an error; the seed says which."""
        self._append(
            _Fault(
                "answer",
                path,
                status=status,
                retry_after=retry_after,
                before=before,
                share=random.Random(seed),
                probability=probability,
            )
        )

    def slow(self, path, seconds, times=1, *, method=None):
        """Wait this long before the work."""
        with self._lock:
            self._slow.append(_Fault("slow", path, method=method, times=times, seconds=seconds))

    def cut_audio(self, conversation_id, after_bytes, times=1):
        """Break the connection when so many bytes of the recording have been sent."""
        with self._lock:
            self._cuts[conversation_id] = Cut(after_bytes, times)

    def clear(self):
        """Nothing goes wrong any more."""
        with self._lock:
            self._faults.clear()
            self._slow.clear()
            self._cuts.clear()

    def take(self, method, path):
        """Return what happens to this request; for the server."""
        with self._lock:
            seconds = sum(fault.seconds for fault in self._slow if fault.takes(method, path))
            for fault in self._faults:
                if fault.takes(method, path):
                    return Ahead(seconds, fault)
        return Ahead(seconds)

    def take_cut(self, conversation_id):
        """Return after how many bytes this recording breaks off now, or None; for the server."""
        with self._lock:
            cut = self._cuts.get(conversation_id)
            if cut is None or cut.times <= 0:
                return None
            cut.times -= 1
            return cut.after_bytes

    def _append(self, fault):
        re.compile(fault.path)
        with self._lock:
            self._faults.append(fault)
