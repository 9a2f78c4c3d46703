"""
How long a backup takes, at first and every night after that, beside `cp` of the same bytes.

The spool holds calls of about 12 KB and a recording for every tenth; memory is up to date. Then a
server takes deliveries from several senders, with and without a backup running over and over, and
what the two do to the acknowledgements is shown.

Run: uv run python -m benchmarks.backup [--calls 5000] [--seconds 10]
"""

import argparse
import asyncio
import json
import os
import secrets
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.rebuild import fill
from benchmarks.server import PROJECT, SECRET, environment, running
from cli.assembly.store import processor_options
from memory.embedded import EmbeddedStore
from memory.embedded_copy import copy_memory, put_memory
from processor.rebuild import rebuild
from settings import Settings
from spool.backup.backup import Backup, BackupReport, back_up
from spool.backup.folder import opened_place
from spool.backup.restore import restore
from spool.reader import ledger_identity
from spool.verify import verify
from spool.writer import Arrival, Spool
from tests.factories import transcription_payload
from voice.signature import HEADER, sign

SENDERS = 4
RECORDING = b"ID3" + bytes(1 << 20)


def take(folder: Path, place: Path, *, checks_all: bool = False) -> BackupReport:
    """Back up the data in `folder` to `place`."""
    root = folder / "spool"
    run = Backup(
        root=root,
        place=place,
        copy_memory=lambda target: copy_memory(folder / "memory.db", target),
        clock=lambda: datetime.now(UTC),
        new_id=lambda: secrets.token_hex(6),
        checks_all=checks_all,
    )
    with opened_place(place, identity=ledger_identity(root), is_known=False):
        return back_up(run)


def add_recordings(root: Path, calls: int) -> None:
    """Store a recording for every tenth call."""
    spool = Spool.open(root)
    for index in range(0, calls, 10):
        recording = Arrival(
            kind="audio", conversation_id=f"conv_{index:07d}", content=RECORDING + b"%d" % index,
            event_timestamp=None, signature="", source="import", received_at=datetime.now(UTC),
        )  # fmt: skip
        spool.commit([recording])
    spool.close()


async def derive(folder: Path) -> None:
    """Bring memory up to the spool."""
    store = await EmbeddedStore.open(folder / "memory.db")
    options = processor_options(Settings(_env_file=None))  # type: ignore[call-arg]  # pydantic-settings' own argument
    await rebuild(folder / "spool", store, options=options)
    await store.close()


def show(what: str, seconds: float, size: int) -> None:
    """Print one line."""
    print(f"{what:<44} {seconds:7.2f} s  {size / 1e6 / seconds:8.1f} MB/s")


def bytes_below(folder: Path) -> int:
    """Return the size of all files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def timed(what: str, size: int, work: Callable[[], object]) -> None:
    """Do it and print how long that took."""
    began = time.perf_counter()
    work()
    show(what, time.perf_counter() - began, size)


def copy_plainly(source: Path, target: Path) -> None:
    """Copy as `cp` does, and have it on disk."""
    subprocess.run(["cp", "-r", str(source), str(target)], check=True)
    os.sync()


def at_rest(folder: Path, calls: int) -> None:
    """Measure with nothing else going on."""
    fill(folder / "spool", calls)
    add_recordings(folder / "spool", calls)
    asyncio.run(derive(folder))
    size = bytes_below(folder)
    print(f"{calls} calls, {size / 1e6:.0f} MB with memory")
    place = folder.with_name("backup")
    os.sync()
    timed("cp -r, sync", size, lambda: copy_plainly(folder, folder.with_name("copy")))
    shutil.rmtree(folder.with_name("copy"))
    os.sync()
    timed("first backup", size, lambda: take(folder, place))
    timed("second, with nothing new", size, lambda: take(folder, place))
    timed("--verify", size, lambda: take(folder, place, checks_all=True))
    other = folder.with_name("restored")
    other.mkdir()

    def put_back() -> None:
        restore(place, other / "spool", put_memory=lambda it: put_memory(it, other / "memory.db"))

    timed("restore", size, put_back)
    found = verify(other / "spool", pause=lambda _: None)
    print(
        f"spool verify of what was restored: {found.receipts} receipts, {len(found.findings)} wrong"
    )


def send(port: int, stop: threading.Event, sender: str, times: list[float]) -> None:
    """Deliver one call after the other until `stop`; note how long each took to be answered."""
    number = 0
    while not stop.is_set():
        payload = transcription_payload(conversation_id=f"conv_{sender}_{number}", turns=20)
        body = json.dumps(payload).encode()
        headers = {HEADER: sign(body, SECRET, timestamp=int(time.time()))}
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/webhook/post-call", body, headers
        )
        began = time.perf_counter()
        with urllib.request.urlopen(request, timeout=60) as answer:
            answer.read()
        times.append(time.perf_counter() - began)
        number += 1


def under_load(folder: Path, *, seconds: float, with_backups: bool) -> None:
    """Deliver for some time and print what that was like."""
    place = folder.with_name("backup-under-load")
    backups: list[float] = []
    with running(folder, "all-in-one") as server:
        stop, times = threading.Event(), list[float]()
        names = [f"{'b' if with_backups else 'a'}{number}" for number in range(SENDERS)]
        threads = [
            threading.Thread(target=send, args=(server.port, stop, name, times)) for name in names
        ]
        for thread in threads:
            thread.start()
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if not with_backups:
                time.sleep(0.1)
                continue
            began = time.perf_counter()
            subprocess.run(
                [sys.executable, str(PROJECT / "run.py"), "backup", str(place)],
                env=environment(folder, server.port), cwd=folder, check=True, capture_output=True,
            )  # fmt: skip
            backups.append(time.perf_counter() - began)
        stop.set()
        for thread in threads:
            thread.join()
    times.sort()
    what = f"with {len(backups)} backups meanwhile" if with_backups else "without a backup"
    print(
        f"{len(times) / seconds:.0f} calls a second {what}: acknowledged in p50 "
        f"{times[len(times) // 2] * 1000:.1f} ms, p99 {times[len(times) * 99 // 100] * 1000:.1f} ms"
    )
    if backups:
        first, rest = backups[0], backups[1:] or backups
        print(f"a backup took {first:.1f} s at first, then {statistics.median(rest):.1f} s")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=5_000)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--folder", type=Path, default=None, help="where; default: a temporary one")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as name:
        folder = Path(name) / "data"
        folder.mkdir()
        at_rest(folder, arguments.calls)
        for with_backups in (False, True):
            under_load(folder, seconds=arguments.seconds, with_backups=with_backups)


if __name__ == "__main__":
    main()
