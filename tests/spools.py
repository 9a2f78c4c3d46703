"""Real spools with real receipts, filled without a receiver, for the tests of the processor."""

import asyncio
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime

from memory.embedded import EmbeddedStore
from processor.options import ProcessorOptions
from processor.retry import RetryPolicy
from processor.service import run_processor
from spool.writer import Arrival, Spool
from tests.factories import encoded, transcription_payload
from voice.delivery import identify

RECEIVED = datetime(2026, 11, 16, 10, 0, tzinfo=UTC)
POISON = b'{"type": "post_call_transcription", "data": ["not an object"]}'
QUICK = ProcessorOptions(
    retry=RetryPolicy(base_seconds=0.01, max_seconds=60, max_attempts=3), jitter=lambda: 0.5
)


@contextmanager
def a_spool(root):
    spool = Spool.open(root, sync="fsync")
    try:
        yield spool
    finally:
        spool.close()


def deliver(spool, *bodies, received_at=RECEIVED):
    """Store each body, bytes or payload, as a receiver would; return the names of the files."""
    arrivals = []
    for given in bodies:
        body = given if isinstance(given, bytes) else encoded(given)
        delivery = identify(body)
        arrivals.append(
            Arrival(
                kind=delivery.kind,
                conversation_id=delivery.conversation_id,
                content=body,
                event_timestamp=delivery.event_timestamp,
                signature="",
                source="webhook",
                received_at=received_at,
            )
        )
    return commit(spool, *arrivals)


def poison(spool, conversation_id="conv_poison", content=POISON):
    """Store an event that can be stored but not be understood."""
    arrival = Arrival(
        kind="transcription",
        conversation_id=conversation_id,
        content=content,
        event_timestamp=None,
        signature="",
        source="webhook",
        received_at=RECEIVED,
    )
    return commit(spool, arrival)[0]


def not_understood(body):
    """A signed body for the quarantine, whose reason looks like a part of a receipt."""
    return Arrival(
        kind="quarantine", conversation_id=None, content=body, event_timestamp=None,
        signature="t=1", source="webhook", received_at=RECEIVED, reason='"size":1,"kind":"audio"',
    )  # fmt: skip


def commit(spool, *arrivals):
    outcomes = spool.commit(arrivals)
    for outcome in outcomes:
        if isinstance(outcome, Exception):
            raise outcome
    return [outcome.file for outcome in outcomes]


def calls(count, *, first=0, **given):
    """Payloads of `count` different calls."""
    return [
        transcription_payload(
            conversation_id=f"conv_{n:05}", event_timestamp=1_790_000_000 + n, turns=4, **given
        )
        for n in range(first, first + count)
    ]


@asynccontextmanager
async def a_store(path):
    store = await EmbeddedStore.open(path)
    try:
        yield store
    finally:
        await store.close()


@asynccontextmanager
async def running(root, store, *, options=QUICK):
    """A processor that runs inside the block."""
    stop = asyncio.Event()
    task = asyncio.create_task(run_processor(root, store, stop=stop, options=options))
    try:
        yield task
    finally:
        stop.set()
        await task


async def until(condition, *, seconds=8.0):
    """Wait until the async `condition` holds."""
    async with asyncio.timeout(seconds):
        while not await condition():
            await asyncio.sleep(0.01)
