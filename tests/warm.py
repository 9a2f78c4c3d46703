"""
The program's commands in processes of their own, forked from one that has imported it already.

    with warm() as run_command: run_command(a_program, "backup", "there")

What takes a command most of its time, starting Python and importing, is done once.
"""

import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module

from tests.program import RUN, Program

SECONDS = 60.0
_IMPORTED = (
    *(
        "cli.app",
        "cli.backups.backup",
        "cli.export",
        "cli.backups.import_events",
        "cli.logs",
        "cli.backups.restore",
    ),
    *("cli.spool_verify", "cli.start", "cli.status", "cli.assembly.store"),
)
_ANSWER_BYTES = 1 << 16

RunCommand = Callable[..., "subprocess.CompletedProcess[str]"]


@contextmanager
def warm() -> Iterator[RunCommand]:
    """Give what `Program.run` is, quicker; at the end nothing of it is left."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        ours.settimeout(SECONDS)
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.warm", str(theirs.fileno())],
            cwd=RUN.parent, pass_fds=[theirs.fileno()], start_new_session=True,
        )  # fmt: skip
        theirs.close()
        try:
            yield lambda program, *arguments, **options: _run(ours, program, arguments, **options)
        finally:
            ours.close()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:  # a command hangs
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _run(
    ours: socket.socket, program: Program, arguments: tuple[str, ...], *, expect: int | None = 0
) -> "subprocess.CompletedProcess[str]":
    out, errors = program.folder / "out", program.folder / "errors"
    told = {
        "arguments": arguments,
        "folder": str(program.folder),
        "environment": program.environment,
        "outputs": [str(out), str(errors)],
    }
    ours.send(json.dumps(told).encode())
    code = int(ours.recv(_ANSWER_BYTES))
    done = subprocess.CompletedProcess(
        arguments, code, out.read_text("utf-8"), errors.read_text("utf-8")
    )
    if expect is not None:
        assert code == expect, done.stdout + done.stderr
    return done


def serve(theirs: socket.socket) -> None:
    """Fork for every command that is asked for, until the other end is closed."""
    for name in _IMPORTED:
        import_module(name)
    while told := theirs.recv(_ANSWER_BYTES):
        pid = os.fork()
        if pid == 0:
            _become(**json.loads(told))
        _, status = os.waitpid(pid, 0)
        theirs.send(str(os.waitstatus_to_exitcode(status)).encode())


def _become(
    arguments: list[str], folder: str, environment: dict[str, str], outputs: list[str]
) -> None:
    """Be `run.py` with these arguments, to its end."""
    code: object = 0
    try:
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environment)
        for number, path in enumerate(outputs, 1):
            os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), number)
        sys.argv = [str(RUN), *arguments]
        runpy.run_path(str(RUN), run_name="__main__")
    except SystemExit as error:
        code = error.code
    except BaseException:  # noqa: BLE001 - as Python ends: the traceback, and 1
        code = 1
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code if isinstance(code, int) else int(code is not None))


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
