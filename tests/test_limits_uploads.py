"""Large bodies: few at once, on a bounded part of the disk, and none that trickles in."""

import asyncio
import json
import time
from contextlib import asynccontextmanager, suppress
from ipaddress import ip_network
from typing import NamedTuple

import pytest

from receiver.limits.upload_queue import Busy, GaveWay, UploadQueue
from tests.factories import audio_payload, transcription_payload
from tests.receiving import SECRET, receiving
from tests.serving import turns
from voice.signature import sign

LOOPBACK = (ip_network("127.0.0.0/8"),)
MEGABYTE = 1024 * 1024
AUDIO = json.dumps(audio_payload(mp3=bytes(range(256)) * 2000, conversation_id="conv_1")).encode()


class Uploading:
    """A client of its own that sends a large body piece by piece."""

    def __init__(self, reader, writer):
        self.reader = reader
        self.writer = writer

    async def send(self, piece):
        self.writer.write(piece)
        await self.writer.drain()

    async def status(self):
        """Return the status of the next answer; its header is then in `header`."""
        async with asyncio.timeout(10):
            self.header = await self.reader.readuntil(b"\r\n\r\n")
        return int(self.header.split()[1])


@asynccontextmanager
async def uploading(running, body, *lines, address="198.51.100.66", length=None):
    """Begin to upload `body`, which has to be sent yet."""
    signature = sign(body, SECRET, timestamp=int(time.time()))
    size = f"Content-Length: {len(body) if length is None else length}"
    head = [
        "POST /webhook/post-call HTTP/1.1", "Host: x", f"X-Forwarded-For: {address}",
        f"ElevenLabs-Signature: {signature}", *(lines or [size]),
    ]  # fmt: skip
    reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
    try:
        writer.write("\r\n".join([*head, "", ""]).encode())
        yield Uploading(reader, writer)
    finally:
        writer.transport.abort()
        await turns()


@asynccontextmanager
async def behind_a_proxy(tmp_path, **options):
    async with receiving(tmp_path, trusted_proxies=LOOPBACK, **options) as running:
        yield running


async def until(condition):
    for _ in range(500):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError(condition)


def staged(running):
    return list((running.root / ".spool/incoming").iterdir())


def admitted(gate, key="a", *, is_proven=False, size=1, wait=5.0, budget=1000):
    return gate.admitted(
        key, size=size, is_proven=is_proven, budget_bytes=budget, wait_seconds=wait
    )


async def test_who_gets_no_place_in_time_is_told_and_who_leaves_makes_room():
    gate = UploadQueue()
    async with admitted(gate), admitted(gate):
        with pytest.raises(Busy):
            async with admitted(gate, wait=0.01):
                pass
        assert (gate.running, gate.waiting) == (2, 0)
        entering = asyncio.create_task(admitted(gate).__aenter__())
        await turns()
        assert (gate.running, gate.waiting) == (2, 1)
    await entering
    assert (gate.running, gate.waiting) == (1, 0)


async def test_who_gives_up_waiting_leaves_the_queue_even_in_the_moment_of_being_let_in():
    gate = UploadQueue()
    first, second = admitted(gate), admitted(gate)
    await first.__aenter__()
    await second.__aenter__()
    for is_let_in in (False, True):
        entering = asyncio.create_task(admitted(gate).__aenter__())
        await turns()
        if is_let_in:
            await first.__aexit__(None, None, None)
        entering.cancel()
        with pytest.raises(asyncio.CancelledError):
            await entering
    assert (gate.running, gate.waiting) == (1, 0)


async def test_an_address_that_had_unsigned_bodies_read_waits_longer_until_that_is_forgiven():
    now = [0.0]
    gate = UploadQueue(clock=lambda: now[0])
    gate.charge("mallory", 60 * MEGABYTE)

    async def order():
        entered = []

        async def enter(key):
            async with admitted(gate, key, size=1000):
                entered.append(key)

        async with admitted(gate, "first", size=1000):
            tasks = [asyncio.create_task(enter(key)) for key in ("mallory", "ana")]
            await turns()
        await asyncio.gather(*tasks)
        return entered

    assert await order() == ["ana", "mallory"]
    now[0] = 60.0
    assert await order() == ["mallory", "ana"]


@pytest.mark.parametrize(
    ("is_proven", "owed", "together"),
    [(True, 0, 3), (True, 20 * MEGABYTE, 1), (False, 0, 1)],
)
async def test_what_is_likely_unsigned_is_worked_on_one_piece_at_a_time_and_with_rests(
    monkeypatch, is_proven, owed, together
):
    rests, at_once, most = [], 0, 0
    now = [0.0]
    gate = UploadQueue(clock=lambda: now[0])
    gate.charge("a", owed)
    sleep = asyncio.sleep

    async def rest(seconds):
        rests.append(seconds)
        await sleep(0)

    async def work():
        nonlocal at_once, most
        async with gate.working("a", is_proven=is_proven):
            at_once += 1
            most = max(most, at_once)
            await sleep(0)
            now[0] += 0.01
            at_once -= 1

    monkeypatch.setattr("receiver.limits.upload_queue.asyncio.sleep", rest)
    await asyncio.gather(work(), work(), work())
    assert most == together
    assert rests == pytest.approx([0.03] * 3 if together == 1 else [])


async def test_large_bodies_of_strangers_take_only_a_part_of_the_places(tmp_path, monkeypatch):
    monkeypatch.setattr("receiver.intake.WAIT_SECONDS", 0.2)
    async with behind_a_proxy(tmp_path) as running:
        gate = running.receiver.limits.uploads
        async with (
            uploading(running, b"", length=9 * MEGABYTE) as one,
            uploading(running, b"", length=9 * MEGABYTE) as two,
        ):
            for each in (one, two):
                await each.send(b"A" * MEGABYTE)
            await until(lambda: len(staged(running)) == 2)
            async with uploading(running, AUDIO) as third:
                await third.send(AUDIO)
                assert await third.status() == 503
                assert b"Retry-After: 30" in third.header
            assert len(staged(running)) == 2
            assert running.receiver.counts["uploads_busy"] == 1
            async with uploading(running, AUDIO, address="198.51.100.1") as other:
                await other.send(AUDIO)
                assert await other.status() == 200
        await until(lambda: not gate.running)
        await until(lambda: not staged(running))


async def test_a_signature_lets_its_address_have_the_places_that_are_kept(tmp_path, monkeypatch):
    monkeypatch.setattr("receiver.intake.WAIT_SECONDS", 0.2)
    async with (
        behind_a_proxy(tmp_path, upload_budget_bytes=10 * MEGABYTE) as running,
        uploading(running, b"", length=5 * MEGABYTE) as holding,
    ):
        await holding.send(b"A" * MEGABYTE)
        await until(lambda: staged(running))
        # The half of the budget that strangers may have is taken.
        statuses = []
        for body in (AUDIO, json.dumps(transcription_payload()).encode(), AUDIO):
            async with uploading(running, body, address="198.51.100.1") as ana:
                await ana.send(body)
                statuses.append(await ana.status())
        assert statuses == [503, 200, 200]
        assert len(running.receipts()) == 2


async def test_a_large_body_in_chunks_counts_as_the_largest_that_there_may_be(
    tmp_path, monkeypatch
):
    monkeypatch.setattr("receiver.intake.WAIT_SECONDS", 0.2)
    terms = {"upload_budget_bytes": 8 * MEGABYTE, "max_body_bytes": 3 * MEGABYTE}
    async with behind_a_proxy(tmp_path, **terms) as running:
        chunked = "Transfer-Encoding: chunked"
        async with uploading(running, b"", chunked) as holding:
            await holding.send(b"80000\r\n" + b"A" * 0x80000 + b"\r\n")
            await until(lambda: staged(running))
            async with uploading(running, AUDIO, chunked, address="198.51.100.1") as ana:
                await ana.send(b"%x\r\n%s\r\n0\r\n\r\n" % (len(AUDIO), AUDIO))
                assert await ana.status() == 503
            async with uploading(running, AUDIO, address="198.51.100.1") as ana:
                await ana.send(AUDIO)
                assert await ana.status() == 200


async def test_unsigned_large_bodies_are_charged_to_their_address(tmp_path):
    async with behind_a_proxy(tmp_path) as running:
        charged = []
        gate = running.receiver.limits.uploads
        charge = gate.charge
        gate.charge = lambda key, size: (charged.append((key, size)), charge(key, size))
        body = b"x" * MEGABYTE
        async with uploading(running, b"another", length=MEGABYTE) as mallory:
            await mallory.send(body)
            assert await mallory.status() == 401
        async with uploading(running, AUDIO, address="198.51.100.1") as ana:
            await ana.send(AUDIO)
            assert await ana.status() == 200
        assert charged == [("198.51.100.66", MEGABYTE)]


async def test_over_its_limit_an_address_uploads_by_the_gate_alone(tmp_path):
    async with behind_a_proxy(tmp_path, limit_per_address=1) as running:
        for _ in range(3):
            await running.client.post(
                "/webhook/post-call", headers={"X-Forwarded-For": "198.51.100.66"}
            )
        async with uploading(running, AUDIO) as recording:
            await recording.send(AUDIO)
            assert await recording.status() == 200


class Usage(NamedTuple):
    total: int
    used: int
    free: int


@pytest.mark.parametrize(
    ("total", "free", "status"),
    [
        (100_000 * MEGABYTE, 1024 * MEGABYTE, 503),
        (100_000 * MEGABYTE, 1026 * MEGABYTE, 200),
        (1000 * MEGABYTE, 50 * MEGABYTE, 503),
        (1000 * MEGABYTE, 52 * MEGABYTE, 200),
    ],
)
async def test_large_bodies_leave_a_part_of_the_disk_free(
    tmp_path, monkeypatch, total, free, status
):
    async with behind_a_proxy(tmp_path) as running:
        usage = Usage(total, total - free, free)
        monkeypatch.setattr("receiver.limits.disk_reserve.shutil.disk_usage", lambda _: usage)
        async with uploading(running, AUDIO) as recording:
            await recording.send(AUDIO)
            assert await recording.status() == status
        assert not staged(running)
        small = json.dumps(transcription_payload()).encode()
        assert (await running.deliver(small)).status == 200


async def test_a_disk_that_fills_on_the_way_ends_the_upload(tmp_path, monkeypatch):
    monkeypatch.setattr("receiver.upload._LOOK_BYTES", MEGABYTE)
    async with behind_a_proxy(tmp_path) as running:
        async with uploading(running, b"", length=9 * MEGABYTE) as recording:
            await recording.send(b"A" * MEGABYTE)
            await until(lambda: staged(running))
            usage = Usage(100_000 * MEGABYTE, 99_999 * MEGABYTE, MEGABYTE)
            monkeypatch.setattr("receiver.limits.disk_reserve.shutil.disk_usage", lambda _: usage)
            await recording.send(b"A" * 2 * MEGABYTE)
            assert await recording.status() == 503
        await until(lambda: not staged(running))
        assert running.receiver.counts["not_stored"] == 1


async def test_a_disk_that_cannot_be_asked_ends_the_upload(tmp_path, monkeypatch):
    def fail(_):
        raise OSError(5, "Input/output error")

    async with behind_a_proxy(tmp_path) as running:
        monkeypatch.setattr("receiver.limits.disk_reserve.shutil.disk_usage", fail)
        async with uploading(running, AUDIO) as recording:
            await recording.send(AUDIO)
            assert await recording.status() == 503
        assert not staged(running)


@pytest.mark.parametrize("size", [200_000, 2_000_000])
@pytest.mark.parametrize("pace", [10, 100_000_000])
async def test_a_body_that_comes_too_slowly_is_given_up(tmp_path, monkeypatch, size, pace):
    monkeypatch.setattr("receiver.intake.STALL_SECONDS", 0.25)
    monkeypatch.setattr("receiver.body.SMALL_PACE_BYTES", pace)
    monkeypatch.setattr("receiver.intake.LARGE_PACE_BYTES", pace)
    body = json.dumps(audio_payload(mp3=bytes(size), conversation_id="conv_1")).encode()
    async with behind_a_proxy(tmp_path) as running:
        async with uploading(running, body) as recording:
            step = len(body) // 8 + 1
            with suppress(ConnectionError):  # closed while it still sends
                for offset in range(0, len(body), step):
                    await asyncio.sleep(0.05)  # never as long as the whole window
                    await recording.send(body[offset : offset + step])
            counts = running.receiver.counts
            await until(lambda: counts["stored"] or counts["stalled"])
        await until(lambda: not staged(running))
        assert (counts["stored"], counts["stalled"]) == ((1, 0) if pace == 10 else (0, 1))


async def test_a_client_that_asks_first_is_told_to_send_once_there_is_room(tmp_path, monkeypatch):
    monkeypatch.setattr("receiver.intake.WAIT_SECONDS", 0.1)
    small = json.dumps(transcription_payload()).encode()
    expect = "Expect: 100-continue"
    async with behind_a_proxy(tmp_path, upload_budget_bytes=4 * MEGABYTE) as running:
        for body in (small, AUDIO):
            async with uploading(running, body, expect, f"Content-Length: {len(body)}") as asking:
                assert await asking.status() == 100
                await asking.send(body)
                assert await asking.status() == 200
        async with uploading(running, b"", expect, "Transfer-Encoding: chunked") as asking:
            assert await asking.status() == 100
        stranger = {"address": "198.51.100.1"}
        async with uploading(running, b"", length=2 * MEGABYTE, **stranger) as holding:
            await holding.send(b"A" * MEGABYTE)
            await until(lambda: staged(running))
            size = f"Content-Length: {len(AUDIO)}"
            async with uploading(running, AUDIO, expect, size, **stranger) as asking:
                assert await asking.status() == 503  # and not 100 before
        # HTTP lets us pass over what we do not know.
        size = f"Content-Length: {len(small)}"
        async with uploading(running, small, "Expect: more", size) as asking:
            await asking.send(small)
            assert await asking.status() == 200


async def test_a_large_body_in_chunks_is_asked_for_once(tmp_path):
    chunked = b"%x\r\n%s\r\n0\r\n\r\n" % (len(AUDIO), AUDIO)
    lines = ("Expect: 100-continue", "Transfer-Encoding: chunked")
    async with behind_a_proxy(tmp_path) as running, uploading(running, AUDIO, *lines) as asking:
        assert await asking.status() == 100
        await asking.send(chunked)
        assert await asking.status() == 200


async def test_over_its_limit_an_address_needs_a_place_for_what_has_no_length(
    tmp_path, monkeypatch
):
    monkeypatch.setattr("receiver.intake.WAIT_SECONDS", 0.1)
    small = json.dumps(transcription_payload()).encode()
    terms = {"upload_budget_bytes": 4 * MEGABYTE, "limit_per_address": 1}
    async with (
        behind_a_proxy(tmp_path, **terms) as running,
        uploading(running, b"", length=2 * MEGABYTE, address="198.51.100.1") as holding,
    ):
        limits = running.receiver.limits
        limits.clock = lambda: 1000.0
        monkeypatch.setattr(type(limits), "is_proven", lambda *_: False)
        await holding.send(b"A" * MEGABYTE)
        await until(lambda: staged(running))
        statuses = []
        for unsigned in (0, 3):
            for _ in range(unsigned):
                await running.client.post(
                    "/webhook/post-call", headers={"X-Forwarded-For": "198.51.100.66"}
                )
            async with uploading(running, small, "Transfer-Encoding: chunked") as event:
                await event.send(b"%x\r\n%s\r\n0\r\n\r\n" % (len(small), small))
                statuses.append(await event.status())
        assert statuses == [200, 503]


async def hold(gate, *, read=0, is_read=False, **terms):
    """Have a place, of which `read` bytes have come, until it is taken away."""
    async with admitted(gate, **terms) as place:
        place.read, place.is_read = read, is_read
        await asyncio.Event().wait()


@pytest.mark.parametrize("key", ["a", "another"])
async def test_the_slowest_body_gives_way_to_one_that_has_waited_for_long(key):
    gate = UploadQueue(patience_seconds=0.05)
    # The second is quick, but not so quick as the first; strangers have half of the budget.
    tasks = [
        asyncio.create_task(hold(gate, key="a", size=200, read=read)) for read in (10**8, 1000)
    ]
    await turns()
    async with admitted(gate, key, size=200):
        assert gate.running == 2
    with pytest.raises(GaveWay):
        await tasks[1]
    tasks[0].cancel()
    with suppress(asyncio.CancelledError):
        await tasks[0]


@pytest.mark.parametrize(
    "terms",
    [
        {"read": 100_000},  # proven, and 2 MB a second
        {"is_read": True},
    ],
)
async def test_no_body_gives_way_that_comes_quickly_or_is_read_already(terms):
    gate = UploadQueue(patience_seconds=0.02)
    tasks = [
        asyncio.create_task(hold(gate, is_proven=True, **{"read": 0, **terms})) for _ in range(4)
    ]
    await turns()
    with pytest.raises(Busy):
        async with admitted(gate, is_proven=True, wait=0.1):
            pass
    assert not any(task.done() for task in tasks)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_slow_bodies_of_an_address_do_not_keep_its_signed_recording_out(tmp_path):
    async with behind_a_proxy(tmp_path) as running:
        gate = running.receiver.limits.uploads
        gate._patience_seconds = 0.1
        async with (
            uploading(running, b"", length=9 * MEGABYTE, address="198.51.100.1") as one,
            uploading(running, b"", length=9 * MEGABYTE, address="198.51.100.1") as two,
        ):
            for each in (one, two):
                await each.send(b"A" * 1000)
            await until(lambda: len(staged(running)) == 2)
            async with uploading(running, AUDIO, address="198.51.100.1") as recording:
                await recording.send(AUDIO)
                assert await recording.status() == 200
            statuses = [await one.status()]
            assert statuses == [503]
            assert running.receiver.counts["uploads_busy"] == 1
        await until(lambda: not gate.running and not staged(running))
