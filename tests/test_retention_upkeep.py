"""A running processor lets go of what is not to be stored, and forgets what has expired."""

import asyncio
import logging
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from types import SimpleNamespace

import pytest

from history.errors import HistoryUnavailable
from memory.in_memory import InMemoryStore
from processor.apply import derive_alone
from processor.errors import RebuildRunning
from processor.hooks import Hooks
from processor.lock import held, rebuild_lock
from processor.retention.last_run import LastRun, read_last_run, write_last_run
from processor.retention.nightly import NightlyOptions, _Nightly, run_nightly
from processor.retention.run import RetentionRefused, locked, run_retention
from processor.retention.upkeep import Upkeep
from processor.service import run_processor
from spool.dropped import Drop, Dropped, kept_path, note_dropped
from spool.reader import count_lines
from tests.memories import exported
from tests.retentions import (
    NOW,
    a_job,
    days,
    files_of,
    findings,
    process,
    rebuilt,
    receipts,
    retain,
    store_call,
    store_failure,
)
from tests.spools import QUICK, a_spool, a_store, poison, until

OFF = {"store_audio": False, "store_transcripts": False}


@asynccontextmanager
async def processing(root, store, upkeep):
    """A processor with this upkeep, as long as the block runs."""
    stop = asyncio.Event()
    hooks = Hooks(caught_up=upkeep.after_catching_up)
    task = asyncio.create_task(run_processor(root, store, stop=stop, options=QUICK, hooks=hooks))
    try:
        yield
    finally:
        stop.set()
        await task


async def test_with_storing_off_only_receipts_and_what_was_remembered_stay(tmp_path):
    root = tmp_path / "spool"
    with a_spool(root) as spool:
        first = store_call(spool, "conv_1", age=5)
        async with a_store(tmp_path / "m.db") as store:
            async with processing(root, store, Upkeep(a_job(root, store, **OFF))):
                await until(lambda: only(root, kept_path(first[0])))
                [second] = store_failure(spool, "conv_2", age=4)
                await until(lambda: only(root, kept_path(first[0]), kept_path(second)))
            assert await exported(store) == await rebuilt(root)
            assert (await store.counts()).conversations == 2
    reasons = {Dropped(root).file(file).reason for file in (*first, second)}
    assert reasons == {"not_stored"}
    assert findings(root) == []


async def only(root, *files):
    return files_of(root) == sorted(files)


async def test_recordings_alone_can_be_left_out(tmp_path):
    with a_spool(tmp_path) as spool:
        files = store_call(spool, "conv_1", age=5)
    store = InMemoryStore()
    await process(tmp_path, store)
    await Upkeep(a_job(tmp_path, store, store_audio=False)).after_catching_up()
    assert files_of(tmp_path) == [files[0]]


async def test_what_memory_does_not_have_stays(tmp_path):
    with a_spool(tmp_path) as spool:
        file = poison(spool)
    store = InMemoryStore()
    upkeep = Upkeep(a_job(tmp_path, store, **OFF))
    await upkeep.after_catching_up()  # memory has not come so far
    await process(tmp_path, store)
    await upkeep.after_catching_up()  # it failed
    [failure] = await store.failures()
    await store.apply([], failed=[replace(failure, next_attempt_at=None)])
    await upkeep.after_catching_up()  # it is parked
    assert files_of(tmp_path) == [file]
    assert Dropped(tmp_path).file(file) is None


async def test_an_event_that_is_mended_goes_then(tmp_path):
    with a_spool(tmp_path) as spool:
        files = store_call(spool, "conv_1", age=5, audio=False)
    store = InMemoryStore()
    whole = (tmp_path / files[0]).read_bytes()
    (tmp_path / files[0]).write_bytes(b"{}")
    await process(tmp_path, store)
    upkeep = Upkeep(a_job(tmp_path, store, **OFF))
    await upkeep.after_catching_up()
    (tmp_path / files[0]).write_bytes(whole)
    await process(tmp_path, store)
    await upkeep.after_catching_up()
    assert files_of(tmp_path) == files  # it has not been tried again
    await store.apply([], resolved=files)
    await upkeep.after_catching_up()
    assert files_of(tmp_path) == [kept_path(files[0])]


async def test_a_file_that_cannot_be_kept_is_named_once_and_stays(tmp_path, caplog):
    caplog.set_level(logging.WARNING)
    with a_spool(tmp_path) as spool:
        files = store_call(spool, "conv_1", age=5, audio=False)
    store = InMemoryStore()
    await process(tmp_path, store)
    (tmp_path / files[0]).write_bytes(b"{}")
    upkeep = Upkeep(a_job(tmp_path, store, **OFF))
    await upkeep.after_catching_up()
    await upkeep.after_catching_up()
    assert files_of(tmp_path) == files
    told = [each for each in caplog.records if each.action == "unstored_stays"]
    assert len(told) == 1
    assert files[0] in told[0].error


async def test_a_transcript_waits_until_the_history_has_read_it(tmp_path):
    with a_spool(tmp_path) as spool:
        files = store_call(spool, "conv_1", age=5, audio=False)
    store = InMemoryStore()
    await process(tmp_path, store)
    position = 0

    async def tell():
        if position is None:
            raise HistoryUnavailable("the disk is full")
        return position

    upkeep = Upkeep(a_job(tmp_path, store, history=SimpleNamespace(position=tell), **OFF))
    await upkeep.after_catching_up()
    assert files_of(tmp_path) == files
    position = None
    with pytest.raises(RetentionRefused, match="waits for the history: the disk is full"):
        await upkeep.after_catching_up()
    position = (tmp_path / ".spool/ledger.jsonl").stat().st_size
    await upkeep.after_catching_up()
    assert files_of(tmp_path) == [kept_path(files[0])]


async def test_nothing_goes_while_a_rebuild_reads_or_another_run_deletes(tmp_path):
    with a_spool(tmp_path) as spool:
        files = store_call(spool, "conv_1", age=5)
    store = InMemoryStore()
    await process(tmp_path, store)
    upkeep = Upkeep(a_job(tmp_path, store, **OFF))
    with held(rebuild_lock(tmp_path), refusal=RebuildRunning, holder="rebuild"):
        await upkeep.after_catching_up()
    with locked(tmp_path):
        await upkeep.after_catching_up()
    assert files_of(tmp_path) == sorted(files)
    await upkeep.after_catching_up()
    assert files_of(tmp_path) == [kept_path(files[0])]


async def test_nothing_goes_while_memory_is_derived_again(tmp_path):
    with a_spool(tmp_path) as spool:
        first = store_call(spool, "conv_1", age=5, audio=False)
        store = InMemoryStore()
        await process(tmp_path, store)
        job = a_job(tmp_path, store, **OFF)
        upkeep = Upkeep(job)
        await upkeep.after_catching_up()
        second = store_call(spool, "conv_2", age=5, audio=False)
        await store.adopt(await store.fresh())  # empty
        await upkeep.after_catching_up()
        assert second[0] in files_of(tmp_path)
        await process(tmp_path, store)
        await upkeep.after_catching_up()
    assert files_of(tmp_path) == [kept_path(first[0]), kept_path(second[0])]


async def test_what_was_noted_and_is_there_after_a_kill_is_deleted_at_the_start(tmp_path):
    with a_spool(tmp_path) as spool:
        files = store_call(spool, "conv_1", age=5)
    store = InMemoryStore()
    await process(tmp_path, store)
    note_dropped(tmp_path, [Drop(file=files[1], what="file", reason="not_stored", at=NOW)])
    await Upkeep(a_job(tmp_path, store, store_audio=False)).after_catching_up()
    assert files_of(tmp_path) == [files[0]]


async def test_many_files_go_a_few_at_a_time(tmp_path):
    with a_spool(tmp_path) as spool:
        for number in range(300):
            store_call(spool, f"conv_{number}", age=5, audio=False)
    store = InMemoryStore()
    await process(tmp_path, store)
    upkeep = Upkeep(a_job(tmp_path, store, **OFF))
    await upkeep.after_catching_up()
    assert len(Dropped(tmp_path).all_files()) == 256
    await upkeep.after_catching_up()
    assert len(Dropped(tmp_path).all_files()) == 300
    assert count_lines(tmp_path, offset=0) == 300


async def test_what_another_process_lets_expire_is_forgotten_within_a_moment(tmp_path):
    with a_spool(tmp_path) as spool:
        store_call(spool, "conv_old", age=100)
        store_call(spool, "conv_new", age=1)
    async with a_store(tmp_path / "m.db") as store:
        upkeep = Upkeep(a_job(tmp_path, store))
        async with processing(tmp_path, store, upkeep):

            async def has(count):
                return (await store.counts()).conversations == count

            await until(lambda: has(2))
            await run_retention(a_job(tmp_path, store, memories=days(30)))
            await until(lambda: has(1))
        assert await exported(store) == await rebuilt(tmp_path)


async def test_memory_that_was_put_back_from_a_copy_forgets_again_at_the_start_and_daily(tmp_path):
    with a_spool(tmp_path) as spool:
        store_call(spool, "conv_old", age=100)
    old = derive_alone(tmp_path, receipts(tmp_path)[0], rules=QUICK.rules)
    store, copy = InMemoryStore(), InMemoryStore()
    for each in (store, copy):
        await process(tmp_path, each)
    await retain(tmp_path, store, memories=days(30))
    left = await exported(store)
    now = NOW
    job = replace(a_job(tmp_path, copy), clock=lambda: now)
    upkeep = Upkeep(job)
    await upkeep.after_catching_up()
    assert await exported(copy) == left
    await copy.apply([old])
    await upkeep.after_catching_up()
    assert await exported(copy) != left  # not every second
    now = NOW + timedelta(days=1)
    await upkeep.after_catching_up()
    assert await exported(copy) == left


SOON = NightlyOptions(first_run_seconds=0.05, retry_seconds=0.1)


@asynccontextmanager
async def nightly(job, options=SOON):
    stop = asyncio.Event()
    task = asyncio.create_task(run_nightly(job, stop=stop, options=options))
    try:
        yield task
    finally:
        stop.set()
        await task


async def test_a_start_runs_it_soon_if_it_never_ran_was_killed_or_is_a_day_late(tmp_path):
    with a_spool(tmp_path) as spool:
        files = store_call(spool, "conv_old", age=100)
    store = InMemoryStore()
    await process(tmp_path, store)
    job = a_job(tmp_path, store, audio=days(30))
    for last in (
        None,
        LastRun(started_at=NOW - timedelta(minutes=5)),
        LastRun(started_at=NOW - days(1), finished_at=NOW - days(1)),
    ):
        if last is not None:
            write_last_run(tmp_path, last)
        async with nightly(job):

            async def has_run():
                run = read_last_run(tmp_path)
                return run is not None and run.started_at == NOW and run.finished_at == NOW

            await until(has_run)
    assert files_of(tmp_path) == [files[0]]


async def test_a_start_after_a_run_of_this_day_waits_for_the_night(tmp_path):
    with a_spool(tmp_path) as spool:
        files = store_call(spool, "conv_old", age=100)
    store = InMemoryStore()
    last = LastRun(started_at=NOW - timedelta(hours=20), finished_at=NOW - timedelta(hours=20))
    write_last_run(tmp_path, last)
    async with nightly(a_job(tmp_path, store, audio=days(30))):
        await asyncio.sleep(0.3)
    assert read_last_run(tmp_path) == last
    assert files_of(tmp_path) == sorted(files)


async def test_without_a_policy_nothing_runs_and_nothing_is_written(tmp_path):
    with a_spool(tmp_path) as spool:
        store_call(spool, "conv_old", age=100)
    async with nightly(a_job(tmp_path, InMemoryStore())):
        await asyncio.sleep(0.2)
    assert read_last_run(tmp_path) is None


async def test_a_run_that_fails_is_logged_and_tried_again(tmp_path, caplog):
    with a_spool(tmp_path) as spool:
        files = store_call(spool, "conv_old", age=100)
    job = a_job(tmp_path, InMemoryStore(), audio=days(30))

    async def has_failed():
        return any(each.action == "retention_failed" for each in caplog.records)

    async def is_done():
        return files_of(tmp_path) == [files[0]]

    with held(rebuild_lock(tmp_path), refusal=RebuildRunning, holder="rebuild"):
        task = nightly(job)
        await task.__aenter__()
        await until(has_failed)
    await until(is_done)
    await task.__aexit__(None, None, None)


async def test_a_spool_that_stays_too_large_is_complained_of(tmp_path, caplog):
    with a_spool(tmp_path) as spool:
        store_call(spool, "conv_old", age=100, audio=False)

    async def is_told():
        return any(each.action == "retention_over" for each in caplog.records)

    async with nightly(a_job(tmp_path, InMemoryStore(), max_bytes=10)):
        await until(is_told)


async def test_it_runs_every_night_at_the_hour_of_this_machine(tmp_path):
    zone = timezone(timedelta(hours=-7))
    job = a_job(tmp_path, InMemoryStore(), audio=days(30))
    timed = _Nightly(job, NightlyOptions(hour=3, minute=17, zone=zone, first_run_seconds=60))
    await timed.start()
    try:
        [at_night] = [each for each in timed._scheduler.get_jobs() if each.id == "retention"]
        next_run = at_night.next_run_time.astimezone(zone)
        assert (next_run.hour, next_run.minute) == (3, 17)
        assert next_run - datetime.now(UTC) <= days(1)
    finally:
        await timed.close()


async def test_an_unforeseen_error_is_logged_without_its_text_and_tried_again(tmp_path, caplog):
    with a_spool(tmp_path) as spool:
        files = store_call(spool, "conv_old", age=100)

    said = "Ana" + " said so"

    class Broken(InMemoryStore):
        tries = 0

        async def position(self):
            self.tries += 1
            if self.tries == 1:
                raise RuntimeError(said)
            return await super().position()

    async def is_done():
        return files_of(tmp_path) == [files[0]]

    async with nightly(a_job(tmp_path, Broken(), audio=days(30))):
        await until(is_done)
    [told] = [each for each in caplog.records if each.action == "retention_failed"]
    assert "RuntimeError" in told.error
    assert said not in told.error + told.trace


async def test_a_file_that_cannot_go_is_named_in_the_log(tmp_path, caplog):
    with a_spool(tmp_path) as spool:
        files = store_call(spool, "conv_old", age=100, audio=False)
    store = InMemoryStore()
    await process(tmp_path, store)
    (tmp_path / files[0]).write_bytes(b"{}")

    async def is_told():
        return any(each.action == "retention_stays" for each in caplog.records)

    async with nightly(a_job(tmp_path, store, transcripts=days(30))):
        await until(is_told)
    assert files_of(tmp_path) == files
