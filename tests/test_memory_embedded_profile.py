"""The embedded store's profile: as little work for a long history as for a short one."""

import sqlite3
from datetime import timedelta

import pytest

from memory import embedded_facts, embedded_profile
from memory.embedded import EmbeddedStore
from memory.profile import profile_of
from tests.memories import ANA, BEN, MONDAY, a_call, a_note

HOUR = timedelta(hours=1)


def history(calls, *, facts_of):
    return [
        a_call(
            f"conv_{n:05}",
            at=MONDAY + n * HOUR,
            facts=facts_of(n),
            summary=f"Call {n} was made. It ended.",
            notes=(a_note(f"Ana prefers {n}."), a_note(f"Send box {n}000.", kind="commitment")),
        )
        for n in range(calls)
    ]


def steps(path, work):
    """Return how many steps of SQLite's machine `work` takes on a connection to the file."""
    connection = sqlite3.connect(path)
    taken = 0

    def count():
        nonlocal taken
        taken += 1

    connection.set_progress_handler(count, 1)
    try:
        work(connection)
    finally:
        connection.close()
    return taken


HISTORIES = {
    "the same values": lambda _: {f"key_{i}": "x" for i in range(5)},
    "other values": lambda n: {f"key_{i}": f"value {n}" for i in range(5)},
    "other keys": lambda n: {f"key_{n}_{i}": "x" for i in range(5)},
}


@pytest.mark.parametrize("facts_of", HISTORIES.values(), ids=HISTORIES)
async def test_a_long_history_of_facts_takes_no_longer_to_read(tmp_path, facts_of):
    taken = []
    for calls in (40, 400):
        path = tmp_path / f"{calls}.db"
        store = await EmbeddedStore.open(path)
        told = history(calls, facts_of=facts_of)
        await store.apply(told)
        assert await store.profile(ANA) == profile_of(ANA, told)
        await store.close()
        taken.append(steps(path, lambda connection: embedded_facts.newest(connection, ANA)))
    assert taken[1] < 1.2 * taken[0] + 100


async def test_only_counting_the_calls_takes_longer(tmp_path):
    store = await EmbeddedStore.open(tmp_path / "memory.db")
    few = history(40, facts_of=HISTORIES["other values"])
    many = [
        a_call(f"conv_b{n}", caller=BEN, at=MONDAY + n * HOUR, summary="", language="")
        for n in range(400)
    ]
    await store.apply([*few, *many])
    await store.close()

    def profile_taken(caller):
        return steps(
            tmp_path / "memory.db", lambda connection: embedded_profile.profile(connection, caller)
        )

    assert profile_taken(BEN) < 400 * 4 + 200  # nothing is looked up in each call
    assert profile_taken(ANA) < 10_000
