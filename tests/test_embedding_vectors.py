"""The stored vectors: which are wanted, what becomes of them, and one caller's for a search."""

import sqlite3
from contextlib import closing
from datetime import timedelta

import numpy as np
import pytest

from memory import embedded_rows
from memory.embedded_tables import TABLES
from memory.embedded_vectors import (
    is_prepared,
    load,
    pending,
    prepare,
    put,
    status,
    want,
)
from tests.memories import ANA, BEN, MONDAY, a_call

MODEL = "tiny"


@pytest.fixture
def connection():
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.executescript(TABLES)
        yield connection


def apply(connection, *calls):
    embedded_rows.apply(connection, calls, failed=(), resolved=(), advance=None)
    want(connection, calls)


def prepare_all(connection, model=MODEL):
    steps = 1
    while not prepare(connection, model):
        steps += 1
    return steps


def wanted(connection, model=MODEL, limit=1000):
    return [each.key[4] for each in pending(connection, model, limit=limit)]


def a_vector(content):
    return np.array([len(content), 1, 0, 0], dtype=np.float32) / np.hypot(len(content), 1)


def put_all(connection, model=MODEL):
    rows = [(each, a_vector(each.content)) for each in pending(connection, model, limit=1000)]
    put(connection, model, rows)


def generation(connection, caller):
    query = "SELECT generation FROM generations WHERE caller = ?"
    return connection.execute(query, (caller,)).fetchone()


def rows_in(connection, table):
    return connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]


def revised(call, **given):
    at = call.started_at + timedelta(hours=1)
    return a_call(call.id, at=call.started_at, version=(at.timestamp(), "cd" * 32), **given)


def test_without_a_model_nothing_is_noted(connection):
    apply(connection, a_call(said=["My dog is ill."]))
    assert is_prepared(connection, "")
    assert wanted(connection) == []
    assert (rows_in(connection, "vectors_wanted"), rows_in(connection, "vectors")) == (0, 0)


def test_what_was_stored_before_the_model_was_set_is_found(connection):
    apply(connection, a_call("conv_1", said=["a", "b"]), a_call("conv_2", caller=BEN, said=["c"]))
    assert not is_prepared(connection, MODEL)
    prepare_all(connection)
    assert is_prepared(connection, MODEL)
    assert len(wanted(connection)) == 3
    assert status(connection).pending == 3


def test_a_large_memory_is_noted_in_several_short_steps(connection):
    for number in range(5):
        said = [f"line {n}" for n in range(1000)]
        apply(connection, a_call(f"conv_{number}", caller=f"+1555010011{number}", said=said))
    assert prepare_all(connection) > 2
    assert len(wanted(connection, limit=10_000)) == 5000
    assert prepare_all(connection) == 1


def test_what_comes_while_the_memory_is_being_noted_is_noted_once(connection):
    for number in range(5):
        said = [f"line {n}" for n in range(1000)]
        apply(connection, a_call(f"conv_{number}", caller=f"+1555010011{number}", said=said))
    assert not prepare(connection, MODEL)
    apply(connection, a_call("conv_new", caller="+15550100110", said=["early"]))
    apply(connection, a_call("conv_newer", caller="+15550100114", said=["late"]))
    put_all(connection)
    prepare_all(connection)
    assert len({*wanted(connection, limit=10_000)}) == 5002 - rows_in(connection, "vectors")


def test_facts_and_summaries_come_first_and_the_newest_call_before_what_was_there(connection):
    apply(connection, a_call("old", facts={"name": "Ana"}, summary="Booked.", said=["old words"]))
    prepare_all(connection)
    apply(connection, a_call("new", facts={"city": "Leeds"}, summary="Moved.", said=["new words"]))
    assert wanted(connection) == [
        "new/fact/city",
        "new/summary/",
        "old/fact/name",
        "old/summary/",
        "new/utterance/0",
        "old/utterance/0",
    ]
    assert wanted(connection, limit=2) == ["new/fact/city", "new/summary/"]


def test_a_stored_vector_is_no_longer_wanted_and_is_loaded_with_its_key(connection):
    apply(connection, a_call(facts={"name": "Ana"}, said=["My dog is ill."]))
    prepare_all(connection)
    put_all(connection)
    assert wanted(connection) == []
    keys, matrix = load(connection, ANA, MODEL)
    assert keys == [
        ("fact", "conv_1", "call", "conv_1/fact/name"),
        ("utterance", "conv_1", "call", "conv_1/utterance/0"),
    ]
    assert matrix.dtype == np.float32
    expected = [a_vector("name: Ana"), a_vector("My dog is ill.")]
    np.testing.assert_allclose(matrix, expected, atol=1e-3)


def test_nobody_gets_another_callers_vectors(connection):
    apply(connection, a_call("conv_1", said=["a"]), a_call("conv_2", caller=BEN, said=["b"]))
    prepare_all(connection)
    put_all(connection)
    keys, matrix = load(connection, BEN, MODEL)
    assert [conversation_id for _, conversation_id, _, _ in keys] == ["conv_2"]
    assert len(matrix) == 1
    keys, matrix = load(connection, "+15550100199", MODEL)
    assert (keys, len(matrix)) == ([], 0)


def test_vectors_of_another_model_are_not_loaded(connection):
    apply(connection, a_call(said=["a"]))
    prepare_all(connection)
    put_all(connection)
    keys, matrix = load(connection, ANA, "another")
    assert (keys, len(matrix)) == ([], 0)


def test_storing_vectors_makes_the_callers_indexes_outdated(connection):
    apply(connection, a_call("conv_1", said=["a"]), a_call("conv_2", caller=BEN, said=["b"]))
    prepare_all(connection)
    before = generation(connection, ANA), generation(connection, BEN)
    put(connection, MODEL, [(pending(connection, MODEL, limit=1)[0], a_vector("a"))])
    assert generation(connection, ANA) != before[0]
    assert generation(connection, BEN) == before[1]


def test_a_memory_for_which_there_can_be_no_vector_is_wanted_no_longer(connection):
    apply(connection, a_call(said=["a"]))
    prepare_all(connection)
    put(connection, MODEL, [(each, None) for each in pending(connection, MODEL, limit=9)])
    assert (wanted(connection), rows_in(connection, "vectors")) == ([], 0)


def test_the_vectors_of_a_memory_go_with_it(connection):
    call = a_call(said=["a", "b"])
    apply(connection, call)
    prepare_all(connection)
    put_all(connection)
    apply(connection, revised(call, said=["a"]))
    keys, _ = load(connection, ANA, MODEL)
    assert keys == []
    assert wanted(connection) == ["conv_1/utterance/0"]
    connection.execute("DELETE FROM memories")
    assert (rows_in(connection, "vectors_wanted"), rows_in(connection, "vectors")) == (0, 0)


def test_an_older_delivery_changes_no_vector(connection):
    call = a_call(said=["a"])
    apply(connection, revised(call, said=["b"]))
    prepare_all(connection)
    put_all(connection)
    apply(connection, call)
    assert wanted(connection) == []
    assert len(load(connection, ANA, MODEL)[0]) == 1


def test_the_same_delivery_again_changes_no_vector(connection):
    apply(connection, a_call(said=["a"]))
    prepare_all(connection)
    put_all(connection)
    apply(connection, a_call(said=["a"]))
    assert wanted(connection) == []


def test_a_vector_that_comes_after_its_memory_has_gone_or_changed_is_dropped(connection):
    call = a_call(said=["gone", "the old words"], at=MONDAY)
    apply(connection, call)
    prepare_all(connection)
    late = [(each, a_vector(each.content)) for each in pending(connection, MODEL, limit=9)]
    apply(connection, revised(call, said=["gone", "the new words"]))
    connection.execute("DELETE FROM memories WHERE content = 'gone'")
    put(connection, MODEL, late)
    assert load(connection, ANA, MODEL)[0] == []
    assert wanted(connection) == ["conv_1/utterance/1"]


def test_another_model_begins_anew_and_leaves_nothing_of_the_old_one(connection):
    for number in range(3):
        said = [f"line {n}" for n in range(1500)]
        apply(connection, a_call(f"conv_{number}", caller=f"+1555010011{number}", said=said))
    prepare_all(connection)
    while wanted(connection):
        put_all(connection)
    assert not prepare(connection, "another")
    assert load(connection, "+15550100112", MODEL)[0] == []  # also while it is being cleared
    assert wanted(connection) == wanted(connection, "another") == []
    assert not is_prepared(connection, "")
    prepare_all(connection, "another")
    assert rows_in(connection, "vectors") == 0
    assert len(wanted(connection, "another", limit=9999)) == 4500
    assert wanted(connection) == []


def test_a_late_vector_of_the_old_model_is_dropped(connection):
    apply(connection, a_call(said=["a"]))
    prepare_all(connection)
    late = [(each, a_vector(each.content)) for each in pending(connection, MODEL, limit=9)]
    prepare_all(connection, "another")
    put(connection, MODEL, late)
    assert rows_in(connection, "vectors") == 0
    assert len(wanted(connection, "another")) == 1


def test_switching_models_off_leaves_nothing(connection):
    apply(connection, a_call(said=["a", "b"]))
    prepare_all(connection)
    put(connection, MODEL, [(pending(connection, MODEL, limit=1)[0], a_vector("a"))])
    prepare_all(connection, "")
    assert is_prepared(connection, "")
    assert (rows_in(connection, "vectors_wanted"), rows_in(connection, "vectors")) == (0, 0)
    assert status(connection).model == ""


def test_a_model_with_other_dimensions_under_the_same_name_begins_anew(connection):
    apply(connection, a_call(said=["a", "b"]))
    prepare_all(connection)
    first, second = pending(connection, MODEL, limit=2)
    put(connection, MODEL, [(first, np.ones(4, dtype=np.float32))])
    assert status(connection).dimensions == 4
    put(connection, MODEL, [(second, np.ones(6, dtype=np.float32))])
    assert load(connection, ANA, MODEL)[0] == []
    prepare_all(connection)
    rows = [(each, np.ones(6, dtype=np.float32)) for each in pending(connection, MODEL, limit=9)]
    put(connection, MODEL, rows)
    assert load(connection, ANA, MODEL)[1].shape == (2, 6)


@pytest.mark.parametrize("query", ["pending", "is_prepared", "load", "prepare"])
def test_looking_for_something_to_do_reads_no_more_the_more_there_is(connection, query):
    def steps():
        count = 0

        def step():
            nonlocal count
            count += 1

        connection.set_progress_handler(step, 1)
        {
            "pending": lambda: pending(connection, MODEL, limit=64),
            "is_prepared": lambda: is_prepared(connection, MODEL),
            "prepare": lambda: prepare(connection, MODEL),
            "load": lambda: load(connection, ANA, MODEL),
        }[query]()
        connection.set_progress_handler(None, 0)
        return count

    prepare_all(connection)
    apply(connection, a_call("conv_a", said=["a"]))
    put_all(connection)
    few = steps()
    for number in range(200):
        apply(
            connection, a_call(f"conv_{number}", caller=f"+1{200 + number}5550100", said=["a", "b"])
        )
    put_all(connection)
    assert steps() == few
