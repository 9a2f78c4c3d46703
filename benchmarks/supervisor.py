"""Starts the program as systemd does: it is handed a socket that listens, and reports how it is."""

import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.server import PROJECT

# What is handed over begins at descriptor 3, and is meant for the process that is named.
_LAUNCH = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1", LISTEN_FDNAMES="callspool.socket")
os.execv(sys.executable, [sys.executable, *sys.argv[2:]])
"""
START_SECONDS = 30.0


class Supervisor:
    """A socket that outlives the processes that answer on it, and where these report."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder = folder
        self.listening = socket.create_server(("127.0.0.1", 0), backlog=4096)
        self.port = int(self.listening.getsockname()[1])
        self.reports = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._sockets = tempfile.TemporaryDirectory()  # a short path: the kernel takes 108 bytes
        address = f"{self._sockets.name}/notify"
        self.reports.bind(address)
        self.environment = {**environment, "NOTIFY_SOCKET": address}
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, *command: str) -> None:
        """Start `run.py COMMAND` with the socket, without waiting."""
        number = self.listening.fileno()
        arguments = [sys.executable, "-c", _LAUNCH, str(number), str(PROJECT / "run.py"), *command]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                arguments, env=self.environment, cwd=self.folder, stdout=log, stderr=log,
                pass_fds=[number],
            )  # fmt: skip

    def report(self, wanted: str) -> list[str]:
        """Return what was reported until `wanted` was."""
        said: list[str] = []
        deadline = time.monotonic() + START_SECONDS
        with selectors.DefaultSelector() as selector:
            selector.register(self.reports, selectors.EVENT_READ)
            while wanted not in said:
                if not selector.select(deadline - time.monotonic()):
                    raise TimeoutError(f"{wanted} was not reported, but {said}; see the log")
                said.append(self.reports.recv(4096).decode())
        return said

    def stop(self) -> int:
        """Stop the process as systemd does; return its exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(START_SECONDS)
        self.process = None
        return code

    def close(self) -> None:
        """End whatever still runs, and the socket."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
        self.listening.close()
        self.reports.close()
        self._sockets.cleanup()


@contextmanager
def supervising(folder: Path, environment: dict[str, str]) -> Iterator[Supervisor]:
    """Give a supervisor over `folder`; nothing of it is left at the end."""
    supervisor = Supervisor(folder, environment)
    try:
        yield supervisor
    finally:
        supervisor.close()
