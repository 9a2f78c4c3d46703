"""The files of `deploy/`: the proxies in front of a real server, and the container's probe."""

import asyncio
import base64
import json
import subprocess
import sys
import time
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from tests.factories import transcription_payload
from tests.fronting import DEPLOY, HOST, in_front_of
from tests.program import free_port, program
from tests.serving import end
from voice.answer import initiation_answer
from voice.greeting import GreetingOptions
from voice.signature import sign

AUDIO_BYTES = 45_000_000  # 60 MB in base64

INSIDE = ("/metrics", "/metrics/", "/%6Detrics", "/activity", "//activity", "/x/../metrics")
each_proxy = pytest.mark.parametrize("kind", ["nginx", "caddy"])


@asynccontextmanager
async def an_upstream(handler):
    """A server that answers everything with `handler`; yields its port."""
    app = web.Application(client_max_size=0)
    app.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield site._server.sockets[0].getsockname()[1]
    finally:
        await end(runner)


async def in_pieces(body, *, size=1_000_000, pause=0.0):
    """The body as a client sends that does not know its length."""
    for start in range(0, len(body), size):
        yield body[start : start + size]
        await asyncio.sleep(pause)


def signature(running, body):
    secret = running.secret("ELEVENLABS_POST_CALL_KEY")
    return {"ElevenLabs-Signature": sign(body, secret, timestamp=int(time.time()))}


@each_proxy
async def test_recordings_slow_bodies_and_calls_come_through(tmp_path, kind):
    with program(tmp_path / "home") as running:
        running.folder.mkdir()
        await asyncio.to_thread(running.start, "all-in-one")
        mp3 = b"ID3" + bytes(range(256)) * (AUDIO_BYTES // 256)
        recording = (
            b'{"type":"post_call_audio","data":{"conversation_id":"conv_1","full_audio":"%s"}}'
            % base64.b64encode(mp3)
        )
        call = json.dumps(transcription_payload(conversation_id="conv_1")).encode()
        key = {"X-Api-Key": running.secret("ELEVENLABS_CLIENT_DATA_KEY")}
        async with in_front_of(running.port, tmp_path / "front", kind=kind) as client:
            for body, pieces in (
                (recording, in_pieces(recording)),
                (call, in_pieces(call, size=2_000, pause=0.05)),
            ):
                headers = {**HOST, **signature(running, body)}
                async with client.post("/webhook/post-call", data=pieces, headers=headers) as said:
                    assert (said.status, (await said.json())["status"]) == (200, "stored")
            await asyncio.to_thread(running.wait_for_memory)
            asked = {"caller_id": "+15550100142"}
            async with client.post(
                "/webhook/client-data", json=asked, headers={**HOST, **key}
            ) as told:
                assert (await told.json())["dynamic_variables"]["call_count"] == 1
        assert (running.spool / "conv_1/conv_1_audio.mp3").read_bytes() == mp3


@each_proxy
async def test_a_body_is_passed_on_while_it_still_comes_and_as_it_is(tmp_path, kind):
    begun, seen = asyncio.Event(), {}

    async def read(request):
        pieces = [await request.content.readany()]
        begun.set()
        pieces += [piece async for piece in request.content.iter_any()]
        seen.update(body=b"".join(pieces), headers=request.headers.copy())
        return web.Response()

    async def body():
        yield b"first"
        await begun.wait()
        yield b" and last"

    async with (
        an_upstream(read) as port,
        in_front_of(port, tmp_path / "front", kind=kind) as client,
        client.post("/webhook/post-call", data=body(), headers=HOST) as said,
    ):
        assert said.status == 200
    assert seen["body"] == b"first and last"
    assert seen["headers"]["Transfer-Encoding"] == "chunked"


@each_proxy
async def test_who_came_is_said_by_the_proxy_and_what_is_for_inside_stays_inside(tmp_path, kind):
    seen = []

    async def note(request):
        seen.append(request)
        return web.Response()

    invented = {"X-Forwarded-For": "203.0.113.9", "Forwarded": "for=203.0.113.9"}
    async with (
        an_upstream(note) as port,
        in_front_of(port, tmp_path / "front", kind=kind) as client,
    ):
        async with client.get("/health", headers={**HOST, **invented, "X-Request-Id": "mine"}) as _:
            headers = seen.pop().headers
        for path in INSIDE:
            target = client._base_url.with_path(path, encoded=True)
            async with client.get(target, headers=HOST) as answer:
                assert answer.status == 404, path
    assert not seen
    assert headers["X-Forwarded-For"] == "127.0.0.1"
    assert "Forwarded" not in headers
    assert "X-Request-Id" not in headers


@each_proxy
async def test_a_call_that_rings_while_the_program_is_away_goes_on_as_a_strangers(tmp_path, kind):
    async with in_front_of(free_port(), tmp_path / "front", kind=kind) as client:
        async with client.post("/webhook/client-data", json={}, headers=HOST) as told:
            assert (told.status, told.content_type) == (200, "application/json")
            neutral = initiation_answer(None, greeting=GreetingOptions())
            assert await told.json() == neutral
        # The others are sent again, or leave the call as it is.
        for name in ("post-call", "search-data"):
            async with client.post(f"/webhook/{name}", json={}, headers=HOST) as answer:
                assert answer.status == 502


@each_proxy
async def test_a_body_over_the_limit_ends_with_a_413(tmp_path, kind):
    async def read(request):
        async for _ in request.content.iter_any():
            pass
        return web.Response()

    async def too_much():
        for _ in range(257):
            yield bytes(1024 * 1024)

    async with (
        an_upstream(read) as port,
        in_front_of(port, tmp_path / "front", kind=kind) as client,
        client.post("/webhook/post-call", data=too_much(), headers=HOST) as answer,
    ):
        assert answer.status == 413


@pytest.mark.parametrize(("status", "well", "alive"), [(200, 0, 0), (503, 1, 0), (None, 1, 1)])
async def test_the_probe_tells_a_server_that_is_ill_from_one_that_is_gone(status, well, alive):
    async def health(_):
        return web.Response(status=status)

    async with an_upstream(health) as port:
        environment = {"PORT": str(port if status else free_port())}
        for arguments, expected in (([], well), (["alive"], alive)):
            probe = await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", str(DEPLOY / "probe.py"), *arguments),
                env=environment,
                stderr=subprocess.DEVNULL,
            )
            assert await probe.wait() == expected
