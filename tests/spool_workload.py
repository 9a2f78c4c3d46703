"""
Deliveries to a real spool, as a program of its own: traced, broken and killed by the tests.

    python -m tests.spool_workload trace ROOT MODE MUTATION
    python -m tests.spool_workload failing ROOT MODE
    python -m tests.spool_workload full ROOT
"""

import json
import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from spool.format import SpoolError
from spool.sync import Sync, choose_sync
from spool.verify import verify
from spool.writer import Arrival, Outcome, Spool

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
QUIET = Sync(file=lambda fd: None, content=lambda fd: None, everything=None, forget=lambda fd: None)


def an_arrival(conversation_id="conv_ada", content=b'{"event_timestamp": 5}', **changes):
    """Return a plausible arrival."""
    members = {
        "kind": "transcription",
        "conversation_id": conversation_id,
        "content": content,
        "event_timestamp": 1763631000.0,
        "signature": "t=1763631000,v0=00ff",
        "source": "webhook",
        "received_at": NOW,
    }
    return Arrival(**{**members, **changes})


def deliveries(spool: Spool) -> Iterator[list[Arrival]]:
    """Yield groups of arrivals that use every way through the writer, one after another."""
    revised = an_arrival(content=b'{"event_timestamp": 6, "again": true}')
    strange = an_arrival(kind="quarantine", conversation_id=None, content=b"[]", reason="no object")
    yield [an_arrival()]
    yield [
        an_arrival(kind="audio", content=staged(spool, b"mp3" * 1000), body_prefix='{"a":"'),
        an_arrival("conv_bob"),
        an_arrival("conv_cid", kind="failure"),
    ]
    yield [an_arrival("conv_bob"), revised, an_arrival("conv_dan"), an_arrival("conv_dan")]
    yield [strange]
    yield [strange, an_arrival("conv_eve")]


def staged(spool: Spool, content: bytes):
    """Return `content` as a finished staged file."""
    file = spool.stage()
    try:
        file.write(content)
        file.finish()
    except SpoolError:
        file.discard()
        raise
    return file


def tell(*words: object) -> None:
    """Print one line in one system call: a killed process has told it or not."""
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


def acknowledge(arrivals: list[Arrival], outcomes: list[Outcome | SpoolError]) -> bool:
    """Tell what a receiver would answer; return whether nothing was refused."""
    for arrival, outcome in zip(arrivals, outcomes, strict=True):
        if isinstance(outcome, Outcome):
            tell("ACK", outcome.status, outcome.file, arrival.fingerprint()[1])
        else:
            tell("REFUSED", type(outcome).__name__)
    return not any(isinstance(outcome, SpoolError) for outcome in outcomes)


def deliver_all(spool: Spool, root: Path) -> None:
    """Deliver everything, again and again until it is accepted, as the platform does."""
    for number in range(5):
        for _ in range(3):
            if _deliver(spool, root, number):
                break
        else:
            tell("NEVER", number)


def _deliver(spool: Spool, root: Path, number: int) -> bool:
    try:
        groups = deliveries(spool)
        for _ in range(number):
            for arrival in next(groups):
                if not isinstance(arrival.content, bytes):
                    arrival.content.discard()
        arrivals = next(groups)
    except SpoolError as error:
        tell("REFUSED", type(error).__name__)
        return False
    was_accepted = acknowledge(arrivals, spool.commit(arrivals))
    if spool.state == "full" and (left := debris(root)):
        tell("DEBRIS", *left)
    if spool.state == "failed":
        spool.recover()
    return was_accepted


def debris(root: Path) -> list[str]:
    """Return everything that a refused delivery has left behind."""
    left = [str(path) for path in (root / ".spool/incoming").iterdir()]
    left += [str(path) for path in root.iterdir() if path.is_dir() and not any(path.iterdir())]
    left += [finding.file for finding in verify(root, pause=lambda seconds: None).findings]
    return left


# --- trace: the plain run, or one with a step of the protocol left out


def trace(root: Path, mode: str, mutation: str) -> None:
    """Deliver everything once, into a folder that is there already or not."""
    if mutation.startswith("found"):
        (root if mutation == "found-root" else root.parent).mkdir(parents=True)
    sync = mutated(choose_sync(mode), mutation, root)
    spool = Spool.open(root, sync=sync)
    if mutation == "overwrite":
        os.link = lambda a, b, **options: os.rename(
            a, b, src_dir_fd=options["src_dir_fd"], dst_dir_fd=options["dst_dir_fd"]
        )
    for arrivals in deliveries(spool):
        acknowledge(arrivals, spool.commit(arrivals))
    spool.close()


def mutated(sync: Sync, mutation: str, root: Path) -> Sync:
    """Return the primitives with one of them broken."""
    if mutation == "no-parents":
        return replace(sync, file=lambda fd: sync.file(fd) if is_below(fd, root) else None)
    if mutation == "no-file":
        return replace(sync, file=lambda fd: sync.file(fd) if is_folder(fd) else None)
    if mutation == "no-folder":
        return replace(sync, file=lambda fd: None if is_folder(fd) else sync.file(fd))
    if mutation == "no-ledger":
        return replace(sync, content=lambda fd: None)
    if mutation == "no-everything":
        return replace(sync, everything=lambda fd: None)
    return sync


def is_folder(fd: int) -> bool:
    return Path(f"/proc/self/fd/{fd}").resolve().is_dir()


def is_below(fd: int, root: Path) -> bool:
    return Path(f"/proc/self/fd/{fd}").resolve().is_relative_to(root)


# --- full: on a small file system of its own


def full(root: Path) -> None:
    """Fill the disk, be refused, make room, be accepted; print what happened as JSON."""
    room = os.statvfs(root)
    if room.f_blocks * room.f_frsize > 1 << 20:
        sys.exit(f"{root} is not the small file system that this needs")
    spool = Spool.open(root / "spool")
    told = {"first": statuses(spool.commit([an_arrival()]))}
    filler = root / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            pass
    big = [an_arrival(f"conv_{n}", content=b"x" * 20_000) for n in range(3)]
    told["full"] = statuses(spool.commit(big))
    told["single"] = statuses(spool.commit(big[:1]))
    told["duplicate"] = statuses(spool.commit([an_arrival()]))
    upload = spool.stage()
    try:
        for _ in range(100):
            upload.write(bytes(65536))
        told["upload"] = "accepted"
    except SpoolError as error:
        told["upload"] = type(error).__name__
    upload.discard()
    told["debris"] = debris(root / "spool")
    os.truncate(filler, filler.stat().st_size - 40_000)
    told["some_room"] = statuses(
        spool.commit([an_arrival("conv_x", content=b"x" * 90_000), big[0]])
    )
    filler.unlink()
    told["room"] = statuses(spool.commit(big))
    told["state"] = spool.state
    told["left"] = debris(root / "spool")
    tell(json.dumps(told))


def statuses(outcomes: list[Outcome | SpoolError]) -> list[str]:
    return [
        outcome.status if isinstance(outcome, Outcome) else type(outcome).__name__
        for outcome in outcomes
    ]


def failing(root: Path, mode: str) -> None:
    """Deliver everything while somebody else lets calls fail, as the tests have it."""
    for _ in range(2):
        try:
            spool = Spool.open(root, sync=mode)
        except SpoolError as error:
            tell("REFUSED", type(error).__name__)
            continue
        deliver_all(spool, root)
        return
    tell("NEVER", "open")


COMMANDS = {"trace": trace, "failing": failing, "full": full}

if __name__ == "__main__":
    command, place, *options = sys.argv[1:]
    COMMANDS[command](Path(place), *options)
