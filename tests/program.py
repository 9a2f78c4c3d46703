"""The real program in processes of its own, over a folder of the test's."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from settings import Settings

RUN = Path(__file__).parent.parent / "run.py"
START_SECONDS = 30.0


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Program:
    """`run.py` over one folder: its commands, and its server."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None
        ours = {name.upper() for name in Settings.model_fields}
        bare = {name: value for name, value in os.environ.items() if name not in ours}
        self.environment = {**bare, "PORT": str(self.port), "RETRY_BASE_SECONDS": "0.1"}
        self.environment["LIMIT_PER_CALLER"] = "0"  # a test asks about one caller all the time

    @property
    def spool(self) -> Path:
        return self.folder / "data/spool"

    def secret(self, name: str) -> str:
        """Return a secret from the generated `.env`."""
        lines = (self.folder / ".env").read_text().splitlines()
        return next(line.partition("=")[2] for line in lines if line.startswith(name))

    def run(self, *arguments: str, expect: int | None = 0) -> subprocess.CompletedProcess[str]:
        """Run a command to its end; its exit code must be `expect`."""
        done = subprocess.run(
            [sys.executable, str(RUN), *arguments],
            cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=60,
            check=False,
        )  # fmt: skip
        if expect is not None:
            assert done.returncode == expect, done.stdout + done.stderr
        return done

    def start(self, *arguments: str) -> None:
        """Start a server and wait until it answers."""
        self.process = self.spawn(*arguments)
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                self.health()
            except OSError:
                time.sleep(0.05)
            else:
                return
        raise AssertionError(self.log())

    def spawn(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a command without waiting; its output goes to the log."""
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, str(RUN), *arguments],
                cwd=self.folder, env=self.environment, stdout=log, stderr=log,
            )  # fmt: skip

    def log(self) -> str:
        return (self.folder / "log").read_text("utf-8", "replace")

    def health(self) -> dict[str, Any]:
        """Return what /health says, whatever its status."""
        url = f"http://127.0.0.1:{self.port}/health"
        try:
            with urllib.request.urlopen(url, timeout=5) as response:
                return json.loads(response.read())
        except urllib.error.HTTPError as error:
            with error:
                return json.loads(error.read())

    def wait_for_memory(self, *, seconds: float = 30.0) -> None:
        """Wait until every stored event is in memory."""
        deadline = time.monotonic() + seconds
        while self.health()["backlog"]:
            assert time.monotonic() < deadline, self.log()
            time.sleep(0.02)

    def export(self) -> str:
        return self.run("memory", "export").stdout

    def kill(self) -> None:
        """kill -9."""
        self.end(signal.SIGKILL)

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send a signal; return the exit code."""
        assert self.process is not None
        self.process.send_signal(number)
        code = self.process.wait(30)
        self.process = None
        return code


@contextmanager
def program(folder: Path) -> Iterator[Program]:
    """Give a program over `folder`; whatever still runs at the end is killed."""
    program = Program(folder)
    try:
        yield program
    finally:
        if program.process is not None:
            program.kill()
