"""Scrubbing the embedded store: of what was removed, no byte is left in any file of it."""

import asyncio
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from memory import embedded_files, embedded_scrub, write_anew
from memory.embedded import EmbeddedStore
from memory.errors import MemoryUnavailable
from memory.port import START, Position
from tests.encoders import WordEncoder
from tests.memories import ANA, BEN, MONDAY, a_call, a_failure, a_note, exported
from tests.spools import a_store

PROJECT = Path(__file__).parent.parent
SECRETS = [ANA, "Quentin", "tarantella", "conv_of_ana", "marzipan", "Zanzibar"]

READER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
if sys.argv[2] == "reading":
    connection.execute("BEGIN")
print(connection.execute("SELECT count(*) FROM conversations").fetchone()[0], flush=True)
sys.stdin.readline()
"""

# Removes, scrubs, and dies at the step that it is told; steps are SQLite's statements.
KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from memory import embedded_scrub
from memory.embedded import EmbeddedStore

dies_at = sys.argv[2]

def die():
    os.kill(os.getpid(), signal.SIGKILL)

def trace(statement):
    if statement.startswith(dies_at):
        die()

async def main():
    store = await EmbeddedStore.open(Path(sys.argv[1]))
    await store.apply([], replaced=[f"conv_of_ana_{n}" for n in range(40)])
    if dies_at.isdigit():
        handler = lambda: die()
        await store._threads.write(lambda c: c.set_progress_handler(handler, int(dies_at)))
    else:
        await store._threads.write(lambda c: c.set_trace_callback(trace))
    await store.scrub()

asyncio.run(main())
"""


def anas(n):
    return a_call(
        f"conv_of_ana_{n}",
        said=[f"I dance the tarantella, {n} times.", f"Then I eat marzipan, {n} pieces."],
        facts={"name": "Quentin", "preferred_place": f"Zanzibar {n}"},
        summary=f"Quentin spoke of marzipan, call {n}." * 20,
        notes=(a_note(f"Quentin wants marzipan {n}."),),
        at=MONDAY + timedelta(hours=n),
    )


def bens(n):
    return a_call(
        f"conv_of_ben_{n}",
        caller=BEN,
        said=[f"My dog is Rex, {n}."],
        facts={"pet": f"dog {n}"},
        summary=f"Ben called, {n}." * 30,
        at=MONDAY + timedelta(hours=n),
    )


ANAS = [f"conv_of_ana_{n}" for n in range(40)]


async def fill(store):
    """Let both calls mix in the pages, and some records be replaced by newer ones."""
    for n in range(40):
        await store.apply([anas(n), bens(n)])
    for n in range(0, 40, 3):
        await store.apply([anas(n), bens(n)], replaced=[f"conv_of_ana_{n}", f"conv_of_ben_{n}"])


def found(folder):
    """Return which secrets are in the bytes of which file."""
    return sorted(
        (path.name, secret)
        for path in folder.rglob("*")
        if path.is_file()
        for secret in SECRETS
        if secret.encode() in path.read_bytes() or secret.encode("utf-16-le") in path.read_bytes()
    )


@pytest.fixture
def path(tmp_path):
    return tmp_path / "memory.db"


@pytest.fixture
async def store(path):
    async with a_store(path) as store:
        yield store


async def test_what_was_removed_is_in_no_file(tmp_path, store):
    await fill(store)
    bens_lines = [line for line in await exported(store) if BEN in line]
    assert {secret for _, secret in found(tmp_path)} == set(SECRETS)
    await store.apply([], replaced=ANAS)
    await store.scrub()
    assert found(tmp_path) == []
    assert await exported(store) == bens_lines
    await store.close()
    assert found(tmp_path) == []


async def test_what_was_replaced_is_in_no_file(tmp_path, store):
    await fill(store)
    await store.apply([a_call(f"conv_of_ana_{n}", said=["Hello."]) for n in range(40)],
                      replaced=ANAS)  # fmt: skip
    await store.scrub()
    assert {secret for _, secret in found(tmp_path)} == {ANA, "conv_of_ana"}


async def test_the_vectors_of_what_was_removed_go_too(tmp_path, path):
    """A vector tells much of what was said; and the filling is known by a caller's number."""
    encoder = WordEncoder()
    async with a_store(path) as store:
        await store.apply([anas(0), bens(0)])
    store = await EmbeddedStore.open(path, encoder=encoder)
    while await store.embed_pending(limit=100):
        pass
    with closing(sqlite3.connect(path)) as connection:
        vectors = [row[0] for row in connection.execute(
            "SELECT vector FROM vectors WHERE caller = ?", (ANA,))]  # fmt: skip
        connection.execute("UPDATE vector_model SET filled_to = ?", (ANA,))
        connection.commit()
    await store.apply([], replaced=["conv_of_ana_0"])
    await store.scrub()
    assert len(vectors) > 3
    content = b"".join(each.read_bytes() for each in tmp_path.iterdir())
    assert not [vector for vector in vectors if any(vector) and vector in content]
    assert found(tmp_path) == []
    await store.apply([bens(1)])
    while await store.embed_pending(limit=100):
        pass
    assert (await store.counts()).vectors_pending == 0
    await store.close()


async def test_failures_and_positions_stay(store):
    there = Position(ledger="abc", offset=7)
    await store.apply([anas(0)], failed=[a_failure()], advance=(START, there))
    await store.apply([], replaced=["conv_of_ana_0"])
    await store.scrub()
    assert await store.failures() == [a_failure()]
    assert await store.position() == there


async def test_an_idle_reader_in_another_process_is_not_in_the_way(tmp_path, path, store):
    await fill(store)
    with a_reader(path, "idle"):
        await store.apply([], replaced=ANAS)
        await store.scrub()
        assert found(tmp_path) == []


async def test_a_reader_of_an_older_state_is_waited_for_and_then_named(
    tmp_path, path, store, monkeypatch
):
    monkeypatch.setattr(embedded_scrub, "_WAIT_S", 0.2)
    monkeypatch.setattr(write_anew, "_BUSY_MS", 50)
    await fill(store)
    with a_reader(path, "reading"):
        await store.apply([], replaced=ANAS)
        with pytest.raises(MemoryUnavailable, match="end other programs that read it"):
            await store.scrub()
        assert await store.search(BEN, "dog", limit=1)
        await store.apply([bens(99)])
    await store.scrub()
    assert found(tmp_path) == []
    assert await store.conversation_ids(ANA) == []
    assert "conv_of_ben_99" in await store.conversation_ids(BEN)


async def test_an_export_that_ends_meanwhile_is_waited_for(tmp_path, store):
    await fill(store)
    lines = store.export()
    await anext(lines)
    await store.apply([], replaced=ANAS)
    scrubbing = asyncio.create_task(store.scrub())
    rest = [line async for line in lines]
    assert len(rest) == 79
    await scrubbing
    assert found(tmp_path) == []


async def test_a_search_index_from_before_is_never_taken_for_a_new_story(path, store):
    """Else the count of a caller's changes would begin anew, and come to the same number."""
    await store.apply([anas(0)])
    async with a_store(path) as other:
        assert await other.search(ANA, "tarantella", limit=5)
        await store.apply([], replaced=["conv_of_ana_0"])
        await store.scrub()
        await store.apply([a_call("conv_new", said=["Hello there."])])
        assert await other.search(ANA, "tarantella", limit=5) == []
        [hit] = await other.search(ANA, "hello", limit=5)
        assert hit.memory.conversation_id == "conv_new"
        assert (await other.holdings(ANA)).stamp == (await store.stamps())[ANA]


async def test_nobody_else_seems_to_have_changed(store):
    await store.apply([anas(0), bens(0), bens(1)])
    await store.apply([], replaced=["conv_of_ana_0", "conv_of_ben_1"])
    before = await store.stamps()
    await store.scrub()
    assert await store.stamps() == before
    assert set(before) == {BEN}


async def test_no_stamp_of_a_forgotten_caller_comes_again(path, store):
    seen = []
    for _ in range(3):
        for n in range(3):
            await store.apply([anas(n)])
            seen.append((await store.holdings(ANA)).stamp)
        await store.apply([], replaced=ANAS)
        await store.scrub()
        with closing(sqlite3.connect(path)) as connection:
            assert connection.execute("SELECT * FROM generations").fetchall() == []
    assert len(set(seen)) == 9


async def test_damaged_files_that_were_set_aside_are_deleted(tmp_path, path):
    async with a_store(path) as store:
        await store.apply([anas(0)])
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).write_bytes(b"Quentin, tarantella")
    aside = embedded_files.set_aside(path, now=MONDAY)
    beside = tmp_path / "memory.db.damaged-notes.txt"  # somebody's own
    beside.write_text("kept")
    async with a_store(path) as store:
        assert aside.exists()
        await store.scrub()
    assert found(tmp_path) == []
    assert not list(tmp_path.glob("memory.db.damaged-2*"))
    assert beside.exists()


async def test_what_a_killed_rebuild_left_is_deleted(tmp_path, store):
    (tmp_path / "memory.db.rebuild-99999999").write_bytes(b"Quentin")
    await store.scrub()
    assert found(tmp_path) == []


async def test_a_rebuild_that_is_being_written_has_to_end_first(tmp_path, store):
    fresh = await store.fresh()
    await fresh.apply([anas(0)])
    with pytest.raises(MemoryUnavailable, match="a rebuild is being written"):
        await store.scrub()
    await fresh.apply([], replaced=["conv_of_ana_0"])
    await store.adopt(fresh)
    await store.scrub()
    assert found(tmp_path) == []


async def test_a_rebuild_can_be_scrubbed_before_it_is_adopted(tmp_path, store):
    fresh = await store.fresh()
    await fill(fresh)
    await fresh.apply([], replaced=ANAS)
    await fresh.scrub()
    await store.adopt(fresh)
    assert found(tmp_path) == []


@pytest.mark.parametrize(
    "dies_at",
    [
        *("BEGIN IMMEDIATE", "UPDATE incarnation", "DELETE FROM generations", "COMMIT"),
        *("VACUUM", "PRAGMA wal_checkpoint"),
        *("60", "300", "600"),
    ],
)
async def test_killed_in_the_middle_it_is_whole_and_is_completed_by_doing_it_again(
    tmp_path, path, dies_at
):
    async with a_store(path) as store:
        await fill(store)
        bens_lines = [line for line in await exported(store) if BEN in line]
    killed = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", KILLED, path, dies_at], cwd=PROJECT, check=False
    )
    assert killed.returncode == -signal.SIGKILL
    async with a_store(path) as store:
        assert await exported(store) == bens_lines
        await store.scrub()
        assert found(tmp_path) == []
        assert await exported(store) == bens_lines


def a_reader(path, what):
    """Another process that has the file open; it ends when the block does."""
    return _Reader([sys.executable, "-c", READER, str(path), what])


class _Reader:
    def __init__(self, command):
        self.command = command

    def __enter__(self):
        self.process = subprocess.Popen(
            self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout.readline() == "80\n"

    def __exit__(self, *_):
        self.process.communicate("\n", timeout=10)
