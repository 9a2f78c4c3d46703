"""
How long a search takes, by the size of one caller, and by the size of the whole store.

All calls are invented (see `invented`). Beside our figures are those of plain FTS5 BM25 over the
same memories in the same run, with one table for all callers and with a table for each. Times
are those of the store's own methods, their threads included. A first search is that of a caller
who was not asked about before in this process; after a call means that one more call of this
caller has just been stored. Figures are medians over the runs, or over a few callers.

Run: uv run python -m benchmarks.search [--large]
"""

import argparse
import os
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import uvloop

from benchmarks.invented import MEMORIES_A_CALL
from benchmarks.side_by_side import Asked, Engines, engines
from benchmarks.timing import latency, median_run, milliseconds, one_run, resident_mb

CALLER_SIZES = (10, 100, 1_000, 2_000, 10_000)
STORE_SIZES = (10, 100, 1_000, 10_000, 100_000)
LIMITED_SIZE = 2_000  # the memories of a caller that the limits are for
LIMITS_MS = {"first search": 30.0, "search p50": 2.0, "search p99": 10.0, "profile p99": 5.0}

_QUESTIONS = 200
_RINGS = 200
_LARGE_CALLERS = 3  # whose first search is measured, for each size
_SMALL_CALLERS = 200  # of ten memories each, asked in each size of store
_NEW_CALLS = 20
_RUN_SECONDS = 0.6

Figures = dict[str, float]  # milliseconds by what they are of


async def caller_figures(both: Engines, memories: int, runs: int) -> Figures:
    """Measure callers with so many memories."""
    asked, first = await large_callers(both, memories)
    figures = {"first search": first}
    for name, works in (
        ("search", both.searches(asked)),
        ("FTS5, one table", both.peer_searches(both.shared, asked)),
        ("FTS5, own tables", both.peer_searches(both.each, asked)),
        ("profile", [both.profile(asked.caller)] * _RINGS),
    ):
        figures |= named(name, await median_run(works, seconds=_RUN_SECONDS, runs=runs))
    after_call, apply, peer_apply = [], [], []
    for place, search in enumerate(both.searches(asked)[:_NEW_CALLS]):
        number = memories // MEMORIES_A_CALL + place
        (call,) = both.calls_of(asked.caller, MEMORIES_A_CALL, first=number)
        apply.append(await milliseconds(both.apply(call)))
        after_call.append(await milliseconds(search))
        peer_apply.append(await milliseconds(both.peer_apply(call)))
    figures |= named("search after a call", latency(after_call))
    return figures | {"store a call": median(apply), "FTS5, store a call": median(peer_apply)}


async def store_figures(both: Engines, small: Sequence[Asked], runs: int) -> Figures:
    """Measure new callers with many memories, and `small` ones, in the store as it is now."""
    asked, first = await large_callers(both, LIMITED_SIZE)
    figures = {"memories of all callers": float(both.memories), "first search": first}
    firsts = [both.searches(each)[0] for each in small]
    figures |= named("first search of 10", await one_run(firsts, seconds=_RUN_SECONDS))
    for name, works in (
        ("search", both.searches(asked)),
        ("FTS5, one table", both.peer_searches(both.shared, asked)),
        ("FTS5, own tables", both.peer_searches(both.each, asked)),
        ("search of 10", firsts),
        ("FTS5, one table, of 10", [both.peer_searches(both.shared, each)[0] for each in small]),
        ("profile", [both.profile(each.caller) for each in small]),
    ):
        figures |= named(name, await median_run(works, seconds=_RUN_SECONDS, runs=runs))
    apply = []
    for each in small[:_NEW_CALLS]:
        (call,) = both.calls_of(each.caller, MEMORIES_A_CALL, first=1)
        apply.append(await milliseconds(both.apply(call)))
    return figures | {"store a call": median(apply)}


async def large_callers(both: Engines, memories: int) -> tuple[Asked, float]:
    """Store some callers with so many memories; return one, and what a first search takes."""
    callers = [
        await both.asked(caller, memories, questions=_QUESTIONS)
        for caller in both.new_callers(_LARGE_CALLERS)
    ]
    return callers[0], median([await milliseconds(both.searches(each)[0]) for each in callers])


async def grow(both: Engines, callers: int) -> list[Asked]:
    """Store callers of ten memories until there are so many; return some, a question for each."""
    numbers = both.new_callers(callers - both.callers)
    chosen = numbers[:: max(1, len(numbers) // _SMALL_CALLERS)]
    others = sorted(set(numbers) - set(chosen))
    calls = (call for each in others for call in both.calls_of(each, MEMORIES_A_CALL))
    await both.fill(calls, measured=False)
    return [await both.asked(caller, MEMORIES_A_CALL, questions=1) for caller in chosen]


async def by_caller_size(folder: Path, runs: int) -> None:
    """Measure callers of every size, in one store."""
    async with engines(folder) as both:
        await caller_figures(both, MEMORIES_A_CALL, 1)  # what happens once in a process
        columns = {f"{size:,}": await caller_figures(both, size, runs) for size in CALLER_SIZES}
        at = f"{LIMITED_SIZE:,}"
        show("memories of one caller; ms", columns, f"limit at {at}", limited=columns[at])
        show_memory(both)


async def by_store_size(folder: Path, runs: int, *, deadline: float) -> None:
    """Measure one store while it grows, as far as it can be filled in time."""
    columns: dict[str, Figures] = {}
    seconds_a_caller, left_out = 0.0, ""
    async with engines(folder) as both:
        for callers in STORE_SIZES:
            expected = seconds_a_caller * (callers - both.callers)
            if columns and time.monotonic() + expected > deadline:
                left_out = f"{callers:,} callers take {expected:.0f} s to store: see --large"
                break
            began, before = time.monotonic(), both.callers
            small = await grow(both, callers)
            seconds_a_caller = (time.monotonic() - began) / (both.callers - before)
            columns[f"{callers:,}"] = await store_figures(both, small, runs)
        title = f"callers; one has {LIMITED_SIZE:,} memories; ms"
        show(title, columns, "limit", limited=list(columns.values())[-1])
        show_memory(both)
    if left_out:
        print(left_out)


def named(name: str, run: tuple[float, float]) -> Figures:
    """Return a latency's two percentiles as figures."""
    return {f"{name} p50": run[0], f"{name} p99": run[1]}


def show(title: str, columns: dict[str, Figures], limits: str, *, limited: Figures) -> None:
    """Print a table, a figure a row, and beside it the limit that `limited` must keep."""
    print(f"\n{title:45}" + "".join(f"{name:>11}" for name in columns) + f"   {limits}")
    for name, value in limited.items():
        cells = "".join(
            f"{figures[name]:11,.{0 if value > 2_000 else 2}f}" for figures in columns.values()
        )
        limit = LIMITS_MS.get(name)
        verdict = "" if limit is None else f"{limit:5.0f} {'ok' if value <= limit else 'over'}"
        print(f"{name:45}{cells}   {verdict}".rstrip())


def show_memory(both: Engines) -> None:
    """Print what the indexes in memory take."""
    stored = f"{both.memories:,} memories stored"
    print(f"{both.index_memory()}this process {resident_mb():.0f} MB, {stored}")


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument(
        "--seconds", type=float, default=70, help="begin no larger store after these"
    )
    parser.add_argument("--large", action="store_true", help="all sizes, a million memories")
    parser.add_argument("--dir", default=".")
    options = parser.parse_args()
    deadline = float("inf") if options.large else time.monotonic() + options.seconds
    for name in ("callers", "stores"):
        with tempfile.TemporaryDirectory(prefix=".bench-", dir=options.dir) as folder:
            path = Path(folder).resolve()
            if name == "callers":
                uvloop.run(by_caller_size(path, options.runs))
            else:
                uvloop.run(by_store_size(path, options.runs, deadline=deadline))
    print(f"{os.cpu_count()} cores")


if __name__ == "__main__":
    main()
