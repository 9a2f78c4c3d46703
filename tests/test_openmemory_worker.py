"""The process that has the OpenMemory SDK: it hangs, dies, talks nonsense, and outlives nobody."""

import asyncio
import logging
import os
import signal
import struct
import sys
import textwrap
from pathlib import Path

import msgspec
import pytest

from memory.openmemory.backend import BackendRefused, BackendUnreachable
from memory.openmemory.sdk.backend import SdkBackend
from memory.openmemory.sdk.process import SdkProcess
from memory.openmemory.sdk.protocol import Answered, Asked, ListUsers, framed, read_frame
from tests.openmemory.sdk_cases import (
    ADA,
    BOB,
    KINDS,
    STAND_IN,
    environment_of,
    is_running,
    process_of,
    put,
    sdk,
    stored,
    until,
)

ROOT = Path(__file__).parent.parent
each_kind = pytest.mark.parametrize("kind", KINDS)


@each_kind
async def test_a_process_that_hangs_costs_its_time_limit_and_is_started_again(tmp_path, kind):
    async with sdk(tmp_path, kind=kind) as backend:
        row_id = await put(backend, ADA, "Ada repairs clocks")
        backend._process.silence_seconds = backend._query_seconds = backend._seconds = 0.5
        first = process_of(backend)
        os.kill(first.pid, signal.SIGSTOP)
        with pytest.raises(BackendUnreachable, match=r"0\.5 s"):
            await backend.query(ADA, "clocks", limit=3)
        await first.wait()
        backend._process.silence_seconds = backend._query_seconds = backend._seconds = 40
        assert [match.id for match in await backend.query(ADA, "clocks", limit=3)] == [row_id]
        assert process_of(backend).pid != first.pid


async def test_a_call_of_the_sdk_that_hangs_ends_with_the_process(tmp_path):
    async with sdk(tmp_path, faults=["add hang"]) as backend:
        await backend.users()
        backend._process.silence_seconds = 0.5
        with pytest.raises(BackendUnreachable, match=r"no answer for 0\.5 s"):
            await put(backend, ADA, "Ada repairs clocks")
        backend._process.silence_seconds = 40
        assert await backend.rows(ADA) == []
        await put(backend, ADA, "Ada repairs clocks")


async def test_an_answer_that_comes_too_late_is_nobody_elses(tmp_path):
    async with sdk(tmp_path) as backend:
        await put(backend, ADA, "Ada repairs clocks")
        os.kill(process_of(backend).pid, signal.SIGSTOP)
        backend._query_seconds = 0.2
        with pytest.raises(BackendUnreachable, match=r"0\.2 s"):
            await backend.query(ADA, "clocks", limit=3)
        os.kill(process_of(backend).pid, signal.SIGCONT)
        assert await backend.users() == {ADA}
        assert not backend._process._child._owed


@each_kind
async def test_a_killed_process_fails_what_is_asked_of_it_and_then_works_again(tmp_path, kind):
    async with sdk(tmp_path, kind=kind) as backend:
        row_id = await put(backend, ADA, "Ada repairs clocks")
        process = process_of(backend)
        os.kill(process.pid, signal.SIGSTOP)
        asked = [asyncio.create_task(put(backend, BOB, f"text{n} {n * 97}")) for n in range(20)]
        await until(lambda: len(backend._process._child._owed) == 20)
        os.kill(process.pid, signal.SIGKILL)
        results = await asyncio.gather(*asked, return_exceptions=True)
        assert all(isinstance(result, BackendUnreachable) for result in results)
        assert "exit code -9" in str(results[0])
        assert (await backend.get(ADA, row_id)).content == "Ada repairs clocks"


async def test_a_process_that_was_killed_while_idle_is_started_again(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    async with sdk(tmp_path) as backend:
        await put(backend, ADA, "Ada repairs clocks")
        process = process_of(backend)
        os.kill(process.pid, signal.SIGKILL)
        await process.wait()
        await until(lambda: backend._process._child.is_over)
        assert await backend.users() == {ADA}
    actions = [getattr(record, "action", None) for record in caplog.records]
    assert actions == ["openmemory_process_failed", "openmemory_process_back"]


async def test_a_process_that_dies_again_and_again_is_left_alone_for_a_while(tmp_path, caplog):
    async with sdk(tmp_path, faults=["open die"] * 9) as backend:
        for _ in range(2):
            with pytest.raises(BackendUnreachable, match="exit code 7"):
                await backend.users()
        with pytest.raises(BackendUnreachable, match="keeps failing") as unreachable:
            await backend.users()
        assert 0 < unreachable.value.retry_after_seconds <= 1
        assert (tmp_path / "faults").read_text("utf-8").count("die") == 7  # none was started
        backend._process._not_before = 0
        with pytest.raises(BackendUnreachable, match="exit code 7"):
            await backend.users()
        with pytest.raises(BackendUnreachable) as unreachable:
            await backend.users()
        assert 1 < unreachable.value.retry_after_seconds <= 2
        (tmp_path / "faults").unlink()
        backend._process._not_before = 0
        assert await backend.users() == set()
    assert [r.action for r in caplog.records] == ["openmemory_process_failed"]  # once


async def test_a_start_that_hangs_is_given_up(tmp_path):
    async with sdk(tmp_path, timeout_seconds=1, faults=["import hang"]) as backend:
        with pytest.raises(BackendUnreachable):
            await backend.users()
        await until(lambda: backend._process._child.is_over)


@pytest.mark.parametrize(
    ("fault", "error", "message"),
    [
        ("open locked", BackendUnreachable, "OperationalError"),
        ("open value", BackendRefused, "ValueError"),
        ("history raise", BackendUnreachable, "ListRows failed in the OpenMemory SDK with Runtime"),
        ("history locked", BackendUnreachable, r"sqlite3\.OperationalError"),
    ],
)
async def test_what_the_sdk_raises_is_told_without_its_words(tmp_path, fault, error, message):
    async with sdk(tmp_path, faults=[fault]) as backend:
        with pytest.raises(error, match=message) as raised:
            await backend.rows(ADA)
        assert "Ada" not in str(raised.value)
        assert ADA not in str(raised.value)
        assert await backend.rows(ADA) == []


@pytest.mark.parametrize("fault", ["add half", "add half-raise"])
async def test_what_a_broken_off_add_left_does_not_swallow_the_next_one(tmp_path, fault):
    async with sdk(tmp_path, faults=[fault]) as backend:
        with pytest.raises(BackendUnreachable):
            await put(backend, ADA, "Ada repairs clocks")
        assert len(await backend.rows(ADA)) == 1  # it is listed, but nothing would find it
        row_id = await put(backend, ADA, "Ada repairs clocks")
        assert [row.id for row in await backend.rows(ADA)] == [row_id]
        assert [match.id for match in await backend.query(ADA, "clocks", limit=3)] == [row_id]


async def test_what_a_broken_off_add_left_long_ago_is_removed_when_rows_are_listed(tmp_path):
    async with sdk(tmp_path, faults=["add half"]) as backend:
        with pytest.raises(BackendUnreachable):
            await put(backend, ADA, "Ada repairs clocks")
        stored(tmp_path, "UPDATE memories SET created_at = created_at - 61000 RETURNING id")
        assert await backend.rows(ADA) == []
        assert stored(tmp_path, "SELECT id FROM memories") == []


async def test_queries_go_before_what_is_waiting(tmp_path):
    async with sdk(tmp_path) as backend:
        await backend.users()
        order = []

        async def noted(name, asked):
            await asked
            order.append(name)

        os.kill(process_of(backend).pid, signal.SIGSTOP)
        adds = [put(backend, ADA, f"{n} clocks{n} and{n * 31} watches{n}") for n in range(20)]
        tasks = [asyncio.create_task(noted("add", add)) for add in adds]
        await until(lambda: len(backend._process._child._owed) == 20)
        query = asyncio.create_task(noted("query", backend.query(ADA, "clocks", limit=3)))
        await until(lambda: len(backend._process._child._owed) == 21)
        os.kill(process_of(backend).pid, signal.SIGCONT)
        await asyncio.gather(query, *tasks)
        assert order.index("query") < 19


async def test_questions_that_were_given_up_do_not_pile_up(tmp_path):
    async with sdk(tmp_path) as backend:
        await put(backend, ADA, "Ada repairs clocks")
        os.kill(process_of(backend).pid, signal.SIGSTOP)
        backend._query_seconds = 0.2
        asked = [backend.query(ADA, f"clocks {n}", limit=3) for n in range(40)]
        results = await asyncio.gather(*asked, return_exceptions=True)
        assert backend._process._child.owes == 32
        assert sum("busy" in str(result) for result in results) == 8
        os.kill(process_of(backend).pid, signal.SIGCONT)
        assert await backend.users() == {ADA}
        backend._query_seconds = 40
        assert len(await backend.query(ADA, "clocks", limit=3)) == 1


async def test_closing_does_not_wait_for_a_process_that_hangs(tmp_path, monkeypatch):
    monkeypatch.setattr("memory.openmemory.sdk.child._END_S", 0.2)
    async with sdk(tmp_path) as backend:
        await backend.users()
        process = process_of(backend)
        os.kill(process.pid, signal.SIGSTOP)
        asked = asyncio.create_task(backend.users())
        await until(lambda: backend._process._child._owed)
        await backend.close()
        with pytest.raises(BackendUnreachable, match="closed"):
            await asked
    assert process.returncode == -signal.SIGKILL


async def test_what_gave_up_asking_leaves_nothing_behind(tmp_path):
    async with sdk(tmp_path) as backend:
        asked = asyncio.create_task(put(backend, ADA, "Ada repairs clocks"))
        await asyncio.sleep(0)
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
        await put(backend, ADA, "Ada repairs clocks")
        assert len(await backend.rows(ADA)) == 1


async def test_closing_before_anything_was_asked_is_fine(tmp_path):
    database = tmp_path / "openmemory.db"
    environment = environment_of("stand-in", database)
    backend = await SdkBackend.open(database, environment=environment)
    await backend.close()


async def test_an_interpreter_that_cannot_be_started_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "executable", str(tmp_path / "nothing"))
    async with sdk(tmp_path) as backend:
        with pytest.raises(BackendUnreachable, match="cannot be started"):
            await backend.users()


@pytest.mark.parametrize(
    "nonsense",
    [
        struct.pack(">I", 0xFFFFFFFF),
        struct.pack(">I", 3) + b"abc",
        struct.pack(">I", 9) + b"short",
        b"\0",
        framed(Answered(id=0, result=msgspec.Raw(b"\x01"))),
    ],
)
async def test_a_process_that_sends_nonsense_is_ended(tmp_path, monkeypatch, nonsense):
    monkeypatch.setattr("memory.openmemory.sdk.child._END_S", 0.2)
    script = tmp_path / "python"
    program = f"import os, time; os.write(1, {nonsense!r}); os.close(1); time.sleep(60)"
    script.write_text(f'#!/bin/sh\nexec {sys.executable} -c "{program}"\n', "utf-8")
    script.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(script))
    process = SdkProcess(tmp_path / "x.db", environment={}, silence_seconds=40, name="the SDK")
    with pytest.raises(BackendUnreachable):
        await process.ask(ListUsers(), seconds=20)
    await process.close()


async def test_the_result_must_be_of_the_kind_that_was_asked_for(tmp_path, monkeypatch):
    async with sdk(tmp_path) as backend:
        wrong = msgspec.Raw(msgspec.msgpack.encode(17))

        async def ask(request, *, seconds):
            return wrong

        monkeypatch.setattr(backend._process, "ask", ask)
        with pytest.raises(BackendUnreachable, match="nobody can read"):
            await backend.users()


PARENT = """
    import asyncio, os, sys
    from pathlib import Path
    from memory.openmemory.sdk.backend import SdkBackend
    from tests.openmemory.sdk_cases import environment_of, process_of

    async def main(kind, database, faults):
        environment = environment_of(kind, database, faults=faults)
        backend = await SdkBackend.open(database, environment=environment)
        await backend.users()
        print(process_of(backend).pid, flush=True)
        await backend.add("+15550100142", "Ada repairs clocks", tags=(), metadata={})
        print("added", flush=True)
        await asyncio.sleep(3600)

    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])))
"""


async def parent_of_a_process(tmp_path, kind):
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", textwrap.dedent(PARENT)),
        *(kind, tmp_path / "openmemory.db", tmp_path / "faults"),
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
    )


@each_kind
async def test_the_process_ends_when_its_parent_is_killed(tmp_path, kind):
    parent = await parent_of_a_process(tmp_path, kind)
    pid = int(await parent.stdout.readline())
    assert await parent.stdout.readline() == b"added\n"
    parent.kill()
    await parent.wait()
    await until(lambda: not is_running(pid))
    async with sdk(tmp_path, kind=kind) as backend:
        assert [row.content for row in await backend.rows(ADA)] == ["Ada repairs clocks"]


async def test_the_process_ends_when_its_parent_is_killed_even_if_the_sdk_hangs(tmp_path):
    (tmp_path / "faults").write_text("add hang", "utf-8")
    parent = await parent_of_a_process(tmp_path, "stand-in")
    pid = int(await parent.stdout.readline())
    await until(lambda: not (tmp_path / "faults").read_text("utf-8"))
    parent.kill()
    await parent.wait()
    await until(lambda: not is_running(pid))


async def a_worker(tmp_path):
    database = tmp_path / "openmemory.db"
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "memory.openmemory.sdk.worker", str(database)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
        env=environment_of("stand-in", database),
    )


async def test_the_signals_of_a_stop_do_not_break_off_what_it_does(tmp_path):
    worker = await a_worker(tmp_path)
    assert b"version" in await read_frame(worker.stdout)
    worker.send_signal(signal.SIGINT)
    worker.send_signal(signal.SIGTERM)
    worker.stdin.write(framed(Asked(id=1, request=ListUsers())))
    answered = msgspec.msgpack.decode(await read_frame(worker.stdout), type=Answered)
    assert (answered.id, answered.failure) == (1, None)
    worker.stdin.close()
    assert await worker.wait() == 0
    assert await worker.stdout.read() == b""


async def test_it_refuses_an_empty_user_itself_and_ends_at_nonsense(tmp_path):
    worker = await a_worker(tmp_path)
    await read_frame(worker.stdout)
    empty = {"id": 1, "request": {"type": "ListRows", "user": ""}}
    content = msgspec.msgpack.encode(empty)
    worker.stdin.write(struct.pack(">I", len(content)) + content)
    answered = msgspec.msgpack.decode(await read_frame(worker.stdout), type=Answered)
    assert answered.failure.kind == "refused"
    worker.stdin.write(struct.pack(">I", 2) + b"\x01\x02")
    assert await worker.wait() == 0
    worker.stdin.close()


def test_only_the_process_imports_the_sdk():
    for path in sorted((ROOT / "memory").rglob("*.py")):
        text = path.read_text("utf-8")
        is_its_own = path.name == "adapter.py"
        assert ('import_module("openmemory")' in text) == is_its_own, path
    assert (STAND_IN / "openmemory" / "__init__.py").exists()
