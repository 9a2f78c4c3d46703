"""
Live answers: idle, while a rebuild runs, and from a stored event to its memory being found.

Run: uv run python -m benchmarks.live
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

import uvloop

from benchmarks.load import Load, http_request, percentile, send_all
from benchmarks.rebuild import fill
from benchmarks.server import KEY, PROJECT, SECRET, Server, environment, running
from tests.factories import transcription_payload
from voice.signature import sign


def ring(index: int) -> bytes:
    """Return the request of a ringing phone."""
    body = {
        "caller_id": f"+1500{index:07d}",
        "agent_id": "agent_x",
        "called_number": "+15005550006",
    }
    return http_request("/webhook/client-data", json.dumps(body).encode(), {"X-Api-Key": KEY})


def rings(server: Server, count: int) -> Load:
    """Let the phone ring `count` times, one call after the other."""
    requests = [ring(index % 1000) for index in range(count)]
    return uvloop.run(send_all(server.port, requests, connections=1))


def rings_during_rebuild(server: Server) -> list[float]:
    """Let the phone ring as long as a rebuild runs in another process; return milliseconds."""
    arguments = [sys.executable, str(PROJECT / "run.py"), "processor", "rebuild"]
    milliseconds: list[float] = []
    process = subprocess.Popen(
        arguments, env=environment(server.folder, server.port), cwd=server.folder,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    while process.poll() is None:
        milliseconds += rings(server, 500).milliseconds
    if process.returncode:
        raise RuntimeError("the rebuild failed")
    return sorted(milliseconds)


def post(server: Server, path: str, body: bytes, headers: dict[str, str]) -> Any:
    """Post once and return the JSON answer."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{server.port}{path}",
        body,
        {"Content-Type": "application/json", **headers},
    )
    with urllib.request.urlopen(request, timeout=10) as response:
        return json.loads(response.read())


def milliseconds_until_found(server: Server, index: int) -> float:
    """Store one event; return how long after the acknowledgement a search finds it."""
    conversation_id, caller = f"conv_found_{index}", f"+1501{index:07d}"
    payload = transcription_payload(conversation_id=conversation_id, caller=caller)
    body = json.dumps(payload).encode()
    signature = sign(body, SECRET, timestamp=int(time.time()))
    post(server, "/webhook/post-call", body, {"ElevenLabs-Signature": signature})
    began = time.perf_counter()
    question = json.dumps({"query": payload["data"]["analysis"]["transcript_summary"],
                           "caller_id": caller}).encode()  # fmt: skip
    while not post(server, "/webhook/search-data", question, {"X-Api-Key": KEY})["memories"]:
        if time.perf_counter() - began > 10:
            raise RuntimeError("not found after 10 s")
        time.sleep(0.001)
    return (time.perf_counter() - began) * 1000


def main() -> None:
    """Print percentiles, idle and busy, and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--conversations", type=int, default=5000)
    parser.add_argument("--rings", type=int, default=3000)
    parser.add_argument("--found", type=int, default=200)
    parser.add_argument("--dir", default=".")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix=".bench-", dir=options.dir) as name:
        folder = Path(name).resolve()
        fill(folder / "spool", options.conversations)
        subprocess.run(
            [sys.executable, str(PROJECT / "run.py"), "processor", "rebuild"],
            env=environment(folder, 0), cwd=folder, check=True, capture_output=True,
        )  # fmt: skip
        with running(folder, "all-in-one") as server:
            rings(server, 500)
            idle = rings(server, options.rings)
            busy = rings_during_rebuild(server)
            found = sorted(milliseconds_until_found(server, i) for i in range(options.found))
    busy_p99 = percentile(busy, 99)
    print(
        f"client-data idle            p50 {idle.percentile(50):6.2f} ms  p99 {idle.percentile(99):6.2f} ms"
    )
    print(f"client-data during rebuild  p50 {percentile(busy, 50):6.2f} ms  p99 {busy_p99:6.2f} ms"
          f"  max {busy[-1]:.1f} ms ({len(busy)} calls)")  # fmt: skip
    print(
        f"ratio of p99                {busy_p99 / idle.percentile(99):.1f} (target: at most 5, and p99 under 50 ms)"
    )
    print(f"stored until found          p50 {percentile(found, 50):6.1f} ms  p99 {percentile(found, 99):6.1f} ms"
          " (target: under 250 ms)")  # fmt: skip
    print(f"failed answers              {idle.failures}; {os.cpu_count()} cores")


if __name__ == "__main__":
    main()
