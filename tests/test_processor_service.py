"""The running processor: follows, survives, refuses a second one, and can be killed."""

import asyncio
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from memory.embedded import EmbeddedStore
from memory.errors import MemoryStoreError, MemoryUnavailable
from memory.in_memory import InMemoryStore
from memory.port import Position
from processor.errors import ProcessorError, ProcessorLocked
from processor.follow import follow
from processor.lock import is_held, processor_lock
from processor.rebuild import rebuild
from processor.service import catch_up, run_processor
from processor.status import count_backlog, read_status
from spool.reader import ledger_path
from spool.standing_orders import Orders
from tests.factories import transcription_payload
from tests.memories import a_call, exported
from tests.spools import QUICK, a_spool, a_store, calls, deliver, poison, running, until
from voice.rules import Rules

PROJECT = Path(__file__).parent.parent

# A real processor in a process of its own, slow enough to be killed in the middle.
SLOW_PROCESSOR = """
import asyncio, sys
from pathlib import Path
from memory.embedded import EmbeddedStore
from processor.service import run_processor
from tests.spools import QUICK

async def main(root, memory):
    store = await EmbeddedStore.open(memory)
    apply = store.apply
    async def slow(*given, **more):
        await apply(*given, **more)
        await asyncio.sleep(0.02)
    store.apply = slow
    print("ready", flush=True)
    await run_processor(root, store, stop=asyncio.Event(), options=QUICK)

asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2])))
"""


def conversations(store, count):
    async def are_there():
        return (await store.counts()).conversations == count

    return are_there


async def test_it_catches_up_and_then_follows(tmp_path):
    with a_spool(tmp_path) as spool:
        deliver(spool, *calls(40))
        async with a_store(tmp_path / "m.db") as store, running(tmp_path, store):
            await until(conversations(store, 40))
            deliver(spool, *calls(3, first=40))
            await until(conversations(store, 43))
            status = await read_status(tmp_path, store, rules=Rules())
            assert (status.backlog, status.is_running, status.is_rebuilding) == (0, True, False)
        assert not is_held(processor_lock(tmp_path))


async def test_it_may_start_before_there_is_a_spool(tmp_path):
    root = tmp_path / "spool"
    async with a_store(tmp_path / "m.db") as store, running(root, store):
        await asyncio.sleep(0.05)
        with a_spool(root) as spool:
            deliver(spool, *calls(1))
            await until(conversations(store, 1))


async def test_a_second_processor_is_refused_and_told_who_works(tmp_path):
    async with a_store(tmp_path / "m.db") as store, running(tmp_path, store):
        await until(lambda: asyncio.sleep(0, is_held(processor_lock(tmp_path))))
        with pytest.raises(ProcessorLocked, match=f"another processor .*pid {os.getpid()}"):
            await run_processor(tmp_path, InMemoryStore(), stop=asyncio.Event(), options=QUICK)


async def test_a_spool_that_cannot_be_locked_is_named(tmp_path):
    (tmp_path / ".spool").write_text("a file where the folder should be")
    with pytest.raises(ProcessorError, match=r"cannot lock .*processor\.lock"):
        await run_processor(tmp_path, InMemoryStore(), stop=asyncio.Event(), options=QUICK)


async def test_asking_for_the_status_never_keeps_a_processor_from_starting(tmp_path):
    store = InMemoryStore()
    for _ in range(20):
        stop = asyncio.Event()
        stop.set()
        asked = asyncio.create_task(asyncio.to_thread(is_held, processor_lock(tmp_path)))
        await run_processor(tmp_path, store, stop=stop, options=QUICK)
        await asked


async def test_a_store_that_fails_for_a_while_costs_nothing(tmp_path, caplog):
    with a_spool(tmp_path) as spool:
        deliver(spool, *calls(2))
    store = InMemoryStore()
    apply, troubles = store.apply, [MemoryUnavailable("the disk is full")]

    async def troubled(*given, **more):
        if troubles:
            raise troubles.pop()
        await apply(*given, **more)

    store.apply = troubled
    async with running(tmp_path, store):
        await until(conversations(store, 2))
    assert await store.failures() == []  # it was not the events' fault
    assert "memory cannot be kept up now" in caplog.text


async def test_an_unforeseen_error_is_logged_and_survived(tmp_path, caplog):
    with a_spool(tmp_path) as spool:
        deliver(spool, *calls(1))
    store = InMemoryStore()
    position, troubles = store.position, [RuntimeError("a bug")]

    async def troubled():
        if troubles:
            raise troubles.pop()
        return await position()

    store.position = troubled
    async with running(tmp_path, store):
        await until(conversations(store, 1))
    assert "RuntimeError: a bug" in caplog.text


async def test_memory_of_another_spool_is_rebuilt(tmp_path):
    for name, first in (("a", 0), ("b", 5)):
        with a_spool(tmp_path / name) as spool:
            deliver(spool, *calls(3, first=first))
    async with a_store(tmp_path / "m.db") as store:
        async with running(tmp_path / "a", store):
            await until(conversations(store, 3))
        assert await count_backlog(tmp_path / "b", store, rules=Rules()) == 3
        async with running(tmp_path / "b", store):

            async def is_rebuilt():
                return "conv_00005" in "".join(await exported(store))

            await until(is_rebuilt)
        assert (await store.counts()).conversations == 3


@pytest.mark.parametrize("change", ["region", "rules"])
async def test_memory_derived_otherwise_is_derived_anew(tmp_path, monkeypatch, caplog, change):
    options = QUICK
    with a_spool(tmp_path) as spool:
        deliver(spool, *calls(2, caller="(202) 555-0142"))
        async with a_store(tmp_path / "m.db") as store:
            async with running(tmp_path, store):
                await until(conversations(store, 2))
            await store.apply([a_call("conv_of_older_rules")])
            if change == "rules":
                monkeypatch.setattr("processor.derive.DERIVATION", 99)
            else:
                options = replace(QUICK, region="US")
            deliver(spool, *calls(1, first=2, caller="(202) 555-0142"))
            async with running(tmp_path, store, options=options):

                async def is_anew():
                    return "conv_of_older_rules" not in "".join(await exported(store))

                await until(is_anew)
                await until(conversations(store, 3))
            assert (await store.counts()).callers == 1
            assert bool(await store.profile("+12025550142")) is (change == "region")
    [reason] = {record.reason for record in caplog.records if hasattr(record, "reason")}
    assert "other rules" in reason
    assert "PHONE_REGION" in reason


async def test_a_region_of_nothing_is_no_region(tmp_path, caplog):
    with a_spool(tmp_path) as spool:
        deliver(spool, *calls(1))
    async with a_store(tmp_path / "m.db") as store:
        for region in (None, "", None):
            options = replace(QUICK, region=region)
            await catch_up(tmp_path, store, options, orders=Orders(tmp_path), stop=asyncio.Event())
    assert "rebuilding" not in caplog.text


async def test_a_stop_ends_the_rebuild_that_it_started_by_itself(tmp_path):
    for name, first in (("a", 0), ("b", 5)):
        with a_spool(tmp_path / name) as spool:
            deliver(spool, *calls(3, first=first))
    async with a_store(tmp_path / "m.db") as store:
        await catch_up(
            tmp_path / "a", store, QUICK, orders=Orders(tmp_path / "a"), stop=asyncio.Event()
        )
        before = await exported(store)
        fresh, stop = store.fresh, asyncio.Event()

        async def stopped_meanwhile():
            stop.set()
            return await fresh()

        store.fresh = stopped_meanwhile
        await catch_up(tmp_path / "b", store, QUICK, orders=Orders(tmp_path / "b"), stop=stop)
        assert stop.is_set()
        assert await exported(store) == before
        assert not list(tmp_path.glob("*m.db.rebuild-*"))


async def test_it_says_what_it_follows_and_when_it_is_up_to_date(tmp_path, caplog):
    store = InMemoryStore()
    with caplog.at_level("INFO", logger="processor"):
        async with running(tmp_path, store):
            with a_spool(tmp_path) as spool:
                deliver(spool, *calls(1))

            async def is_told():
                return "processor_caught_up" in [each.action for each in caplog.records]

            await until(is_told)
    told = [record for record in caplog.records if record.levelname == "INFO"]
    assert [record.action for record in told] == ["processor_follows", "processor_caught_up"]
    assert told[0].spool == str(tmp_path)


async def test_the_folder_that_it_makes_is_for_its_owner_alone(tmp_path):
    stop = asyncio.Event()
    stop.set()
    root = tmp_path / "data" / "spool"
    await run_processor(root, InMemoryStore(), stop=stop, options=QUICK)
    for folder in (root.parent, root, root / ".spool"):
        assert folder.stat().st_mode & 0o777 == 0o700


async def test_a_ledger_cut_shorter_than_memory_is_rebuilt(tmp_path):
    with a_spool(tmp_path) as spool:
        deliver(spool, *calls(3))
    async with a_store(tmp_path / "m.db") as store:
        async with running(tmp_path, store):
            await until(conversations(store, 3))
        lines = ledger_path(tmp_path).read_bytes().splitlines(keepends=True)
        ledger_path(tmp_path).write_bytes(b"".join(lines[:2]))
        async with running(tmp_path, store):
            await until(conversations(store, 2))


async def test_a_rebuild_adopted_by_another_process_is_gone_on_from(tmp_path):
    with a_spool(tmp_path) as spool:
        deliver(spool, *calls(3))
        async with a_store(tmp_path / "m.db") as store, running(tmp_path, store):
            await until(conversations(store, 3))
            async with a_store(tmp_path / "m.db") as of_another_process:
                fresh = await of_another_process.fresh()  # as if it had begun long ago
                await of_another_process.adopt(fresh)
            await until(conversations(store, 3))  # although nothing new arrived


async def test_status_counts_what_is_not_in_memory_yet(tmp_path):
    with a_spool(tmp_path) as spool:
        deliver(spool, *calls(2))
        poison(spool)
    async with a_store(tmp_path / "m.db") as store:
        status = await read_status(tmp_path, store, rules=Rules())
        assert (status.backlog, status.is_running) == (3, False)
        assert status.position == Position()
        async with running(tmp_path, store):

            async def is_parked():
                return bool((await read_status(tmp_path, store, rules=Rules())).parked)

            await until(is_parked)
        status = await read_status(tmp_path, store, rules=Rules())
        assert (status.backlog, len(status.retrying), len(status.parked)) == (0, 0, 1)
        assert status.counts.conversations == 2


@pytest.mark.parametrize("folder", ["missing", "there"])
async def test_following_wakes_at_once_and_ends_when_told(tmp_path, folder):
    if folder == "there":
        (tmp_path / ".spool").mkdir()
    stop, wakes = asyncio.Event(), 0
    async for _ in follow(tmp_path, stop=stop):
        wakes += 1
        if wakes == 2:
            stop.set()
    assert wakes >= 2


async def test_killed_in_the_middle_memory_ends_as_a_rebuild_does(tmp_path):
    root, memory = tmp_path / "spool", tmp_path / "m.db"
    with a_spool(root) as spool:
        deliver(spool, *calls(300))
    positions = []
    for _ in range(2):
        process = subprocess.Popen(
            [sys.executable, "-c", SLOW_PROCESSOR, root, memory],
            cwd=PROJECT,
            stdout=subprocess.PIPE,
        )
        process.stdout.readline()
        async with a_store(memory) as store:
            before = (await store.position()).offset

            async def has_moved(store=store, before=before):
                return (await store.position()).offset > before

            await until(has_moved)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        async with a_store(memory) as store:
            positions.append((await store.counts()).conversations)
    assert 0 < positions[0] < positions[-1] < 300  # it was killed in the middle, each time
    async with a_store(memory) as store, running(root, store):
        await until(conversations(store, 300))
        live = await exported(store)
        await rebuild(root, store, options=QUICK)
        assert await exported(store) == live


async def test_memory_that_is_found_damaged_is_rebuilt_and_no_event_is_blamed(
    tmp_path, monkeypatch
):
    monkeypatch.setattr("memory.embedded_watch._LOOK_EVERY_S", 0.0)
    root, path = tmp_path / "spool", tmp_path / "memory.db"
    calls = [transcription_payload(conversation_id=f"conv_{n}", turns=20) for n in range(30)]
    with a_spool(root) as spool:
        deliver(spool, *calls)
        store = await EmbeddedStore.open(path)
        await catch_up(root, store, QUICK, orders=Orders(root), stop=asyncio.Event())
        before = [line async for line in store.export()]
        await store.close()
        store = await EmbeddedStore.open(path)
        with path.open("r+b") as file:
            file.seek(4096)
            file.write(b"\xa5" * (path.stat().st_size - 4096))
        stop = asyncio.Event()
        running = asyncio.create_task(run_processor(root, store, stop=stop, options=QUICK))
        deliver(spool, transcription_payload(conversation_id="conv_last"))
        async with asyncio.timeout(20):
            while True:
                try:
                    if (await store.counts()).conversations == 31:
                        break
                except MemoryStoreError:
                    pass
                await asyncio.sleep(0.02)
        assert not await store.failures()
        after = [line async for line in store.export()]
        assert set(before) < set(after)
        stop.set()
        await running
        await store.close()
