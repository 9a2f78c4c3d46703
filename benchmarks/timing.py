"""Latencies of asynchronous work: percentiles of a run, and medians over runs."""

import statistics
import time
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path

from benchmarks.load import percentile

Work = Callable[[], Awaitable[object]]


async def milliseconds(work: Work) -> float:
    """Return how long `work` takes."""
    began = time.perf_counter()
    await work()
    return (time.perf_counter() - began) * 1000


async def one_run(works: Iterable[Work], *, seconds: float) -> tuple[float, float]:
    """
    Return p50 and p99 of all this work, done one after the other.

    None is begun after this many seconds: a slow engine is measured by fewer.
    """
    deadline = time.perf_counter() + seconds
    found: list[float] = []
    for work in works:
        found.append(await milliseconds(work))
        if time.perf_counter() > deadline:
            break
    return latency(found)


async def median_run(works: Iterable[Work], *, seconds: float, runs: int) -> tuple[float, float]:
    """Do all of it `runs` times; return the medians of p50 and of p99."""
    every = list(works)
    found = [await one_run(every, seconds=seconds) for _ in range(runs)]
    return statistics.median(p50 for p50, _ in found), statistics.median(p99 for _, p99 in found)


def latency(found: Iterable[float]) -> tuple[float, float]:
    """Return p50 and p99."""
    ordered = sorted(found)
    return percentile(ordered, 50), percentile(ordered, 99)


def resident_mb() -> float:
    """Return the resident size of this process."""
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024
