"""What runs beside the receiver learns its port, and ends with it."""

import asyncio
import time

import pytest

from cli.serving.services import _run
from cloud.connecting.record import AgentRecord, Record, RecordFile
from receiver.server import CannotListen
from settings import Settings
from tests.platform import platform, samples
from voice.instruction_phrases import PHRASES


def settings_for(tmp_path, **given):
    values = {
        "payload_storage_path": tmp_path / "spool",
        "openmemory_db_path": tmp_path / "memory.db",
        "elevenlabs_post_call_key": "wsec_test",
        "port": 0,
        **given,
    }
    return Settings(_env_file=None, **values)


def run(settings, beside, *, connects=False):
    return _run(
        settings,
        with_receiver=True,
        with_processor=True,
        services_beside=[beside],
        connects=connects,
    )


async def test_a_service_beside_learns_the_port_of_the_receiver_and_may_end_all(tmp_path):
    said = []

    async def beside(ready, stop):
        reader, writer = await asyncio.open_connection("127.0.0.1", await ready)
        writer.write(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        said.append(await reader.readline())
        writer.close()
        await writer.wait_closed()

    async with asyncio.timeout(20):
        await run(settings_for(tmp_path), beside)
    assert said == [b"HTTP/1.1 200 OK\r\n"]


async def test_a_service_beside_is_told_when_there_will_be_no_receiver(tmp_path):
    told = []

    async def beside(ready, stop):
        await stop.wait()
        told.append(ready.done())

    async with asyncio.timeout(20):
        server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with server:
            with pytest.raises(CannotListen):
                await run(settings_for(tmp_path, port=port), beside)
    assert told == [False]


async def test_the_error_of_a_service_beside_ends_all_and_is_raised(tmp_path):
    async def beside(ready, stop):
        await ready
        raise RuntimeError("no tunnel")

    async with asyncio.timeout(20):
        with pytest.raises(RuntimeError, match="no tunnel"):
            await run(settings_for(tmp_path), beside)


@pytest.mark.parametrize("connects", [True, False])
async def test_nobody_elses_calls_are_fetched_before_the_agent_is_connected(tmp_path, connects):
    async with platform() as held:
        held.add_conversation(samples.conversation(1, started_at=time.time() - 3600))
        settings = settings_for(
            tmp_path,
            elevenlabs_api_key=held.api_key,
            elevenlabs_base_url=held.url,
            reconcile_every="1s",
        )
        state = tmp_path / "spool/.spool/reconciliation.json"

        async def beside(ready, stop):
            await ready
            if connects:
                await asyncio.sleep(1.5)
                assert not held.requests
                agent = AgentRecord(initiation="workspace", post_call="workspace")
                RecordFile(tmp_path / "spool").save(Record(agents={"agent_books": agent}))
            while not state.exists():
                await asyncio.sleep(0.05)
            stop.set()

        async with asyncio.timeout(30):
            await run(settings, beside, connects=connects)
        assert held.requests


async def test_the_first_caller_does_not_wait_for_what_is_read_once(tmp_path, monkeypatch):
    monkeypatch.setattr(PHRASES, "_by_key", None)
    monkeypatch.delattr(PHRASES, "_by_key")

    async def look(port, stop):
        await port
        were_read.append("_by_key" in vars(PHRASES))
        stop.set()

    were_read = []
    await run(settings_for(tmp_path), look)
    assert were_read == [True]
