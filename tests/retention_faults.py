"""
Retention killed at the k-th call that changes the disk, for every k in turn, then done again.

    python -m tests.retention_faults ROOT SCENARIO FIRST STEP

The process is forked for every call. Prints a JSON summary with every promise that was broken.
"""

import asyncio
import json
import os
import shutil
import signal
import sys
from itertools import count
from pathlib import Path

from memory.embedded import EmbeddedStore
from processor.retention.upkeep import Upkeep
from spool.dropped import is_kept_file
from tests.memories import exported
from tests.retentions import (
    NOW,
    a_job,
    an_event,
    days,
    files_of,
    findings,
    process,
    rebuilt,
    retain,
    store_call,
    store_failure,
)
from tests.spool_faults import in_child
from tests.spool_workload import tell
from tests.spools import a_spool, commit

CALLS = (
    "open",
    "write",
    "link",
    "replace",
    "mkdir",
    "rename",
    "ftruncate",
    "unlink",
    "rmdir",
    "fsync",
)
POLICIES = {
    "aged": {"audio": days(30), "transcripts": days(30), "memories": days(90)},
    "unstored": {"store_audio": False, "store_transcripts": False},
}


def faults(root: Path, scenario: str, first: str, step: str) -> None:
    """Kill once at every `step`-th call from the `first` on."""
    before, clean = root / "before", root / "clean"
    asyncio.run(prepare(before))
    shutil.copytree(before, clean)
    asyncio.run(run(clean, scenario))
    expected = asyncio.run(state(clean))
    violations = []
    for number in count(int(first), int(step)):
        place = root / f"{number}"
        shutil.copytree(before, place)
        told, hit = in_child(lambda place=place, n=number: killed(place, scenario, n))
        checked, _ = in_child(lambda place=place: check(place, scenario, expected))
        violations += [f"{hit} at call {number}: {line}" for line in checked.splitlines()]
        violations += [line for line in told.splitlines() if line.startswith("CRASH")]
        shutil.rmtree(place)
        if "HIT" not in told:
            break
    tell(json.dumps({"calls": number - 1, "violations": violations, "left": expected["files"]}))


async def prepare(root: Path) -> None:
    """Make a spool and a memory that is up to date with it."""
    with a_spool(root / "spool") as spool:
        for age in (3, 50, 100):
            store_call(spool, f"conv_{age}", age=age, summary=f"A call {age} days ago.")
        store_failure(spool, "conv_busy", age=60)
        stamp = (NOW - days(60)).timestamp()
        commit(spool, an_event(None, b"[", stamp, kind="quarantine"))
    store = await EmbeddedStore.open(root / "memory.db")
    await process(root / "spool", store)
    await store.close()


async def run(root: Path, scenario: str) -> None:
    """Do what a start of the processor does, and a night."""
    store = await EmbeddedStore.open(root / "memory.db")
    spool, policy = root / "spool", POLICIES[scenario]
    await process(spool, store)
    await Upkeep(a_job(spool, store, **policy)).after_catching_up()
    await retain(spool, store, **policy)
    await store.close()


def killed(root: Path, scenario: str, number: int) -> None:
    """Run, killed just before the `number`-th call."""
    calls = iter(range(1, 1 << 30))
    os_write = os.write

    def armed(name, real):
        def call(*args, **options):
            is_ours = name == "write" and args[0] == 1
            is_reading = name == "open" and not args[1] & (os.O_CREAT | os.O_WRONLY | os.O_RDWR)
            if not is_ours and not is_reading and next(calls) == number:
                os_write(1, f"HIT {name} {args[:2]}\n".encode())
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*args, **options)

        return call

    for name in CALLS:
        setattr(os, name, armed(name, getattr(os, name)))
    asyncio.run(run(root, scenario))


def check(root: Path, scenario: str, expected: dict) -> None:
    """Tell every promise that does not hold after the kill, and after the next start."""
    spool = root / "spool"
    for problem, file in findings(spool):
        if problem != "extra" or (file in expected["files"] and not is_kept_file(file)):
            tell("found", problem, file)
    if lost := set(expected["rebuilt"]) - set(asyncio.run(rebuilt(spool))):
        tell("a rebuild lost", *lost)
    asyncio.run(run(root, scenario))
    again = asyncio.run(state(root))
    for name, value in expected.items():
        if again[name] != value:
            tell("after the restart other", name, again[name])


async def state(root: Path) -> dict:
    """Return all that counts of a folder."""
    store = await EmbeddedStore.open(root / "memory.db")
    try:
        held = await exported(store)
    finally:
        await store.close()
    spool = root / "spool"
    return {
        "files": files_of(spool),
        "quarantine": sorted(each.name for each in (spool / ".spool/quarantine").iterdir()),
        "findings": findings(spool),
        "memory": held,
        "rebuilt": await rebuilt(spool),
    }


if __name__ == "__main__":
    faults(Path(sys.argv[1]), *sys.argv[2:])
