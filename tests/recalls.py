"""An OpenMemory and a ledger for the tests of asking one: nothing but what is put into them."""

import asyncio
from collections import defaultdict

from memory.holdings import Place
from memory.openmemory.backend import Match
from memory.openmemory.entry import Report
from tests.memories import MONDAY


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


class AskedBackend:
    """
    Answers a query with `matches`, whoever asks. `problem` is raised instead, and as long as
    `gate` is not set no answer comes.
    """

    name = "OpenMemory"

    def __init__(self):
        self.matches = []
        self.problem = None
        self.gate = asyncio.Event()
        self.gate.set()
        self.asked = []
        self.cancelled = 0

    async def query(self, user, text, *, limit):
        self.asked.append((user, text, limit))
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        if self.problem is not None:
            raise self.problem
        return self.matches

    def answer(self, *scores_by_id):
        """Answer with these (id, score) from now on."""
        self.matches = [Match(id=name, score=score) for name, score in scores_by_id]

    def single_out(self, *names):
        """Answer with these from now on, which stand out among many others."""
        best = [(name, 9.0 - place / 10) for place, name in enumerate(names)]
        self.answer(*best, *((f"other-{place}", 1.0) for place in range(10 * len(names))))


class AskedLedger:
    """Knows which memory an id stands for, by caller; `problem` is raised instead."""

    def __init__(self):
        self.rows = defaultdict(dict)
        self.said = a_report()
        self.problem = None
        self.gate = asyncio.Event()
        self.gate.set()
        self.looks = 0

    async def places(self, caller, backend_ids):
        await self.gate.wait()
        if self.problem is not None:
            raise self.problem
        return {each: self.rows[caller][each] for each in backend_ids if each in self.rows[caller]}

    async def report(self):
        self.looks += 1
        if self.problem is not None:
            raise self.problem
        return self.said

    def know(self, caller, **memories):
        """Have these ids stand for these memories of the caller."""
        self.rows[caller].update({name: place_of(memory) for name, memory in memories.items()})


def a_report(**given):
    values = {"status": "ok", "backend": "OpenMemory", "keeps_users_apart": True, "at": MONDAY}
    return Report(**(values | given))


def place_of(memory, source="call"):
    return Place(
        kind=memory.kind, conversation_id=memory.conversation_id, source=source, id=memory.id
    )
