"""Exports are written in threads of their own: who takes them slowly holds up nothing else."""

import asyncio
import io
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import uvloop

import cli.assembly.archive
from cli.assembly.threads_writing import ThreadsWriting
from receiver.archive import TooManyExports
from tests.archives import ADMIN, ANA, some_calls
from tests.factories import audio_payload
from tests.test_archive import opened

PATH = "/callers/%2B15550100142/export"
MP3 = b"ID3\x04" + bytes(range(256)) * 40_000  # ten megabytes: more than any buffer on the way


@asynccontextmanager
async def threads_writing(**options):
    threads = ThreadsWriting(**options)
    try:
        yield threads
    finally:
        await threads.close()


def open_files():
    return sum(1 for _ in Path("/dev/fd").iterdir())


async def promptly(waiting):
    began = time.monotonic()
    result = await asyncio.wait_for(waiting, 5)
    assert time.monotonic() - began < 2
    return result


async def test_eight_exports_that_are_taken_slowly_hold_up_nobody(tmp_path):
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(2))
    payloads = [*some_calls(), audio_payload(conversation_id="conv_ana_2", mp3=MP3)]
    async with opened(tmp_path, payloads=payloads, client_data_key="ring") as looked:
        client, go = looked.running.client, asyncio.Event()

        async def take():
            async with client.get(PATH, headers=ADMIN) as response:
                assert response.status == 200
                await go.wait()
                return await response.read()

        taking = [asyncio.create_task(take()) for _ in range(8)]
        await asyncio.sleep(0.5)  # all that fits into buffers is there
        for _ in range(3):
            assert await promptly(asyncio.to_thread(lambda: 42)) == 42
            answer = await promptly(
                client.post(
                    "/webhook/client-data", json={"caller_id": ANA}, headers={"X-API-Key": "ring"}
                )
            )
            assert answer.status == 200
        go.set()
        for content in await asyncio.gather(*taking):
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                assert archive.testzip() is None
                assert archive.read("conversations/conv_ana_2/conv_ana_2_audio.mp3") == MP3


async def test_who_gets_no_turn_is_told_when_to_ask_again(tmp_path, monkeypatch):
    impatient = ThreadsWriting(at_once=1, patience_seconds=0.1)
    monkeypatch.setattr(cli.assembly.archive, "ThreadsWriting", lambda: impatient)
    payloads = [*some_calls(), audio_payload(conversation_id="conv_ana_2", mp3=MP3)]
    async with opened(tmp_path, payloads=payloads) as looked:
        async with looked.running.client.get(PATH, headers=ADMIN) as slow:
            refused = await looked.get(PATH)
            assert refused.status == 503
            assert int(refused.headers["Retry-After"]) > 0
            assert (await refused.json())["error"]["code"] == "busy"
            assert (await slow.read()).endswith(b"\0\0")
        again = await looked.get(PATH)
        assert again.status == 200
        await again.read()


async def test_the_server_ends_although_somebody_takes_nothing(tmp_path):
    payloads = [*some_calls(), audio_payload(conversation_id="conv_ana_2", mp3=MP3)]
    async with opened(tmp_path, payloads=payloads) as looked:
        response = await looked.get(PATH)
        assert response.status == 200
        looked.running.stop.set()
        response.close()


async def test_a_turn_that_is_over_is_somebody_elses():
    async with threads_writing(at_once=1, patience_seconds=0.05) as threads:
        async with threads.turn():
            with pytest.raises(TooManyExports):
                await threads.turn().__aenter__()
        async with threads.turn():
            pass


async def stops_taking():
    ended = []

    def write(stream):
        try:
            while True:
                stream.write(b"x" * 100_000)
        finally:
            ended.append(True)

    before = open_files()
    async with threads_writing() as threads:
        blocks = threads.written(write)
        assert await anext(blocks)
        await blocks.aclose()
        assert ended == [True]

        blocks = threads.written(write)
        assert await anext(blocks)
        taking = asyncio.create_task(_all(blocks, pause_seconds=60))
        await asyncio.sleep(0.05)
        taking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await taking
        await blocks.aclose()
        assert ended == [True, True]

        left = threads.written(write)
        assert await anext(left)
    assert ended == [True, True, True]
    with pytest.raises(BrokenPipeError):  # the end of the threads is not the end of the content
        await _all(left)
    await asyncio.sleep(0)
    assert open_files() <= before + 2  # the loop's own


async def _all(blocks, *, pause_seconds=0.0):
    taken = b""
    async for block in blocks:
        taken += block
        await asyncio.sleep(pause_seconds)
    return taken


async def test_who_stops_taking_ends_the_writing():
    await stops_taking()


def test_who_stops_taking_ends_the_writing_in_the_programs_own_loop():
    uvloop.run(stops_taking())


async def test_what_goes_wrong_while_writing_is_raised_to_who_takes():
    def write(stream):
        stream.write(b"begun")
        raise OSError("the disk is gone")

    taken = b""
    async with threads_writing() as threads:
        with pytest.raises(OSError, match="the disk is gone"):
            async for block in threads.written(write):
                taken += block
    assert taken == b"begun"


def test_it_is_written_no_faster_than_it_is_taken():
    written = []

    def write(stream):
        written.extend(stream.write(b"x" * 65536) for _ in range(200))

    async def take():
        async with threads_writing() as threads:
            blocks = threads.written(write)
            taken = len(await anext(blocks))
            await asyncio.sleep(0.2)
            assert sum(written) < 3_000_000
            async for block in blocks:
                taken += len(block)
        assert taken == sum(written) == 200 * 65536

    uvloop.run(take())
    written.clear()
    asyncio.run(take())
