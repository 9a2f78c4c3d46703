"""A tunnel: how ngrok's refusals are told, and how one is kept open. No internet."""

import asyncio
import logging
import time
from contextlib import asynccontextmanager
from functools import partial

import ngrok
import pytest

from cloud.errors import CloudError
from cloud.tunnelling.keep_open import Keeper
from cloud.tunnelling.tunnel import open_check, open_tunnel
from tests.forwarding import QUICK, Forwarder
from tests.program import free_port
from tests.receiving import receiving
from tests.serving import stream_server

TOKEN = "2abcDEF_tokenOfNobody"


class Kept:
    """A tunnel that is being kept open, and what was told of it."""

    def __init__(self, check, target, *, port=0):
        self.forwarders = []
        self.failures = []  # raised by the next openings
        self.opened, self.lost = asyncio.Queue(), asyncio.Queue()
        self.port = port
        self.target = target
        self.seen = asyncio.Event()  # the newest tunnel was looked at, and answered
        self.stop = asyncio.Event()

        async def looked_at(url):
            answers = await check(url)
            if answers and url == self.forwarders[-1].url:
                self.seen.set()
            return answers

        self.keeper = Keeper(
            opener=self.open,
            stop=self.stop,
            on_open=self.opened.put_nowait,
            on_lost=self.lost.put_nowait,
            check=looked_at,
            local_url=f"http://127.0.0.1:{target}",
            rhythm=QUICK,
        )

    async def open(self):
        if self.failures:
            raise self.failures.pop(0)
        forwarder = await Forwarder(self.target, port=self.port).open()
        self.forwarders.append(forwarder)
        return forwarder


@asynccontextmanager
async def kept(target, **options):
    async with open_check() as check:
        tunnel = Kept(check, target, **options)
        running = asyncio.create_task(tunnel.keeper.run())
        try:
            yield tunnel
            assert not running.done() or running.exception() is None
        finally:
            tunnel.stop.set()
            await asyncio.wait_for(running, 5)
            for forwarder in tunnel.forwarders:
                assert forwarder.closed == 1 or forwarder.refuses_to_close
                await forwarder.cut()


async def soon(queue):
    return await asyncio.wait_for(queue.get(), 10)


async def seen(tunnel):
    async with asyncio.timeout(10):
        await tunnel.seen.wait()


async def until(is_true):
    async with asyncio.timeout(10):
        while not is_true():
            await asyncio.sleep(0.01)


def warnings(caplog, action):
    return [record for record in caplog.records if getattr(record, "action", "") == action]


async def test_a_tunnel_is_told_leads_here_and_is_closed_at_the_end(tmp_path):
    async with receiving(tmp_path) as here, open_check() as check:
        async with kept(here.port) as tunnel:
            url = await soon(tunnel.opened)
            assert await check(url)
        assert not await check(url)
        assert tunnel.lost.empty()


async def test_a_lost_tunnel_is_told_closed_and_opened_again_at_a_new_address(tmp_path, caplog):
    async with receiving(tmp_path) as here, open_check() as check, kept(here.port) as tunnel:
        first = await soon(tunnel.opened)
        await seen(tunnel)
        await tunnel.forwarders[0].cut()
        assert await soon(tunnel.lost) == first
        second = await soon(tunnel.opened)
        assert second != first
        assert tunnel.forwarders[0].closed == 1
        assert await check(second)
        (record,) = warnings(caplog, "tunnel_lost")
        assert record.levelname == "WARNING"


async def test_an_address_that_stays_the_same_is_told_once(tmp_path):
    port = free_port()
    async with receiving(tmp_path) as here, kept(here.port, port=port) as tunnel:
        await soon(tunnel.opened)
        await seen(tunnel)
        await tunnel.forwarders[0].cut()
        await soon(tunnel.lost)
        await until(lambda: len(tunnel.forwarders) == 2)
        await asyncio.sleep(0.1)
        assert tunnel.opened.empty()


async def test_a_server_that_is_away_is_no_reason_to_open_another_tunnel(tmp_path):
    async with receiving(tmp_path) as here, open_check() as check, kept(here.port) as tunnel:
        url = await soon(tunnel.opened)
        await seen(tunnel)
        here.stop.set()
        async with asyncio.timeout(10):
            while await check(url):
                await asyncio.sleep(0.01)
        await asyncio.sleep(0.3)
        assert tunnel.lost.empty()
        assert len(tunnel.forwarders) == 1


async def test_a_tunnel_nobody_sees_from_here_is_warned_of_once_and_kept(tmp_path, caplog):
    async with receiving(tmp_path) as here, kept(here.port) as tunnel:
        await soon(tunnel.opened)
        await tunnel.forwarders[0].cut()  # before anybody looked
        await until(lambda: warnings(caplog, "tunnel_unseen"))
        await asyncio.sleep(0.2)
        assert tunnel.lost.empty()
        assert len(tunnel.forwarders) == 1
        assert len(warnings(caplog, "tunnel_unseen")) == 1


async def test_opening_again_is_tried_until_it_succeeds_with_longer_pauses(tmp_path, caplog):
    async with receiving(tmp_path) as here, open_check() as check, kept(here.port) as tunnel:
        await soon(tunnel.opened)
        await seen(tunnel)
        tunnel.failures = [CloudError(f"no network {number}") for number in range(5)]
        began = time.monotonic()
        await tunnel.forwarders[0].cut()
        assert await check(await soon(tunnel.opened))
        assert time.monotonic() - began > 0.02 + 0.04 + 0.05 + 0.05 + 0.05
        said = [record.getMessage() for record in warnings(caplog, "tunnel_not_opened")]
        assert [f"no network {number}" in line for number, line in enumerate(said)] == [True] * 5


async def test_a_tunnel_that_could_not_be_closed_and_comes_back_is_kept(tmp_path):
    async with receiving(tmp_path) as here, kept(here.port) as tunnel:
        await soon(tunnel.opened)
        await seen(tunnel)
        first = tunnel.forwarders[0]
        first.refuses_to_close = True
        tunnel.failures = [CloudError("no network")] * 10_000
        await first.cut()
        await soon(tunnel.lost)
        await first.open()  # as ngrok mends its sessions by itself
        await asyncio.sleep(0.3)
        left = len(tunnel.failures)
        await asyncio.sleep(0.2)
        assert len(tunnel.failures) == left  # nothing is opened any more: it is watched
        assert tunnel.opened.empty()
        first.refuses_to_close = False


async def test_what_could_not_be_closed_is_closed_once_the_next_tunnel_is_open(tmp_path):
    async with receiving(tmp_path) as here, kept(here.port) as tunnel:
        await soon(tunnel.opened)
        await seen(tunnel)
        first = tunnel.forwarders[0]
        first.refuses_to_close = True
        tunnel.failures = [CloudError("no network")] * 3
        await first.cut()
        await soon(tunnel.lost)
        first.refuses_to_close = False
        await soon(tunnel.opened)
        await until(lambda: first.closed == 1)


async def test_the_first_opening_that_fails_is_an_error_and_leaves_nothing(tmp_path):
    async with open_check() as check:
        tunnel = Kept(check, free_port())
        tunnel.failures = [CloudError("wrong token")]
        with pytest.raises(CloudError, match="wrong token"):
            await tunnel.keeper.run()
        assert tunnel.opened.empty()


async def test_to_stop_does_not_wait_for_an_opening_that_hangs():
    async def hang():
        await asyncio.sleep(3600)

    async with open_check() as check:
        tunnel = Kept(check, free_port())
        tunnel.keeper.opener = hang
        running = asyncio.create_task(tunnel.keeper.run())
        await asyncio.sleep(0.05)
        tunnel.stop.set()
        await asyncio.wait_for(running, 1)


async def test_a_tunnel_is_closed_when_everything_is_cancelled(tmp_path):
    async with receiving(tmp_path) as here, open_check() as check:
        tunnel = Kept(check, here.port)
        running = asyncio.create_task(tunnel.keeper.run())
        await soon(tunnel.opened)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert tunnel.forwarders[0].closed == 1


async def test_only_an_answer_of_ours_counts_as_one(tmp_path):
    answers = [
        b"HTTP/1.1 404 Not Found\r\nContent-Length: 6\r\n\r\n<html>",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]",
        b"no HTTP at all\r\n\r\n",
    ]

    async def answer(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answers[0])
        writer.close()

    async with open_check() as check, stream_server(answer) as port:
        url = f"http://127.0.0.1:{port}"
        while answers:
            assert not await check(url)
            del answers[0]
        assert not await check("no address")


async def test_the_check_reaches_this_machine_whatever_proxy_is_set(tmp_path, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{free_port()}")
    async with receiving(tmp_path) as here, open_check() as check:
        assert await check(f"http://127.0.0.1:{here.port}")


def ngrok_that_says(monkeypatch, *words):
    async def forward(*_, **__):
        raise ValueError(*words)

    monkeypatch.setattr(ngrok, "forward", forward)


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        (
            "authentication failed: The authtoken you specified does not look like a proper "
            f"ngrok tunnel authtoken.\nYour authtoken: {TOKEN}\n\r\nERR_NGROK_105\r\n",
            "NGROK_AUTHTOKEN",
        ),
        (
            "authentication failed: Your account is limited to 1 simultaneous ngrok agent "
            "sessions.\nERR_NGROK_108",
            "dashboard.ngrok.com/agents",
        ),
        (
            "The endpoint 'https://a.ngrok-free.dev' is already online.\nERR_NGROK_334",
            "end it",
        ),
        ("The domain 'a.example' is reserved for another account. ERR_NGROK_320", "NGROK_DOMAIN"),
        ("failed to establish tcp connection", "internet connection"),
        ("something new", "dashboard.ngrok.com"),
    ],
)
async def test_a_refusal_of_ngrok_names_the_next_step_and_never_the_token(
    monkeypatch, words, advice
):
    ngrok_that_says(monkeypatch, "failed to connect session", words)
    with pytest.raises(CloudError) as raised:
        await open_tunnel("127.0.0.1:8080", token=TOKEN, domain="")
    text = str(raised.value)
    assert advice in text.rpartition(";")[2]
    assert TOKEN not in text
    assert "\n" not in text
    assert raised.value.__cause__ is None


async def test_the_package_is_asked_for_this_address_and_domain(monkeypatch):
    asked = []

    async def forward(address, **options):
        asked.append((address, options))
        return FakeListener()

    class FakeListener:
        def url(self):
            return "https://name.ngrok-free.dev/"

        async def close(self):
            asked.append("closed")

    monkeypatch.setattr(ngrok, "forward", forward)
    tunnel = await open_tunnel("127.0.0.1:8080", token=TOKEN, domain="name.ngrok-free.dev")
    address, options = asked[0]
    assert address == "127.0.0.1:8080"
    assert options["authtoken"] == TOKEN
    assert options["domain"] == "name.ngrok-free.dev"
    assert tunnel.url == "https://name.ngrok-free.dev"
    await tunnel.close()
    assert asked[1:] == ["closed"]
    await open_tunnel("[::1]:8080", token=TOKEN, domain="")
    assert asked[2][0] == "tcp://[::1]:8080"
    assert "domain" not in asked[2][1]


async def test_an_end_that_ngrok_refuses_or_does_not_confirm_is_an_error(monkeypatch):
    class Stubborn:
        def url(self):
            return "https://name.ngrok-free.dev"

        async def close(self):
            if self.refuses:
                raise ValueError("error closing listener", "remote gone away")
            await asyncio.sleep(3600)

    async def forward(*_, **__):
        return Stubborn()

    monkeypatch.setattr(ngrok, "forward", forward)
    monkeypatch.setattr("cloud.tunnelling.tunnel._CLOSE_SECONDS", 0.05)
    tunnel = await open_tunnel("127.0.0.1:8080", token=TOKEN, domain="")
    Stubborn.refuses = True
    with pytest.raises(CloudError, match="remote gone away"):
        await tunnel.close()
    Stubborn.refuses = False
    with pytest.raises(CloudError, match="did not confirm"):
        await tunnel.close()


async def test_an_opening_that_takes_too_long_is_an_error(monkeypatch):
    async def forward(*_, **__):
        await asyncio.sleep(3600)

    monkeypatch.setattr(ngrok, "forward", forward)
    monkeypatch.setattr("cloud.tunnelling.tunnel._OPEN_SECONDS", 0.05)
    with pytest.raises(CloudError, match="did not answer"):
        await open_tunnel("127.0.0.1:8080", token=TOKEN, domain="")


async def test_the_real_package_that_reaches_nobody_is_one_clear_error(monkeypatch, caplog):
    caplog.set_level(logging.DEBUG)
    nowhere = f"127.0.0.1:{free_port()}"
    monkeypatch.setattr(ngrok, "forward", partial(ngrok.forward, server_addr=nowhere))
    with pytest.raises(CloudError, match="check the internet connection"):
        await open_tunnel("127.0.0.1:8080", token=TOKEN, domain="name.ngrok-free.dev")
    assert TOKEN not in caplog.text


async def test_the_real_package_speaks_to_the_server_it_is_given_and_reports_a_broken_one(
    monkeypatch,
):
    visits = []

    async def hang_up(_, writer):
        visits.append(1)
        writer.close()

    async with stream_server(hang_up) as port:
        address = f"127.0.0.1:{port}"
        monkeypatch.setattr(ngrok, "forward", partial(ngrok.forward, server_addr=address))
        with pytest.raises(CloudError, match="check the internet connection"):
            await open_tunnel("127.0.0.1:8080", token=TOKEN, domain="")
        assert visits
