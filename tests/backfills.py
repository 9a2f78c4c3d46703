"""A platform, a spool and a backfill between them, for the tests that fetch."""

import asyncio
import json
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import web

from cloud.client import open_client
from cloud.fetching.backfill import BackfillOptions, backfill
from cloud.fetching.conversations import Conversations
from cloud.fetching.intake import SpoolIntake
from cloud.options import CloudOptions
from cloud.retrying import Patience
from memory.in_memory import InMemoryStore
from processor.apply import read_batch
from spool.committer import Committer
from spool.reader import read_receipts
from spool.standing_orders import Orders
from spool.verify import verify
from spool.writer import Spool
from tests.platform import platform, samples
from tests.serving import end
from tests.spools import QUICK

RECORDING = b"ID3\x04" + bytes(range(256)) * 400  # 100 KB: several blocks


def quick_patience(attempts=6):
    """Patience that waits for hundredths of a second."""
    return Patience(attempts=attempts, first_pause_seconds=0.01)


def fill(held, count, *, first=0, agent_id="agent_books"):
    """Add calls of all kinds; of every ten one was never answered, one is on the web."""
    for number in range(first, first + count):
        if number % 10 == 3:
            result = ("no_answer", "busy", "failed")[number // 10 % 3]
            body = samples.failed_call(number, agent_id=agent_id, result=result)
            held.add_conversation(body)
            continue
        caller = None if number % 10 == 7 else f"+1202555{100 + number % 90:04d}"
        body = samples.conversation(
            number,
            agent_id=agent_id,
            caller=caller,
            direction="outbound" if number % 4 == 1 and caller else "inbound",
            collected={"first_name": "Ana"} if number % 3 == 0 else None,
            has_audio=number % 5 != 0,
        )
        held.add_conversation(body, audio=RECORDING + str(number).encode() if number % 5 else None)


def expected_files(held, *, audio=True):
    """The files that a spool must hold when every call has come."""
    names = set()
    for conversation_id, body in held.conversations.items():
        kind = "failure" if samples.failure_of(body) else "transcription"
        names.add(f"{conversation_id}/{conversation_id}_{kind}.json")
        if audio and conversation_id in held.audio:
            names.add(f"{conversation_id}/{conversation_id}_audio.mp3")
    return names


def a_call(held, number=1, *, audio=RECORDING, **given):
    """Add one call and return its id."""
    body = samples.conversation(number, has_audio=audio is not None, **given)
    held.add_conversation(body, audio=audio)
    return body["conversation_id"]


@asynccontextmanager
async def saying(*, listing, conversation="{}"):
    """Serve these texts for ever; yield the address."""

    async def answer(request):
        is_listing = request.path == "/v1/convai/conversations"
        text = listing if is_listing else conversation
        return web.Response(text=text, content_type="application/json")

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await end(runner)


@contextmanager
def an_open_spool(root):
    """Give a spool and its committer."""
    spool = Spool.open(root)
    try:
        yield spool
    finally:
        spool.close()


@dataclass
class Fetching:
    """A backfill over a platform and a spool: run it as often as you like."""

    held: Any
    root: Path
    patience: Any

    async def run(self, *, intake=None, stop=None, on_progress=lambda _: None, key=None, **wanted):
        """Run a backfill, into the spool itself if no intake is given; return its report."""
        options = BackfillOptions(**{"since": 0, "audio": True, **wanted})
        cloud = CloudOptions(api_key=key or self.held.api_key, base_url=self.held.url)
        async with open_client(cloud) as client, self._into(intake) as into:
            return await backfill(
                Conversations(client, self.patience),
                self.root,
                into,
                options=options,
                on_progress=on_progress,
                stop=stop,
            )

    @asynccontextmanager
    async def _into(self, intake):
        if intake is not None:
            yield intake
            return
        spool = await asyncio.to_thread(Spool.open, self.root)
        committer = Committer(spool)
        try:
            yield SpoolIntake(spool, committer)
        finally:
            await committer.close()
            spool.close()

    def files(self):
        """Every file of a conversation."""
        return {str(path.relative_to(self.root)) for path in self.root.glob("*/*") if _ours(path)}

    def sources(self):
        """How each file came, by its receipt; a file twice would be there twice."""
        return [(receipt.file, receipt.source) for receipt, _ in read_receipts(self.root)]

    def asked(self, beginning="/v1/convai/conversations/"):
        """The paths of the requests, without those for the listing."""
        return [request.path for request in self.held.requested("GET", beginning)]


def _ours(path):
    return path.is_file() and path.parent.name != ".spool"


@asynccontextmanager
async def fetching(tmp_path, *, patience=None, **options):
    """Give a backfill between a new platform and a new spool."""
    async with platform(**options) as held:
        yield Fetching(held, tmp_path / "spool", patience or quick_patience())


async def memory_of(root):
    """What memory is derived from a spool, as its canonical lines."""
    store = InMemoryStore()
    while (
        batch := read_batch(root, await store.position(), QUICK, orders=Orders(root))
    ) is not None:
        assert not await batch.store_in(store, QUICK)
    return [line async for line in store.export()]


def undated(lines):
    """
    Canonical lines without the second in which a call failed.

    The webhook of a call that nobody answered says only when it was sent, the API only when the
    call began: half a minute apart, and nothing to tell one from the other.
    """
    calls = [json.loads(line) for line in lines]
    return [
        {**call, "started_at": call["started_at"][:10]} if call["kind"] == "failure" else call
        for call in calls
    ]


def check_whole(fetched, *, audio=True):
    """Everything is there, nothing is double, and every recording is what the platform has."""
    held = fetched.held
    expected = expected_files(held, audio=audio)
    assert fetched.files() == expected
    files = [file for file, _ in fetched.sources()]
    assert sorted(files) == sorted(expected)
    assert verify(fetched.root).findings == ()
    if audio:
        for conversation_id, recording in held.audio.items():
            path = fetched.root / conversation_id / f"{conversation_id}_audio.mp3"
            assert path.read_bytes() == recording
