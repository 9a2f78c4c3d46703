"""What a server prints is for whoever reads it: where nobody can, it runs all the same."""

import json
import os
import subprocess
import sys

import pytest

from tests.program import RUN
from tests.spools import a_spool

BANNER = """
import cli.app
from cli.serving.banner import show_banner
from settings import Settings

settings = Settings(_env_file=None)
for _ in range(2):
    show_banner(settings, "127.0.0.1", 8080)
"""


def print_banner(stdout, **environment):
    return subprocess.run(
        [sys.executable, "-c", BANNER],
        cwd=RUN.parent, env={**os.environ, **environment}, stdout=stdout, stderr=subprocess.PIPE,
        text=True, timeout=60, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("gone", [False, True], ids=["a full disk", "a reader who is gone"])
def test_a_server_starts_where_its_banner_cannot_be_printed(gone):
    if gone:
        reading, stdout = os.pipe()
        os.close(reading)
    else:
        stdout = os.open("/dev/full", os.O_WRONLY)
    try:
        done = print_banner(stdout)
    finally:
        os.close(stdout)
    assert (done.returncode, done.stderr.count("cannot be printed")) == (0, 1), done.stderr


def test_a_terminal_that_cannot_show_a_letter_gets_its_number(tmp_path):
    with a_spool(tmp_path / "data/spool"):
        pass
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    done = subprocess.run(
        [sys.executable, str(RUN), "analytics", "--csv", "März.csv"],
        cwd=tmp_path, env=environment, capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.stdout == b"table written to M\\xe4rz.csv\n", done.stderr
    assert (tmp_path / "März.csv").exists()


def test_a_log_for_machines_has_a_misspelt_setting_as_a_line_of_its_own(tmp_path):
    with a_spool(tmp_path / "data/spool"):
        pass
    (tmp_path / ".env").write_text("ADMIN_KEYS=abc\n")
    done = subprocess.run(
        [sys.executable, str(RUN), "analytics"],
        cwd=tmp_path, env={**os.environ, "LOG_FORMAT": "json"}, capture_output=True, timeout=60,
        check=False,
    )  # fmt: skip
    [line] = map(json.loads, done.stderr.splitlines())
    assert (line["level"], line["action"]) == ("WARNING", "unknown_setting")
    assert "ADMIN_KEYS" in line["message"]


CLOSED = """
import os, sys

for number in range(3):
    os.close(number)
sys.stdin = sys.stdout = sys.stderr = None  # as Python has it that is started so
sys.argv = ["run.py", "--help"]
try:
    from cli.app import main

    main()
except SystemExit:
    with open(os.environ["FOUND"], "w") as file:
        file.write(" ".join(os.readlink(f"/proc/self/fd/{number}") for number in range(3)))
"""


def test_nothing_gets_the_number_of_a_closed_stream_to_have_an_error_written_into_it(tmp_path):
    subprocess.run(
        [sys.executable, "-c", CLOSED],
        cwd=RUN.parent, env={**os.environ, "FOUND": str(tmp_path / "found")}, timeout=60,
        check=False,
    )  # fmt: skip
    assert (tmp_path / "found").read_text().split() == [os.devnull] * 3
