"""What is fetched while a server owns the spool is posted to it, signed."""

import asyncio
import random
import tempfile
from contextlib import asynccontextmanager

import httpx
import pytest
from aiohttp import web

from cloud.fetching.intake import NotStorable, NotTaken
from cloud.fetching.server_intake import ServerIntake, open_server_intake
from spool.format import SpoolFull
from spool.verify import verify
from tests.backfills import (
    Fetching,
    expected_files,
    fetching,
    fill,
    memory_of,
    quick_patience,
    undated,
)
from tests.platform import samples
from tests.receiving import SECRET, receiving
from tests.serving import end
from voice.retrieved import event_of

EVENT = event_of(samples.conversation(1))
NAME = EVENT.conversation_id


@asynccontextmanager
async def an_intake(url, *, secret=SECRET):
    async with httpx.AsyncClient(timeout=5, trust_env=False) as connections:
        yield ServerIntake(connections, url=url, secret=lambda: secret, first_pause_seconds=0.01)


@asynccontextmanager
async def a_server(*answers):
    """Answer post-call with these (status, headers, body) in turn, the last one for ever."""
    left, bodies = list(answers), []

    async def answer(request):
        bodies.append(await request.read())
        status, headers, body = left.pop(0) if len(left) > 1 else left[0]
        return web.json_response(body, status=status, headers=headers)

    app = web.Application(client_max_size=64 * 1024 * 1024)
    app.router.add_post("/webhook/post-call", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}", bodies
    finally:
        await end(runner)


STORED = (200, {}, {"status": "stored"})


async def store(url, event=EVENT, **given):
    async with an_intake(url, **given) as intake:
        return await intake.store(event)


async def store_recording(url, recording, *, block_bytes=65_536, **given):
    async with an_intake(url, **given) as intake, intake.recording(NAME, "agent_books") as sink:
        for start in range(0, len(recording), block_bytes):
            await sink.write(recording[start : start + block_bytes])
        assert sink.size == len(recording)
        return await sink.store()


async def test_an_event_is_stored_by_the_running_receiver_as_a_backfill(tmp_path):
    async with receiving(tmp_path) as running:
        url = f"http://127.0.0.1:{running.port}"
        assert await store(url) == "stored"
        assert await store(url) == "duplicate"
        path = running.root / NAME / f"{NAME}_transcription.json"
        assert path.read_bytes() == EVENT.body
        assert [receipt.source for receipt in running.receipts()] == ["backfill"]


@pytest.mark.parametrize("size", [1, 2, 3, 1000, 393_216, 393_217, 3_000_000])
async def test_a_recording_arrives_whole_whatever_its_size(tmp_path, size):
    recording = random.Random(size).randbytes(size)
    async with receiving(tmp_path) as running:
        url = f"http://127.0.0.1:{running.port}"
        assert await store_recording(url, recording, block_bytes=50_001) == "stored"
        assert await store_recording(url, recording + b"!") == "duplicate"
        assert (running.root / NAME / f"{NAME}_audio.mp3").read_bytes() == recording
        assert [receipt.source for receipt in running.receipts()] == ["backfill"]


async def test_a_recording_that_was_not_stored_leaves_no_file(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    async with a_server(STORED) as (url, bodies), an_intake(url) as intake:
        async with intake.recording(NAME, "agent_books") as sink:
            await sink.write(b"half of it")
        assert bodies == []
        assert list(tmp_path.iterdir()) == []


async def test_other_secrets_on_the_server_are_named_as_what_they_are(tmp_path):
    async with receiving(tmp_path) as running:
        url = f"http://127.0.0.1:{running.port}"
        with pytest.raises(NotTaken, match="ELEVENLABS_POST_CALL_KEY") as raised:
            await store(url, secret="wsec_another")
        assert "wsec" not in str(raised.value)
        with pytest.raises(NotTaken, match="ELEVENLABS_POST_CALL_KEY"):
            await store_recording(url, b"x" * 2_000_000, secret="wsec_another")
        assert running.receipts() == []


async def test_a_server_that_lets_only_others_in_names_the_setting(tmp_path):
    async with a_server((403, {}, {"error": {}})) as (url, bodies):
        with pytest.raises(NotTaken, match=r"add 127\.0\.0\.0/8 to its ALLOW_FROM"):
            await store(url)
        assert len(bodies) == 1


async def test_a_server_that_cannot_store_now_is_asked_again_when_it_said(tmp_path):
    busy = (503, {"Retry-After": "0"}, {"error": {}})
    async with a_server(busy, (429, {}, {}), STORED) as (url, bodies):
        assert await store(url) == "stored"
        assert len(bodies) == 3
        assert set(bodies) == {EVENT.body}


async def test_a_server_that_never_stores_ends_the_asking(tmp_path):
    async with a_server((503, {"Retry-After": "0"}, {})) as (url, bodies):
        with pytest.raises(NotTaken, match="answers 503: look at its log"):
            await store(url)
        assert len(bodies) == 4


async def test_a_spool_without_room_ends_the_run(tmp_path, monkeypatch):
    async with receiving(tmp_path) as running, fetching(tmp_path) as fetched:
        fill(fetched.held, 20)
        full = SpoolFull("no room")
        monkeypatch.setattr(running.receiver.spool, "commit", lambda all_: [full for _ in all_])
        monkeypatch.setattr("receiver.post_call.RETRY_AFTER_SECONDS", 0)
        async with an_intake(f"http://127.0.0.1:{running.port}") as intake:
            report = await fetched.run(intake=intake)
        assert "503" in report.broken_off
        assert (report.stored, report.failed) == (0, 0)


async def test_nobody_there_is_said(unused_tcp_port):
    url = f"http://127.0.0.1:{unused_tcp_port}"
    with pytest.raises(NotTaken, match="no server answers"):
        await store(url)
    async with open_server_intake(url, secret=lambda: SECRET) as intake:
        with pytest.raises(NotTaken, match="no server answers"):
            await intake.check()


@pytest.mark.parametrize(
    ("answer", "error", "says"),
    [
        ((413, {}, {}), NotStorable, "MAX_BODY_MB"),
        ((404, {}, {}), NotTaken, "answers 404"),
        ((200, {}, {"status": "quarantined"}), NotStorable, "quarantine"),
        ((200, {}, ["hello"]), NotTaken, "not Callspool"),
        ((200, {}, {"hello": 1}), NotTaken, "not Callspool"),
    ],
)
async def test_what_else_a_server_may_say(answer, error, says):
    async with a_server(answer) as (url, _):
        with pytest.raises(error, match=says):
            await store(url)


async def test_what_was_forgotten_is_not_stored_again():
    async with a_server((200, {}, {"status": "forgotten"})) as (url, _):
        assert await store(url) == "forgotten"


async def test_a_backfill_among_live_webhooks_gives_the_memory_of_the_webhooks(tmp_path):
    async with fetching(tmp_path) as fetched, receiving(tmp_path / "alone") as alone:
        held = fetched.held
        fill(held, 80)
        held.faults.every(30, 429, retry_after=0.02)
        for conversation_id in held.conversations:
            await alone.deliver(held.delivery(conversation_id))
        async with receiving(tmp_path) as running:
            here = Fetching(held, running.root, quick_patience())

            async def deliver():
                """Half of all, out of order, some of them twice and some recordings too."""
                ids = random.Random(4).sample(list(held.conversations), 40)
                for number, conversation_id in enumerate([*ids, *ids[:10]]):
                    response = await running.deliver(held.delivery(conversation_id))
                    assert response.status == 200
                    if number % 3 == 0 and conversation_id in held.audio:
                        response = await running.deliver(held.audio_delivery(conversation_id))
                        assert response.status == 200
                    await asyncio.sleep(0.01)

            async with an_intake(f"http://127.0.0.1:{running.port}") as intake:
                report, _ = await asyncio.gather(here.run(intake=intake), deliver())
                assert (report.failed, report.broken_off) == (0, "")
                assert (await here.run(intake=intake)).stored == 0
            # A failure that is dated by its webhook is another one, and counts: see `undated`.
            revised = {file for file in here.files() if ".rev-" in file}
            assert all("_failure.rev-" in file for file in revised)
            assert undated(await memory_of(running.root)) == undated(await memory_of(alone.root))
            assert {source for _, source in here.sources()} == {"backfill", "webhook"}
        assert here.files() - revised == expected_files(held)
        assert verify(here.root).findings == ()
