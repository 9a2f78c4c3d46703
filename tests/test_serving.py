"""The servers of the tests leave no connection open that a later test would be blamed for."""

import asyncio
import gc
import socket
import warnings
from contextlib import asynccontextmanager, contextmanager

import pytest
from aiohttp import web

from tests.forwarding import Forwarder
from tests.openmemory.server import openmemory_server
from tests.platform import platform
from tests.receiving import receiving
from tests.serving import end, stream_server


@contextmanager
def none_left_open():
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        yield
        gc.collect()
    assert [str(each.message) for each in seen if each.category is ResourceWarning] == []


@asynccontextmanager
async def much_to_send(_):
    async def answer(_):
        return web.Response(body=b"x" * 20_000_000)

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield runner.addresses[0][1]
    finally:
        await end(runner)


@asynccontextmanager
async def raw(_):
    async def answer(reader, writer):
        writer.write(b"x" * 20_000_000)
        await reader.read()

    async with stream_server(answer) as port:
        yield port


@asynccontextmanager
async def forwarding(folder):
    async with much_to_send(folder) as target:
        forwarder = await Forwarder(target).open()
        try:
            yield forwarder.port
        finally:
            await forwarder.close()


@asynccontextmanager
async def openmemory(_):
    async with openmemory_server() as server:
        yield server.port


@asynccontextmanager
async def elevenlabs(_):
    async with platform() as state:
        yield int(state.url.rpartition(":")[2])


@asynccontextmanager
async def receiver(folder):
    async with receiving(folder) as running:
        yield running.port


@pytest.mark.parametrize(
    "server", [much_to_send, raw, forwarding, openmemory, elevenlabs, receiver]
)
@pytest.mark.parametrize("when", ["idle", "asking", "at the end"])
def test_no_connection_is_left_open_when_the_loop_is_closed(tmp_path, server, when):
    visitors = []

    def visit(port):
        visitors.append(socket.create_connection(("127.0.0.1", port), timeout=5))
        if when == "asking":
            visitors[-1].sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")

    async def serve():
        async with server(tmp_path) as port:
            for _ in range(3):
                visit(port)
                if when != "at the end":
                    await asyncio.sleep(0.05)

    with none_left_open():
        asyncio.run(serve())
        for visitor in visitors:
            visitor.close()
