"""
A backup, or a restore, in which the k-th call that changes the disk fails, or kills the process.

    python -m tests.backup_faults ROOT SCENARIO FAULT FIRST STEP
    python -m tests.backup_faults ROOT full

SCENARIO is backup or restore, FAULT is KILL or the name of an errno. The process is forked for
every call. With full, ROOT/b is a disk of 2 MB, and a backup is made that it has no
room for. Prints a JSON summary with every promise that was broken.
"""

import asyncio
import errno
import json
import os
import shutil
import signal
import sys
from contextlib import suppress
from itertools import count
from pathlib import Path

import spool.backup.files
from memory.errors import MemoryUnavailable
from processor.erasure.carry_out import carry_out
from spool.erasing import ask_to_forget
from spool.format import SpoolError, SpoolFull
from spool.sync import choose_sync
from spool.version import UnfinishedSpool, check_format
from tests.backups import files_in, findings, holds, put_back, sources, take
from tests.erasures import ANA, ANAS_MOBILE, ASKED, SECRETS, a_data_folder, call_of, deliver_one
from tests.retentions import an_event
from tests.spool_faults import in_child
from tests.spool_workload import tell
from tests.spools import a_spool, commit

CALLS = (
    *("open", "write", "pwrite", "link", "replace", "mkdir", "rename"),
    *("ftruncate", "unlink", "rmdir", "fsync"),
)
_NEEDS_ROOM = frozenset({"open", "write", "pwrite", "mkdir", "rename", "fsync"})


def faults(root: Path, scenario: str, fault: str, first: str, step: str) -> None:
    """Run once for every `step`-th call from the `first` on."""
    # What is made durable, and how, is for tests/test_spool_order.py. Who is killed loses nothing
    # that was written, so no disk is waited for: the calls are counted all the same.
    os.fsync = lambda _fd: None
    os.fdatasync = lambda _fd: None
    spool.backup.files.choose_sync = lambda _mode: choose_sync("fsync")
    asyncio.run(prepare(root / "before"))
    expected = clean_run(root / "clean", root / "before")
    violations = []
    for number in count(int(first), int(step)):
        place = root / f"{number}"
        shutil.copytree(root / "before", place)
        told, hit = in_child(lambda place=place, n=number: broken_run(place, scenario, fault, n))
        check = check_backup if scenario == "backup" else check_restore
        checked, _ = in_child(lambda place=place, check=check: check(place, expected))
        violations += [f"{hit} at call {number}: {line}" for line in checked.splitlines()]
        violations += [line for line in told.splitlines() if line.startswith("CRASH")]
        shutil.rmtree(place)
        if "HIT" not in told:
            break
    tell(json.dumps({"calls": number - 1, "violations": violations}))


async def prepare(root: Path) -> None:
    """Make a backup, and then a spool that has changed since in every way."""
    root.mkdir(parents=True)
    async with a_data_folder(root / "data") as data:
        take(root / "data", root / "b")
        with a_spool(root / "data/spool") as opened:
            for number in range(3):
                deliver_one(opened, call_of("+15005550006", f"conv_new{number}"))
        tombstone = ask_to_forget(data.root, callers=[ANA, ANAS_MOBILE], at=ASKED)
        await carry_out(tombstone, data.parts)
    (root / "new").mkdir()
    shutil.copytree(root / "b", root / "old")  # what a restore is made of


def clean_run(root: Path, before: Path) -> dict:
    """Return what there is if nothing goes wrong."""
    shutil.copytree(before, root)
    put_back(root / "old", root / "from-old")
    take(root / "data", root / "b", first_id=50)
    put_back(root / "b", root / "from-new")
    return {
        "old": files_in(root / "from-old/spool"),
        "new": files_in(root / "from-new/spool"),
        "names": sorted(name for name in files_in(root / "b") if name.startswith("files/")),
    }


def broken_run(root: Path, scenario: str, fault: str, number: int) -> None:
    """Back up or restore, with a fault at one call; an error is to be one of ours."""
    arm(fault, number)
    with suppress(SpoolError, MemoryUnavailable):
        if scenario == "backup":
            take(root / "data", root / "b", first_id=50)
        else:
            put_back(root / "old", root / "new")


def arm(fault: str, number: int) -> None:
    """Let the `number`-th call from now on fail with an errno, or kill this process."""
    calls = iter(range(1, 1 << 30))
    os_write = os.write

    def armed(name, real):
        def call(*args, **options):
            is_ours = name == "write" and args[0] == 1
            is_reading = name == "open" and not args[1] & (os.O_CREAT | os.O_WRONLY | os.O_RDWR)
            applies = fault == "KILL" or name in _NEEDS_ROOM
            if applies and not is_ours and not is_reading and next(calls) == number:
                os_write(1, f"HIT {name} {args[:2]}\n".encode())
                if fault == "KILL":
                    os.kill(os.getpid(), signal.SIGKILL)
                code = getattr(errno, fault)
                raise OSError(code, os.strerror(code))
            return real(*args, **options)

        return call

    for name in CALLS:
        setattr(os, name, armed(name, getattr(os, name)))


def check_backup(root: Path, expected: dict) -> None:
    """Tell what does not hold of the backup after the fault, and after the next run."""
    report = put_back(root / "b", root / "after")
    found = files_in(root / "after/spool")
    if report.damaged or findings(root / "after"):
        tell("damaged", report.damaged, findings(root / "after"))
    if found not in (expected["old"], expected["new"]):
        tell("neither the old backup nor the new one", *sorted(found))
    take(root / "data", root / "b", first_id=80)
    if secrets := holds(root / "b", *SECRETS):
        tell("secrets are left", secrets)
    names = files_in(root / "b")
    if sorted(name for name in names if name.startswith("files/")) != expected["names"]:
        tell("other files", *names)
    parts = [name for name in names if name.startswith(("ledger-", "state-", "memory-"))]
    left = [path.name for path in (root / "b/incoming").iterdir()]
    if len(parts) != 3 or left:
        tell("left behind", parts, left)
    put_back(root / "b", root / "again")
    if files_in(root / "again/spool") != expected["new"]:
        tell("the next run is other")


def check_restore(root: Path, expected: dict) -> None:
    """Tell what does not hold of what was put back after the fault, and after the next run."""
    spool_root = root / "new/spool"
    try:
        check_format(spool_root)
    except UnfinishedSpool:
        pass
    else:
        if (spool_root / ".spool/ledger.jsonl").exists() and files_in(spool_root) != expected[
            "old"
        ]:
            tell("it is half there, and nothing says so")
    if not (spool_root.exists() and files_in(spool_root) == expected["old"]):
        put_back(root / "old", root / "new")
    if files_in(spool_root) != expected["old"]:
        tell("the next run is other", sources(root / "new"))
    if findings(root / "new"):
        tell("damaged", findings(root / "new"))
    if not (root / "new/memory.db").exists():
        tell("there is no memory")


def full(root: Path) -> None:
    """Fill the disk that is backed up to; tell what was said, and what is there then."""
    data = root / "data"
    with a_spool(data / "spool") as opened:
        deliver_one(opened, call_of("+15005550006", "conv_small"))
    take(data, root / "b")
    with a_spool(data / "spool") as opened:
        commit(opened, an_event("conv_large", bytes(5 << 20), None, kind="audio"))
    said = ""
    try:
        take(data, root / "b", first_id=10)
    except SpoolFull as error:
        said = str(error)
    put_back(root / "b", root / "new")
    told = {
        "said": said,
        "left": [path.name for path in (root / "b/incoming").iterdir()],
        "parts": len([*(root / "b").glob("*-*.jsonl"), *(root / "b").glob("state-*")]),
        "restored": [file for file, _ in sources(root / "new")],
        "wrong": len(findings(root / "new")),
    }
    tell(json.dumps(told))


if __name__ == "__main__":
    if sys.argv[2:] == ["full"]:
        full(Path(sys.argv[1]))
    else:
        faults(Path(sys.argv[1]), *sys.argv[2:])
