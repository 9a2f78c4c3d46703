"""What an OpenMemory does to recall: the memory alone, and the same with what it ranks."""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import uvloop

from benchmarks import locomo
from benchmarks.adapter import ASKED_AFTER, conversations_of
from benchmarks.corpora import VARIANTS, Caller
from benchmarks.openmemory import OPENMEMORY_KEY, openmemory, until_mirrored
from benchmarks.quality import METRICS, WANTED, Answers, Search, ask_all, means, paired_difference
from memory.embedded import EmbeddedStore
from memory.openmemory.ledger import Ledger
from memory.openmemory.mirror import Mirror, MirrorOptions
from memory.openmemory.recall import Recall
from memory.openmemory.server.backend import ServerBackend
from memory.openmemory.store import MirroredStore
from memory.port import MemoryStore

_ENOUGH_S = 60.0  # for one answer of OpenMemory: here only what it finds counts


class Both:
    """An embedded store, an OpenMemory that mirrors it, and the two as one store."""

    def __init__(self, embedded: EmbeddedStore, ledger: Ledger, backend: ServerBackend) -> None:
        self.embedded = embedded
        self.ledger = ledger
        self.backend = backend
        self.mirror = Mirror(embedded, ledger, backend, options=MirrorOptions())
        self.recall = Recall(backend, ledger, wait_seconds=_ENOUGH_S)
        self.fused = MirroredStore(embedded, self.recall, self.mirror)
        self._ids: dict[str, str] = {}

    @classmethod
    async def open(cls, folder: Path, port: int) -> "Both":
        """Open the stores in `folder` and the server at `port`."""
        embedded = await EmbeddedStore.open(folder / "memory.db")
        ledger = await Ledger.open(folder / "ledger.db")
        return cls(embedded, ledger, await ServerBackend.open(str(port), OPENMEMORY_KEY))

    async def add(self, callers: Sequence[Caller]) -> None:
        """Store everything of the callers, and mirror it."""
        for caller in callers:
            calls = list(conversations_of(caller.name, caller.memories, began=len(self._ids)))
            memories = (memory for call in calls for memory in call.memories)
            self._ids |= {m.id: key for m, (key, *_) in zip(memories, caller.memories, strict=True)}
            await self.fused.apply(calls)
        began = time.monotonic()
        stop = asyncio.Event()
        running = asyncio.create_task(self.mirror.run(stop))
        await until_mirrored(self.ledger)
        stop.set()
        await running
        tally = await self.ledger.tally()
        print(
            f"mirrored {len(self._ids)} memories in {time.monotonic() - began:.0f} s: {tally}",
            flush=True,
        )
        await self.recall.look()

    def search(
        self, runner: asyncio.Runner, store: MemoryStore, callers: Sequence[Caller]
    ) -> Search:
        """Return the search of one of the stores, asked the day after a caller's newest memory."""
        asked_at = {
            caller.name: max(
                memory.occurred_at
                for call in conversations_of(caller.name, caller.memories)
                for memory in call.memories
            ) + ASKED_AFTER
            for caller in callers
        }  # fmt: skip

        def search(caller: str, query: str) -> tuple[Sequence[frozenset[str]], float]:
            began = time.perf_counter()
            found = runner.run(store.search(caller, query, limit=WANTED, now=asked_at[caller]))
            seconds = time.perf_counter() - began
            return [frozenset([self._ids[each.memory.id]]) for each in found], seconds

        return search

    async def close(self) -> None:
        """Close all of it."""
        await self.fused.close()
        await self.ledger.close()
        await self.backend.close()


def compare_recall(options: argparse.Namespace) -> None:
    """Ask the memory alone, then with OpenMemory, and print what each has found."""
    dialogues = locomo.load(options.data / locomo.FILE, split=options.split)
    if not dialogues:
        sys.exit(f"{options.data / locomo.FILE} has no conversation of --split {options.split}")
    made = [
        caller
        for each in dialogues[: options.dialogues]
        for caller in VARIANTS[options.variant](each)
    ]
    callers = [caller for caller in made if caller.questions]
    with (
        tempfile.TemporaryDirectory(prefix="callspool-benchmark-") as name,
        openmemory(options.server, Path(name)) as (port, _),
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        both = runner.run(Both.open(Path(name), port))
        runner.run(both.add(callers))
        alone = ask_all(both.search(runner, both.embedded, callers), callers, runs=1)
        fused = ask_all(both.search(runner, both.fused, callers), callers, runs=1)
        counts = dict(both.recall.counts)
        runner.run(both.close())
    show_recall(alone, fused)
    print(f"asked of OpenMemory: {counts}; with it an answer took {fused.p50_ms:.0f} ms (p50)")


def show_recall(alone: Answers, fused: Answers) -> None:
    """Print each category, and all whose questions have an answer: alone, then with OpenMemory."""
    heads = "".join(f"{metric:>14}" for metric in METRICS)
    print(f"{'alone, then with it':20} {'n':>5}{heads}   recall@10 gained [95 %]")
    groups = [(each, {each}) for each in sorted({each.category for each in alone.asked})]
    answerable = {each.category for each in alone.asked} - {locomo.ADVERSARIAL}
    for title, wanted in [*groups, ("overall", answerable)]:
        ours = [each for each in alone.asked if each.category in wanted]
        theirs = [each for each in fused.asked if each.category in wanted]
        gain, before, after = paired_difference(theirs, ours), means(ours), means(theirs)
        pairs = "".join(f"   {before[m]:.3f} {after[m]:.3f}"[:14] for m in METRICS)
        print(
            f"{title:20} {len(ours):5}{pairs}   {gain.mean:+.3f} [{gain.low:+.3f}, {gain.high:+.3f}]"
        )
