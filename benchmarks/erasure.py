"""
Forgetting one of many callers: how long it takes, what a byte search finds, and who else changed.

Run: uv run python -m benchmarks.erasure [--callers 5000] [--calls 4]
"""

import argparse
import asyncio
import hashlib
import json
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.rebuild import BATCH
from cli.assembly.store import processor_options
from history.index import History
from memory.embedded import EmbeddedStore
from processor.erasure.carry_out import carry_out
from processor.erasure.parts import Parts
from processor.rebuild import rebuild
from settings import Settings
from spool.erasing import ask_to_forget
from spool.standing_orders import Orders
from spool.verify import verify
from spool.writer import Arrival, Spool
from tests.factories import transcription_payload


def number_of(caller: int) -> str:
    """Return an invented number."""
    return f"+1500555{caller:04d}" if caller < 10_000 else f"+1501{caller:07d}"


def fill(root: Path, callers: int, calls: int) -> None:
    """Store `calls` calls of each caller; each names the caller in a sentence of its own."""
    spool = Spool.open(root)
    batch: list[Arrival] = []
    for index in range(callers * calls):
        caller = index % callers
        conversation_id, at = f"conv_{index:07d}", 1_700_000_000 + index
        payload = transcription_payload(
            conversation_id=conversation_id, caller=number_of(caller), started_at=at,
            event_timestamp=at + 60, collected={"user_name": f"Zyx{caller:05d} Quill"},
            messages=[("user", f"My own words number {caller:05d}-{index // callers} are these")],
        )  # fmt: skip
        batch.append(
            Arrival(
                kind="transcription", conversation_id=conversation_id,
                content=json.dumps(payload).encode(), event_timestamp=at + 60.0, signature="",
                source="import", received_at=datetime.now(UTC),
            )
        )  # fmt: skip
        if len(batch) == BATCH or index == callers * calls - 1:
            spool.commit(batch)
            batch.clear()
    spool.close()


def occurrences(folder: Path, texts: list[str]) -> int:
    """Return how often any of `texts` stands in the bytes of any file."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return sum(path.read_bytes().count(text.encode()) for path in files for text in texts)


async def exported(store: EmbeddedStore, *, without: str) -> str:
    """Return a hash of the canonical dump without one caller's lines."""
    digest = hashlib.sha256()
    async for line in store.export():
        if without not in line:
            digest.update(line.encode())
    return digest.hexdigest()


async def run(folder: Path, callers: int, calls: int) -> None:
    """Fill, forget one, and print what came of it."""
    root, options = folder / "spool", processor_options(Settings())
    fill(root, callers, calls)
    store = await EmbeddedStore.open(folder / "memory.db")
    history = await History.open(folder / "memory.history.db")
    await rebuild(root, store, options=options)
    await history.catch_up(root, Orders(root), options.rules)
    caller = callers // 2
    number = number_of(caller)
    texts = [number, number[1:], number[2:], f"Zyx{caller:05d}", f"words number {caller:05d}"]
    before = await exported(store, without=number)
    for name, known in (("by the index", True), ("by the whole ledger", False)):
        ids = await history.conversations_of(number) if known else []
        scanned = await history.position() if known else 0
        found = occurrences(folder, texts)
        began = time.perf_counter()
        tombstone = ask_to_forget(root, callers=[number], conversations=ids, scanned_bytes=scanned)
        parts = Parts(
            root=root, store=store, orders=Orders(root), rules=options.rules, history=history
        )
        certificate = await carry_out(tombstone, parts)
        seconds = time.perf_counter() - began
        print(
            f"{name:<20} {seconds:6.2f} s  {certificate.removed['conversations']} conversations, "
            f"{certificate.removed['memories']} memories; byte search before {found}, after "
            f"{occurrences(folder, texts)}"
        )
    await rebuild(root, store, options=options)
    same = before == await exported(store, without=number)
    print(f"after a rebuild: byte search {occurrences(folder, texts)}, others the same: {same}")
    print(f"spool verify: {len(verify(root).findings)} findings")
    await history.close()
    await store.close()


def main() -> None:
    """Print how long it took, with and without an index, and what is left."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--callers", type=int, default=5000)
    parser.add_argument("--calls", type=int, default=4)
    parser.add_argument("--dir", default=".")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix=".bench-", dir=options.dir) as name:
        asyncio.run(run(Path(name).resolve(), options.callers, options.calls))


if __name__ == "__main__":
    main()
