"""Runs the program, or a part of it, in a process of its own for a benchmark."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).parent.parent
SECRET = "wsec_benchmark"  # a benchmark's own
KEY = "benchmark-key"


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A running server, and where it keeps its data."""

    port: int
    pid: int
    folder: Path

    def peak_memory_mb(self) -> float:
        """Return the largest resident size so far."""
        return self._status("VmHWM")

    def memory_mb(self) -> float:
        """Return the resident size now."""
        return self._status("VmRSS")

    def _status(self, name: str) -> float:
        lines = Path(f"/proc/{self.pid}/status").read_text("ascii").splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith(name)) / 1024


def environment(folder: Path, port: int) -> dict[str, str]:
    """Return the environment of a server whose data lies in `folder`."""
    return {
        **os.environ,
        "PORT": str(port),
        "PAYLOAD_STORAGE_PATH": str(folder / "spool"),
        "OPENMEMORY_DB_PATH": str(folder / "memory.db"),
        "ELEVENLABS_POST_CALL_KEY": SECRET,
        "ELEVENLABS_CLIENT_DATA_KEY": KEY,
        "ELEVENLABS_SEARCH_DATA_KEY": KEY,
        "ADMIN_KEY": KEY,
        # A benchmark's clients are few addresses and callers that ask as fast as they can.
        "LIMIT_PER_ADDRESS": os.environ.get("LIMIT_PER_ADDRESS", "0"),
        "LIMIT_PER_CALLER": os.environ.get("LIMIT_PER_CALLER", "0"),
        "LOG_LEVEL": os.environ.get("LOG_LEVEL", "WARNING"),
    }


@contextmanager
def running(folder: Path, *command: str) -> Iterator[Server]:
    """Run `run.py COMMAND` over `folder` until the block ends."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    arguments = [sys.executable, str(PROJECT / "run.py"), *command]
    log = (folder / "log").open("ab")
    with (
        log,
        subprocess.Popen(
            arguments, env=environment(folder, port), cwd=folder, stdout=log, stderr=log
        ) as process,
    ):
        try:
            _wait_until_ready(port, process)
            yield Server(port=port, pid=process.pid, folder=folder)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


def _wait_until_ready(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=1):
                return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError("the server did not start; see its log")
