"""What is particular to the embedded store: its file, its versions, its processes."""

import asyncio
import sqlite3
import subprocess
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest

from memory import embedded_schema, embedded_search
from memory.embedded import EmbeddedStore
from memory.embedded_schema import OutdatedStore
from memory.errors import MemoryStoreError, MemoryUnavailable
from memory.port import START, Counts, Position
from tests.memories import ANA, BEN, MONDAY, a_call, exported

PROJECT = Path(__file__).parent.parent

READER = """
import asyncio, sys
from pathlib import Path
from memory.embedded import EmbeddedStore

async def main():
    store = await EmbeddedStore.open(Path(sys.argv[1]))
    print("ready", flush=True)
    seen = ""
    while not seen.startswith("New"):
        profile = await store.profile(sys.argv[2])
        seen = f"{profile.name}/{profile.call_count}/{len(profile.facts)}"
        print(seen, flush=True)
    await store.close()

asyncio.run(main())
"""


@pytest.fixture
async def store(tmp_path):
    store = await EmbeddedStore.open(tmp_path / "memory.db")
    yield store
    await store.close()


async def test_memory_survives_a_restart(tmp_path):
    call = a_call(said=["hello"], facts={"name": "Ana"})
    for _ in range(2):
        store = await EmbeddedStore.open(tmp_path / "memory.db")
        await store.apply([call])
        assert (await store.counts()).memories == 2
        await store.close()


async def test_the_file_is_for_its_owner_alone(tmp_path, store):
    await store.apply([a_call()])
    for file in tmp_path.iterdir():
        assert file.stat().st_mode & 0o077 == 0, file


async def test_a_missing_folder_is_made(tmp_path):
    store = await EmbeddedStore.open(tmp_path / "a" / "b" / "memory.db")
    await store.close()


async def test_a_file_that_is_no_database_is_refused_by_name_and_left_alone(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("these are my notes, not a database, and they are worth keeping\n" * 100)
    before = path.read_bytes()
    with pytest.raises(MemoryStoreError, match=r"notes\.txt.*not a database"):
        await EmbeddedStore.open(path)
    assert path.read_bytes() == before


async def test_somebody_elses_database_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE things (name TEXT)")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(MemoryStoreError, match="not a Callspool memory file"):
        await EmbeddedStore.open(path, upgrade=True)
    assert path.read_bytes() == before


async def test_a_folder_in_its_place_is_refused(tmp_path):
    with pytest.raises(MemoryUnavailable, match="Is a directory"):
        await EmbeddedStore.open(tmp_path)


def _set_version(path, version):
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {version}")
    connection.close()


async def test_a_newer_schema_is_refused(tmp_path, store):
    await store.close()
    _set_version(tmp_path / "memory.db", 99)
    with pytest.raises(MemoryStoreError, match=r"schema 99.*newer Callspool"):
        await EmbeddedStore.open(tmp_path / "memory.db", upgrade=True)


async def test_an_older_schema_names_the_rebuild_or_starts_over(tmp_path, store):
    await store.apply([a_call()], advance=(START, Position(ledger="abc", offset=5)))
    await store.close()
    _set_version(tmp_path / "memory.db", 0)
    with pytest.raises(OutdatedStore, match="processor rebuild"):
        await EmbeddedStore.open(tmp_path / "memory.db")
    upgraded = await EmbeddedStore.open(tmp_path / "memory.db", upgrade=True)
    assert await upgraded.position() == START
    assert await exported(upgraded) == []
    await upgraded.apply([a_call()])
    await upgraded.close()


async def test_many_processes_may_open_a_new_store_at_once(tmp_path):
    script = (
        "import asyncio, sys; from pathlib import Path; from memory.embedded import EmbeddedStore\n"
        "async def main():\n"
        "    await (await EmbeddedStore.open(Path(sys.argv[1]))).close()\n"
        "asyncio.run(main())"
    )
    command = [sys.executable, "-c", script, tmp_path / "memory.db"]
    processes = [subprocess.Popen(command, cwd=PROJECT) for _ in range(4)]
    assert [process.wait() for process in processes] == [0] * 4


async def test_a_read_never_waits_for_a_write(tmp_path, store):
    await store.apply([a_call(said=["hello"])])
    writer = sqlite3.connect(tmp_path / "memory.db", isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("DELETE FROM memories")
    began = time.monotonic()
    assert len(await store.search(ANA, "hello", limit=5)) == 1
    assert (await store.profile(ANA)).call_count == 1
    assert time.monotonic() - began < 1
    writer.execute("ROLLBACK")
    writer.close()


async def test_a_write_that_cannot_get_in_is_unavailable_not_lost(tmp_path, store, monkeypatch):
    store._threads._writer.execute("PRAGMA busy_timeout = 50")
    writer = sqlite3.connect(tmp_path / "memory.db", isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    with pytest.raises(MemoryUnavailable, match="locked"):
        await store.apply([a_call()])
    writer.execute("ROLLBACK")
    writer.close()
    await store.apply([a_call()])


async def test_a_full_disk_leaves_the_last_commit(store):
    await store.apply([a_call("conv_1", said=["kept"])])
    pages = store._threads._writer.execute("PRAGMA page_count").fetchone()[0]
    store._threads._writer.execute(f"PRAGMA max_page_count = {pages}")
    huge = a_call("conv_2", said=["x" * 9_000 for _ in range(50)])
    with pytest.raises(MemoryUnavailable, match="full"):
        await store.apply([huge], advance=(START, Position(ledger="abc", offset=5)))
    assert await store.position() == START
    assert await store.counts() == Counts(callers=1, conversations=1, memories=1)
    store._threads._writer.execute("PRAGMA max_page_count = 1000000")
    await store.apply([huge])


async def test_a_closed_store_says_so(store):
    await store.close()
    await store.close()
    with pytest.raises(MemoryUnavailable, match="closed"):
        await store.position()


async def test_an_abandoned_export_leaves_nothing_open(store):
    await store.apply([a_call(f"conv_{n}") for n in range(3)])
    lines = store.export()
    await anext(lines)
    await lines.aclose()
    await store.apply([a_call("conv_9")])


async def test_an_export_is_of_one_moment(store):
    await store.apply([a_call(f"conv_{n:03}") for n in range(450)])
    lines = [await anext(export := store.export())]
    await store.apply([a_call("conv_zzz")])
    lines += [line async for line in export]
    assert len(lines) == 450


async def test_an_unadopted_fresh_store_leaves_no_file(tmp_path, store):
    first, second = await store.fresh(), await store.fresh()
    await first.apply([a_call()])
    assert len(list(tmp_path.glob("memory.db.rebuild-*"))) == 2
    await first.close()
    await second.close()
    assert not list(tmp_path.glob("memory.db.rebuild-*"))


async def test_a_fresh_store_of_another_is_not_adopted(tmp_path, store):
    other = await EmbeddedStore.open(tmp_path / "other.db")
    fresh = await other.fresh()
    with pytest.raises(MemoryStoreError, match="fresh"):
        await store.adopt(fresh)
    await fresh.close()
    await other.close()


async def test_readers_in_other_processes_see_the_old_memory_or_the_new(tmp_path, store):
    def life(name, count, facts, *, bulk):
        rest = {f"fact_{n}": name for n in range(facts - 1)}
        mine = [
            a_call(f"conv_{n}", at=MONDAY + timedelta(days=n), facts={"name": name} | rest)
            for n in range(count)
        ]
        return mine + [
            a_call(f"conv_b{n}", caller=BEN, said=["word " * 40] * 20) for n in range(bulk)
        ]

    await store.apply(life("Old", 5, 7, bulk=100))
    fresh = await store.fresh()
    await fresh.apply(life("New", 2, 3, bulk=1_000))
    command = [sys.executable, "-c", READER, tmp_path / "memory.db", ANA]
    readers = [
        subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    for reader in readers:
        assert reader.stdout.readline() == "ready\n"
    await store.adopt(fresh)
    for reader in readers:
        output = await asyncio.to_thread(reader.communicate, timeout=10)
        assert reader.returncode == 0
        assert set(output[0].split()) == {"Old/5/7", "New/2/3"}
    assert not list(tmp_path.glob("memory.db.rebuild-*"))


async def test_closing_leaves_no_thread(tmp_path):
    before = threading.active_count()
    store = await EmbeddedStore.open(tmp_path / "memory.db")
    await asyncio.gather(*(store.position() for _ in range(10)))
    await store.close()
    assert not [t for t in threading.enumerate() if t.name.startswith("memory")]
    assert threading.active_count() <= before + 2  # the event loop's own


def test_the_schema_has_one_version_and_our_name():
    assert embedded_schema.APPLICATION.to_bytes(4) == b"CALS"


@pytest.mark.parametrize("is_replaced", [False, True])
async def test_a_file_that_is_removed_or_replaced_while_in_use_is_noticed(tmp_path, is_replaced):
    path = tmp_path / "memory.db"
    store = await EmbeddedStore.open(path)
    assert await store.position() == START
    path.rename(tmp_path / "moved.db")
    if is_replaced:
        path.touch()
    with pytest.raises(MemoryUnavailable, match="restart"):
        await store.position()
    await store.close()


async def test_long_searches_do_not_keep_a_ringing_phone_waiting(tmp_path, monkeypatch):
    go_on = threading.Event()
    monkeypatch.setattr(embedded_search, "search", lambda *_, **__: go_on.wait(20) and [])
    store = await EmbeddedStore.open(tmp_path / "memory.db")
    searches = [asyncio.create_task(store.search(ANA, "tea", limit=5)) for _ in range(20)]
    await asyncio.sleep(0)
    assert await asyncio.wait_for(store.profile(ANA), 10) is None
    assert not any(search.done() for search in searches)
    go_on.set()
    await asyncio.gather(*searches)
    await store.close()
