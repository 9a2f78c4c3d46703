"""`run.py retention` and `run.py stats`, as the owner runs them."""

import asyncio
import json
import time
from datetime import UTC, datetime, timedelta

import pytest

from cli.assembly.store import processor_options
from cli.keeping.retention import retain
from cli.keeping.stats import show_stats
from memory.embedded import EmbeddedStore
from memory.errors import MemoryStoreError
from processor.errors import ProcessorLocked
from processor.lock import held, processor_lock
from settings import Settings
from spool.dropped import is_kept_file, kept_path
from spool.format import SpoolError
from tests.factories import encoded, transcription_payload
from tests.memories import exported
from tests.program import program
from tests.retentions import MP3, an_event, files_of, findings, process, rebuilt
from tests.spools import a_spool, commit


@pytest.fixture
def settings(tmp_path):
    return Settings(
        payload_storage_path=tmp_path / "spool", openmemory_db_path=tmp_path / "memory.db"
    )


def fill(root, *ages):
    """Store calls of so many days ago, with recordings."""
    with a_spool(root) as spool:
        for age in ages:
            began = (datetime.now(UTC) - timedelta(days=age)).timestamp()
            payload = transcription_payload(
                conversation_id=f"conv_{age}",
                started_at=began,
                event_timestamp=began + 130,
                summary=f"A call {age} days ago.",
                turns=2,
            )
            commit(
                spool,
                an_event(f"conv_{age}", encoded(payload), began + 130),
                an_event(f"conv_{age}", MP3, began + 131, kind="audio"),
            )


def remember(settings):
    """Have memory made, as a processor would."""

    async def make():
        store = await EmbeddedStore.open(settings.openmemory_db_path)
        options = processor_options(settings)
        await process(settings.payload_storage_path, store, options=options)
        await store.close()

    asyncio.run(make())


def held_in_memory(settings):
    async def read():
        store = await EmbeddedStore.open(settings.openmemory_db_path)
        try:
            return await exported(store)
        finally:
            await store.close()

    return asyncio.run(read())


def run(settings, capsys, *, dry_run=False, expect=0, **policy):
    """Run the command; return what it printed."""
    chosen = settings.model_copy(update=policy)
    assert retain(chosen, dry_run=dry_run, as_json=False) == expect
    return capsys.readouterr()


def test_it_says_what_would_go_and_lets_it_go(settings, capsys):
    root = settings.payload_storage_path
    fill(root, 100, 3)
    remember(settings)
    assert "Everything is kept for ever" in run(settings, capsys).out
    policy = {"retain_audio_days": 30, "retain_transcripts_days": 60}
    before, known = files_of(root), held_in_memory(settings)
    told = run(settings, capsys, dry_run=True, **policy).out
    assert "would go  recordings   expired" in told
    assert "would go  transcripts  expired" in told
    assert "the spool would be" in told
    assert files_of(root) == before
    told = run(settings, capsys, **policy).out
    assert "gone  recordings   expired             1" in told
    assert "freed; the spool is " in told
    assert kept_path("conv_100/conv_100_transcription.json") in files_of(root)
    assert findings(root) == []
    assert held_in_memory(settings) == known == asyncio.run(rebuilt(root))
    assert "Nothing has to go." in run(settings, capsys, **policy).out


def test_memory_forgets_at_once_where_no_processor_runs(settings, capsys):
    fill(settings.payload_storage_path, 100, 3)
    remember(settings)
    told = run(settings, capsys, retain_memories_days=30).out
    assert "gone  memories     expired             1" in told
    left = held_in_memory(settings)
    assert any("conv_3" in line for line in left)
    assert not any("conv_100" in line for line in left)
    assert left == asyncio.run(rebuilt(settings.payload_storage_path))


def test_where_a_processor_runs_memory_is_left_to_it(settings, capsys):
    fill(settings.payload_storage_path, 100)
    remember(settings)
    lock = processor_lock(settings.payload_storage_path)
    with held(lock, refusal=ProcessorLocked, holder="processor"):
        run(settings, capsys, retain_memories_days=30)
    assert any("conv_100" in line for line in held_in_memory(settings))
    assert asyncio.run(rebuilt(settings.payload_storage_path)) == []


def test_a_dry_run_is_json_too(settings, capsys):
    fill(settings.payload_storage_path, 100)
    remember(settings)
    chosen = settings.model_copy(update={"retain_audio_days": 30})
    assert retain(chosen, dry_run=True, as_json=True) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["is_dry_run"] is True
    assert told["freed_bytes"] == len(MP3)
    [group] = told["groups"]
    assert (group["kind"], group["reason"], group["count"]) == ("audio", "retention", 1)
    assert group["oldest"] == group["newest"]


def test_a_spool_that_stays_too_large_is_an_error(settings, capsys):
    fill(settings.payload_storage_path, 3)
    remember(settings)
    told = run(settings, capsys, expect=1, max_spool_gb=0.000001)
    assert "recordings   MAX_SPOOL_GB" in told.out
    assert "MAX_SPOOL_GB" in told.err
    assert "RETAIN_TRANSCRIPTS_DAYS" in told.err
    assert files_of(settings.payload_storage_path) == ["conv_3/conv_3_transcription.json"]


def test_what_cannot_be_kept_is_an_error_and_what_memory_lacks_is_told(settings, capsys):
    root = settings.payload_storage_path
    fill(root, 100)
    remember(settings)
    (root / "conv_100/conv_100_transcription.json").write_bytes(b"{}")
    told = run(settings, capsys, expect=1, retain_transcripts_days=30)
    assert "conv_100/conv_100_transcription.json" in told.err
    fill(root, 90)
    told = run(settings, capsys, expect=1, retain_transcripts_days=30)
    assert "1 files are due and stay until memory has what is in them" in told.out


def test_without_a_spool_or_a_memory_it_says_so(settings, capsys):
    for command in (
        lambda: retain(settings, dry_run=False, as_json=False),
        lambda: show_stats(settings, as_json_document=False),
    ):
        with pytest.raises(SpoolError, match="no spool"):
            command()
    fill(settings.payload_storage_path, 3)
    with pytest.raises(MemoryStoreError, match="no memory file"):
        retain(settings, dry_run=False, as_json=False)


def test_the_numbers_are_printed_and_are_json(settings, capsys):
    fill(settings.payload_storage_path, 100, 2)
    remember(settings)
    run(settings, capsys, retain_audio_days=30, retain_memories_days=30)
    assert show_stats(settings, as_json_document=False) == 0
    told = capsys.readouterr().out
    assert "conversations 2, failed calls 0, callers " in told
    assert "recordings            1 files" in told
    assert "dropped: retention  1 files" in told
    assert "memories of 1 events have expired" in told
    assert "arrived a month" in told
    assert "backlog 0, parked 0, quarantine 0" in told
    assert "retention last ran at" in told
    assert show_stats(settings, as_json_document=True) == 0
    numbers = json.loads(capsys.readouterr().out)
    assert numbers["kept"]["recordings"] == {"files": 1, "size_bytes": len(MP3)}
    assert numbers["retention"]["finished_at"]


@pytest.mark.timeout(180)
def test_a_server_that_stores_nothing_still_knows_its_callers_after_a_kill(tmp_path):
    root = tmp_path / "data/spool"
    fill(root, 100)
    with program(tmp_path) as running:
        running.environment |= {"STORE_AUDIO": "false", "STORE_TRANSCRIPTS": "false"}
        running.start("all-in-one")
        running.run("simulate")
        running.wait_for_memory()
        wait_until(lambda: files_of(root) and all(map(is_kept_file, files_of(root))), running)
        export = running.export()
        running.kill()
        running.start("all-in-one")
        running.wait_for_memory()
        told = json.loads(running.run("retention", "--json").stdout)
        assert (told["groups"], told["problems"], told["finished"]) == ([], [], 0)
        numbers = json.loads(running.run("stats", "--json").stdout)
        assert numbers["conversations"] == 2
        assert numbers["dropped"]["not_stored"]["files"] == 4
        running.run("processor", "rebuild")
        assert running.export() == export
        running.run("spool", "verify")
        running.environment["RETAIN_MEMORIES_DAYS"] = "30"  # for the command: the server's is 0
        running.run("retention")
        wait_until(lambda: "conv_100" not in running.export(), running)
        assert "Traceback" not in running.log()


def wait_until(condition, running, *, seconds=30.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, running.log()
        time.sleep(0.05)
