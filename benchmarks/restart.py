"""
What a restart costs callers where the listening socket is handed over, as systemd does it.

Clients send signed events all the time, half of them over kept connections, while the server is
stopped and started again. Prints how many were refused (the limit is none), how long the server
was away, and what the slowest event waited. Run: uv run python -m benchmarks.restart
"""

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.load import percentile
from benchmarks.server import SECRET, environment
from benchmarks.steady_clients import Sent, send_events
from benchmarks.supervisor import Supervisor, supervising


async def restart(supervisor: Supervisor, *, seconds: float) -> tuple[float, float]:
    """Restart once, then serve for a while; return the seconds to stop and to be ready again."""
    began = time.perf_counter()
    code = await asyncio.to_thread(supervisor.stop)
    stopped = time.perf_counter()
    supervisor.start("all-in-one")
    await asyncio.to_thread(supervisor.report, "READY=1")
    ready = time.perf_counter()
    if code:
        raise RuntimeError(f"the server ended with {code}; see {supervisor.folder}/log")
    await asyncio.sleep(seconds)
    return stopped - began, ready - stopped


async def measure(folder: Path, *, restarts: int, clients: int, seconds: float) -> int:
    """Print the figures; return how many events failed or are not on disk."""
    sent, ended = Sent(), asyncio.Event()
    with supervising(folder, environment(folder, 0)) as supervisor:
        supervisor.start("all-in-one")
        await asyncio.to_thread(supervisor.report, "READY=1")
        port = supervisor.port
        sending = [
            asyncio.create_task(
                send_events(
                    str(number), port, SECRET, sent, until=ended, keeps_alive=bool(number % 2)
                )
            )
            for number in range(clients)
        ]
        await asyncio.sleep(seconds)
        took = [await restart(supervisor, seconds=seconds) for _ in range(restarts)]
        ended.set()
        await asyncio.gather(*sending)
        await asyncio.to_thread(supervisor.stop)
    spool = folder / "spool"
    lost = [name for name in sent.stored if not any((spool / name).glob("*_transcription.json"))]
    ordered = sorted(sent.milliseconds)
    for number, (stopping, starting) in enumerate(took, start=1):
        print(f"restart {number}: {stopping:.2f} s to stop, {starting:.2f} s until it is ready")
    print(f"{len(sent.stored)} events acknowledged by {clients} clients")
    print(f"p50 {percentile(ordered, 50):.1f} ms, p99 {percentile(ordered, 99):.1f} ms,", end=" ")
    print(f"slowest {ordered[-1] / 1000:.2f} s")
    print(f"{len(sent.failures)} refused or reset, {len(lost)} acknowledged but not on disk")
    print(*sent.failures[:5], sep="\n")
    return len(sent.failures) + len(lost)


def main() -> None:
    """Measure, and exit with 1 if anybody was refused or anything lost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--restarts", type=int, default=3)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=2.0, help="of service between restarts")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        bad = asyncio.run(
            measure(
                Path(folder),
                restarts=arguments.restarts,
                clients=arguments.clients,
                seconds=arguments.seconds,
            )
        )
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
