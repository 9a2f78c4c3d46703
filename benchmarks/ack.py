"""
Acknowledgements a second, beside their two limits, all in one run.

`http` is the same server without a disk; `commit` is a bare loop of the same append protocol,
without HTTP. One Python process cannot do better than both after each other:
1/(1/http + 1/commit). Run: uv run python -m benchmarks.ack
"""

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

import uvloop

from benchmarks.load import Load, http_request, send_all
from benchmarks.server import SECRET, running
from memory.in_memory import InMemoryStore
from receiver.context import Receiver, ReceiverOptions
from receiver.server import serve
from spool.committer import Committer
from spool.writer import Arrival, Outcome, Spool
from tests.factories import transcription_payload
from voice.signature import sign


def bodies(count: int, run: str) -> Iterator[tuple[str, bytes]]:
    """Yield conversation ids and payloads of about 12 KB."""
    payload = transcription_payload(turns=20)
    for index in range(count):
        conversation_id = f"conv_{run}_{index:06d}"
        payload["data"]["conversation_id"] = conversation_id
        yield conversation_id, json.dumps(payload).encode()


def requests(count: int, run: str) -> list[bytes]:
    """Return signed requests, ready for the wire."""
    now = int(time.time())
    return [
        http_request(
            "/webhook/post-call",
            body,
            {"ElevenLabs-Signature": sign(body, SECRET, timestamp=now)},
        )
        for _, body in bodies(count, run)
    ]


class _NoDisk:
    """Stands in for the committer: acknowledges at once."""

    async def append(self, arrival: Arrival) -> Outcome:
        return Outcome(status="stored", file=f"{arrival.conversation_id}/none")


def _serve_without_disk(root: str, pipe: Connection) -> None:
    async def run() -> None:
        async def no_backlog() -> int:
            return 0

        spool = Spool.open(Path(root))
        receiver = Receiver(
            read_options=lambda: ReceiverOptions(post_call_secrets=(SECRET,)),
            spool=spool,
            committer=_NoDisk(),  # type: ignore[arg-type]  # the point of this server
            memory=InMemoryStore(),
            backlog=no_backlog,
        )
        stop = asyncio.Event()
        ready = lambda _host, port: pipe.send(port)  # noqa: E731
        await serve(receiver, host="127.0.0.1", port=0, stop=stop, on_ready=ready)

    uvloop.run(run())


@contextmanager
def server_without_disk(root: Path) -> Iterator[int]:
    """Run the receiver with nothing behind it; yield its port."""
    ours, theirs = get_context("spawn").Pipe()
    process = get_context("spawn").Process(target=_serve_without_disk, args=(str(root), theirs))
    process.start()
    try:
        yield int(ours.recv())
    finally:
        process.kill()
        process.join()


async def commit_per_second(root: Path, count: int, waiting: int, run: str) -> float:
    """Return the appends a second with this many waiting at any time."""
    spool = Spool.open(root)
    committer = Committer(spool)
    now = datetime.now(UTC)
    arrivals = iter(
        [
            Arrival(
                kind="transcription", conversation_id=conversation_id, content=body,
                event_timestamp=now.timestamp(), signature=f"t=0,v0={'0' * 64}", source="webhook",
                received_at=now,
            )
            for conversation_id, body in bodies(count, run)
        ]
    )  # fmt: skip

    async def append_rest() -> None:
        for arrival in arrivals:
            await committer.append(arrival)

    began = time.perf_counter()
    await asyncio.gather(*(append_rest() for _ in range(waiting)))
    seconds = time.perf_counter() - began
    await committer.close()
    spool.close()
    return count / seconds


def measure(folder: Path, count: int, connections: int, run: int) -> tuple[Load, float, Load]:
    """Measure http, commit and acknowledgements once."""
    with server_without_disk(folder / f"none{run}") as port:
        uvloop.run(send_all(port, requests(count // 4, "warm"), connections=connections))
        http = uvloop.run(send_all(port, requests(count, "http"), connections=connections))
    commit = uvloop.run(commit_per_second(folder / f"commit{run}", count, connections, "commit"))
    (folder / f"ack{run}").mkdir()
    with running(folder / f"ack{run}", "receiver") as server:
        uvloop.run(send_all(server.port, requests(count // 4, "warm"), connections=connections))
        ack = uvloop.run(send_all(server.port, requests(count, "ack"), connections=connections))
    return http, commit, ack


def main() -> None:
    """Print the medians over the runs, and the share of the limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--count", type=int, default=4000, help="events in a run")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--dir", default=".", help="where the spools are made: the disk measured")
    options = parser.parse_args()
    shares = []
    print(f"{options.connections} connections, {options.count} events of 12 KB a run")
    print("run   http/s  commit/s  limit/s    ack/s  share  p50 ms  p99 ms  failed")
    with tempfile.TemporaryDirectory(prefix=".bench-", dir=options.dir) as name:
        for run in range(options.runs):
            folder = Path(name).resolve()
            http, commit, ack = measure(folder, options.count, options.connections, run)
            limit = 1 / (1 / http.per_second + 1 / commit)
            shares.append(ack.per_second / limit)
            print(
                f"{run:3} {http.per_second:8.0f} {commit:9.0f} {limit:8.0f} {ack.per_second:8.0f}"
                f" {shares[-1]:6.0%} {ack.percentile(50):7.1f} {ack.percentile(99):7.1f}"
                f" {ack.failures + http.failures:7}"
            )
    print(f"median share of the limit: {statistics.median(shares):.0%} (target: at least 70%)")


if __name__ == "__main__":
    main()
