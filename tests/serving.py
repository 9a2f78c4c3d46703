"""Servers of the tests: in a thread with an event loop of its own; and ended without a rest."""

import asyncio
import threading
from contextlib import asynccontextmanager, contextmanager


@contextmanager
def in_thread(opening, *, name):
    """Enter the asynchronous context `opening` in a thread, yield what it gives, and leave it."""
    opened, shared, failure = threading.Event(), {}, []

    async def serve():
        stop = asyncio.Event()
        async with opening as given:
            shared.update(given=given, loop=asyncio.get_running_loop(), stop=stop)
            opened.set()
            await stop.wait()

    def run():
        try:
            asyncio.run(serve())
        except BaseException as error:  # noqa: BLE001 - raised where the block is
            failure.append(error)
        finally:
            opened.set()

    thread = threading.Thread(target=run, name=name, daemon=True)
    thread.start()
    opened.wait()
    try:
        if failure:
            raise failure[0]
        yield shared["given"]
    finally:
        if "loop" in shared:
            shared["loop"].call_soon_threadsafe(shared["stop"].set)
        thread.join()
    if failure:
        raise failure[0]


async def end(runner):
    """
    End an aiohttp server with every connection, so that its loop can be closed right after.

    Its own clean-up leaves two kinds: those that were accepted at that moment (see
    `accept_no_more`), and those to whom something is still to be sent.
    """
    server = runner.server
    for site in runner.sites:
        await accept_no_more(site._server)
    known = [] if server is None else [each.transport for each in server.connections]
    await runner.cleanup()
    await abort(known)


@asynccontextmanager
async def stream_server(answer, **options):
    """Have `answer(reader, writer)` answer on a free port, until the block ends; yield the port."""
    tasks, writers = set(), set()

    async def serve(reader, writer):
        tasks.add(asyncio.current_task())
        writers.add(writer)
        try:
            await answer(reader, writer)
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, **options)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        await accept_no_more(server)
        server.close()
        await abort(writer.transport for writer in writers)
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()


async def accept_no_more(server):
    """
    Let nobody in any more, and everybody who has been let in come in.

    Python 3.11 loses who is accepted in the turn of the loop in which the server is closed: the
    connection stays open without anybody who knows of it.
    """
    loop = asyncio.get_running_loop()
    for listening in server.sockets:
        loop.remove_reader(listening.fileno())
    await turns()


async def abort(transports):
    """Close connections, whatever is still to be sent."""
    for transport in transports:
        if transport is not None:
            transport.abort()
    await turns()


async def turns():
    """Let the loop do what it has begun: to accept a connection, or to close one, takes a few."""
    for _ in range(10):
        await asyncio.sleep(0)
