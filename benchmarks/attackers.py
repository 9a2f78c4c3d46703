"""
What the siege sends: garbage, slow-loris connections and large bodies that nobody signed.

Run by `benchmarks.siege` as a process of its own, so that it does not delay what is measured.
It sends to 127.0.0.1 alone, at a bounded rate, and ends by itself after `--seconds`.
"""

import argparse
import asyncio
import json
import random
import time
from collections import Counter
from contextlib import suppress

from benchmarks.load import http_request

ADDRESSES = [f"127.0.2.{number}" for number in range(1, 21)]
_LORIS_BYTES_EVERY_SECONDS = 1.0
_BLOCK = b"A" * (256 * 1024)


class Attack:
    """One attack on a port of this machine, until `until` (of time.monotonic)."""

    def __init__(self, port: int, until: float, *, address: str) -> None:
        self.port = port
        self.until = until
        self.address = address  # "": each from one of many
        self.counts: Counter[str] = Counter()
        self._dice = random.Random(7)

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect from one of the attackers' addresses."""
        address = self.address or self._dice.choice(ADDRESSES)
        return await asyncio.open_connection("127.0.0.1", self.port, local_addr=(address, 0))

    def garbage(self) -> bytes:
        """Return one request, or what is none."""
        signature = {"ElevenLabs-Signature": f"t={int(time.time())},v0={'0' * 64}"}
        deep = b"[" * 20_000
        return self._dice.choice(
            [
                self._dice.randbytes(300),
                b"GET /" + b"a" * 12_000 + b" HTTP/1.1\r\n\r\n",
                b"GET /wp-login.php HTTP/1.1\r\nHost: x\r\n\r\n",
                b"GET /callers HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer guess\r\n\r\n",
                http_request("/webhook/post-call", b"{}", {}),
                http_request("/webhook/post-call", deep, signature),
                http_request("/webhook/post-call", b"x" * 4000, signature),
                http_request("/webhook/client-data", deep, {"X-Api-Key": "wrong"}),
                http_request("/webhook/search-data", b'{"query": 1}', {"X-Api-Key": "wrong"}),
            ]
        )

    async def send_garbage(self) -> None:
        """Send one piece of garbage over a connection of its own, and count the answer."""
        try:
            async with asyncio.timeout(10):
                reader, writer = await self.connect()
                writer.write(self.garbage())
                line = await reader.readline()
                writer.close()
        except (OSError, TimeoutError) as error:
            self.counts[f"garbage: {type(error).__name__}"] += 1
            return
        status = line.split()[1].decode("ascii", "replace") if line.count(b" ") else "closed"
        self.counts[f"garbage: {status[:8]}"] += 1

    async def garbage_at(self, per_second: int) -> None:
        """Send garbage at this rate, whatever the answers take."""
        running: set[asyncio.Task[None]] = set()
        due = time.monotonic()
        while time.monotonic() < self.until:
            due += 1 / per_second
            if (pause := due - time.monotonic()) > 0:
                await asyncio.sleep(pause)
            if len(running) > 4 * per_second:
                self.counts["garbage: not sent, too many unanswered"] += 1
                continue
            task = asyncio.create_task(self.send_garbage())
            running.add(task)
            task.add_done_callback(running.discard)
        await asyncio.gather(*running)

    async def loris(self) -> None:
        """Hold a connection with a header that never ends; when it is closed, take another."""
        while time.monotonic() < self.until:
            with suppress(OSError):
                reader, writer = await self.connect()
                self.counts["loris: connections"] += 1
                writer.write(b"POST /webhook/post-call HTTP/1.1\r\nHost: x\r\n")
                while time.monotonic() < self.until and not reader.at_eof():
                    writer.write(b"X-a: b\r\n")
                    await writer.drain()
                    with suppress(TimeoutError):
                        await asyncio.wait_for(reader.read(1), _LORIS_BYTES_EVERY_SECONDS)
                writer.close()
            await asyncio.sleep(0.1)

    async def large_bodies(self, megabytes: int, *, plausible: bool) -> None:
        """Send unsigned bodies of this size, one after the other."""
        while time.monotonic() < self.until:
            began = time.monotonic()
            sent = 0
            try:
                reader, writer = await self.connect()
                head = ["POST /webhook/post-call HTTP/1.1", "Host: x"]
                head.append(f"Content-Length: {megabytes * 1024 * 1024}")
                if plausible:
                    head.append(f"ElevenLabs-Signature: t={int(time.time())},v0={'0' * 64}")
                writer.write("\r\n".join(head).encode() + b"\r\n\r\n")
                writer.write(b'{"type": "post_call_audio", "data": {"conversation_id": "conv_a", '
                             b'"agent_id": "a", "full_audio": "')  # fmt: skip
                while sent < megabytes * 1024 * 1024 and not reader.at_eof():
                    writer.write(_BLOCK)
                    async with asyncio.timeout(40):
                        await writer.drain()
                    sent += len(_BLOCK)
                writer.close()
            except (OSError, TimeoutError) as error:
                self.counts[f"large: {type(error).__name__}"] += 1
            self.counts["large: attempts"] += 1
            self.counts["large: MB sent"] += sent // (1024 * 1024)
            await asyncio.sleep(max(0.0, 0.2 - (time.monotonic() - began)))


async def attack(options: argparse.Namespace) -> Counter[str]:
    """Run all attacks at the same time; return what was sent, and how it ended."""
    each = Attack(options.port, time.monotonic() + options.seconds, address=options.address)
    await asyncio.gather(
        each.garbage_at(options.garbage),
        *(each.loris() for _ in range(options.loris)),
        *(each.large_bodies(60, plausible=index % 2 == 0) for index in range(options.large)),
    )
    return each.counts


def main() -> None:
    """Attack, and print the counts as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--garbage", type=int, default=500, help="a second")
    parser.add_argument("--loris", type=int, default=300, help="connections")
    parser.add_argument("--large", type=int, default=4, help="at once")
    parser.add_argument("--address", default="", help="all from this address of 127.0.0.0/8")
    print(json.dumps(asyncio.run(attack(parser.parse_args()))))


if __name__ == "__main__":
    main()
