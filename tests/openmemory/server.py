"""
A server in OpenMemory's place, on a free port of this machine: it behaves as recorded.

    async with openmemory_server() as server:
        backend = await ServerBackend.open(server.url, server.key)

`version`: "1.3.0" (many users, one heap of hashes), "head" (binds all users to its key) or
"longmemory" (its successor). What goes wrong is switched on at `server.faults`.
"""

import asyncio
import hashlib
import json
import socket
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from tests.openmemory.server_answers import answer_1_3, answer_head, answer_longmemory
from tests.openmemory.server_faults import Faults
from tests.openmemory.server_reply import Answer
from tests.openmemory.server_rows import Rows
from tests.serving import end, in_thread

MAX_BODY_BYTES = 1_000_000
_ANSWERS = {"1.3.0": answer_1_3, "head": answer_head, "longmemory": answer_longmemory}


@dataclass(frozen=True)
class Asked:
    """A request as it came over the wire: `path` with its query, nothing unescaped."""

    method: str
    path: str
    headers: dict
    raw: bytes
    body: Any  # None if it is no JSON


class Server:
    """The stand-in; `rows` is all it holds, `requests` all it was asked."""

    def __init__(self, version, key, *, shortens, clock, port):
        self.version = version
        self.key = key
        self.tenant = hashlib.sha256(key.encode()).hexdigest()[:16]
        self.port = port
        self.requests = []
        self.faults = Faults()
        self.is_dead = True
        self.instead = lambda asked: None  # an Answer to send for a request, None: its own
        self.crashes = []
        self._clock = clock
        self._later = 0.0
        self.heap = Rows(self.now, shortens=shortens, leaks=lambda: self.faults.leaks_rows)
        self._runner = None
        self._reserved = None
        self._dying = None
        self._loop = None

    @property
    def url(self):
        """Return the address, also while nobody answers there."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def rows(self):
        """Return every row there is, of all users, in the order of arrival."""
        return self.heap.all

    def rows_of(self, user):
        """Return the rows of one user, in the order of arrival."""
        return [row for row in self.rows if row.user_id == user]

    def now(self):
        """Return the time in seconds, as the server sees it."""
        return self._clock() + self._later

    def later(self, seconds):
        """Let so much time pass, for the server alone."""
        self._later += seconds

    async def die(self):
        """End as if killed: no answer any more, and a closed port; the rows stay."""
        self.is_dead = True
        self.faults.heal()
        runner, self._runner = self._runner, None
        if runner is not None:
            for connection in list(runner.server.connections):
                if connection.transport is not None:
                    connection.transport.abort()
            await end(runner)
        if self.port and self._reserved is None:
            # Nobody listens there, and nobody else gets the port meanwhile.
            self._reserved = socket.socket()
            self._reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._reserved.bind(("127.0.0.1", self.port))
        if self._dying is not None:
            await self._dying

    async def revive(self):
        """Answer again, on the same port; what was cached in memory is gone."""
        await self.die()
        self._dying = None
        self._loop = asyncio.get_running_loop()
        self.heap.forget_cache()
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        self._give_up_port()
        await web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True).start()
        self.port = self._runner.addresses[0][1]
        self.is_dead = False

    def _give_up_port(self):
        if self._reserved is not None:
            self._reserved.close()
            self._reserved = None

    def run(self, coroutine):
        """Run `die()` or `revive()` for somebody in another thread."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(30)

    async def _handle(self, request):
        try:
            return await self._answered(request)
        except (ConnectionError, asyncio.CancelledError):
            raise
        except Exception as error:
            self.crashes.append(error)
            raise

    async def _answered(self, request):
        raw = await request.read()
        asked = Asked(request.method, request.raw_path, dict(request.headers), raw, _json(raw))
        self.requests.append(asked)
        fault = self.faults.take(request.method, request.raw_path)
        answer = None
        if fault is not None and fault.kind == "hang":
            await self.faults.wait(fault.seconds)
        if fault is None or fault.kind == "hang" or fault.after:
            answer = self._answer(asked, request)
        if fault is not None and fault.kind != "hang":
            answer = fault.answer()
        if answer is None or answer.status is None:
            if request.transport is not None:  # None: the client has gone by itself
                request.transport.abort()
            return web.Response(status=500)  # goes nowhere
        return answer.response()

    def _answer(self, asked, request):
        if self.is_dead:
            return None
        if (instead := self.instead(asked)) is not None:
            return instead
        if len(asked.raw) > MAX_BODY_BYTES:
            return Answer(413, "Payload Too Large")
        answer = _ANSWERS[self.version](self, asked, request)
        if answer is None:
            self.is_dead = True
            self._dying = asyncio.create_task(self._end())
        return answer

    async def _end(self):
        """Close the port, from within a request."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await end(runner)


@asynccontextmanager
async def openmemory_server(
    version="1.3.0", *, key="a-key", shortens=False, clock=time.time, port=0
):
    """
    Run a stand-in until the block ends.

    Without a key 1.3.0 answers everybody, and the newest nobody. `shortens` is how it comes:
    texts of more than 200 characters are cut. `clock` gives seconds; see `Server.later`.
    """
    server = Server(version, key, shortens=shortens, clock=clock, port=port)
    await server.revive()
    try:
        yield server
    finally:
        await server.die()
        server._give_up_port()
    # Outside of `finally`: it must not hide why the block failed.
    if server.crashes:
        raise AssertionError("the stand-in itself failed") from server.crashes[0]


def openmemory_server_in_thread(version="1.3.0", **options):
    """Run the same in a thread with a loop of its own; see `Server.run`."""
    return in_thread(openmemory_server(version, **options), name="openmemory server")


def _json(raw):
    try:
        return json.loads(raw) if raw else None
    except ValueError:
        return None
