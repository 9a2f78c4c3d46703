"""Computing what is missing: a batch at a time, with nothing held open meanwhile."""

import asyncio
import sqlite3
from contextlib import closing

import pytest

from memory import embedded_rows
from memory.embedded_schema import transaction
from memory.embedded_tables import TABLES
from memory.embedded_vectors import load, status, want
from memory.embedding.encoder import EncoderError, TextRefused
from memory.embedding.pending import embed_pending, encode_each
from tests.encoders import WordEncoder
from tests.memories import ANA, a_call


class File:
    """A memory file's connection, and how a store would run work on it."""

    def __init__(self, connection):
        self.connection = connection
        self.writes = 0

    def apply(self, *calls):
        embedded_rows.apply(self.connection, calls, failed=(), resolved=(), advance=None)
        want(self.connection, calls)

    async def read(self, work):
        await asyncio.sleep(0)
        with transaction(self.connection):
            return work(self.connection)

    async def write(self, work):
        await asyncio.sleep(0)
        self.writes += 1
        assert not self.connection.in_transaction
        return work(self.connection)

    async def embed(self, encoder, *, limit=64):
        return await embed_pending(encoder, limit=limit, read=self.read, write=self.write)


@pytest.fixture
def file():
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.executescript(TABLES)
        yield File(connection)


@pytest.fixture
def encoder():
    return WordEncoder()


async def test_what_is_missing_is_computed_up_to_the_limit_until_nothing_is(file, encoder):
    file.apply(a_call(facts={"name": "Ana"}, summary="Booked.", said=["a", "b", "c"]))
    assert [await file.embed(encoder, limit=2) for _ in range(4)] == [2, 2, 1, 0]
    assert encoder.asked == [["name: Ana", "Booked."], ["a", "b"], ["c"]]
    assert len(load(file.connection, ANA, encoder.model)[0]) == 5


async def test_nothing_to_do_is_nothing_written(file, encoder):
    await file.embed(encoder)
    file.writes = 0
    assert await file.embed(encoder) == 0
    assert (file.writes, encoder.asked) == (0, [])


async def test_without_a_model_there_is_nothing_to_do_and_what_one_left_is_cleared(file, encoder):
    file.apply(a_call(said=["a", "b"]))
    assert await file.embed(None) == 0
    assert file.writes == 0
    await file.embed(encoder, limit=1)
    assert await file.embed(None) == 0
    assert status(file.connection).model == ""
    assert status(file.connection).pending == 0
    file.writes = 0
    assert await file.embed(None) == 0
    assert file.writes == 0


async def test_another_model_computes_everything_again(file, encoder):
    file.apply(a_call(said=["a", "b"]))
    await file.embed(encoder)
    other = WordEncoder("others", dimensions=8)
    assert await file.embed(other) == 2
    assert load(file.connection, ANA, "others")[1].shape == (2, 8)


async def test_while_the_model_works_no_transaction_is_open(file, encoder):
    file.apply(a_call(said=["a"]))
    encoder.gate.clear()
    working = asyncio.create_task(file.embed(encoder))
    while not encoder.asked:
        await asyncio.sleep(0)
    assert not file.connection.in_transaction
    file.apply(a_call("conv_2", said=["b"]))
    encoder.gate.set()
    assert await working == 1
    assert await file.embed(encoder) == 1


async def test_a_failing_model_changes_nothing_and_what_is_stored_stays(file, encoder):
    file.apply(a_call(said=["a", "b"]))
    await file.embed(encoder, limit=1)
    encoder.problem = "out of order"
    with pytest.raises(EncoderError, match="out of order"):
        await file.embed(encoder)
    encoder.problem = None
    assert await file.embed(encoder) == 1
    assert len(load(file.connection, ANA, encoder.model)[0]) == 2


async def test_one_text_that_the_model_refuses_keeps_no_other_waiting(file, encoder):
    file.apply(a_call(said=[f"line {n}" for n in range(9)]))
    encoder.refused = {"line 3", "line 7"}
    assert await file.embed(encoder) == 9
    assert await file.embed(encoder) == 0
    assert len(load(file.connection, ANA, encoder.model)[0]) == 7


async def test_a_model_that_refuses_everything_is_broken_and_loses_no_text(file, encoder):
    file.apply(a_call(said=["a", "b"]))

    class Refuses(frozenset):
        def __and__(self, _):
            return True

    encoder.refused = Refuses()
    with pytest.raises(TextRefused):
        await file.embed(encoder)
    assert status(file.connection).pending == 2


async def test_each_vector_is_that_of_its_text(encoder):
    texts = [f"line {n}" for n in range(7)]
    alone = [(await encoder.encode([text]))[0].tolist() for text in texts]
    encoder.refused = {"line 2"}
    vectors = await encode_each(encoder, texts)
    assert vectors[2] is None
    assert [v.tolist() for v in vectors if v is not None] == alone[:2] + alone[3:]
