"""A receiver with a history to look back on, over real files, for the tests that ask it."""

from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from history.index import History
from receiver.archive import Archive
from spool.reader import ledger_path
from spool.standing_orders import Orders
from tests import spools
from tests.factories import audio_payload, failure_payload, transcription_payload
from tests.receiving import Running, receiving
from voice.rules import Rules

KEY = "the-admin-key"
ADMIN = {"Authorization": f"Bearer {KEY}"}
ANA, BOB = "+15550100142", "+15550100177"
MP3 = b"ID3\x04" + bytes(range(256)) * 4000  # a megabyte: several blocks
DAY = 86_400
BEGAN = 1_790_000_000  # 21 September 2026


@dataclass
class Looked:
    """A receiver, the history it asks, and the memory behind it."""

    running: Running
    history: History
    store: object

    async def get(self, path, *, headers=None, **query):
        return await self.running.client.get(
            path, headers={**ADMIN, **(headers or {})}, params=query
        )

    async def json(self, path, *, status=200, headers=None, **query):
        response = await self.get(path, headers=headers, **query)
        assert response.status == status, await response.text()
        return await response.json()

    async def delete(self, path):
        return await self.running.client.delete(path, headers=ADMIN)

    async def catch_up(self):
        """Bring history and memory up to what has been delivered."""
        root = self.running.root
        await self.history.catch_up(root, Orders(root), Rules())

        async def is_read():
            return (await self.store.position()).offset == ledger_path(root).stat().st_size

        async with spools.running(root, self.store):
            await spools.until(is_read)


def some_calls():
    """Payloads of three callers, one of them withheld, with a recording, and tools in one call."""
    tools = transcription_payload(
        conversation_id="conv_ana_2", caller=ANA, started_at=BEGAN + DAY,
        event_timestamp=BEGAN + DAY + 130, summary="Ana moved her booking to Thursday.",
        collected={"first_name": "Ana", "shoe_size": "39"},
        messages=[("agent", "How can I help?"), ("user", "Please move my booking to Thursday")],
    )  # fmt: skip
    tools["data"]["transcript"][1] |= {
        "tool_calls": [
            {"type": "webhook", "request_id": "r1", "tool_name": "move_booking",
             "params_as_json": '{"day": "Thursday", "odd": "\\ud800", "huge": %d}' % 10**30}
        ],
        "tool_results": [
            {"type": "webhook", "request_id": "r1", "tool_name": "move_booking",
             "result_value": '{"moved": true}', "is_error": False, "tool_latency_secs": 0.4}
        ],
    }  # fmt: skip
    return [
        transcription_payload(
            conversation_id="conv_ana_1", caller=ANA, started_at=BEGAN,
            summary="Ana booked a service on Tuesday.", collected={"first_name": "Ana"},
        ),
        tools,
        audio_payload(conversation_id="conv_ana_1", mp3=MP3),
        transcription_payload(
            conversation_id="conv_bob", caller=BOB, started_at=BEGAN + 2 * DAY,
            event_timestamp=BEGAN + 2 * DAY + 130, direction="outbound", language="de",
            summary="Bob asked for a tandem.", collected={"first_name": "Bob"},
        ),
        transcription_payload(
            conversation_id="conv_withheld", caller="anonymous", started_at=BEGAN + 3 * DAY,
            event_timestamp=BEGAN + 3 * DAY + 130, summary="Somebody asked for the hours.",
        ),
        failure_payload(
            conversation_id="conv_missed", caller=BOB, event_timestamp=BEGAN + 4 * DAY
        ),
    ]  # fmt: skip


@asynccontextmanager
async def looking_back(tmp_path, *, payloads=None, patience_seconds=0.0, **changes):
    """Run a receiver that has been sent these payloads, and whose history has read them."""
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(spools.a_store(tmp_path / "memory.db"))
        history = await History.open(tmp_path / "memory.history.db")
        stack.push_async_callback(history.close)
        options = {"admin_key": KEY, **changes}
        running = await stack.enter_async_context(receiving(tmp_path, memory=store, **options))
        looked = Looked(running, history, store)
        attach(looked, patience_seconds=patience_seconds)
        for payload in some_calls() if payloads is None else payloads:
            await running.deliver_json(payload)
        await looked.catch_up()
        yield looked


def attach(looked, **changes):
    """Give the receiver the archive."""

    async def open_history():
        return looked.history

    archive = Archive(
        root=looked.running.root, memory=looked.store, open_history=open_history, **changes
    )
    object.__setattr__(looked.running.receiver, "archive", archive)
