"""The embedded store with a model: vectors come after memories, and hold nothing up."""

import asyncio
import sqlite3
from contextlib import closing

import pytest

from memory.embedded import EmbeddedStore
from memory.embedded_vectors import load, status
from memory.embedding.encoder import EncoderError
from tests.encoders import WordEncoder
from tests.memories import ANA, a_call, exported


@pytest.fixture
def path(tmp_path):
    return tmp_path / "memory.db"


@pytest.fixture
def encoder():
    return WordEncoder()


@pytest.fixture
async def store(path, encoder):
    store = await EmbeddedStore.open(path, encoder=encoder)
    yield store
    await store.close()


async def embed_all(store):
    while await store.embed_pending(limit=3):
        pass


def vectors(path, caller=ANA, model="words"):
    with closing(sqlite3.connect(path)) as connection:
        return len(load(connection, caller, model)[0])


def stored_status(path):
    with closing(sqlite3.connect(path)) as connection:
        return status(connection)


async def test_memories_get_their_vectors_when_somebody_asks_for_it(store, path):
    await store.apply([a_call(said=["a", "b"], facts={"name": "Ana"}, summary="Booked.")])
    assert vectors(path) == 0
    await embed_all(store)
    assert vectors(path) == 4
    assert await store.embed_pending(limit=3) == 0


async def test_what_is_still_to_be_computed_is_counted(store):
    await store.apply([a_call(said=["a", "b"])])
    await store.embed_pending(limit=1)
    assert (await store.counts()).vectors_pending == 1
    await embed_all(store)
    assert (await store.counts()).vectors_pending == 0


async def test_a_question_finds_by_meaning_and_without_the_model_by_words(store, encoder):
    await store.apply([a_call(said=["my dog is ill", "a table for two"])])
    await embed_all(store)
    found = await store.search(ANA, "dog", limit=1)
    encoder.problem = "out of order"
    assert await store.search(ANA, "my dog", limit=1)
    assert found[0].memory.content == "my dog is ill"


async def test_vectors_are_no_part_of_what_is_remembered(store):
    await store.apply([a_call(said=["a", "b"])])
    before = await exported(store)
    await embed_all(store)
    assert await exported(store) == before


async def test_calls_and_questions_go_on_while_the_model_works(store, encoder):
    await store.apply([a_call(said=["my dog"])])
    encoder.gate.clear()
    working = asyncio.create_task(store.embed_pending(limit=9))
    while not encoder.asked:
        await asyncio.sleep(0.001)
    await store.apply([a_call("conv_2", said=["my cat"])])
    assert (await store.profile(ANA)).call_count == 2
    encoder.gate.set()
    await working


async def test_a_failing_model_is_an_error_of_the_store_and_no_harm_to_it(store, encoder):
    await store.apply([a_call(said=["my dog"])])
    encoder.problem = "out of order"
    with pytest.raises(EncoderError):
        await store.embed_pending(limit=9)
    assert (await store.counts()).memories == 1


async def test_after_a_restart_only_what_is_missing_is_computed(path, encoder):
    for said in ("a", "b"):
        store = await EmbeddedStore.open(path, encoder=encoder)
        await store.apply([a_call(f"conv_{said}", said=[said])])
        await embed_all(store)
        await store.close()
    assert encoder.asked == [["a"], ["b"]]


async def test_a_rebuild_has_everything_computed_again(store, path):
    await store.apply([a_call(said=["a", "b"])])
    await embed_all(store)
    fresh = await store.fresh()
    await fresh.apply([a_call(said=["a", "b"])])
    await store.adopt(fresh)
    assert vectors(path) == 0
    await embed_all(store)
    assert vectors(path) == 2


async def test_a_rebuild_adopted_while_the_model_works_gets_no_vector_of_the_old_memory(
    store, path, encoder
):
    await store.apply([a_call(said=["old"])])
    encoder.gate.clear()
    working = asyncio.create_task(store.embed_pending(limit=9))
    while not encoder.asked:
        await asyncio.sleep(0.001)
    fresh = await store.fresh()
    await fresh.apply([a_call(said=["new"])])
    await store.adopt(fresh)
    encoder.gate.set()
    await working
    assert vectors(path) == 0
    await embed_all(store)
    assert vectors(path) == 1


async def test_without_the_model_its_vectors_go(path, encoder):
    for each in (encoder, None):
        store = await EmbeddedStore.open(path, encoder=each)
        await store.apply([a_call(said=["a"])])
        await embed_all(store)
        await store.close()
    assert stored_status(path).model == ""


async def test_a_store_that_only_reads_without_the_model_leaves_the_vectors(path, encoder):
    store = await EmbeddedStore.open(path, encoder=encoder)
    await store.apply([a_call(said=["a"])])
    await embed_all(store)
    await store.close()
    store = await EmbeddedStore.open(path)
    await store.apply([a_call("conv_2", said=["b"])])
    await store.close()
    assert stored_status(path).pending == 1
    assert vectors(path) == 1
