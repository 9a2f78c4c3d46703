"""
A backfill of thousands of calls from a platform that has its faults: what is there afterwards.

Every 50th request is a 429, some are a 500 or a dropped connection, some answers are slow, some
recordings break off late. Says how many events are missing or double, whether memory is that of
the same calls delivered by webhook, how quick it was and how much memory it took.
Run: uv run python -m benchmarks.backfill
"""

import argparse
import asyncio
import contextlib
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from benchmarks.server import PROJECT, Server, environment
from spool.reader import read_receipts
from spool.verify import verify
from spool.writer import Spool
from tests.backfills import expected_files, fill, memory_of, undated
from tests.platform import platform_in_thread
from tests.spools import deliver


def break_things(held: Any) -> None:
    """Tell the platform what goes wrong."""
    faults = held.faults
    faults.every(50, 429, retry_after=0.2)
    faults.every(170, 500, path="/conversations/")
    faults.every(30, 502, path="/conversations$")
    for number, conversation_id in enumerate(held.conversations):
        if number % 97 == 0:
            faults.drop("GET", f"/{conversation_id}$", times=2)
        if number % 211 == 0:
            faults.slow(f"/{conversation_id}$", 0.5)
    for number, (conversation_id, recording) in enumerate(held.audio.items()):
        if number % 61 == 0:
            faults.cut_audio(conversation_id, len(recording) - 1 - number % 1000, times=2)


def fetch(folder: Path, held: Any, *, concurrency: int) -> dict[str, Any]:
    """Run the command and return its report, with its exit code and the memory it took."""
    options = ["--since", "2026-01-01", "--audio", "--json", "--concurrency", str(concurrency)]
    given = {"ELEVENLABS_API_KEY": held.api_key, "ELEVENLABS_BASE_URL": held.url}
    with (
        (folder / "report").open("w+") as output,
        subprocess.Popen(
            [sys.executable, str(PROJECT / "run.py"), "backfill", *options],
            cwd=folder,
            env={**environment(folder, 0), **given},
            stdout=output,
        ) as process,
    ):
        # Not getrusage: for a child, that counts the parent's memory at the moment of the fork.
        server = Server(port=0, pid=process.pid, folder=folder)
        peak_mb = 0.0
        while process.poll() is None:
            with contextlib.suppress(OSError, StopIteration):  # it is just ending
                peak_mb = max(peak_mb, server.peak_memory_mb())
            time.sleep(0.1)
        output.seek(0)
        report: dict[str, Any] = json.load(output)
    return {**report, "exit_code": process.returncode, "peak_mb": peak_mb}


def deliver_by_webhook(root: Path, held: Any) -> None:
    """Store the same calls as the platform's webhooks would have brought them."""
    spool = Spool.open(root)
    bodies = [held.delivery(conversation_id) for conversation_id in held.conversations]
    for start in range(0, len(bodies), 64):
        deliver(spool, *bodies[start : start + 64])
    spool.close()


def difference(folder: Path, held: Any) -> int:
    """Return how many lines of the two memories differ."""
    deliver_by_webhook(folder / "by_webhook", held)
    one = asyncio.run(memory_of(folder / "spool"))
    other = asyncio.run(memory_of(folder / "by_webhook"))
    pairs = zip(undated(one), undated(other), strict=False)
    return abs(len(one) - len(other)) + sum(mine != theirs for mine, theirs in pairs)


def main() -> None:
    """Print what was found; exit code 1 if anything is missing, double or different."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=5000, help="calls that were missed")
    parser.add_argument("--concurrency", type=int, default=4)
    parser.add_argument("--without-faults", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix=".bench-", dir=".") as name:
        folder = Path(name).resolve()
        with platform_in_thread() as held:
            fill(held, options.count)
            if not options.without_faults:
                break_things(held)
            began = time.perf_counter()
            report = fetch(folder, held, concurrency=options.concurrency)
            seconds = time.perf_counter() - began
            refused = sum((request.status or 599) >= 400 for request in held.requests)
            requests = len(held.requests)
            again = fetch(folder, held, concurrency=options.concurrency)
            expected = expected_files(held)
            named = Counter(receipt.file for receipt, _ in read_receipts(folder / "spool"))  # type: ignore[union-attr]
            differing = difference(folder, held)
        missing = len(expected - named.keys())
        double = sum(count - 1 for count in named.values()) + len(named.keys() - expected)
        wrong = len(verify(folder / "spool").findings)
    print(
        f"calls      {report['listed']} listed, {report['stored']} stored, {report['failed']} failed"
    )
    print(f"recordings {report['recordings']} stored")
    print(f"requests   {requests}, of which {refused} went wrong")
    print(f"found      {missing} missing, {double} double, {wrong} damaged")
    print(f"memory     {differing} calls differ from those by webhook")
    print(
        f"again      {again['stored']} stored, {again['there']} there, {again['recordings']} recordings"
    )
    print(f"speed      {report['stored'] / seconds:.0f} calls/s ({seconds:.1f} s)")
    print(f"peak RSS   {report['peak_mb']:.0f} MB")
    sys.exit(
        bool(missing or double or wrong or differing or report["exit_code"] or again["stored"])
    )


if __name__ == "__main__":
    main()
