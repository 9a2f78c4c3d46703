"""What OpenMemories that are not set any more have left in the data folder."""

import pytest

from cli.assembly.openmemory import forget_former_openmemories, ledger_path, sdk_database
from memory.errors import MemoryUnavailable
from memory.openmemory import ledger_file
from memory.openmemory.former import forget_former
from memory.openmemory.ledger import Ledger
from settings import Settings
from tests.memories import ANA, BEN, a_call
from tests.openmemory.fake import FakeBackend
from tests.openmemory.mirroring import mirrored
from tests.openmemory.sdk_cases import put, sdk


def bytes_of(folder):
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


async def mirror_both(folder, identity):
    async with mirrored(folder, FakeBackend(identity)) as (store, mirror):
        await store.apply([a_call(said=["My cat is Tom."]), a_call("conv_2", caller=BEN)])
        await mirror.catch_up()
        await mirror._went_well()
        await store.apply([], replaced=["conv_1"])
        await store.scrub()
        return mirror.ledger.path


async def test_every_ledger_but_the_one_in_use_forgets_and_tells_whose_it_was(tmp_path):
    former = await mirror_both(tmp_path, "former")
    current = await mirror_both(tmp_path, "current")
    memory = tmp_path / "memory.db"
    held = await forget_former(memory, [ANA], current=current, database=None)
    assert held == [FakeBackend.name]
    assert ANA.encode() in bytes_of(tmp_path)
    assert ANA.encode() not in former.read_bytes()
    await forget_former(memory, [ANA], current=None, database=None)
    assert ANA.encode() not in bytes_of(tmp_path)
    assert await forget_former(memory, [ANA], current=None, database=None) == []
    ledger = await Ledger.open(former)
    assert set(await ledger.stamps()) == {BEN}
    await ledger.close()


async def test_an_erasure_that_was_not_complete_there_leaves_no_number(tmp_path):
    ledger = await Ledger.open(tmp_path / "memory.mirror-0123abcd.db")
    await ledger.begin_erasure(ANA, awaits=["conv_1"])
    await ledger.close()
    memory = tmp_path / "memory.db"
    held = await forget_former(memory, [ANA], current=None, database=None)
    assert held == ["the OpenMemory of memory.mirror-0123abcd.db"]
    assert ANA.encode() not in bytes_of(tmp_path)


async def test_a_local_database_that_is_not_in_use_goes_if_the_caller_is_in_it(tmp_path):
    async with sdk(tmp_path) as backend:
        await put(backend, ANA, "The zebrafinch is called Ludovico")
    memory, database = tmp_path / "memory.db", tmp_path / "openmemory.db"
    await forget_former(memory, [BEN], current=None, database=database)
    assert database.exists()
    await forget_former(memory, [BEN, ANA], current=None, database=database)
    assert not list(tmp_path.glob("openmemory.db*"))
    await forget_former(memory, [ANA], current=None, database=database)


async def test_what_cannot_be_removed_is_named(tmp_path):
    (tmp_path / "openmemory.db-wal").mkdir()
    (tmp_path / "openmemory.db-wal" / "in").touch()
    with pytest.raises(MemoryUnavailable, match="delete it"):
        await forget_former(
            tmp_path / "memory.db", [ANA], current=None, database=tmp_path / "openmemory.db"
        )


async def test_a_ledger_that_somebody_reads_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(ledger_file, "_READERS_S", 0.05)
    path = await mirror_both(tmp_path, "former")
    reader = await Ledger.open(path)
    connection = ledger_file._connect(path)
    connection.execute("BEGIN")
    connection.execute("SELECT count(*) FROM rows").fetchone()
    with pytest.raises(MemoryUnavailable, match="still reading"):
        await forget_former(tmp_path / "memory.db", [ANA], current=None, database=None)
    connection.close()
    await reader.close()
    await forget_former(tmp_path / "memory.db", [ANA], current=None, database=None)
    assert ANA.encode() not in bytes_of(tmp_path)


@pytest.mark.parametrize("mode", ["embedded", "remote", "local"])
async def test_the_settings_say_which_are_in_use(tmp_path, mode):
    memory = tmp_path / "memory.db"
    given = {"openmemory_mode": mode, "openmemory_db_path": memory}
    if mode == "remote":
        given |= {"openmemory_port": "http://127.0.0.1:9", "openmemory_key": "a-key"}
    settings = Settings(payload_storage_path=tmp_path / "spool", **given)
    database = sdk_database(settings)
    database.write_text(ANA)
    former = memory.with_name(f"{memory.stem}.mirror-0123abcd{memory.suffix}")
    in_use = [] if mode == "embedded" else [ledger_path(settings)]
    for path in (former, *in_use):
        ledger = await Ledger.open(path)
        await ledger.begin_erasure(ANA)
        await ledger.close()
    assert await forget_former_openmemories(settings, [ANA]) == [f"the OpenMemory of {former.name}"]
    assert database.exists() == (mode == "local")
    for path in in_use:
        ledger = await Ledger.open(path)
        assert await ledger.is_erasing(ANA)
        await ledger.close()
