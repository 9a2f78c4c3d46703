"""
Deliveries in which the k-th system call fails, or kills the process, for every k in turn.

    python -m tests.spool_faults ROOT MODE FAULT STEP

FAULT is KILL, or the name of an errno. The process is forked for every call, and the calls that
make things durable are replaced: what they do on a real disk is for tests/test_spool_order.py.
"""

import errno
import json
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from pathlib import Path

from spool.format import DamagedLine, Receipt, SpoolError
from spool.reader import read_file, read_receipts
from spool.sync import Sync, choose_sync
from spool.writer import Spool
from tests.spool_workload import QUIET, an_arrival, debris, deliver_all, deliveries, tell

FILES = 10  # what there is in the end: eight from the deliveries, two from before


WRITING = ("open", "write", "pwrite", "link", "mkdir", "rename", "ftruncate")
CALLS = (*WRITING, "unlink", "rmdir")


def faults(root: Path, mode: str, fault: str, step: str) -> None:
    """Run once for every `step`-th call; print a JSON summary with every violation."""
    violations: list[str] = []
    for number in count(1, int(step)):
        place = root / f"{number}"
        told, hit = in_child(lambda place=place, n=number: broken_run(place, mode, fault, n))
        checked, _ = in_child(lambda place=place, told=told: check(place, told))
        violations += [f"{hit} at call {number}: {line}" for line in checked.splitlines()]
        if "HIT" not in told:
            break
    tell(json.dumps({"calls": number - 1, "violations": violations}))


def in_child(work: Callable[[], None]) -> tuple[str, str]:
    """Run `work` in a forked process; return what it told, and the call that was hit."""
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        os.dup2(write_end, 1)
        os.close(read_end)
        try:
            work()
        except BaseException as error:  # noqa: BLE001  # whatever it is, it is a violation
            os.write(1, f"CRASH {error!r}\n".encode())
        os._exit(0)
    os.close(write_end)
    with os.fdopen(read_end) as pipe:
        told = pipe.read()
    os.waitpid(child, 0)
    return told, next((line for line in told.splitlines() if line.startswith("HIT")), "")


def broken_run(root: Path, mode: str, fault: str, number: int) -> None:
    """Start on a spool that a crash has left in disorder, deliver, with a fault at one call."""
    with_disorder(root)
    sync = arm(replace(QUIET, everything=QUIET.file if mode == "syncfs" else None), fault, number)
    for _ in range(2):
        try:
            spool = Spool.open(root, sync=sync)
        except SpoolError as error:
            tell("REFUSED", type(error).__name__)
            continue
        deliver_all(spool, root)
        return
    tell("NEVER", "open")


def with_disorder(root: Path) -> None:
    """Leave behind what a kill can: a file without receipt, a torn line, a temporary file."""
    spool = Spool.open(root, sync=QUIET)
    spool.commit([an_arrival("conv_old")])
    spool.close()
    (root / "conv_lost").mkdir()
    (root / "conv_lost/conv_lost_transcription.json").write_bytes(b'{"event_timestamp": 7}')
    with (root / ".spool/ledger.jsonl").open("ab") as ledger:
        ledger.write(b'{"v":1,"file":"conv_lo')
    (root / ".spool/incoming/1-1.part").write_bytes(b"half")


def arm(sync: Sync, fault: str, number: int) -> Sync:
    """Let the `number`-th call from now on fail with an errno, or kill this process."""
    calls = iter(range(1, 1 << 30))

    def armed(name, real):
        def call(*args, **options):
            if args and args[0] == 1 and name == "write":
                return real(*args, **options)  # our own telling
            applies = fault != "ENOSPC" or name in WRITING
            if applies and next(calls) == number:
                os_write(1, f"HIT {name} {args[:2]}\n".encode())
                if fault == "KILL":
                    os.kill(os.getpid(), signal.SIGKILL)
                code = getattr(errno, fault)
                raise OSError(code, os.strerror(code))
            return real(*args, **options)

        return call

    os_write = os.write
    for name in CALLS:
        setattr(os, name, armed(name, getattr(os, name)))
    system = type("System", (), {"fsync": armed("fsync", lambda fd: None)})
    system.fdatasync = armed("fdatasync", lambda fd: None)
    library = type("Library", (), {"syncfs": armed("syncfs", lambda fd: 0)})
    has_syncfs = sync.everything is not None
    return choose_sync(
        "syncfs" if has_syncfs else "fsync",
        system=system,
        control=object(),
        library=library,
        release="6.1",
    )


def check(root: Path, told: str) -> None:
    """Tell every promise that was broken: acknowledged and lost, not healed, left behind."""
    for line in told.splitlines():
        if line.startswith(("CRASH", "NEVER", "DEBRIS ")):
            tell(line)
    spool = Spool.open(root, sync=QUIET)
    entered = {receipt.file: receipt.sha256 for receipt in whole_receipts(root)}
    for line in told.splitlines():
        if line.startswith("ACK"):
            _, _, file, sha256 = line.split()
            if entered.get(file) != sha256:
                tell("acknowledged and lost", file)
    outcomes = [outcome for group in deliveries(spool) for outcome in spool.commit(group)]
    if refused := [outcome for outcome in outcomes if isinstance(outcome, SpoolError)]:
        tell("not healed", refused)
    files = [receipt.file for receipt in whole_receipts(root)]
    if len(files) != FILES:
        tell("files", *files)
    if left := debris(root):
        tell("left behind", left)


def whole_receipts(root: Path) -> list[Receipt]:
    """Return the receipts of a ledger that names every file once, each file read and compared."""
    receipts: dict[str, Receipt] = {}
    for receipt, _ in read_receipts(root):
        if isinstance(receipt, DamagedLine) or receipt.file in receipts:
            tell("ledger line", receipt)
        else:
            read_file(root, receipt)
            receipts[receipt.file] = receipt
    return list(receipts.values())


if __name__ == "__main__":
    faults(Path(sys.argv[1]), *sys.argv[2:])
