"""What a connection may cost the server: headers, refused bodies, answers, and their number."""

import asyncio
import json
import socket
import subprocess
import sys
import time
from contextlib import asynccontextmanager
from ipaddress import ip_network
from pathlib import Path

import pytest

from receiver.connections import ConnectionLimits, Connections
from receiver.limits.address import client_of
from receiver.sockets import Listening
from tests.factories import transcription_payload
from tests.receiving import SECRET, receiving
from voice.signature import sign

ROOT = Path(__file__).parent.parent
HEALTH = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"
HALF = b"GET /health HTTP/1.1\r\nHost: loc"
STRANGER, OTHER = "198.51.100.7", "198.51.100.8"


class Clock:
    """Seconds that pass when told."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


class Wire(asyncio.Transport):
    """A transport that notes whether it is closed."""

    def __init__(self):
        super().__init__()
        self.is_closed = False
        self.unsent = 0

    def abort(self):
        self.is_closed = True

    close = abort

    def get_write_buffer_size(self):
        return self.unsent


def books(**limits):
    """Return connections without a server behind them, their clock, and what was dropped."""
    clock, dropped = Clock(), []
    connections = Connections(
        ConnectionLimits(**limits),
        new_handler=asyncio.Protocol,
        clock=clock,
        dropped=dropped.append,
    )
    return connections, clock, dropped


def enter(connections, host=STRANGER):
    """Let somebody in, as the server does; return the transport, None if he is turned away."""
    connection = connections.admit(host)
    if connection is None:
        return None
    wire = Wire()
    connection.connection_made(wire)
    wire.connection = connection
    return wire


def test_one_address_has_a_quarter_of_all_places_and_others_still_come_in():
    connections, _, dropped = books(max_connections=20)
    assert [enter(connections) is not None for _ in range(7)] == [True] * 5 + [False] * 2
    assert enter(connections, OTHER) is not None
    assert dropped == ["one_address"] * 2


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "::ffff:127.0.0.1", "10.1.2.3"])
def test_this_machine_and_a_trusted_proxy_may_have_all_places(host):
    connections, _, dropped = books(max_connections=20, trusted=(ip_network("10.0.0.0/8"),))
    assert all(enter(connections, host) for _ in range(20))
    assert not dropped


def test_addresses_of_one_ipv6_network_share_their_places():
    connections, _, dropped = books(max_connections=20)
    assert all(enter(connections, f"2001:db8::{number}") for number in range(5))
    assert enter(connections, "2001:db8::99") is None
    assert enter(connections, "2001:db8:0:1::1") is not None
    assert dropped == ["one_address"]


def test_a_place_is_free_again_once_its_connection_is_lost():
    connections, _, dropped = books(max_connections=4)
    first = enter(connections)
    assert enter(connections) is None
    first.connection.connection_lost(None)
    assert len(connections) == 0
    assert enter(connections) is not None
    assert dropped == ["one_address"]


def test_where_all_places_are_taken_the_one_that_waits_longest_for_its_header_gives_way():
    connections, clock, dropped = books(max_connections=10)
    wires = []
    for _ in range(10):
        wires.append(enter(connections, "127.0.0.1"))
        clock.now += 0.1
    assert enter(connections, OTHER) is not None
    assert [wire.is_closed for wire in wires] == [True] + [False] * 9
    assert dropped == ["gave_way"]
    assert len(connections) == 10


def test_one_to_whom_something_is_still_being_sent_does_not_give_way():
    connections, _, dropped = books(max_connections=2)
    busy, other = (enter(connections, "127.0.0.1") for _ in range(2))
    busy.unsent = 1
    assert enter(connections, OTHER) is not None
    assert (busy.is_closed, other.is_closed) == (False, True)
    assert dropped == ["gave_way"]


def test_who_gives_way_before_he_has_come_in_is_not_answered():
    connections, _, _ = books(max_connections=1)
    early = connections.admit("127.0.0.1")
    assert connections.admit("127.0.0.1") is not None
    wire = Wire()
    early.connection_made(wire)
    early.data_received(HEALTH)
    assert wire.is_closed
    assert early.handler is None


def test_a_late_header_closes_the_connection_and_a_recent_one_stays():
    connections, clock, dropped = books(header_seconds=10.0)
    late = enter(connections)
    clock.now = 6.0
    recent = enter(connections)
    clock.now = 10.0
    connections.close_late()
    assert (late.is_closed, recent.is_closed) == (True, False)
    assert dropped == ["header_late"]


def test_an_answer_of_which_nothing_is_taken_closes_the_connection_and_a_slow_reader_stays():
    connections, clock, dropped = books(unread_seconds=60.0)
    gone, slow = enter(connections), enter(connections)
    gone.unsent = slow.unsent = 100_000
    for clock.now in range(0, 61, 10):
        slow.unsent -= 10
        connections.close_unread()
    assert (gone.is_closed, slow.is_closed) == (True, False)
    assert dropped == ["answer_unread"]


@pytest.mark.parametrize("lead", [b"", b"\r\n\r\n"])
def test_a_header_without_an_end_is_not_kept(lead):
    connections, _, dropped = books(header_bytes=1000)
    wire = enter(connections)
    for piece in (lead, lead, b"GET / HTTP/1.1\r\n", *[b"x: y\r\n"] * 200):
        wire.connection.data_received(piece)
    assert wire.is_closed
    assert dropped == ["header_large"]


def test_a_body_that_comes_with_a_header_is_no_large_header():
    connections, _, dropped = books(header_bytes=1000)
    wire = enter(connections)
    for piece in (b"POST / HTTP/1.1\r\n\r", b"\n", b"x" * 900, b"x" * 100_000):
        wire.connection.data_received(piece)
    assert not wire.is_closed
    assert not dropped


@asynccontextmanager
async def connected(running):
    reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
    try:
        yield reader, writer
    finally:
        writer.close()
        await asyncio.gather(writer.wait_closed(), return_exceptions=True)


async def ended(reader):
    """Wait until the server closes; return what it said until then."""
    said = b""
    try:
        while piece := await reader.read(65536):
            said += piece
    except ConnectionError:
        pass
    return said


def dropped_by(running, reason):
    """Return how many connections /metrics says were closed for this reason."""
    text = running.receiver.metrics.exposition("text/plain")[0].decode()
    name = f'callspool_connections_dropped_total{{reason="{reason}"}} '
    return float(next(line for line in text.splitlines() if line.startswith(name)).split()[1])


@pytest.mark.parametrize("said", [b"", HALF, HEALTH + HALF])
async def test_a_slow_loris_is_closed_while_others_are_answered(tmp_path, said):
    limits = ConnectionLimits(header_seconds=0.4)
    async with receiving(tmp_path, limits=limits) as running, connected(running) as (slow, writer):
        writer.write(said[: len(HEALTH)] if said.startswith(HEALTH) else said)
        if said.startswith(HEALTH):
            await slow.readuntil(b"\r\n\r\n")
            writer.write(HALF)
        async with asyncio.timeout(10):
            await ended(slow)
        await running.deliver_json(transcription_payload())
        assert dropped_by(running, "header_late") == 1


async def test_a_slow_body_is_not_taken_for_a_slow_header(tmp_path):
    limits = ConnectionLimits(header_seconds=0.2)
    async with (
        receiving(tmp_path, limits=limits) as running,
        connected(running) as (reader, writer),
    ):
        writer.write(b"POST /webhook/client-data HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n")
        for piece in (b"{", b"}"):
            await asyncio.sleep(0.3)
            writer.write(piece)
        async with asyncio.timeout(10):
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
        assert dropped_by(running, "header_late") == 0


async def test_an_idle_connection_is_kept_for_its_time_and_then_closed(tmp_path):
    limits = ConnectionLimits(header_seconds=0.2, keep_alive_seconds=0.5)
    async with (
        receiving(tmp_path, limits=limits) as running,
        connected(running) as (reader, writer),
    ):
        for pause in (0.3, 0.0):  # each longer than a header may take
            writer.write(HEALTH)
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
            await reader.readexactly(length)
            await asyncio.sleep(pause)
        async with asyncio.timeout(10):
            assert await ended(reader) == b""


@pytest.mark.parametrize("length", ["Content-Length: 60000000", "Transfer-Encoding: chunked"])
async def test_a_refused_body_is_read_for_a_little_while_and_its_sender_sees_the_answer(
    tmp_path, length
):
    limits = ConnectionLimits(drain_bytes=256 * 1024)
    async with (
        receiving(tmp_path, limits=limits) as running,
        connected(running) as (reader, writer),
    ):
        writer.write(f"POST /webhook/post-call HTTP/1.1\r\nHost: x\r\n{length}\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 401")
        assert b"connection: close" in head.lower()
        await reader.readuntil(b"}}")
        sent, block = 0, b"x" * 65_536
        chunk = block if length.startswith("Content") else b"10000\r\n" + block + b"\r\n"
        with pytest.raises(ConnectionError):
            while sent < 60_000_000:
                writer.write(chunk)
                await writer.drain()
                await asyncio.sleep(0.001)
                sent += len(block)
        # What the kernels hold for both sides comes on top, and is not ours to bound.
        assert sent < 30_000_000
        assert dropped_by(running, "body_refused") == 1
        assert running.receipts() == []


async def test_a_refused_body_that_stops_coming_is_waited_for_only_briefly(tmp_path):
    limits = ConnectionLimits(drain_seconds=0.3)
    async with (
        receiving(tmp_path, limits=limits) as running,
        connected(running) as (reader, writer),
    ):
        writer.write(b"POST /webhook/post-call HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n")
        async with asyncio.timeout(10):
            assert (await ended(reader)).startswith(b"HTTP/1.1 401")


async def test_after_a_small_refused_body_the_connection_is_used_again(tmp_path):
    limits = ConnectionLimits(drain_bytes=20)  # fewer than a header has
    async with (
        receiving(tmp_path, limits=limits) as running,
        connected(running) as (reader, writer),
    ):
        for _ in range(3):
            writer.write(
                b"POST /webhook/post-call HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n"
            )
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 401")
            assert b"connection: close" not in head.lower()
            await reader.readuntil(b"}}")
            writer.write(b"123456789")
            await asyncio.sleep(0.05)


async def test_where_all_places_are_taken_an_idle_connection_gives_way_to_an_event(tmp_path):
    async with (
        receiving(tmp_path, limits=ConnectionLimits(max_connections=2)) as running,
        connected(running) as (first, writer),
        connected(running) as (second, other),
    ):
        for reader, asking in ((first, writer), (second, other)):
            asking.write(HEALTH)
            await reader.readuntil(b"\r\n\r\n")
        await running.deliver_json(transcription_payload())
        assert dropped_by(running, "gave_way") == 1
        async with asyncio.timeout(10):
            await ended(first)


async def test_who_never_reads_what_is_sent_is_closed():
    class Sending(asyncio.Protocol):
        def connection_made(self, transport):
            transport.write(b"x" * 20_000_000)

    dropped = []
    connections = Connections(
        ConnectionLimits(unread_seconds=0.2, header_seconds=60.0),
        new_handler=Sending,
        clock=asyncio.get_running_loop().time,
        dropped=dropped.append,
    )
    listening = Listening(
        [socket.create_server(("127.0.0.1", 0))],
        admit=connections.admit,
        make_room=connections.make_room,
    )
    listening.start()
    watching = asyncio.create_task(connections.watch())
    with socket.create_connection(listening.address):
        async with asyncio.timeout(10):
            while not dropped:
                await asyncio.sleep(0.01)
    watching.cancel()
    await listening.stop(leaves_waiting=False)
    assert dropped == ["answer_unread"]


async def test_a_flood_of_idle_connections_does_not_keep_an_event_out(tmp_path):
    async with receiving(tmp_path, limits=ConnectionLimits(max_connections=10)) as running:
        idle = [await asyncio.open_connection("127.0.0.1", running.port) for _ in range(30)]
        answer = await running.deliver_json(transcription_payload(conversation_id="conv_flood"))
        assert answer["status"] == "stored"
        assert dropped_by(running, "gave_way") >= 20
        for _, writer in idle:
            writer.close()


async def test_the_number_of_connections_is_shown_while_they_are_open(tmp_path):
    def shown():
        text = running.receiver.metrics.exposition("text/plain")[0].decode()
        return [line for line in text.splitlines() if line.startswith("callspool_connections ")]

    async with receiving(tmp_path) as running:
        async with connected(running) as (reader, writer):
            writer.write(HEALTH)
            await reader.readuntil(b"\r\n\r\n")
            assert shown() == ["callspool_connections 1.0"]
        async with asyncio.timeout(10):
            while shown() != ["callspool_connections 0.0"]:
                await asyncio.sleep(0.01)


async def test_who_is_connected_when_the_server_stops_may_still_say_what_is_on_the_way(tmp_path):
    async with receiving(tmp_path) as running, connected(running) as (reader, writer):
        writer.write(HALF)
        await asyncio.sleep(0.05)
        running.stop.set()
        await asyncio.sleep(0.1)
        writer.write(HEALTH[len(HALF) :])
        async with asyncio.timeout(10):
            said = await ended(reader)
        assert said.startswith(b"HTTP/1.1 200")
        assert b"connection: close" in said.lower()


async def test_without_descriptors_nobody_is_accepted_for_a_moment_and_then_everybody(caplog):
    class Listened:
        """A listening socket on which accepting fails once for want of descriptors."""

        def __init__(self, wrapped):
            self.wrapped, self.fails = wrapped, True

        def accept(self):
            if self.fails:
                self.fails = False
                raise OSError(24, "Too many open files")
            return self.wrapped.accept()

        def __getattr__(self, name):
            return getattr(self.wrapped, name)

    entered, made_room = asyncio.Event(), []

    class Entering(asyncio.Protocol):
        def connection_made(self, transport):
            entered.set()
            transport.close()

    listening = Listening(
        [Listened(socket.create_server(("127.0.0.1", 0)))],
        admit=lambda _: Entering(),
        make_room=lambda: made_room.append(True),
    )
    listening.start()
    _, writer = await asyncio.open_connection(*listening.address)
    async with asyncio.timeout(10):
        await entered.wait()
    writer.close()
    await listening.stop(leaves_waiting=False)
    assert made_room == [True]
    assert "cannot accept a connection" in caplog.text


@pytest.mark.parametrize(
    ("limit", "room"),
    [((400, 4000), 1000), ((400, 600), 344), ((100, 100), 25), ((4000, 4000), 1000)],
)
def test_the_limit_of_open_files_is_raised_for_the_connections_or_these_are_fewer(limit, room):
    code = (
        "import json, resource, sys; from receiver.sockets import room_for;"
        f"resource.setrlimit(resource.RLIMIT_NOFILE, {limit});"
        "print(json.dumps([room_for(1000), resource.getrlimit(resource.RLIMIT_NOFILE)[0]]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    found, soft = json.loads(done.stdout)
    assert found == room
    assert soft >= min(room + 256, limit[1])
    assert ("MAX_CONNECTIONS=1000" in done.stderr) == (room < 1000)


async def test_who_has_said_all_and_closes_his_side_is_answered(tmp_path):
    async with receiving(tmp_path) as running, connected(running) as (reader, writer):
        writer.write(HEALTH)
        writer.write_eof()
        async with asyncio.timeout(10):
            assert (await ended(reader)).startswith(b"HTTP/1.1 200")


async def test_who_closes_his_side_in_the_middle_of_a_body_is_not_waited_for(tmp_path):
    async with receiving(tmp_path) as running, connected(running) as (reader, writer):
        writer.write(
            b"POST /webhook/client-data HTTP/1.1\r\nHost: x\r\nContent-Length: 20\r\n\r\n{"
        )
        writer.write_eof()
        async with asyncio.timeout(10):
            await ended(reader)
        async with asyncio.timeout(10):
            while running.receiver.requests.in_flight:
                await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    "said",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03garbage\r\n\r\n",
        b"GET /health HTTP/1.1\r\n\r\n",
        b"GET /" + b"a" * 12_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST /webhook/post-call HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n"
        b"Content-Length: 3\r\n\r\n{}",
    ],
    ids=["tls", "no host", "long line", "two lengths"],
)
async def test_what_is_no_http_gets_an_answer_of_ours_and_is_counted(tmp_path, said):
    async with receiving(tmp_path) as running, connected(running) as (reader, writer):
        writer.write(said)
        async with asyncio.timeout(10):
            head, _, body = (await ended(reader)).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.0 400 ")
        for line in (
            b"Server: callspool",
            b"Content-Security-Policy: default-src",
            b"X-Request-Id: ",
        ):
            assert line in head
        assert json.loads(body)["error"]["code"] == "malformed_request"
        assert running.receiver.counts["malformed"] == 1
        shown = running.receiver.metrics.exposition("text/plain")[0].decode()
        assert 'callspool_requests_total{endpoint="none",method="other",status="400"} 1.0' in shown
        assert 'callspool_refused_total{reason="malformed"} 1.0' in shown


@pytest.mark.parametrize("path", ["/webhook/client-data", "/webhook/post-call"])
async def test_what_a_client_expects_beyond_a_word_to_go_on_is_passed_over(tmp_path, path):
    async with (
        receiving(tmp_path, client_data_key="k") as running,
        connected(running) as (reader, writer),
    ):
        writer.write(f"POST {path} HTTP/1.1\r\nHost: x\r\nExpect: a-miracle\r\n".encode())
        writer.write(b"Content-Length: 2\r\n\r\n{}")
        async with asyncio.timeout(10):
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 401")


async def test_only_who_has_the_key_is_asked_for_a_live_body(tmp_path):
    async with receiving(tmp_path, client_data_key="k") as running:
        for key, first in ((b"wrong", b"HTTP/1.1 401"), (b"k", b"HTTP/1.1 100")):
            async with connected(running) as (reader, writer):
                writer.write(
                    b"POST /webhook/client-data HTTP/1.1\r\nHost: x\r\nX-Api-Key: " + key + b"\r\n"
                    b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n"
                )
                async with asyncio.timeout(10):
                    assert (await reader.readuntil(b"\r\n\r\n")).startswith(first)


@pytest.mark.parametrize("is_proven", [False, True])
async def test_where_all_wait_for_a_body_the_longest_gives_way_unless_it_is_proven(
    tmp_path, is_proven
):
    limits = ConnectionLimits(max_connections=2, body_seconds=0.05)
    async with (
        receiving(tmp_path, limits=limits) as running,
        connected(running) as (first, writer),
        connected(running) as (_, other),
    ):
        if is_proven:
            running.receiver.limits.prove(client_of("127.0.0.1", "", ()))
        for asking in (writer, other):
            asking.write(b"POST /webhook/post-call HTTP/1.1\r\nHost: x\r\nContent-Length: 90\r\n")
            asking.write(
                f"ElevenLabs-Signature: {sign(b'', SECRET, timestamp=int(time.time()))}".encode()
            )
            asking.write(b"\r\n\r\n{")
            await asyncio.sleep(0.1)
        if is_proven:
            async with connected(running) as (third, _):
                await ended(third)
            assert dropped_by(running, "full") == 1
            return
        await running.deliver_json(transcription_payload())
        assert dropped_by(running, "gave_way") == 1
        async with asyncio.timeout(10):
            await ended(first)
