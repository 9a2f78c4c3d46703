"""Every store, driven through the same random life, must agree with the reference."""

import asyncio
import tempfile
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from memory.embedded import EmbeddedStore
from memory.errors import PositionMoved
from memory.in_memory import InMemoryStore
from memory.port import Position
from tests.memories import ANA, BEN, MONDAY, a_call, a_failure, a_note, exported

CALLERS = [ANA, BEN, None]
WORDS = st.sampled_from(["table", "Tables for two.", "Señor café", "the", "", "two two table"])
NOTES = st.builds(
    a_note,
    st.sampled_from(["The invoice was sent.", "Send the invoice.", "Call back.", "Ana likes tea."]),
    kind=st.sampled_from(["preference", "commitment", "done"]),
    by=st.sampled_from(["agent", "caller", ""]),
    source=st.sampled_from(["summary", "fact"]),
    key=st.sampled_from(["", "callback"]),
)
IDS = st.sampled_from(["conv_1", "conv_2", "conv_3", "conv_4"])
CALLS = st.builds(
    a_call,
    IDS,
    caller=st.sampled_from(CALLERS),
    said=st.lists(WORDS, max_size=3),
    facts=st.dictionaries(
        st.sampled_from(
            ["name", "preferred_day", "Preferred Day", "first_name", "last_name", "nickname"]
        ),
        WORDS,
        max_size=3,
    ),
    notes=st.lists(NOTES, max_size=3).map(tuple),
    summary=WORDS,
    speaker=st.sampled_from(["", "", "Ana", "Anna Table", "Table", "Leo"]),
    at=st.integers(0, 3).map(lambda days: MONDAY + timedelta(days=days)),
    kind=st.sampled_from(["call", "call", "failure"]),
    outcome=st.sampled_from(["success", "busy"]),
    language=st.sampled_from(["", "en", "de"]),
    agent_line=st.sampled_from(["", "+15550100100", "+15550100101"]),
    version=st.tuples(st.sampled_from([0.0, 1.5, 2.0]), st.sampled_from(["aa", "bb"])),
)
POSITIONS = st.builds(Position, ledger=st.just("abc"), offset=st.integers(0, 3))
FILES = st.sampled_from(["conv_1/a.json", "conv_2/b.json"])


async def held(store, caller):
    """What is held of a caller, and whether a stamp says so: stamps are each store's own."""
    holdings = await store.holdings(caller)
    return holdings.memories, holdings.profile, bool(holdings.stamp)


class Agreement(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "memory.db"
        self.reference = InMemoryStore()
        self.embedded = self.run(EmbeddedStore.open(self.path))
        self.position = Position()

    def run(self, awaitable):
        return self.loop.run_until_complete(awaitable)

    def both(self, ask):
        answers = [self.run(ask(store)) for store in (self.reference, self.embedded)]
        assert answers[0] == answers[1]
        return answers[0]

    @rule(calls=st.lists(CALLS, max_size=3), failed=st.lists(FILES), resolved=st.lists(FILES))
    def apply(self, calls, failed, resolved):
        noted = [a_failure(file) for file in failed]
        self.both(lambda store: store.apply(calls, failed=noted, resolved=resolved))

    @rule(
        calls=st.lists(CALLS, max_size=2),
        replaced=st.sets(IDS, max_size=3),
        settled=st.sets(st.sampled_from(["d1", "d2", "d3"])),
    )
    def replace(self, calls, replaced, settled):
        self.both(lambda store: store.apply(calls, replaced=replaced, settled=settled))

    @rule()
    def scrub(self):
        self.both(lambda store: store.scrub())

    @rule(calls=st.lists(CALLS, max_size=2), since=st.none() | POSITIONS, to=POSITIONS)
    def advance(self, calls, since, to):
        step = (since or self.position, to)

        async def attempt(store):
            try:
                await store.apply(calls, advance=step)
            except PositionMoved:
                return False
            return True

        if self.both(attempt):
            self.position = to

    @rule(calls=st.lists(CALLS, max_size=3))
    def rebuild(self, calls):
        async def switch(store):
            fresh = await store.fresh()
            await fresh.apply(calls, settled=["d4"])
            await store.adopt(fresh)

        self.both(switch)
        self.position = Position()

    @rule()
    def restart(self):
        self.run(self.embedded.close())
        self.embedded = self.run(EmbeddedStore.open(self.path))

    @rule(caller=st.sampled_from([ANA, BEN]), query=WORDS, limit=st.integers(0, 4))
    def search(self, caller, query, limit):
        found = self.both(lambda store: store.search(caller, query, limit=limit))
        assert all(f.memory.caller == caller for f in found)

    @invariant()
    def agree(self):
        self.both(exported)
        self.both(lambda store: store.position())
        self.both(lambda store: store.failures())
        self.both(lambda store: store.counts())
        for caller in (ANA, BEN):
            self.both(lambda store, caller=caller: store.profile(caller))
            self.both(lambda store, caller=caller: store.conversation_ids(caller))
            self.both(lambda store, caller=caller: held(store, caller))
        self.both(lambda store: store.settled())
        self.both(lambda store: store.is_agent_line("+15550100101"))

    def teardown(self):
        self.run(self.embedded.close())
        self.run(self.loop.shutdown_default_executor())
        self.loop.close()
        self.folder.cleanup()


Agreement.TestCase.settings = settings(max_examples=25, stateful_step_count=15)
TestAgreement = pytest.mark.timeout(60)(Agreement.TestCase)
