"""The embedded store's profile: as little work for a long history as for a short one."""

import random
import sqlite3
from dataclasses import replace
from datetime import timedelta

import pytest

from memory import embedded_facts, embedded_profile
from memory.embedded import EmbeddedStore
from memory.profile import profile_of
from memory.speakers import MOST_GIVEN, NEWEST_GIVEN, voice_of
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
        taken.append(steps(path, lambda connection: embedded_facts.newest(connection, ANA, {""})))
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


def random_life(chance, *, calls):
    """Calls of a line by several people under several names, some of them corrected later."""
    speakers = chance.choice([["Ana", ""], ["Ana", "Ana Torres", "", "Bea"], ["Bea", "Leo", "Ana"]])
    names = {"first_name": ["Ana", "Bea"], "last_name": ["Torres", "Lima"], "nickname": ["Leo"]}

    def call(n, version):
        facts = {key: chance.choice(["x", "y", "X "]) for key in ("city", "size", "plan")}
        facts |= {key: chance.choice(given) for key, given in names.items()}
        kept = {key: value for key, value in facts.items() if chance.random() < 0.6}
        return a_call(
            f"conv_{n:03}",
            at=MONDAY + chance.randrange(calls) * HOUR,
            facts=kept,
            summary=chance.choice(["", f"Call {n} was made."]),
            language=chance.choice(["", "en", "de"]),
            speaker=chance.choice(speakers),
            notes=(a_note(f"Ana prefers {n}."), a_note(f"Send {n}.", kind="commitment")),
            version=(version, "aa"),
        )

    return [call(n, 1.0) for n in range(calls)], [call(n, 2.0) for n in range(0, calls, 3)]


@pytest.mark.parametrize("seed", range(12))
async def test_whoever_speaks_the_profile_is_what_follows_from_the_calls(tmp_path, seed):
    chance = random.Random(seed)
    told, corrected = random_life(chance, calls=45)
    store = await EmbeddedStore.open(tmp_path / "memory.db")
    held = {}
    for step in chance.sample([*told, *corrected], len(told) + len(corrected)):
        await store.apply([step])
        if step.id not in held or step.version > held[step.id].version:
            held[step.id] = step
    assert await store.profile(ANA) == profile_of(ANA, [*held.values()])
    gone = chance.sample(sorted(held), 20)
    await store.apply([], replaced=gone)
    left = [call for call in held.values() if call.id not in gone]
    assert await store.profile(ANA) == profile_of(ANA, left)
    await store.apply([], replaced=[call.id for call in left])
    assert await store.profile(ANA) is None
    await store.close()


SOUNDS = "bdfgjlmnpr"  # none of them like another


def a_name(n):
    return f"{SOUNDS[n % 10]}a{SOUNDS[n // 10 % 10]}u{SOUNDS[n // 100]}o".title()


async def test_names_without_end_take_no_longer_than_the_many_that_are_looked_at(tmp_path):
    taken = []
    for calls in (100, 800):
        path = tmp_path / f"{calls}.db"
        told = [
            replace(call, speaker=a_name(n))
            for n, call in enumerate(history(calls, facts_of=HISTORIES["other values"]))
        ]
        store = await EmbeddedStore.open(path)
        await store.apply(told)
        assert await store.profile(ANA) == profile_of(ANA, told)
        await store.close()
        taken.append(steps(path, lambda connection: embedded_profile.profile(connection, ANA)))
    assert taken[1] < taken[0] + 700 * 4 + 200  # the calls are counted


async def test_what_was_said_under_many_forms_of_a_name_is_read_in_a_bounded_piece_of_work(
    tmp_path,
):
    forms = [f"Ana {a_name(n)}" for n in range(MOST_GIVEN + NEWEST_GIVEN)]
    taken = []
    for calls in (20 * len(forms), 60 * len(forms)):
        path = tmp_path / f"{calls}.db"
        told = [
            replace(call, speaker=forms[n % len(forms)])
            for n, call in enumerate(history(calls, facts_of=HISTORIES["the same values"]))
        ]
        store = await EmbeddedStore.open(path)
        await store.apply(told)
        known = await store.profile(ANA)
        assert known == profile_of(ANA, told)
        assert not known.others
        await store.close()
        owned = {voice_of(form) for form in forms}
        taken.append(steps(path, lambda connection: embedded_facts.newest(connection, ANA, owned)))  # noqa: B023
    assert taken[1] < 1.2 * taken[0] + 100
