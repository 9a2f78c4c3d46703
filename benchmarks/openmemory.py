"""Runs an OpenMemory for a benchmark, and waits until a mirror has caught up with it."""

import asyncio
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from memory.openmemory.ledger import Ledger
from tests.openmemory.server import openmemory_server

OPENMEMORY_KEY = "openmemory-benchmark-key"
STAND_IN = f"{shlex.quote(sys.executable)} -m benchmarks.openmemory"

_READY_WITHIN_S = 60.0
_MIRRORED_WITHIN_S = 1800.0


@contextmanager
def openmemory(command: str, folder: Path) -> Iterator[tuple[int, int]]:
    """Run an OpenMemory with its data in `folder`; yields its port and its process group."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    data = folder / "openmemory"
    data.mkdir()
    settings = {"PORT": str(port), "DB_PATH": f"{data}/", "API_KEY": OPENMEMORY_KEY}
    with (
        (folder / "openmemory.log").open("ab") as log,
        subprocess.Popen(
            shlex.split(command), env={**os.environ, **settings}, stdout=log, stderr=log,
            start_new_session=True,
        ) as process,
    ):  # fmt: skip
        try:
            _wait_for_port(port, process)
            yield port, process.pid
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)  # one that is stopped takes no other


async def until_mirrored(ledger: Ledger) -> None:
    """Wait until everything is there that can be; raises if it does not come to that."""
    began = time.monotonic()
    while True:
        report, tally = await ledger.report(), await ledger.tally()
        if report is not None and report.status == "refused":
            raise RuntimeError(f"this OpenMemory cannot be used: {report.detail}")
        is_known = report is not None and report.keeps_users_apart is not None
        if is_known and tally.stored and not tally.waiting and not tally.callers_waiting:
            return
        _check_time(began)
        await asyncio.sleep(0.2)


def _check_time(began: float) -> None:
    if time.monotonic() > began + _MIRRORED_WITHIN_S:
        raise RuntimeError("it was not mirrored in time; see the log of the program")


def _wait_for_port(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _READY_WITHIN_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("OpenMemory did not start: does --server say how?")


async def _stand_in() -> None:
    port, key = int(os.environ["PORT"]), os.environ["API_KEY"]
    async with openmemory_server(key=key, port=port):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_stand_in())
