"""A tunnel of our own that leads from one port of this machine to another, and can be cut."""

import asyncio

from cloud.errors import CloudError
from cloud.tunnelling.keep_open import Rhythm
from tests.serving import abort, accept_no_more, turns

QUICK = Rhythm(
    first=0.02, often=0.02, rarely=0.02, often_for=1.0, first_pause=0.02, longest_pause=0.05
)


class Forwarder:
    """A tunnel of our own: a port of this machine that leads to another one, until it is cut."""

    def __init__(self, target, *, port=0):
        self.target = target
        self.port = port
        self.server = None
        self.writers = set()
        self.tasks = set()
        self.visits = 0
        self.closed = 0
        self.refuses_to_close = False

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    async def open(self):
        self.server = await asyncio.start_server(self._forward, "127.0.0.1", self.port)
        self.port = self.server.sockets[0].getsockname()[1]
        return self

    async def _forward(self, reader, writer):
        self.visits += 1
        self.tasks.add(asyncio.current_task())
        self.writers.add(writer)
        try:
            onward_reader, onward_writer = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.close()
            return
        self.writers.add(onward_writer)
        if writer.is_closing():  # cut meanwhile
            onward_writer.close()
            return
        await asyncio.gather(_pipe(reader, onward_writer), _pipe(onward_reader, writer))

    async def cut(self):
        """Let nothing through any more, as when the network is gone."""
        if self.server is not None:
            server, self.server = self.server, None
            await accept_no_more(server)
            server.close()
            await abort(writer.transport for writer in self.writers)
            await asyncio.gather(*self.tasks, return_exceptions=True)
            await server.wait_closed()
            await turns()

    async def close(self):
        if self.refuses_to_close:
            raise CloudError("nobody confirmed the end")
        self.closed += 1
        await self.cut()


async def _pipe(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()
