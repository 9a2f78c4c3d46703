"""
Large recordings: memory and the answers to others while four uploads run.

Run: uv run python -m benchmarks.audio
"""

import argparse
import base64
import hmac
import http.client
import json
import os
import tempfile
import threading
import time
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from benchmarks.load import percentile
from benchmarks.server import KEY, SECRET, Server, running

BLOCK = 192 * 1024  # a multiple of three: base64 of the blocks is base64 of the whole


def body_blocks(conversation_id: str, megabytes: int) -> Iterator[bytes]:
    """Yield an audio event's body, whose recording has this many megabytes."""
    start = {
        "type": "post_call_audio",
        "data": {"agent_id": "a", "conversation_id": conversation_id},
    }
    yield json.dumps(start).encode()[:-2] + b', "full_audio": "'
    block = base64.b64encode(os.urandom(BLOCK))
    for _ in range(megabytes * 1024 * 1024 // BLOCK):
        yield block
    yield b'"}}'


def upload(server: Server, index: int, megabytes: int, results: list[float]) -> None:
    """Send one recording, chunked; append the megabytes a second."""
    blocks = list(body_blocks(f"conv_audio_{index}", megabytes))
    now = int(time.time())
    code = hmac.new(SECRET.encode(), f"{now}.".encode(), sha256)
    for block in blocks:
        code.update(block)
    headers = {
        "ElevenLabs-Signature": f"t={now},v0={code.hexdigest()}",
        "Transfer-Encoding": "chunked",
    }
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    began = time.perf_counter()
    connection.request("POST", "/webhook/post-call", iter(blocks), headers, encode_chunked=True)
    answer = json.loads(connection.getresponse().read())
    if answer.get("status") != "stored":
        raise RuntimeError(f"not stored: {answer}")
    results.append(megabytes * 4 / 3 / (time.perf_counter() - began))


def ring(server: Server) -> float:
    """Let the phone ring once; return the milliseconds."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    began = time.perf_counter()
    connection.request(
        "POST",
        "/webhook/client-data",
        json.dumps({"caller_id": "+15005550001"}),
        {"X-Api-Key": KEY},
    )
    connection.getresponse().read()
    return (time.perf_counter() - began) * 1000


def main() -> None:
    """Print peak memory above idle, upload rate, and the latency of others meanwhile."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--uploads", type=int, default=4)
    parser.add_argument("--megabytes", type=int, default=60)
    parser.add_argument("--dir", default=".")
    options = parser.parse_args()
    rates: list[float] = []
    milliseconds = []
    with (
        tempfile.TemporaryDirectory(prefix=".bench-", dir=options.dir) as name,
        running(Path(name).resolve(), "all-in-one") as server,
    ):
        for _ in range(50):
            ring(server)
        idle = server.memory_mb()
        threads = [
            threading.Thread(target=upload, args=(server, i, options.megabytes, rates))
            for i in range(options.uploads)
        ]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            milliseconds.append(ring(server))
        above = server.peak_memory_mb() - idle
    milliseconds.sort()
    print(f"{options.uploads} recordings of {options.megabytes} MB at once, {len(rates)} stored")
    print(f"peak memory above idle   {above:6.1f} MB (target: at most 60; idle {idle:.0f} MB)")
    print(f"others meanwhile         p50 {percentile(milliseconds, 50):.1f} ms  max {milliseconds[-1]:.1f} ms"
          " (target: under 500 ms)")  # fmt: skip
    print(f"body megabytes a second  {sum(rates):6.0f}")


if __name__ == "__main__":
    main()
