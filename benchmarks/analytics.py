"""
How long `run.py analytics` takes with 100,000 calls: from the index, and from the spool itself.

The calls of the index are invented: some callers call once and some a hundred times, and a call has
up to three tool calls. Beside it stands what the same figures would take without an index:
reading and understanding every transcript of a spool, measured with fewer and counted up.

Run: uv run python -m benchmarks.analytics [--conversations 100000] [--spool 3000]
"""

import argparse
import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from random import Random

from analytics.report import Report
from analytics.summarise import summarise
from benchmarks.history import REDACTED, Invented, documents
from benchmarks.invented import invent_language
from benchmarks.rebuild import fill
from benchmarks.timing import resident_mb
from history.database import open_for_writing, transaction
from history.index import History
from history.rows import store
from history.sources import Document
from history.values import Filters
from spool.standing_orders import Orders
from voice.document import read_object
from voice.figures import CallFigures, ToolUse, call_figures
from voice.payload import event_of
from voice.rules import Rules

LIMIT_S = 5.0
RUNS = 5

_BATCH = 500
_BEGAN = datetime(2024, 1, 1, tzinfo=UTC)
_END = _BEGAN + timedelta(days=700)
_REASONS = 400
_RUN = Path(__file__).parent.parent / "run.py"


def figures(random: Random) -> CallFigures:
    """Invent the figures of one call."""
    tools = [
        ToolUse(
            name=random.choice(("search_memory", "book_appointment", "end_call")),
            is_search=random.random() < 0.5,
            is_hit=random.choice((True, False, None)),
            is_error=random.random() < 0.02,
            latency_secs=random.random(),
        )
        for _ in range(random.randrange(4))
    ]
    return CallFigures(
        is_known=True,
        credits=float(random.randrange(1000)),
        usd=random.random(),
        is_recognised=random.random() < 0.5,
        is_greeted=random.random() < 0.4,
        tools=tuple(tools),
        reason=f"Reason number {int(_REASONS * random.random() ** 3)}",
    )


def calls(random: Random, count: int) -> Iterator[Document]:
    """Yield conversations in the order of time, with few words: words are not asked for here."""
    invented = Invented(
        language=invent_language(random), callers=max(1, count // 3), end=_END
    )  # fmt: skip
    for document in documents(random, invented, count):
        entry = replace(document.entry, duration_secs=random.expovariate(1 / 140))
        known = figures(random) if entry.kind == "call" else CallFigures()
        yield replace(document, entry=entry, body=document.body[:100], figures=known)


def make_index(path: Path, random: Random, count: int) -> None:
    """Fill an index without a spool."""
    connection = open_for_writing(path)
    found = calls(random, count)
    while batch := list(islice(found, _BATCH)):
        with transaction(connection, writes=True):
            by_id = {document.entry.id: document for document in batch}
            store(connection, by_id, caller_id=lambda caller: f"c_{caller[1:]:0>20}")
    connection.close()


async def from_index(path: Path) -> float:
    """Print a row for each way to ask; return the seconds of the slowest."""
    asked = {
        "everything": Filters(),
        "one agent": Filters(agent="agent_1"),
        "outbound": Filters(direction="outbound"),
        "the last 30 days": Filters(since=_END - timedelta(days=30)),
        "agent, direction, a year": Filters(
            agent="agent_1", direction="inbound", until=_BEGAN + timedelta(days=365)
        ),
    }
    worst = 0.0
    before = resident_mb()
    history = await History.open(path)
    try:
        print(f"{'from the index':26} {'calls':>9} {'median s':>9} {'worst s':>8}  of limit")
        for name, filters in asked.items():
            found = []
            for _ in range(RUNS):
                began = time.perf_counter()
                report = await history.fold(filters, summarise)
                found.append(time.perf_counter() - began)
            worst = max(worst, *found)
            median = sorted(found)[RUNS // 2]
            count = report.total.calls
            print(
                f"{name:26} {count:9,} {median:9.2f} {max(found):8.2f}  {max(found) / LIMIT_S:.2f}"
            )
    finally:
        await history.close()
    print(f"memory: {resident_mb() - before:.0f} MB more than before")
    return worst


def read_all(root: Path) -> float:
    """Return the seconds that reading the figures of every transcript takes, without an index."""
    began = time.perf_counter()
    for path in root.glob("conv_*/*_transcription.json"):
        document = read_object(path.read_bytes())
        event_of("transcription", document)
        call_figures(document)
    return time.perf_counter() - began


async def over_spool(folder: Path, count: int) -> None:
    """Print what the command takes over a real spool, with and without an index."""
    root = folder / "data/spool"
    fill(root, count)
    read_all(root)  # warm
    peer = read_all(root)
    history = await History.open(folder / "data/other.history.db")
    try:
        began = time.perf_counter()
        await history.catch_up(root, Orders(root), Rules(redact=REDACTED))
        indexed = time.perf_counter() - began
        report = await history.fold(Filters(), summarise)
    finally:
        await history.close()
    check(report, count)
    first, again = command(folder), command(folder)
    print(
        f"\n{count:,} calls of a spool: indexed once in {indexed:.2f} s; the whole command "
        f"{first:.2f} s the first time, {again:.2f} s then\nwithout an index {peer:.2f} s each "
        f"time, and for 100,000 calls {peer / count * 1e5:.0f} s"
    )


def command(folder: Path) -> float:
    """Return the seconds of the program, its start included."""
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, str(_RUN), "analytics", "--json"],
        cwd=folder, check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    return time.perf_counter() - began


def check(report: Report, count: int) -> None:
    """Make sure that what was measured was the work."""
    assert report.total.calls == count, report.total
    assert report.total.credits_calls == count, report.total


def main() -> None:
    """Print the tables and how much of the limit was used."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--conversations", type=int, default=100_000)
    parser.add_argument("--spool", type=int, default=3000, help="0: do not measure a spool")
    parser.add_argument("--dir", default=".")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix=".bench-", dir=options.dir) as name:
        folder = Path(name).resolve()
        path = folder / "memory.history.db"
        make_index(path, Random(7), options.conversations)
        worst = asyncio.run(from_index(path))
        verdict = "ok" if worst <= LIMIT_S else "over"
        print(f"limit {LIMIT_S:.0f} s: the slowest is {worst / LIMIT_S:.2f} of it, {verdict}")
        if options.spool:
            asyncio.run(over_spool(folder, options.spool))


if __name__ == "__main__":
    main()
