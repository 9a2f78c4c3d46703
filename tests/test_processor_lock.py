"""Who serves waits for a command that has the processor's place, and for nobody else."""

import asyncio
import os
import time

import pytest

from memory.in_memory import InMemoryStore
from processor import lock as locks
from processor.errors import ProcessorLocked
from processor.lock import held, held_by_server, is_held, processor_lock
from processor.service import run_processor
from tests.erasures import ANA, fill_spool
from tests.program import free_port, program
from tests.spools import QUICK, a_spool, calls, deliver, until


def by_command(path):
    return held(path, refusal=ProcessorLocked, holder="processor", is_command=True)


def by_server(path):
    return held_by_server(path, refusal=ProcessorLocked, holder="processor")


async def test_a_server_waits_for_a_command_without_holding_up_its_loop(tmp_path):
    path, ticks = tmp_path / "lock", []

    async def serve():
        async with by_server(path):
            return True

    with by_command(path):
        serving = asyncio.create_task(serve())
        for _ in range(50):
            began = time.monotonic()
            await asyncio.sleep(0.01)
            ticks.append(time.monotonic() - began)
        assert not serving.done()
    assert await asyncio.wait_for(serving, 5)
    assert sorted(ticks)[len(ticks) // 2] < 0.1
    assert not is_held(path)


async def test_a_server_waits_for_no_other_server_and_for_a_command_not_for_ever(
    tmp_path, monkeypatch
):
    path = tmp_path / "lock"
    with by_command(path):
        pass  # what it said is there until the next one holds it
    async with by_server(path):
        began = time.monotonic()
        with pytest.raises(ProcessorLocked, match=rf"another processor .*pid {os.getpid()}\)"):
            await by_server(path).__aenter__()
        assert time.monotonic() - began < 5
    monkeypatch.setattr(locks, "_PATIENCE_WITH_COMMAND_S", 0.5)
    with by_command(path), pytest.raises(ProcessorLocked, match=rf"pid {os.getpid()}\)"):
        await by_server(path).__aenter__()
    async with by_server(path):  # who was refused holds nothing
        pass


async def test_a_command_is_refused_while_a_server_works(tmp_path):
    async with by_server(tmp_path / "lock"):
        with pytest.raises(ProcessorLocked), by_command(tmp_path / "lock"):
            pass


async def test_a_processor_starts_when_the_command_has_ended(tmp_path):
    with a_spool(tmp_path) as spool:
        deliver(spool, *calls(2))
    store, stop = InMemoryStore(), asyncio.Event()
    with by_command(processor_lock(tmp_path)):
        running = asyncio.create_task(run_processor(tmp_path, store, stop=stop, options=QUICK))
        await asyncio.sleep(0.6)
        assert not running.done()

    async def has_both():
        return (await store.counts()).conversations == 2

    await until(has_both)
    stop.set()
    await running


def test_a_server_starts_while_an_erasure_waits_for_somebody_else(tmp_path):
    with program(tmp_path) as running:
        fill_spool(running.spool)
        running.run("processor", "rebuild", expect=1)  # one event cannot be read
        running.run("history", "index")
        running.environment |= {
            "OPENMEMORY_MODE": "remote",
            "OPENMEMORY_PORT": f"http://127.0.0.1:{free_port()}",  # nobody answers there
            "OPENMEMORY_KEY": "a-key",
        }
        asking = running.spawn("callers", "forget", ANA, "--yes")
        try:
            deadline = time.monotonic() + 30
            while "Waiting for" not in running.log():
                assert time.monotonic() < deadline, running.log()
                assert asking.poll() is None, running.log()
                time.sleep(0.02)
            running.start("all-in-one")
            assert asking.poll() is None, running.log()
            assert running.end() == 0
        finally:
            asking.kill()
            asking.wait(10)
