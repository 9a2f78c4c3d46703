"""
A long run of mixed load: whether the server grows.

Signed events, recordings, rings, questions, garbage, scrapes of /metrics, at a steady pace. Memory,
descriptors and threads of the last quarter are compared with those of the second.

Run: uv run python -m benchmarks.soak --minutes 60
"""

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from benchmarks.attackers import Attack
from benchmarks.live import ring
from benchmarks.server import Server, running
from benchmarks.siege import ask, event, question, recording, signed
from benchmarks.vitals import Vitals, look_at

_SAMPLE_SECONDS = 5.0
_RECORDINGS = 10
_SCRAPE = b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


async def soak(
    server: Server, seconds: float, *, per_second: int
) -> tuple[list[Vitals], Counter[str]]:
    """Send everything for this long; return a look every few seconds, and the statuses."""
    until = time.monotonic() + seconds
    statuses: Counter[str] = Counter()
    looks: list[Vitals] = []
    recordings = [recording(index) for index in range(_RECORDINGS)]  # taking turns: duplicates
    garbage = Attack(server.port, until, address="127.0.2.1")

    async def steadily(kind: str, make: Callable[[int], bytes], every_seconds: float) -> None:
        index = 0
        while time.monotonic() < until:
            milliseconds, status = await ask(server, make(index), "127.0.0.1")
            statuses[f"{kind} {status}"] += 1
            index += 1
            await asyncio.sleep(max(0.0, every_seconds - milliseconds / 1000))

    async def watch() -> None:
        while time.monotonic() < until:
            looks.append(look_at(server.pid))
            await asyncio.sleep(_SAMPLE_SECONDS)

    await asyncio.gather(
        steadily("event", lambda index: event(index % 20_000), 1 / per_second),
        steadily("ring", lambda index: ring(index % 500), 1 / per_second),
        steadily("question", question, 1 / per_second),
        steadily("recording", lambda index: signed(recordings[index % _RECORDINGS]), 30.0),
        steadily("scrape", lambda _: _SCRAPE, 5.0),
        garbage.garbage_at(max(1, per_second)),
        *(garbage.loris() for _ in range(5)),
        watch(),
    )
    return looks, statuses


def growth(looks: list[Vitals], name: str) -> tuple[float, float]:
    """Return the medians of the second and of the last quarter."""
    values = [float(getattr(look, name)) for look in looks]
    quarter = max(1, len(values) // 4)
    return statistics.median(values[quarter : 2 * quarter]), statistics.median(values[-quarter:])


def main() -> None:
    """Print the medians and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--per-second", type=int, default=5, help="events, rings, questions each")
    parser.add_argument("--dir", default=".")
    options = parser.parse_args()
    os.environ |= {"TRUSTED_PROXIES": "none", "LIMIT_PER_ADDRESS": "100", "LIMIT_PER_CALLER": "60"}
    # The caches (of search indexes, of SQLite's pages) fill with what comes; a small one fills in
    # the first quarter, so that what grows after that is no cache.
    os.environ |= {"MEMORY_CACHE_MB": "8"}
    with tempfile.TemporaryDirectory(prefix=".bench-", dir=options.dir) as name:
        with running(Path(name).resolve(), "all-in-one") as server:
            looks, statuses = asyncio.run(
                soak(server, options.minutes * 60, per_second=options.per_second)
            )
        for kind, unit in (("memory_mb", "MB"), ("descriptors", ""), ("threads", "")):
            early, late = growth(looks, kind)
            print(f"{kind:<12} second quarter {early:7.1f} {unit}  last quarter {late:7.1f} {unit}  "
                  f"ratio {late / early:.3f} (limit: 1.1)")  # fmt: skip
    tenths = [looks[len(looks) * part // 10].memory_mb for part in range(10)]
    print("memory by tenths of the run: " + ", ".join(f"{each:.0f}" for each in tenths) + " MB")
    print(
        f"processor    {(looks[-1].cpu_seconds - looks[0].cpu_seconds) / (options.minutes * 60):.1%} of a core"
    )
    json.dump(dict(sorted(statuses.items())), sys.stdout, indent=2)
    print()


if __name__ == "__main__":
    main()
