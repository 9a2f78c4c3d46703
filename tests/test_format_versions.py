"""Formats: what an earlier release wrote is always read, what a later one wrote is refused."""

import asyncio
import json
import shutil
import sqlite3
from pathlib import Path

import pytest

from memory.embedded import EmbeddedStore
from memory.embedded_copy import copy_memory, put_memory
from memory.embedded_tables import SCHEMA
from memory.errors import MemoryStoreError
from processor.service import run_processor
from spool.backup.manifest import DamagedBackup
from spool.backup.reading import open_backup
from spool.forgotten import Forgotten, read_tombstones
from spool.format import Receipt, SpoolError
from spool.reader import read_file, read_receipts
from spool.verify import verify
from spool.version import (
    FORMAT,
    FORMAT_FILE,
    NewerSpool,
    check_format,
    note_format,
    read_format,
)
from spool.writer import Spool
from tests.backups import caught_up, findings, put_back, take
from tests.program import program
from tests.spools import QUICK, a_spool, a_store, calls, deliver, poison
from voice.signature import SignatureCheck

SAMPLE = Path(__file__).parent / "samples/spool-1"
EXPECTED = [json.loads(line) for line in (SAMPLE / "expected.jsonl").read_text().splitlines()]


@pytest.fixture
def sample(tmp_path):
    """A data folder with a copy of the spool that is kept for ever."""
    shutil.copytree(SAMPLE / "spool", tmp_path / "data/spool")
    return tmp_path / "data"


def shape(lines):
    """What may never change of an export, and all the text of each conversation's memories."""
    found = [json.loads(line) for line in lines]
    heads = [(each["id"], each["kind"], each["caller"], each["started_at"]) for each in found]
    texts = {each["id"]: [memory["content"] for memory in each["memories"]] for each in found}
    return heads, texts


async def test_a_spool_of_version_1_is_verified_and_derived_as_it_always_was(sample):
    report = verify(sample / "spool", pause=lambda _: None)
    assert (report.receipts, report.dropped, report.findings) == (10, 3, ())
    heads, texts = shape(await caught_up(sample))
    assert heads == [
        (each["id"], each["kind"], each["caller"], each["started_at"]) for each in EXPECTED
    ]
    for each in EXPECTED:
        for words in each["said"]:
            assert any(words in text for text in texts[each["id"]]), (each["id"], words)


def test_in_a_spool_of_version_1_every_file_is_there_signed_and_who_was_erased_is_known(sample):
    root = sample / "spool"
    receipts = [receipt for receipt, _ in read_receipts(root) if isinstance(receipt, Receipt)]
    kinds = [receipt.kind for receipt in receipts]
    assert kinds.count("transcription") == 6
    assert {"audio", "failure", "quarantine"} < set(kinds)
    there = [each for each in receipts if each.kind != "audio" and (root / each.file).exists()]
    assert len(there) == 6
    for receipt in there:
        moment = receipt.received_at.timestamp()
        check = SignatureCheck(receipt.signature, secrets=("wsec_sample",), now=moment)
        check.update(read_file(root, receipt))
        check.confirm()
    assert len(read_tombstones(root)) >= 1
    assert Forgotten(root).is_conversation("conv_gone1")
    assert not Forgotten(root).is_conversation("conv_tim1")


async def test_a_spool_of_version_1_is_backed_up_put_back_and_written_to(sample, tmp_path):
    before = await caught_up(sample)
    take(sample, tmp_path / "b")
    put_back(tmp_path / "b", tmp_path / "new")
    with a_spool(tmp_path / "new/spool") as spool:
        deliver(spool, *calls(1))
    assert findings(tmp_path / "new") == ()
    after = await caught_up(tmp_path / "new")
    assert set(before) < set(after)
    assert len(after) == len(before) + 1


def test_a_spool_without_a_note_is_of_version_1_and_gets_one_once(tmp_path):
    root = tmp_path / "spool"
    note_format(root)
    assert not root.exists()
    with a_spool(root):
        pass
    assert (read_format(root), (root / FORMAT_FILE).exists()) == (1, False)
    note_format(root)
    written = (root / FORMAT_FILE).read_bytes()
    assert json.loads(written) == {"v": FORMAT}
    note_format(root)
    assert (root / FORMAT_FILE).read_bytes() == written


def test_a_server_notes_the_version(tmp_path):
    with program(tmp_path) as running:
        running.start("all-in-one")
        assert json.loads((running.spool / FORMAT_FILE).read_bytes()) == {"v": 1}


async def test_a_spool_of_a_newer_program_is_refused_by_all_and_not_touched(tmp_path):
    root = tmp_path / "spool"
    with a_spool(root) as spool:
        poison(spool)
    (root / FORMAT_FILE).write_text('{"v": 2}')
    before = sorted(root.rglob("*"))
    for opens in (Spool.open, verify, check_format):
        with pytest.raises(NewerSpool, match=r"version 2.*newer Callspool.*version 1.*upgrade"):
            opens(root)
    async with a_store(tmp_path / "memory.db") as store:
        with pytest.raises(NewerSpool, match="version 2"):
            await run_processor(root, store, stop=asyncio.Event(), options=QUICK)
    assert sorted(root.rglob("*")) == before


@pytest.mark.parametrize("text", ["", "[]", '{"v": "1"}', '{"v": true}', '{"v": 0}', "{" * 9999])
def test_a_note_that_cannot_be_understood_is_refused(tmp_path, text):
    with a_spool(tmp_path / "spool"):
        pass
    (tmp_path / "spool" / FORMAT_FILE).write_text(text)
    with pytest.raises(SpoolError, match="put it back from a backup"):
        check_format(tmp_path / "spool")


@pytest.mark.parametrize("member", ["v", "spool_format"])
async def test_a_backup_of_a_newer_program_is_refused(sample, tmp_path, member):
    take(sample, tmp_path / "b")
    manifest = json.loads((tmp_path / "b/backup.json").read_bytes())
    (tmp_path / "b/backup.json").write_text(json.dumps(manifest | {member: 2, "more": "to come"}))
    with pytest.raises(DamagedBackup, match=r"version 2.*newer Callspool.*version 1.*upgrade"):
        open_backup(tmp_path / "b")
    with pytest.raises(DamagedBackup, match="version 2"):
        put_back(tmp_path / "b", tmp_path / "new")
    if member == "v":
        before = (tmp_path / "b/backup.json").read_bytes()
        with pytest.raises(DamagedBackup, match="version 2"):
            take(sample, tmp_path / "b", first_id=9)
        assert (tmp_path / "b/backup.json").read_bytes() == before


async def test_a_memory_file_of_a_newer_program_is_neither_opened_nor_copied(sample, tmp_path):
    await caught_up(sample)
    with sqlite3.connect(sample / "memory.db") as connection:
        connection.execute(f"PRAGMA user_version = {SCHEMA + 1}")
    connection.close()
    said = rf"schema {SCHEMA + 1}.*newer Callspool.*{SCHEMA}"
    with pytest.raises(MemoryStoreError, match=said):
        await EmbeddedStore.open(sample / "memory.db", upgrade=True)
    with pytest.raises(MemoryStoreError, match=said):
        copy_memory(sample / "memory.db", tmp_path / "copy")
    assert not put_memory(sample / "memory.db", tmp_path / "other.db")
    assert not (tmp_path / "other.db").exists()


async def test_a_memory_file_of_an_older_program_is_derived_again(sample):
    before = await caught_up(sample)
    with sqlite3.connect(sample / "memory.db") as connection:
        connection.execute(f"PRAGMA user_version = {SCHEMA - 1}")
    connection.close()
    store = await EmbeddedStore.open(sample / "memory.db", upgrade=True)
    await store.close()
    assert await caught_up(sample) == before
