"""
Under siege: whether signed events and live calls are served while everybody else attacks.

500 requests a second of garbage, slow-loris connections and unsigned bodies of 60 MB come from
a process of its own, on the same cores. Meanwhile, over connections of their own: signed events,
recordings, the phone ringing, questions. Then the attack ends, and the server has to be idle.

Run: uv run python -m benchmarks.siege
"""

import argparse
import asyncio
import base64
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.live import ring
from benchmarks.load import http_request, percentile
from benchmarks.server import KEY, PROJECT, SECRET, Server, running
from benchmarks.vitals import Vitals, folder_bytes, look_at
from tests.factories import transcription_payload
from voice.signature import sign

_SETTLE_SECONDS = 45
_IDLE_SECONDS = 5
_RECORDING_MB = 12
_RECORDING_EVERY_S = 5.0


@dataclass(slots=True, kw_only=True)
class Served:
    """What the rightful clients got. `disk_mb`: of unfinished bodies, at its largest."""

    events: list[float] = field(default_factory=list)
    recordings: list[float] = field(default_factory=list)
    rings: list[float] = field(default_factory=list)
    questions: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    vitals: list[Vitals] = field(default_factory=list)
    disk_mb: float = 0.0


def event(index: int) -> bytes:
    """Return a signed event as it goes over the wire."""
    payload = transcription_payload(
        conversation_id=f"conv_siege_{index}", caller=f"+1500{index % 500:07d}"
    )
    return signed(json.dumps(payload).encode())


def recording(index: int) -> bytes:
    """Return the body of a recording: making one takes longer than an answer may."""
    audio = base64.b64encode(os.urandom(_RECORDING_MB * 1024 * 1024)).decode()
    data = {"agent_id": "a", "conversation_id": f"conv_siege_{index}", "full_audio": audio}
    return json.dumps({"type": "post_call_audio", "data": data}).encode()


def signed(body: bytes) -> bytes:
    """Return the delivery of `body`."""
    signature = sign(body, SECRET, timestamp=int(time.time()))
    return http_request("/webhook/post-call", body, {"ElevenLabs-Signature": signature})


def question(index: int) -> bytes:
    """Return the agent's question in a call."""
    asked = {"query": "when is the appointment?", "caller_id": f"+1500{index % 500:07d}"}
    return http_request("/webhook/search-data", json.dumps(asked).encode(), {"X-Api-Key": KEY})


async def ask(server: Server, request: bytes, address: str) -> tuple[float, str]:
    """Send over a new connection; return the milliseconds and the status."""
    began = time.perf_counter()
    status = "closed"
    try:
        async with asyncio.timeout(90):
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", server.port, local_addr=(address, 0)
            )
            writer.write(request)
            await writer.drain()
            head = await reader.readuntil(b"\r\n\r\n")
            status = head.split()[1].decode()
            writer.close()
    except (OSError, TimeoutError, asyncio.IncompleteReadError) as error:
        status = type(error).__name__
    return (time.perf_counter() - began) * 1000, status


async def serve_all(server: Server, seconds: float, *, address: str, first: int = 0) -> Served:
    """Send what the platform sends, each kind at a steady pace; watch the server meanwhile."""
    served = Served()
    recordings = [
        signed(recording(first + index)) for index in range(int(seconds / _RECORDING_EVERY_S) + 2)
    ]
    until = time.monotonic() + seconds

    async def steadily(kind: str, make: Callable[[int], bytes], every_seconds: float) -> None:
        index = first
        times: list[float] = getattr(served, kind)
        while time.monotonic() < until:
            milliseconds, status = await ask(server, make(index), address)
            times.append(milliseconds)
            if status != "200":
                served.failures.append(f"{kind}: {status}")
            index += 1
            await asyncio.sleep(max(0.0, every_seconds - milliseconds / 1000))

    async def watch() -> None:
        incoming = server.folder / "spool" / ".spool" / "incoming"
        while time.monotonic() < until:
            served.vitals.append(look_at(server.pid))
            served.disk_mb = max(served.disk_mb, folder_bytes(incoming) / 2**20)
            await asyncio.sleep(0.5)

    await asyncio.gather(
        steadily("events", event, 0.05),
        steadily("recordings", lambda index: recordings[index - first], _RECORDING_EVERY_S),
        steadily("rings", lambda index: ring(index % 500), 0.05),
        steadily("questions", question, 0.05),
        watch(),
    )
    return served


def besieged(server: Server, options: argparse.Namespace) -> tuple[Served, dict[str, int]]:
    """Serve while the attack runs; return what was served, and what the attackers counted."""
    arguments = [str(server.port), "--seconds", str(options.seconds + 2), "--address", options.same]
    attackers = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.attackers", *arguments],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
    )
    time.sleep(1)
    served = asyncio.run(serve_all(server, options.seconds, address=options.same or "127.0.0.1"))
    output, _ = attackers.communicate(timeout=120)
    return served, json.loads(output)


def stored(folder: Path) -> int:
    """Return how many receipts the ledger has."""
    return (folder / "spool" / ".spool" / "ledger.jsonl").read_bytes().count(b"\n")


def main() -> None:
    """Print each figure beside its limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--same", default="", help="attackers share this address with the platform")
    parser.add_argument("--dir", default=".")
    options = parser.parse_args()
    # Every address of 127.0.0.0/8 is a client of its own, and the limits are those of the program.
    os.environ |= {"TRUSTED_PROXIES": "none", "LIMIT_PER_ADDRESS": "100", "LIMIT_PER_CALLER": "60"}
    with tempfile.TemporaryDirectory(prefix=".bench-", dir=options.dir) as name:
        folder = Path(name).resolve()
        with running(folder, "all-in-one") as server:
            quiet = asyncio.run(serve_all(server, 5, address="127.0.0.1", first=1_000_000))
            before, receipts = look_at(server.pid), stored(folder)
            served, attackers = besieged(server, options)
            time.sleep(_SETTLE_SECONDS)
            begin = look_at(server.pid)
            time.sleep(_IDLE_SECONDS)
            after = look_at(server.pid)
            idle_share = (after.cpu_seconds - begin.cpu_seconds) / _IDLE_SECONDS
            log_mb = (folder / "log").stat().st_size / 2**20
            new = stored(folder) - receipts
    report(quiet, served, attackers)
    acknowledged = len(served.events) + len(served.recordings)
    failures = sum(line.startswith(("events", "recordings")) for line in served.failures)
    print(f"signed events acknowledged      {acknowledged - failures} of {acknowledged}; "
          f"new receipts {new} (limit: all)")  # fmt: skip
    print(f"memory   before {before.memory_mb:.0f} MB, peak {max(v.memory_mb for v in served.vitals):.0f}, "
          f"after {after.memory_mb:.0f}")  # fmt: skip
    print(f"descriptors before {before.descriptors}, peak {max(v.descriptors for v in served.vitals)}, "
          f"after {after.descriptors}; threads {before.threads}, {max(v.threads for v in served.vitals)}, {after.threads}")  # fmt: skip
    print(f"disk for unfinished bodies      peak {served.disk_mb:.0f} MB; log {log_mb:.1f} MB")
    print(f"processor afterwards            {idle_share:.1%} of a core (limit: 5 %)")


def report(quiet: Served, served: Served, attackers: dict[str, int]) -> None:
    """Print latencies in peace and under siege, and what the attackers got."""
    for kind, limit in (("rings", " (limit: p99 100 ms)"), ("questions", " (limit: p99 100 ms)"),
                        ("events", ""), ("recordings", "")):  # fmt: skip
        peace, war = sorted(getattr(quiet, kind)), sorted(getattr(served, kind))
        print(f"{kind:<11} in peace p50 {percentile(peace, 50):6.1f} p99 {percentile(peace, 99):6.1f} ms   "
              f"under siege p50 {percentile(war, 50):6.1f} p99 {percentile(war, 99):6.1f} max {war[-1]:6.1f} ms"
              f"  ({len(war)}){limit}")  # fmt: skip
    print(
        f"failed answers                  {len(served.failures)} {sorted(set(served.failures))[:6]}"
    )
    print(f"attackers                       {dict(sorted(attackers.items()))}")


if __name__ == "__main__":
    main()
