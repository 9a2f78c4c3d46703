"""The files around the embedded store: rebuilds and who owns them, leftovers, damage."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from memory import embedded_schema
from memory.embedded import EmbeddedStore
from memory.embedded_files import claim_fresh, remove_leftovers, set_aside
from memory.errors import MemoryDamaged, MemoryStoreError, MemoryUnavailable
from memory.port import START, Position
from tests.memories import ANA, MONDAY, a_call, exported
from tests.spools import a_store, until

PROJECT = Path(__file__).parent.parent

# Makes a fresh store, says so, and waits: for its end, or to be killed.
BUILDER = """
import asyncio, sys
from pathlib import Path
from memory.embedded import EmbeddedStore

async def main():
    store = await EmbeddedStore.open(Path(sys.argv[1]))
    fresh = await store.fresh()
    print("ready", flush=True)
    sys.stdin.readline()
    await store.adopt(fresh)
    await store.close()

asyncio.run(main())
"""


@pytest.fixture
def builder(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-c", BUILDER, tmp_path / "m.db"],
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout.readline() == b"ready\n"
    yield process
    process.kill()
    process.communicate()


def names(folder):
    return sorted(path.name for path in folder.iterdir())


async def test_leftovers_that_nobody_claims_are_removed_and_nothing_else(tmp_path):
    gone = [
        f"m.db.rebuild-{os.getpid()}",
        "m.db.rebuild-12-2-journal",
        ".m.db.rebuild-13.lock",
        "m.db.rebuild-" + "9" * 30,
    ]
    kept = ["m.db.rebuild-x", "other.db.rebuild-12", "m.db.rebuild-12.bak"]
    for name in gone + kept:
        (tmp_path / name).touch()
    async with a_store(tmp_path / "m.db"):
        assert set(names(tmp_path)) - {"m.db-wal", "m.db-shm"} == {"m.db", *kept}


async def test_a_live_rebuild_is_kept_although_its_process_id_is_unknown_here(tmp_path, builder):
    [file] = tmp_path.glob("m.db.rebuild-*")
    nobody = "9" * 9  # as a process of another container looks
    file.rename(tmp_path / f"m.db.rebuild-{nobody}")
    (tmp_path / f".{file.name}.lock").rename(tmp_path / f".m.db.rebuild-{nobody}.lock")
    async with a_store(tmp_path / "m.db"):
        assert (tmp_path / f"m.db.rebuild-{nobody}").exists()


async def test_two_containers_with_the_same_process_id_build_apart(tmp_path):
    first, second = claim_fresh(tmp_path / "m.db"), claim_fresh(tmp_path / "m.db")
    assert first.path != second.path
    remove_leftovers(tmp_path / "m.db")
    assert first.is_ours()
    assert second.is_ours()
    first.release()
    assert second.is_ours()
    second.release()
    assert names(tmp_path) == []


async def test_what_a_killed_rebuild_left_is_swept_by_the_store_that_stays_open(
    tmp_path, builder, monkeypatch
):
    monkeypatch.setattr("memory.embedded_watch._SWEEP_EVERY_S", 0.0)
    async with a_store(tmp_path / "m.db") as store:
        await store.position()
        builder.send_signal(signal.SIGKILL)
        await asyncio.to_thread(builder.wait)
        assert len(list(tmp_path.glob("m.db.rebuild-*"))) == 1

        async def is_swept():
            await store.position()
            return not list(tmp_path.glob("*m.db.rebuild-*"))

        await until(is_swept)


async def test_a_rebuild_is_adopted_while_others_open_the_store(tmp_path, builder):
    async with a_store(tmp_path / "m.db") as store:
        await store.apply([a_call()])
        await asyncio.to_thread(builder.communicate, b"go\n")
        assert builder.returncode == 0
        assert await exported(store) == []
    assert names(tmp_path) == ["m.db"]


async def test_a_leftover_that_cannot_be_removed_keeps_nobody_out(tmp_path, caplog):
    (tmp_path / "m.db.rebuild-12").mkdir()
    async with a_store(tmp_path / "m.db") as store:
        assert await store.position() == START
    assert "leftovers of a rebuild cannot be removed" in caplog.text


@pytest.mark.parametrize("harm", ["removed", "replaced", "claim removed", "incomplete", "damaged"])
async def test_a_fresh_file_that_is_not_whole_is_not_adopted(tmp_path, harm):
    async with a_store(tmp_path / "m.db") as store:
        await store.apply([a_call("conv_old")])
        fresh = await store.fresh()
        await fresh.apply([a_call("conv_new")])
        [file] = tmp_path.glob("m.db.rebuild-*")
        if harm in {"removed", "replaced"}:
            file.unlink()
        if harm == "replaced":
            file.touch()
        if harm == "claim removed":
            (tmp_path / f".{file.name}.lock").unlink()
        if harm == "incomplete":
            with closing(sqlite3.connect(file)) as connection:
                connection.execute("PRAGMA application_id = 0")
        if harm == "damaged":
            file.write_bytes(b"no database at all, but of the same length as before" * 1_000)
        with pytest.raises(MemoryStoreError, match=r"m\.db\.rebuild-"):
            await store.adopt(fresh)
        assert "conv_old" in "".join(await exported(store))
        await fresh.close()
    assert names(tmp_path) == ["m.db"]


async def test_reading_never_makes_a_file(tmp_path):
    with pytest.raises(sqlite3.OperationalError, match="unable to open"):
        embedded_schema.connect(tmp_path / "m.db", read_only=True)
    assert names(tmp_path) == []


async def test_a_name_with_odd_characters_is_opened_as_it_is(tmp_path):
    path = tmp_path / "mémoire #1 ?mode=ro&100%.db"
    async with a_store(path) as store:
        await store.apply([a_call()])
        assert len(await exported(store)) == 1
    assert names(tmp_path) == [path.name]


async def test_a_store_that_must_exist_is_not_made(tmp_path):
    path = tmp_path / "folder" / "m.db"
    with pytest.raises(MemoryStoreError, match=r"no memory file at .*m\.db yet.*all-in-one"):
        await EmbeddedStore.open(path, must_exist=True)
    assert names(tmp_path) == []
    async with a_store(path):
        pass
    store = await EmbeddedStore.open(path, must_exist=True)
    await store.close()


def _text(path):
    path.write_text("this is no database, and longer than the head of one\n" * 100)


def _truncated(path):
    os.truncate(path, path.stat().st_size // 2)


def _overwritten(path):
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xa5" * (path.stat().st_size - 4096))


@pytest.mark.parametrize("harm", [_text, _truncated, _overwritten])
async def test_a_damaged_file_is_set_aside_by_who_derives_it_again(tmp_path, harm, caplog):
    path = tmp_path / "m.db"
    async with a_store(path) as store:
        calls = [a_call(f"conv_{n}", said=["word " * 50] * 5) for n in range(20)]
        await store.apply(calls, advance=(START, Position(ledger="abc", offset=5)))
    harm(path)
    damaged = path.read_bytes()
    with pytest.raises(MemoryStoreError, match=r"m\.db.*(not a database|malformed).*derives it"):
        await EmbeddedStore.open(path)
    assert path.read_bytes() == damaged
    store = await EmbeddedStore.open(path, upgrade=True)
    assert await store.position() == START
    await store.apply([a_call()])
    await store.close()
    [aside] = tmp_path.glob("m.db.damaged-*Z")
    assert aside.read_bytes() == damaged
    assert "set aside" in caplog.text


def test_a_write_ahead_log_goes_with_its_damaged_file(tmp_path):
    for suffix in ("", "-wal", "-shm"):
        (tmp_path / f"m.db{suffix}").write_text(suffix)
    aside = set_aside(tmp_path / "m.db", now=MONDAY)
    assert aside.name == "m.db.damaged-20261116T093000.000000Z"
    assert names(tmp_path) == [aside.name, f"{aside.name}-shm", f"{aside.name}-wal"]
    assert aside.with_name(f"{aside.name}-wal").read_text() == "-wal"


async def test_trouble_that_is_no_damage_sets_nothing_aside(tmp_path):
    (tmp_path / "m.db").mkdir()
    with pytest.raises(MemoryUnavailable):
        await EmbeddedStore.open(tmp_path / "m.db", upgrade=True)
    assert names(tmp_path) == ["m.db"]


def _spoil_inside(path):
    """Overwrite every page but the first, in place, as a failing disk might."""
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xa5" * (path.stat().st_size - 4096))


async def test_damage_that_a_read_runs_into_is_told_until_the_file_is_whole_again(
    tmp_path, monkeypatch
):
    monkeypatch.setattr("memory.embedded_watch._LOOK_EVERY_S", 0.0)
    path = tmp_path / "m.db"
    store = await EmbeddedStore.open(path)
    await store.apply([a_call(f"conv_{n}", said=["word " * 50] * 5) for n in range(20)])
    await store.close()
    store = await EmbeddedStore.open(path)
    _spoil_inside(path)
    with pytest.raises(MemoryDamaged, match="processor rebuild"):
        await store.search(ANA, "word", limit=5)
    with pytest.raises(MemoryDamaged):
        await store.position()
    fresh = await store.fresh()
    await fresh.apply([a_call()])
    await store.adopt(fresh)
    assert await store.position() == START
    assert (await store.counts()).conversations == 1
    await store.close()


async def test_search_terms_that_cannot_be_read_are_damage(tmp_path):
    path = tmp_path / "memory.db"
    store = await EmbeddedStore.open(path)
    await store.apply([a_call(said=['Caller: "Two olive trees."'])])
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE terms SET terms = substr(terms, 1, 9)")
    with pytest.raises(MemoryDamaged, match="processor rebuild"):
        await store.search(ANA, "olive", limit=5)
    assert await store.profile(ANA)
    await store.close()
