"""Retention and a rebuild at the same time: what goes is missed by neither of them."""

import asyncio

import pytest

import cli.keeping.retention
from memory.in_memory import InMemoryStore
from processor import rebuild as rebuilding
from processor.apply import attempt
from processor.errors import RebuildRunning
from processor.lock import held, rebuild_lock
from processor.rebuild import rebuild
from processor.retention import carry_out as carrying_out
from processor.retention.keeping import keeping
from processor.retention.last_run import read_last_run
from processor.retention.nightly import NightlyOptions, run_nightly
from processor.retention.run import run_retention
from processor.retention.upkeep import Upkeep
from settings import Settings
from spool import dropped as dropping
from spool.dropped import Drop, Dropped, kept_path, note_dropped
from spool.durable import remove_files
from spool.standing_orders import Orders
from tests.memories import exported
from tests.retentions import (
    NOW,
    a_job,
    days,
    files_of,
    process,
    receipts,
    store_call,
)
from tests.spools import QUICK, a_spool, a_store, until


@pytest.fixture
def five(tmp_path, monkeypatch):
    """The spool of five old calls, whose files retention lets go of one by one."""
    monkeypatch.setattr(carrying_out, "_AT_ONCE", 1)
    with a_spool(tmp_path) as spool:
        for number in range(5):
            store_call(spool, f"conv_{number}", age=100 + number, audio=False)
    return tmp_path


@pytest.fixture
def rebuild_begins(monkeypatch):
    """A rebuild that begins as soon as the first file has gone; calling this is its end."""
    lock, begun, real = [], [], carrying_out.remove_files

    def remove(root, files):
        count = real(root, files)
        if not lock:
            lock.append(held(rebuild_lock(root), refusal=RebuildRunning, holder="rebuild"))
            lock[0].__enter__()
            begun.append(True)
        return count

    def end():
        lock[0].__exit__(None, None, None)

    async def has_begun():
        return begun != []

    end.has_begun = has_begun

    monkeypatch.setattr(carrying_out, "remove_files", remove)
    return end


def let_go(root, receipt, *, what="file"):
    """What another process does that lets go of an event."""
    kept = keeping(root, QUICK.rules)(receipt) if what == "file" else ""
    drop = Drop(file=receipt.file, what=what, reason="retention", at=NOW, kept_sha256=kept)
    dropping.note_dropped(root, [drop])
    remove_files(root, [receipt.file])


async def test_a_run_stops_as_soon_as_a_rebuild_begins_and_the_next_goes_on(five, rebuild_begins):
    store = InMemoryStore()
    await process(five, store)
    job = a_job(five, store, transcripts=days(30))
    report = await run_retention(job)
    assert (report.groups[0].count, report.is_complete) == (1, False)
    assert read_last_run(five).finished_at is None
    rebuild_begins()
    report = await run_retention(job)
    assert (report.groups[0].count, report.is_complete) == (4, True)


async def test_the_nightly_run_goes_on_when_the_rebuild_has_ended(five, rebuild_begins):
    store, stop = InMemoryStore(), asyncio.Event()
    await process(five, store)

    async def gone(count):
        return sum(each.endswith(".memories.json") for each in files_of(five)) == count

    options = NightlyOptions(first_run_seconds=0.05, retry_seconds=0.3)
    job = a_job(five, store, transcripts=days(30))
    task = asyncio.create_task(run_nightly(job, stop=stop, options=options))
    try:
        await until(rebuild_begins.has_begun, seconds=30)
        assert await gone(1)
        rebuild_begins()
        await until(lambda: gone(5), seconds=30)
    finally:
        stop.set()
        await task


async def test_what_is_not_to_be_stored_stays_until_the_rebuild_has_ended(five, rebuild_begins):
    store = InMemoryStore()
    await process(five, store)
    upkeep = Upkeep(a_job(five, store, store_transcripts=False))
    await upkeep.after_catching_up()
    assert len(Dropped(five).all_files()) == 1
    rebuild_begins()
    await upkeep.after_catching_up()
    assert len(Dropped(five).all_files()) == 5


async def test_the_command_says_that_it_is_to_be_run_again(
    tmp_path, five, rebuild_begins, monkeypatch, capsys
):
    store = InMemoryStore()
    await process(five, store)
    report = await run_retention(a_job(five, store, transcripts=days(30)))
    rebuild_begins()

    async def reported(*_, **__):
        return report

    monkeypatch.setattr(cli.keeping.retention, "_retain", reported)
    settings = Settings(_env_file=None, payload_storage_path=five, retain_transcripts_days=30)
    retain = cli.keeping.retention.retain
    retain_now = asyncio.to_thread(retain, settings, dry_run=False, as_json=False)
    assert await retain_now == 1
    assert "run this again" in capsys.readouterr().err


async def test_a_rebuild_misses_nothing_that_goes_while_it_reads(five, monkeypatch):
    monkeypatch.setattr(rebuilding, "_CHUNK", 1)
    async with a_store(five / "m.db") as store:
        await process(five, store)
        live = await exported(store)
        newest = receipts(five)[0]  # read last

        def meanwhile(done, _total):
            if done == 1:
                let_go(five, newest)

        report = await rebuild(five, store, options=QUICK, workers=1, on_progress=meanwhile)
        assert report.failed == 0
        assert await exported(store) == live


@pytest.mark.parametrize("what", ["file", "memories", "kept"])
def test_an_event_that_goes_at_this_moment_is_no_failure(five, what):
    orders, receipt = Orders(five), receipts(five)[0]
    expected = attempt(five, receipt, rules=QUICK.rules, orders=orders)
    let_go(five, receipt, what="file" if what == "kept" else what)
    if what == "kept":  # what memory has of it goes right after
        orders.refresh()
        note_dropped(five, [Drop(file=receipt.file, what="memories", reason="retention", at=NOW)])
        remove_files(five, [kept_path(receipt.file)])
    result = attempt(five, receipt, rules=QUICK.rules, orders=orders)
    assert result == (expected if what == "file" else None)


def test_a_file_that_is_missing_is_a_failure_still(five):
    orders, receipt = Orders(five), receipts(five)[0]
    (five / receipt.file).unlink()
    result = attempt(five, receipt, rules=QUICK.rules, orders=orders)
    assert "spool verify" in result
