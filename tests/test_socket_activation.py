"""A restart through a socket that is handed over refuses nobody; and how the supervisor is told."""

import asyncio
import os
import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from benchmarks.server import SECRET, environment
from benchmarks.steady_clients import Sent, send_events
from benchmarks.supervisor import supervising
from cli.serving.systemd_notify import keep_supervisor_informed, tell_supervisor
from receiver.server import serve
from receiver.sockets import Listening
from settings import Supervised, take_supervised
from tests.receiving import receiving

ROOT = Path(__file__).parent.parent


async def test_a_restart_under_load_refuses_nobody_and_every_200_is_on_disk(tmp_path):
    sent, ended = Sent(), asyncio.Event()
    given = environment(tmp_path, 0) | {"LOG_LEVEL": "INFO"}
    with supervising(tmp_path, given) as supervisor:
        clients = [
            asyncio.create_task(
                send_events(
                    f"{number}", supervisor.port, SECRET, sent, until=ended, keeps_alive=number % 2
                )
            )
            for number in range(6)
        ]
        stored_by_each = []
        for is_last in (False, True):
            before = len(sent.stored)
            supervisor.start("all-in-one")
            await asyncio.to_thread(supervisor.report, "READY=1")
            async with asyncio.timeout(30):
                while len(sent.stored) < before + 60:
                    await asyncio.sleep(0.01)
            if is_last:
                ended.set()
                await asyncio.gather(*clients)
            assert await asyncio.to_thread(supervisor.stop) == 0, (tmp_path / "log").read_text()
            stored_by_each.append(len(sent.stored) - before)
    assert sent.failures == []
    assert min(stored_by_each) >= 60
    spool = tmp_path / "spool"
    missing = [
        name for name in sent.stored if not (spool / name / f"{name}_transcription.json").is_file()
    ]
    assert missing == []


@contextmanager
def supervisor_socket(tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as reports:
        # Some systems have long temporary paths, and the kernel takes 108 bytes.
        name = f"\0callspool-test-{os.getpid()}"
        reports.bind(name)
        reports.setblocking(False)
        yield reports, f"@{name[1:]}"


async def reported(reports):
    return (await asyncio.get_running_loop().sock_recv(reports, 4096)).decode()


async def test_the_supervisor_hears_when_it_is_ready_that_it_lives_and_that_it_stops(tmp_path):
    with supervisor_socket(tmp_path) as (reports, address):
        ready, stop = asyncio.get_running_loop().create_future(), asyncio.Event()
        informing = asyncio.create_task(
            keep_supervisor_informed(address, watchdog_seconds=0.04, ready=ready, stop=stop)
        )
        await asyncio.sleep(0.05)
        with pytest.raises(BlockingIOError):
            reports.recv(4096)
        ready.set_result(8080)
        async with asyncio.timeout(10):
            assert [await reported(reports) for _ in range(3)] == ["READY=1", *["WATCHDOG=1"] * 2]
            stop.set()
            await informing
            said = "WATCHDOG=1"
            while said == "WATCHDOG=1":
                said = await reported(reports)
        assert said == "STOPPING=1"


async def test_a_start_that_fails_is_never_reported_as_ready(tmp_path):
    with supervisor_socket(tmp_path) as (reports, address):
        ready, stop = asyncio.get_running_loop().create_future(), asyncio.Event()
        stop.set()
        async with asyncio.timeout(10):
            await keep_supervisor_informed(address, watchdog_seconds=0, ready=ready, stop=stop)
        assert await reported(reports) == "STOPPING=1"
        ready.cancel()


def test_a_supervisor_that_is_gone_is_logged_and_no_more(tmp_path, caplog):
    tell_supervisor(str(tmp_path / "nobody"), "READY=1")
    assert "cannot tell the supervisor READY=1" in caplog.text


def given(monkeypatch, **variables):
    for name in ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "NOTIFY_SOCKET"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)


def test_what_the_supervisor_gives_is_taken_out_of_the_environment(monkeypatch):
    us = str(os.getpid())
    given(
        monkeypatch, LISTEN_PID=us, LISTEN_FDS="2", LISTEN_FDNAMES="a:b", NOTIFY_SOCKET="/run/n",
        WATCHDOG_PID=us, WATCHDOG_USEC="30000000",
    )  # fmt: skip
    expected = Supervised(sockets=2, notify_address="/run/n", watchdog_seconds=30.0)
    assert take_supervised() == expected
    assert take_supervised() == Supervised()


@pytest.mark.parametrize("number", ["-1", "many", "", "²"])
def test_a_number_of_sockets_that_is_none_counts_as_none(monkeypatch, number):
    given(monkeypatch, LISTEN_PID=str(os.getpid()), LISTEN_FDS=number, WATCHDOG_USEC=number)
    assert take_supervised() == Supervised()


def test_what_is_meant_for_another_process_is_not_taken(monkeypatch):
    given(monkeypatch, LISTEN_PID="1", LISTEN_FDS="1", WATCHDOG_PID="1", WATCHDOG_USEC="5000000")
    assert take_supervised() == Supervised()


@pytest.mark.parametrize("kind", ["nothing", "datagram", "no listener", "unix"])
def test_a_descriptor_that_is_no_listening_socket_is_refused_with_the_reason(tmp_path, kind):
    prepare = {
        "nothing": "os.closerange(3, 10)",
        "datagram": "s = socket.socket(type=socket.SOCK_DGRAM)",
        "no listener": "s = socket.socket()",
        "unix": "s = socket.socket(socket.AF_UNIX); s.bind('s'); s.listen()",
    }[kind]
    code = (
        f"import os, socket, sys; sys.path.insert(0, {str(ROOT)!r})\n"
        "from receiver.sockets import CannotListen, handed_over_sockets\n"
        f"{prepare}\n"
        "'s' in globals() and s.fileno() != 3 and os.dup2(s.fileno(), 3)\n"
        "try:\n    handed_over_sockets(1)\nexcept CannotListen as error:\n    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert "cannot listen on descriptor 3, which LISTEN_FDS promises" in done.stdout


async def test_who_waits_when_it_stops_is_left_for_the_next_or_let_in_if_there_is_none():
    entered = []

    class Greeting(asyncio.Protocol):
        def connection_made(self, transport):
            entered.append(transport)
            transport.write(b"hello")
            transport.close()

    async def visit(*, leaves_waiting):
        """Visit while nobody accepts, stop, and let the next one, if any, begin."""
        first = socket.create_server(("127.0.0.1", 0))
        second = first.dup() if leaves_waiting else None
        listening = Listening([first], admit=lambda _: Greeting(), make_room=lambda: False)
        visitor = socket.create_connection(first.getsockname())
        visitor.setblocking(False)
        await listening.stop(leaves_waiting=leaves_waiting)
        assert len(entered) == (not leaves_waiting)
        following = None
        if second is not None:
            following = Listening([second], admit=lambda _: Greeting(), make_room=lambda: False)
            following.start()
        async with asyncio.timeout(10):
            said = await asyncio.get_running_loop().sock_recv(visitor, 10)
        visitor.close()
        if following is not None:
            await following.stop(leaves_waiting=True)
        return said

    assert await visit(leaves_waiting=False) == b"hello"
    entered.clear()
    assert await visit(leaves_waiting=True) == b"hello"


class VisitedAtTheEnd(asyncio.Event):
    """An event whose waiter, once it is set, finds that somebody has just come to an address."""

    def __init__(self, address):
        super().__init__()
        self.address = address

    async def wait(self):
        await super().wait()
        self.visitor = socket.create_connection(self.address)
        return True


async def test_a_server_whose_socket_was_handed_over_leaves_who_waits_at_its_end(tmp_path):
    async with receiving(tmp_path) as running:
        handed_over = socket.create_server(("127.0.0.1", 0))
        with handed_over.dup() as kept:
            stop = VisitedAtTheEnd(kept.getsockname())
            await serve(
                running.receiver,
                host="an.address.that.does.not.count.invalid",
                port=1,
                stop=stop,
                on_ready=lambda *_: stop.set(),
                handed_over=[handed_over],
            )
            kept.setblocking(False)
            accepted, address = kept.accept()
            accepted.close()
            assert address == stop.visitor.getsockname()
            stop.visitor.close()
