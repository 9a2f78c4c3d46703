"""
How long a rebuild takes, beside only reading and JSON-parsing the same files.

Run: uv run python -m benchmarks.rebuild [--conversations 1000 5000 50000]
"""

import argparse
import asyncio
import json
import random
import statistics
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from cli.assembly.store import processor_options
from memory.embedded import EmbeddedStore
from processor.rebuild import rebuild
from settings import Settings
from spool.writer import Arrival, Spool
from tests.factories import transcription_payload

CALLERS_SHARE = 0.4  # callers for each conversation: most people call a few times
BATCH = 64


def fill(root: Path, count: int) -> None:
    """Store `count` conversations of about 12 KB, of many callers, in mixed order."""
    random.seed(7)
    callers = max(1, int(count * CALLERS_SHARE))
    spool = Spool.open(root)
    now = datetime.now(UTC)
    payload = transcription_payload(turns=20)
    batch: list[Arrival] = []
    for index in random.sample(range(count), count):
        conversation_id = f"conv_{index:07d}"
        payload["data"]["conversation_id"] = conversation_id
        payload["event_timestamp"] = 1_700_000_000 + index
        caller = f"+1500{random.randrange(callers):07d}"
        payload["data"]["metadata"]["phone_call"]["external_number"] = caller
        payload["data"]["metadata"]["start_time_unix_secs"] = 1_700_000_000 + index
        batch.append(
            Arrival(
                kind="transcription", conversation_id=conversation_id,
                content=json.dumps(payload).encode(), event_timestamp=1_700_000_000.0 + index,
                signature="", source="import", received_at=now,
            )
        )  # fmt: skip
        if len(batch) == BATCH:
            spool.commit(batch)
            batch.clear()
    if batch:
        spool.commit(batch)
    spool.close()


def read_and_parse(root: Path) -> float:
    """Return the seconds that reading and parsing every transcription takes."""
    began = time.perf_counter()
    for path in root.glob("conv_*/*_transcription.json"):
        json.loads(path.read_bytes())
    return time.perf_counter() - began


async def rebuild_once(root: Path, memory: Path) -> float:
    """Return the seconds of one whole rebuild, the switch included."""
    store = await EmbeddedStore.open(memory)
    try:
        began = time.perf_counter()
        await rebuild(root, store, options=processor_options(Settings()))
        return time.perf_counter() - began
    finally:
        await store.close()


def main() -> None:
    """Print a row for each size: medians, the ratio, the time per conversation."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--conversations", type=int, nargs="+", default=[1000, 5000, 50_000])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--dir", default=".")
    options = parser.parse_args()
    print("conversations  read+parse s  rebuild s  ratio  rebuild us/conversation")
    for count in options.conversations:
        with tempfile.TemporaryDirectory(prefix=".bench-", dir=options.dir) as name:
            root = Path(name) / "spool"
            fill(root, count)
            read_and_parse(root)  # warm
            pairs = []
            for _ in range(options.runs):
                peer = read_and_parse(root)
                pairs.append((peer, asyncio.run(rebuild_once(root, Path(name) / "memory.db"))))
        peer, ours = (statistics.median(column) for column in zip(*pairs, strict=True))
        ratio = statistics.median(ours / peer for peer, ours in pairs)
        print(f"{count:13} {peer:13.2f} {ours:10.2f} {ratio:6.2f} {ours / count * 1e6:24.0f}")
    print("target: ratio below 4, time per conversation flat")


if __name__ == "__main__":
    main()
