"""The task that has missing vectors computed: beside everything else, and never in its way."""

import asyncio
import logging

import pytest

from memory.embedding.encoder import EncoderError
from processor.embedding import Embedding
from processor.options import ProcessorOptions
from processor.retry import RetryPolicy

QUICK = RetryPolicy(base_seconds=0.001, max_seconds=0.002, max_attempts=3)
SLOW = RetryPolicy(base_seconds=3600, max_seconds=3600, max_attempts=3)


class Store:
    """The part of a memory store that is used here: `missing` vectors, and what goes wrong."""

    def __init__(self, missing=0):
        self.missing = missing
        self.problems = []
        self.asked = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self.cancelled = False

    async def embed_pending(self, *, limit):
        self.asked += 1
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        if self.problems:
            raise self.problems.pop(0)
        count = min(limit, self.missing)
        self.missing -= count
        return count


@pytest.fixture
def store():
    return Store()


@pytest.fixture
async def embedding(store):
    embedding = Embedding(store, ProcessorOptions(retry=QUICK, jitter=lambda: 0.5))
    yield embedding
    await embedding.close()


async def until(condition):
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.001)


def actions(caplog):
    return [record.action for record in caplog.records if record.levelno >= logging.INFO]


async def test_nothing_happens_before_it_is_woken(embedding, store):
    await asyncio.sleep(0.01)
    assert store.asked == 0


async def test_everything_that_is_missing_is_computed(embedding, store):
    store.missing = 1000
    embedding.wake()
    await until(lambda: store.missing == 0)


async def test_it_can_be_woken_again_and_again_and_looks_once_for_each_time(embedding, store):
    for _ in range(3):
        asked = store.asked
        embedding.wake()
        embedding.wake()
        await until(lambda asked=asked: store.asked == asked + 1)
    assert store.asked == 3


async def test_what_comes_while_it_is_at_work_is_not_missed(embedding, store):
    store.gate.clear()
    embedding.wake()
    await until(lambda: store.asked == 1)
    store.missing = 1
    embedding.wake()
    store.gate.set()
    await until(lambda: store.missing == 0)


async def test_a_failing_model_is_tried_again_until_it_works_and_told_of_once(
    embedding, store, caplog
):
    caplog.set_level(logging.INFO)
    store.missing = 100
    store.problems = [EncoderError("out of order") for _ in range(20)]
    embedding.wake()
    await until(lambda: store.missing == 0)
    assert actions(caplog) == ["embedding_failing", "embedding_back"]
    assert caplog.records[0].error == "out of order"


async def test_each_time_that_it_begins_to_fail_is_told(embedding, store, caplog):
    caplog.set_level(logging.INFO)
    for _ in range(2):
        store.problems = [EncoderError("out of order")]
        store.missing = 1
        embedding.wake()
        await until(lambda: store.missing == 0)
    assert actions(caplog) == ["embedding_failing", "embedding_back"] * 2


async def test_a_defect_is_told_without_what_it_quotes_and_does_not_end_the_task(
    embedding, store, caplog
):
    store.missing = 1
    store.problems = [KeyError("my dog is ill")]
    embedding.wake()
    await until(lambda: store.missing == 0)
    assert "KeyError at test_processor_embedding.py" in caplog.records[0].error
    assert not any("my dog" in str(vars(record)) for record in caplog.records)


async def test_the_pause_doubles_up_to_the_longest():
    policy = RetryPolicy(base_seconds=2, max_seconds=60, max_attempts=3)
    embedding = Embedding(Store(), ProcessorOptions(retry=policy, jitter=lambda: 0.5))
    pauses = []
    for failures in (1, 2, 3, 6, 100_000):
        embedding._failures = failures
        pauses.append(embedding._pause_seconds())
    await embedding.close()
    assert pauses == [2, 4, 8, 60, 60]


async def test_it_stops_at_once_while_the_model_works(store):
    embedding = Embedding(store, ProcessorOptions(retry=QUICK))
    store.gate.clear()
    embedding.wake()
    await until(lambda: store.asked == 1)
    await embedding.close()
    assert store.cancelled


async def test_it_stops_at_once_while_it_waits_to_try_again(store):
    embedding = Embedding(store, ProcessorOptions(retry=SLOW))
    store.problems = [EncoderError("out of order")]
    embedding.wake()
    await until(lambda: store.asked == 1)
    await embedding.close()
    await embedding.close()


async def test_being_cancelled_while_it_closes_is_not_swallowed(store):
    embedding = Embedding(store, ProcessorOptions(retry=QUICK))
    store.gate.clear()
    embedding.wake()
    await until(lambda: store.asked == 1)
    closing = asyncio.create_task(embedding.close())
    await asyncio.sleep(0)
    closing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await closing
    await embedding.close()
