"""A receiver over a real spool, for the tests that talk HTTP to it."""

import asyncio
import io
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import ClientResponse, ClientSession

from memory.in_memory import InMemoryStore
from memory.port import MemoryStore
from receiver.connections import ConnectionLimits
from receiver.context import Receiver, ReceiverOptions
from receiver.payload_log import PayloadLog
from receiver.server import serve
from spool.committer import Committer
from spool.reader import count_lines, read_receipts
from spool.writer import Spool
from telemetry.tracing import NoTracer, Tracer
from tests.serving import turns
from voice.signature import sign

SECRET = "wsec_test"


@dataclass
class Running:
    """A running receiver and the ways to talk to it."""

    client: ClientSession
    port: int
    receiver: Receiver
    root: Path
    stop: asyncio.Event

    async def deliver(
        self, body: bytes, *, headers: dict[str, str] | None = None
    ) -> ClientResponse:
        """Post a signed event."""
        signature = sign(body, SECRET, timestamp=int(time.time()))
        return await self.client.post(
            "/webhook/post-call",
            data=io.BytesIO(body),
            headers={"ElevenLabs-Signature": signature, **(headers or {})},
        )

    async def deliver_json(self, payload: Any) -> dict[str, Any]:
        """Post a signed event; return the answer, which must be a 200."""
        response = await self.deliver(json.dumps(payload).encode())
        assert response.status == 200, await response.text()
        return await response.json()

    def files(self) -> list[str]:
        """Return every file of the spool but locks, relative."""
        found = (path for path in self.root.rglob("*") if path.is_file())
        names = sorted(str(path.relative_to(self.root)) for path in found)
        return [name for name in names if not name.endswith("lock")]

    def receipts(self) -> list[Any]:
        """Return the ledger's receipts."""
        return [receipt for receipt, _ in read_receipts(self.root)]


@asynccontextmanager
async def receiving(
    tmp_path: Path,
    *,
    memory: MemoryStore | None = None,
    payload_log: Path | None = None,
    mirror: Callable[[], Awaitable[dict[str, Any]]] | None = None,
    tracer: Tracer | None = None,
    limits: ConnectionLimits | None = None,
    **options: Any,
) -> AsyncIterator[Running]:
    """Run a receiver on a free port of this machine until the block ends."""
    root = tmp_path / "spool"
    spool = Spool.open(root)
    committer = Committer(spool)

    async def backlog() -> int:
        return count_lines(root, offset=0)

    fixed = ReceiverOptions(**{"post_call_secrets": (SECRET,), **options})
    receiver = Receiver(
        read_options=lambda: fixed,
        spool=spool,
        committer=committer,
        memory=memory or InMemoryStore(),
        backlog=backlog,
        payload_log=PayloadLog(payload_log) if payload_log else None,
        mirror=mirror,
        tracer=tracer or NoTracer(),
    )
    stop = asyncio.Event()
    ready: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    serving = asyncio.create_task(
        serve(
            receiver,
            host="127.0.0.1",
            port=0,
            stop=stop,
            on_ready=lambda _, port: ready.set_result(port),
            limits=limits,
        )
    )
    try:
        port = await ready
        async with ClientSession(f"http://127.0.0.1:{port}") as client:
            yield Running(client, port, receiver, root, stop)
    finally:
        await turns()  # who has connected comes in: see `tests.serving.accept_no_more`
        stop.set()
        await serving
        await committer.close()
        spool.close()
