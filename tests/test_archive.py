"""What the program gives the receiver to look back on: index, numbers and exports, over HTTP."""

import io
import json
import zipfile
from contextlib import asynccontextmanager

import pytest

from cli.assembly.archive import open_archive
from cli.assembly.store import OpenedMemory
from history.errors import HistoryUnavailable
from history.index import History
from settings import Settings
from spool.standing_orders import Orders
from tests.archives import ANA, BOB, MP3, attach, looking_back
from voice.rules import Rules


@asynccontextmanager
async def opened(tmp_path, **changes):
    """Run a receiver with the archive that the program would give it."""
    async with looking_back(tmp_path, **changes) as looked:
        settings = Settings(
            payload_storage_path=looked.running.root, openmemory_db_path=tmp_path / "memory.db"
        )
        async with open_archive(settings, OpenedMemory(store=looked.store)) as archive:
            object.__setattr__(looked.running.receiver, "archive", archive)
            yield looked


async def test_everything_of_a_caller_comes_as_one_zip_and_nothing_of_others(tmp_path):
    async with opened(tmp_path) as looked:
        response = await looked.get("/callers/%2B15550100142/export")
        assert response.status == 200
        assert response.content_type == "application/zip"
        assert ANA not in response.headers["Content-Disposition"]
        archive = zipfile.ZipFile(io.BytesIO(await response.read()))
        head = await looked.running.client.head(
            "/callers/%2B15550100142/export", headers={"Authorization": "Bearer the-admin-key"}
        )
        assert (head.status, head.content_type) == (200, "application/zip")
    assert archive.testzip() is None
    assert archive.read("conversations/conv_ana_1/conv_ana_1_audio.mp3") == MP3
    everything = b"".join(archive.read(name) for name in archive.namelist())
    assert b"shoe" in everything
    assert BOB.encode() not in everything
    assert b"tandem" not in everything


async def test_of_somebody_unknown_there_is_nothing_to_export(tmp_path):
    async with opened(tmp_path) as looked:
        answer = await looked.json("/callers/%2B15550100199/export", status=404)
        attach(looked)
        without = await looked.json("/callers/%2B15550100142/export", status=503)
    assert answer["error"]["code"] == "unknown_caller"
    assert without["error"]["code"] == "not_configured"


async def test_an_export_that_breaks_off_is_seen_to(tmp_path):
    async def export(caller):
        yield b"PK" * 100_000
        raise OSError("the disk is gone")

    async with looking_back(tmp_path) as looked:
        attach(looked, export=export)
        response = await looked.get("/callers/%2B15550100142/export")
        assert response.status == 200
        with pytest.raises(Exception, match=r"(?i)payload|transfer|chunk|disconnect|reset"):
            await response.read()
        assert looked.running.receiver.counts["defects"] == 0
        await looked.json("/history")


async def test_the_numbers_are_served(tmp_path):
    async with opened(tmp_path) as looked:
        stats = await looked.json("/stats")
    assert (stats["conversations"], stats["failed_calls"], stats["callers"]) == (4, 1, 2)
    assert stats["kept"]["recordings"]["size_bytes"] == len(MP3)
    assert ANA not in json.dumps(stats)


async def test_an_index_that_is_not_there_yet_is_found_once_it_is(tmp_path):
    async with opened(tmp_path) as looked:
        elsewhere = Settings(
            payload_storage_path=looked.running.root, openmemory_db_path=tmp_path / "new/memory.db"
        )
        async with open_archive(elsewhere, OpenedMemory(store=looked.store)) as archive:
            with pytest.raises(HistoryUnavailable):
                await archive.open_history()
            object.__setattr__(looked.running.receiver, "archive", archive)
            answer = await looked.json("/history", status=503)
            assert answer["error"]["code"] == "history_unavailable"
            made = await History.open(tmp_path / "new/memory.history.db")
            await made.catch_up(looked.running.root, Orders(looked.running.root), Rules())
            assert len((await looked.json("/history"))["conversations"]) == 5
            await made.close()
