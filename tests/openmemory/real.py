"""
A real OpenMemory server, where the environment says how to start one.

TEST_OPENMEMORY_SERVER is a command that runs a server 1.3.x in the foreground, told by the
variables PORT, DB_PATH (a folder) and API_KEY; TEST_OPENMEMORY_NEWEST is the same for the newest
one, and TEST_OPENMEMORY_LONGMEMORY for its successor. Without them these tests are left out.
"""

import json
import os
import shlex
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request
from contextlib import contextmanager, suppress
from pathlib import Path

SERVER = "TEST_OPENMEMORY_SERVER"
NEWEST = "TEST_OPENMEMORY_NEWEST"
LONGMEMORY = "TEST_OPENMEMORY_LONGMEMORY"
KEY = "a-key-of-the-tests"
_START_SECONDS = 40


def server_kinds():
    """Return what the same tests run against: the stand-in, and the real server if there is one."""
    return ["stand-in", *(["real"] if is_there(SERVER) else [])]


def is_there(variable):
    """True if the environment says how to start this one."""
    return bool(os.environ.get(variable))


class RealServer:
    """A server in a process of its own, with its database in `folder`."""

    def __init__(self, command, folder, *, key, environment):
        self.key = key
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.database = folder / "db"
        self._command = shlex.split(command)
        self._log = folder / "log"
        self._environment = environment
        self._process = None

    def start(self):
        """Start it and wait until it answers; again after `kill`, on the same port and data."""
        self.database.mkdir(exist_ok=True)
        variables = {"PORT": str(self.port), "DB_PATH": f"{self.database}/", "API_KEY": self.key}
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                env={**os.environ, **variables, **self._environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        until = time.monotonic() + _START_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > until:
                self.kill()
                raise RuntimeError(f"no server: {self._log.read_text('utf-8')[-2000:]}")
            time.sleep(0.05)

    def kill(self):
        """Kill it and all that it started; its data stay."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def items(self):
        """Return every row of every user, as the server's own API lists them."""
        return self._ask("GET", "/memory/all?l=100000")["items"]

    def clear(self):
        """Delete every row; the answers that it has cached for a minute stay."""
        for item in self.items():
            self._ask("DELETE", f"/memory/{item['id']}")

    def _answers(self):
        try:
            self._ask("GET", "/health")
        except OSError:
            return False
        return True

    def _ask(self, method, path):
        request = urllib.request.Request(
            self.url + path, method=method, headers={"x-api-key": self.key}
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=20) as response:
            return json.loads(response.read())


@contextmanager
def real_server(variable=SERVER, *, key=KEY, **environment):
    """
    Run one until the block ends, with an empty database of its own.

    `environment` are more variables for it, such as OM_USE_SUMMARY_ONLY="true".
    """
    with tempfile.TemporaryDirectory(prefix="openmemory-") as folder:
        server = RealServer(os.environ[variable], Path(folder), key=key, environment=environment)
        try:
            server.start()
            yield server
        finally:
            server.kill()


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
