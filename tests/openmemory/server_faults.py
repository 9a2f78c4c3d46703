"""What goes wrong at the stand-in, and with which requests."""

import asyncio
import json
import re
from contextlib import suppress
from dataclasses import dataclass

from tests.openmemory.server_reply import Answer


@dataclass
class Fault:
    """One thing that goes wrong with requests whose method and path fit, so many times."""

    kind: str  # "answer", "hang", "cut"
    path: str = ""
    method: str | None = None
    times: int | None = None
    skip: int = 0
    after: bool = False  # True: what was asked for is done first, and only the answer is lost
    status: int = 500
    body: str = ""
    headers: dict | None = None
    seconds: float | None = None

    def answer(self):
        """Return what is answered instead; None: nothing, the connection breaks off."""
        return None if self.kind == "cut" else Answer(self.status, self.body, self.headers or {})

    def takes(self, method, path):
        """True if it hits this request; counts."""
        if self.times == 0 or self.method not in (None, method):
            return False
        if not re.search(self.path, path):
            return False
        if self.skip:
            self.skip -= 1
            return False
        if self.times is not None:
            self.times -= 1
        return True


class Faults:
    """
    Switches, to be used at any time; `heal()` ends all of it.

    `path` is a regular expression searched in the path, `times` None is for ever, `skip` lets
    so many fitting requests pass first.
    """

    def __init__(self):
        self.leaks_rows = False  # lists and queries hold every user's rows
        self.ignores_offset = False  # each page is the first one
        self.drops_everything = False  # each add is taken for a duplicate of another's row
        self._faults = []
        self._healed = asyncio.Event()

    def fail(self, status, *, body=None, headers=None, after=False, **where):
        """Answer with this status; `body` is JSON, or text as it is, None: a plain reason."""
        if body is None:
            body = {"error": "it_went_wrong"}
        text = body if isinstance(body, str) else json.dumps(body)
        self._add(Fault("answer", status=status, body=text, headers=headers, after=after, **where))

    def garble(self, text="{not json", *, after=True, **where):
        """Answer 200 with this text."""
        self._add(Fault("answer", status=200, body=text, after=after, **where))

    def hang(self, seconds=None, **where):
        """Answer so much later; None: never, until it is healed."""
        self._add(Fault("hang", seconds=seconds, **where))

    def cut(self, *, after, times=1, **where):
        """Break the connection off, before or after doing what was asked for."""
        self._add(Fault("cut", after=after, times=times, **where))

    def heal(self):
        """Make everything well again; what hangs is answered."""
        self.leaks_rows = self.ignores_offset = self.drops_everything = False
        self._faults.clear()
        self._healed.set()

    def take(self, method, path):
        """Return the fault that hits this request, None if none does."""
        return next((fault for fault in self._faults if fault.takes(method, path)), None)

    async def wait(self, seconds):
        """Wait so long, or until it is healed."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._healed.wait(), seconds)

    def _add(self, fault):
        self._healed.clear()
        self._faults.append(fault)
