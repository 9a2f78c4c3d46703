"""Whatever happens on the way, memory ends as a function of what the spool holds."""

import asyncio
import hashlib
import tempfile
from contextlib import contextmanager, suppress
from copy import deepcopy
from functools import partial
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from memory.embedded import EmbeddedStore
from memory.errors import MemoryUnavailable
from memory.in_memory import InMemoryStore
from processor.derive import derive
from processor.parked import retry_parked
from processor.rebuild import rebuild
from processor.schedule import Retries
from processor.service import catch_up
from spool.reader import ledger_path
from spool.standing_orders import Orders
from spool.sync import Sync
from spool.writer import Spool
from tests.factories import audio_payload, encoded, failure_payload, transcription_payload
from tests.memories import exported
from tests.spools import QUICK, deliver, poison
from voice.payload import parse_event

CALLERS = ("+15550100142", "+15550100177", "anonymous")
CALLS = [
    transcription_payload(
        conversation_id=f"conv_{n % 3}",
        caller=CALLERS[(0, 1, 0, 0, 1, 1, 2, 2)[n]],
        event_timestamp=timestamp,
        summary=f"Summary {n}.",
        collected={"first_name": f"Name {n}"},
        turns=4,
    )
    for n, timestamp in enumerate((300, 100, 200, 300, None, 200, 100, 400))
]
FAILURE = failure_payload(conversation_id="conv_0")
TIMELESS = deepcopy([CALLS[0], CALLS[1], FAILURE])  # name no time anywhere
for payload in TIMELESS:
    del payload["event_timestamp"]
    payload["data"]["metadata"].pop("start_time_unix_secs", None)
    payload["data"]["metadata"].pop("accepted_time_unix_secs", None)
BODIES = [encoded(body) for body in (*CALLS, FAILURE, *TIMELESS)]
AUDIO = encoded(audio_payload(conversation_id="conv_1"))

# What can happen, in any order, any number of times.
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("deliver"), st.sampled_from(range(len(BODIES)))),
        st.tuples(st.just("flip a byte of the ledger"), st.integers(0, 10_000)),
        st.tuples(
            st.sampled_from(
                [
                    "audio",
                    "poison",
                    "catch up",
                    "retry",
                    "fail before the commit",
                    "crash after the commit",
                    "restart",
                    "lose memory",
                    "lose the ledger",
                    "rebuild",
                ]
            ),
            st.none(),
        ),
    ),
    min_size=3,
    max_size=14,
)


class Crash(BaseException):
    """Stands for the end of the process."""


class Life:
    """One spool and one memory file, through good and bad times."""

    def __init__(self, folder):
        self.root, self.path = folder / "spool", folder / "memory.db"
        self.spool = open_spool(self.root)
        self.delivered = {}

    async def live(self, steps):
        self.store = await EmbeddedStore.open(self.path)
        try:
            for step, argument in steps:
                await self.take(step, argument)
            await self.catch_up()
            await self.check()
        finally:
            await self.store.close()
            self.spool.close()

    async def take(self, step, argument):
        steps = {
            "deliver": partial(self.deliver, argument),
            "audio": self.audio,
            "poison": self.poison,
            "catch up": self.catch_up,
            "retry": self.retry,
            "fail before the commit": partial(self.catch_up_through, trouble_before),
            "crash after the commit": partial(self.catch_up_through, crash_after),
            "restart": self.restart,
            "lose memory": partial(self.restart, lose=True),
            "lose the ledger": self.lose_ledger,
            "flip a byte of the ledger": partial(self.flip_byte, argument),
            "rebuild": self.rebuild,
        }
        await steps[step]()

    async def deliver(self, index):
        deliver(self.spool, BODIES[index])
        self.delivered[index] = True

    async def audio(self):
        deliver(self.spool, AUDIO)

    async def poison(self):
        poison(self.spool)

    async def rebuild(self):
        await rebuild(self.root, self.store, options=QUICK)

    async def catch_up(self):
        await catch_up(self.root, self.store, QUICK, orders=Orders(self.root), stop=asyncio.Event())

    async def retry(self):
        await retry_parked(self.root, self.store)
        retries = Retries(self.root, self.store, QUICK, Orders(self.root))
        await retries._run()
        await retries.close()

    async def catch_up_through(self, trouble):
        self.store.apply = trouble(self.store.apply)
        with suppress(MemoryUnavailable, Crash):
            await self.catch_up()
        del self.store.apply
        await self.restart()

    async def restart(self, *, lose=False):
        await self.store.close()
        if lose:
            for file in self.path.parent.glob("memory.db*"):
                file.unlink()
        self.store = await EmbeddedStore.open(self.path)

    async def lose_ledger(self):
        with self.receiver_down():
            ledger_path(self.root).unlink()

    async def flip_byte(self, place):
        """Damage a line: the receiver then enters its file again, at another time of receipt."""
        with self.receiver_down():
            content = bytearray(ledger_path(self.root).read_bytes())
            if content:
                content[place % len(content)] ^= 1
            ledger_path(self.root).write_bytes(content)

    @contextmanager
    def receiver_down(self):
        self.spool.close()
        yield
        self.spool = open_spool(self.root)

    async def check(self):
        """Memory, a rebuild of it, and the plain function of the events: all the same."""
        reference = InMemoryStore()
        for body in map(BODIES.__getitem__, self.delivered):
            kind = "failure" if b"call_initiation_failure" in body else "transcription"
            digest = hashlib.sha256(body).hexdigest()
            await reference.apply([derive(parse_event(kind, body), sha256=digest)])
        for _ in range(2):
            assert await exported(self.store) == await exported(reference)
            assert await self.store.counts() == await reference.counts()
            await self.rebuild()


def open_spool(root):
    # durability is another test's business, and costs most of the time
    nothing = Sync(
        file=lambda _: None, content=lambda _: None, everything=None, forget=lambda _: None
    )
    return Spool.open(root, sync=nothing)


def trouble_before(apply):
    async def troubled(*given, **more):
        raise MemoryUnavailable("the disk is full")

    return troubled


def crash_after(apply):
    async def crashing(*given, **more):
        await apply(*given, **more)
        raise Crash

    return crashing


@given(STEPS)
@settings(max_examples=80)
def test_any_life_ends_in_the_memory_of_a_clean_rebuild(steps):
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(Life(Path(folder)).live(steps))
