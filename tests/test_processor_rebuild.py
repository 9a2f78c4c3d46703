"""Rebuilding: the switch is atomic, nothing is lost meanwhile, a failed one changes nothing."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from memory.embedded import EmbeddedStore
from memory.errors import MemoryUnavailable
from memory.in_memory import InMemoryStore
from processor import rebuild as rebuilding
from processor.compare import compare
from processor.errors import RebuildFailed, RebuildRunning, RebuildStopped
from processor.lock import held, rebuild_lock
from processor.parked import mark_parked, parked_folder
from processor.rebuild import rebuild
from processor.service import catch_up
from processor.worker import Worker
from spool.standing_orders import Orders
from tests.factories import failure_payload, transcription_payload
from tests.memories import MONDAY, a_call, a_failure, exported
from tests.spools import QUICK, a_spool, a_store, calls, deliver, poison, running, until

PROJECT = Path(__file__).parent.parent


async def caught_up(root, store):
    await catch_up(root, store, QUICK, orders=Orders(root), stop=asyncio.Event())


@pytest.fixture
def many_workers(monkeypatch):
    """Small spools count as large, so that worker processes are used."""
    monkeypatch.setattr(rebuilding, "_WORTH_WORKERS", 1)
    monkeypatch.setattr(rebuilding, "_CHUNK", 7)


async def test_an_incremental_memory_and_a_rebuilt_one_are_the_same(tmp_path):
    with a_spool(tmp_path) as spool:
        deliver(spool, *calls(5), failure_payload())
        deliver(spool, *calls(2, summary="Another revision."))
        poison(spool)
    async with a_store(tmp_path / "m.db") as store:
        await caught_up(tmp_path, store)
        before, position = await exported(store), await store.position()
        report = await rebuild(tmp_path, store, options=QUICK)
        assert await exported(store) == before
        assert await store.position() == position
        assert (report.events, report.failed, report.is_adopted) == (9, 1, True)


async def test_workers_derive_the_same(tmp_path, many_workers):
    with a_spool(tmp_path) as spool:
        deliver(spool, *calls(50))
        poison(spool)
    async with a_store(tmp_path / "m.db") as store:
        seen = []
        report = await rebuild(
            tmp_path,
            store,
            options=QUICK,
            workers=2,
            on_progress=lambda done, total: seen.append((done, total)),
        )
        assert (report.events, report.failed) == (51, 1)
        assert seen[-1] == (51, 51)
        assert seen == sorted(seen)
        reference = InMemoryStore()
        await caught_up(tmp_path, reference)
        assert await exported(store) == await exported(reference)


async def test_old_memory_answers_until_the_switch_and_arrivals_are_not_lost(tmp_path):
    with a_spool(tmp_path) as spool:
        deliver(spool, *calls(5))
        async with a_store(tmp_path / "m.db") as store:
            await store.apply([a_call("conv_not_in_the_spool")])
            seen = []

            def arrive_meanwhile(done, total):
                deliver(spool, *calls(2, first=100))
                seen.append(total)

            report = await rebuild(tmp_path, store, options=QUICK, on_progress=arrive_meanwhile)
            assert (report.events, seen) == (5, [5])
            assert (await store.counts()).conversations == 7  # and the stray one is gone
            await caught_up(tmp_path, store)
            assert (await store.counts()).conversations == 7


async def test_a_rebuild_beside_a_running_processor_loses_and_doubles_nothing(tmp_path):
    with a_spool(tmp_path) as spool:
        deliver(spool, *calls(60))
        async with a_store(tmp_path / "m.db") as store, running(tmp_path, store):
            async with a_store(tmp_path / "m.db") as second:
                work = asyncio.create_task(rebuild(tmp_path, second, options=QUICK))
                for n in range(20):
                    await asyncio.to_thread(deliver, spool, *calls(1, first=100 + n))
                assert (await work).is_adopted

            async def is_complete():
                return (await store.counts()).conversations == 80

            await until(is_complete)
            live = await exported(store)
            report = await rebuild(tmp_path, store, options=QUICK, verify=True)
            assert report.comparison.is_equal
            assert await exported(store) == live


async def test_a_dry_run_counts_and_changes_nothing(tmp_path):
    with a_spool(tmp_path) as spool:
        deliver(spool, *calls(3))
    async with a_store(tmp_path / "m.db") as store:
        report = await rebuild(tmp_path, store, options=QUICK, dry_run=True)
        assert (report.events, report.is_adopted) == (3, False)
        assert await exported(store) == []


async def test_verify_reports_any_difference_and_adopts_nothing(tmp_path):
    with a_spool(tmp_path) as spool:
        deliver(spool, *calls(3))
    async with a_store(tmp_path / "m.db") as store:
        await caught_up(tmp_path, store)
        assert (await rebuild(tmp_path, store, options=QUICK, verify=True)).comparison.is_equal
        invented = a_call("conv_00001", version=(9e9, "ff"), said=["I never said that."])
        await store.apply([invented, a_call("conv_zzz")])
        before = await exported(store)
        report = await rebuild(tmp_path, store, options=QUICK, verify=True)
        assert report.comparison.count == 2
        assert report.comparison.differences == (
            "conv_00001 (call): the live memory differs from the rebuilt one",
            "conv_zzz (call): only in the live memory",
        )
        assert not report.is_adopted
        assert await exported(store) == before


async def test_verify_compares_what_memory_has_seen_so_far(tmp_path):
    with a_spool(tmp_path) as spool:
        deliver(spool, *calls(3))
        async with a_store(tmp_path / "m.db") as store:
            await caught_up(tmp_path, store)
            deliver(spool, *calls(2, first=9))
            assert (await rebuild(tmp_path, store, options=QUICK, verify=True)).comparison.is_equal


async def test_comparing_finds_what_is_on_one_side_only():
    async def lines(*ids):
        for conversation_id in ids:
            yield f'{{"id":"{conversation_id}","kind":"call"}}'

    result = await compare(live=lines("a", "b"), rebuilt=lines("b", "c", "d"))
    assert result.differences == (
        "a (call): only in the live memory",
        "c (call): only in the rebuilt memory",
        "d (call): only in the rebuilt memory",
    )
    assert (await compare(live=lines("a"), rebuilt=lines("a"))).is_equal


async def test_a_second_rebuild_is_refused(tmp_path):
    with (
        a_spool(tmp_path),
        held(rebuild_lock(tmp_path), refusal=RebuildRunning, holder="rebuild"),
        pytest.raises(RebuildRunning, match=f"pid {os.getpid()}"),
    ):
        await rebuild(tmp_path, InMemoryStore(), options=QUICK)


async def test_a_wrong_folder_does_not_empty_memory(tmp_path):
    with a_spool(tmp_path / "right") as spool:
        deliver(spool, *calls(1))
    async with a_store(tmp_path / "m.db") as store:
        await caught_up(tmp_path / "right", store)
        with pytest.raises(RebuildFailed, match="right folder"):
            await rebuild(tmp_path / "wrong", store, options=QUICK)
        assert (await store.counts()).conversations == 1


async def test_an_error_leaves_the_old_memory_and_no_file(tmp_path, monkeypatch):
    with a_spool(tmp_path / "spool") as spool:
        deliver(spool, *calls(3))
    async with a_store(tmp_path / "m.db") as store:
        await store.apply([a_call("conv_old")])

        async def full(self, fresh):
            raise MemoryUnavailable("no space")

        monkeypatch.setattr(EmbeddedStore, "adopt", full)
        with pytest.raises(MemoryUnavailable):
            await rebuild(tmp_path / "spool", store, options=QUICK)
        assert (await store.counts()).conversations == 1
        assert not list(tmp_path.glob("*.rebuild-*"))


async def test_a_dying_worker_fails_the_rebuild_and_nothing_else(
    tmp_path, many_workers, monkeypatch
):
    with a_spool(tmp_path / "spool") as spool:
        deliver(spool, *calls(30))

    class Dying(Worker):
        def derive_at(self, offsets):
            self._process.kill()
            return super().derive_at(offsets)

    monkeypatch.setattr(rebuilding, "Worker", Dying)
    async with a_store(tmp_path / "m.db") as store:
        await store.apply([a_call("conv_old")])
        with pytest.raises(RebuildFailed, match="old memory"):
            await rebuild(tmp_path / "spool", store, options=QUICK, workers=2)
        assert (await store.counts()).conversations == 1
        assert not list(tmp_path.glob("*.rebuild-*"))


async def test_workers_end_at_once_when_the_store_fails_and_never_hold_up_the_event_loop(
    tmp_path, many_workers, monkeypatch
):
    with a_spool(tmp_path / "spool") as spool:
        deliver(spool, *calls(60))
    made, of_threads = [], set()

    class Watched(Worker):
        def __init__(self, *given, **more):
            of_threads.add(threading.current_thread())
            made.append(self)
            super().__init__(*given, **more)

        def close(self):
            of_threads.add(threading.current_thread())
            super().close()

    monkeypatch.setattr(rebuilding, "Worker", Watched)
    store = InMemoryStore()
    fresh = InMemoryStore()

    async def full(*given, **more):
        raise MemoryUnavailable("no space")

    async def full_store():
        fresh.apply = full
        return fresh

    store.fresh = full_store
    with pytest.raises(MemoryUnavailable):
        await rebuild(tmp_path / "spool", store, options=QUICK, workers=2)
    assert [worker._process.poll() for worker in made] == [-signal.SIGKILL] * 2
    assert threading.main_thread() not in of_threads
    assert not [t for t in threading.enumerate() if t.name.startswith("rebuild")]


async def test_a_rebuild_that_is_told_to_stop_leaves_the_old_memory(tmp_path, many_workers):
    with a_spool(tmp_path / "spool") as spool:
        deliver(spool, *calls(40))
    stop, seen = asyncio.Event(), []

    def stop_soon(done, total):
        seen.append(done)
        stop.set()

    async with a_store(tmp_path / "m.db") as store:
        await store.apply([a_call("conv_old")])
        with pytest.raises(RebuildStopped, match="old memory"):
            await rebuild(
                tmp_path / "spool", store, options=QUICK, stop=stop, on_progress=stop_soon
            )
        assert seen == [7]
        assert (await store.counts()).conversations == 1
        assert not list(tmp_path.glob("*m.db.rebuild-*"))


@pytest.mark.parametrize("how", [{}, {"dry_run": True}, {"verify": True}])
@pytest.mark.parametrize("name", ["missing", "empty"])
async def test_where_there_is_no_spool_none_is_made(tmp_path, how, name):
    root = tmp_path / name
    (tmp_path / "empty").mkdir()
    with pytest.raises(RebuildFailed, match=rf"{name}; is that the right folder"):
        await rebuild(root, InMemoryStore(), options=QUICK, **how)
    assert [path.name for path in tmp_path.rglob("*")] == ["empty"]


async def test_memory_derived_otherwise_is_not_compared(tmp_path):
    with a_spool(tmp_path) as spool:
        deliver(spool, *calls(1))
    store = InMemoryStore()
    await caught_up(tmp_path, store)
    with pytest.raises(RebuildFailed, match=r"PHONE_REGION.*processor rebuild"):
        await rebuild(tmp_path, store, options=replace(QUICK, region="US"), verify=True)


async def test_markers_of_what_no_longer_fails_are_removed(tmp_path):
    with a_spool(tmp_path) as spool:
        [file] = deliver(spool, *calls(1))
    async with a_store(tmp_path / "m.db") as store:
        await store.apply([], failed=[a_failure(file, next_attempt_at=None)])
        await mark_parked(tmp_path, store, now=MONDAY)
        assert list(parked_folder(tmp_path).iterdir())
        await rebuild(tmp_path, store, options=QUICK)
        assert not list(parked_folder(tmp_path).iterdir())


async def test_calls_count_in_the_order_they_happened_whenever_they_arrived(tmp_path):
    late, early = (
        transcription_payload(conversation_id="conv_1", event_timestamp=t, summary=s)
        for t, s in ((200, "Late."), (100, "Early."))
    )
    with a_spool(tmp_path) as spool:
        deliver(spool, late, early)
    store = InMemoryStore()
    await rebuild(tmp_path, store, options=QUICK)
    [line] = await exported(store)
    assert '"summary":"Late."' in line


KILLED = """
import asyncio, sys
from pathlib import Path
from memory.embedded import EmbeddedStore
from processor import rebuild as rebuilding
from tests.spools import QUICK

async def main(root, memory):
    store = await EmbeddedStore.open(memory)
    rebuilding._WORTH_WORKERS, rebuilding._CHUNK = 1, 5
    def linger(done, total):
        print(done, flush=True)
        sys.stdin.readline()
    await rebuilding.rebuild(root, store, options=QUICK, workers=2, on_progress=linger)

asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2])))
"""


async def test_a_killed_rebuild_leaves_the_old_memory_and_no_debris(tmp_path):
    root, memory = tmp_path / "spool", tmp_path / "m.db"
    with a_spool(root) as spool:
        deliver(spool, *calls(40))
    async with a_store(memory) as store:
        await store.apply([a_call("conv_old")])
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, root, memory],
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout.readline() == b"5\n"
    assert list(tmp_path.glob("m.db.rebuild-*"))
    process.send_signal(signal.SIGKILL)
    process.communicate()
    async with a_store(memory) as store:
        assert (await store.counts()).conversations == 1
        assert not list(tmp_path.glob("m.db.rebuild-*"))
        await rebuild(root, store, options=QUICK)
        assert (await store.counts()).conversations == 40


async def test_what_fails_in_a_rebuild_is_tried_again_as_everywhere(tmp_path):
    with a_spool(tmp_path) as spool:
        poison(spool)
    store = InMemoryStore()
    await rebuild(tmp_path, store, options=replace(QUICK, clock=lambda: MONDAY))
    [failure] = await store.failures()
    assert failure.attempts == 1
    assert failure.next_attempt_at == MONDAY + timedelta(seconds=QUICK.retry.base_seconds)
