"""The systemd units: valid, locked up, and in agreement with the program they start."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from receiver.server import SHUTDOWN_SECONDS
from settings import Settings

ROOT = Path(__file__).parent.parent
UNITS = ROOT / "deploy" / "systemd"
with_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd is not installed"
)


def setting(unit, name):
    """Return a setting of a unit file, its last one."""
    text = (UNITS / unit).read_text("utf-8")
    return re.findall(rf"^{name}=(.*)$", text, re.MULTILINE)[-1]


@pytest.fixture
def units(tmp_path):
    """Return copies of the units that start something which is on this machine."""
    for path in (*UNITS.glob("*.service"), *UNITS.glob("*.socket"), *UNITS.glob("*.timer")):
        text = re.sub(
            r"^ExecStart=.*$", "ExecStart=/bin/true", path.read_text("utf-8"), flags=re.MULTILINE
        )
        (tmp_path / path.name).write_text(text, "utf-8")
    return tmp_path


def analyzed(*arguments):
    done = subprocess.run(
        ["systemd-analyze", *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@with_systemd
def test_systemd_understands_every_line_of_the_units(units):
    paths = [str(path) for path in sorted(units.iterdir())]
    assert analyzed("verify", "--man=no", *paths) == ""


@with_systemd
@pytest.mark.parametrize("name", ["callspool.service", "callspool-backup.service"])
def test_the_service_is_locked_up(units, name):
    service = str(units / name)
    said = analyzed("security", "--offline=yes", "--threshold=15", "--no-pager", service)
    assert "Overall exposure level" in said


def test_the_service_starts_the_program_as_it_lies_there():
    python, script, command = setting("callspool.service", "ExecStart").split()
    assert (python, command) == ("/opt/callspool/.venv/bin/python", "all-in-one")
    assert (ROOT / Path(script).relative_to("/opt/callspool")).is_file()


def test_the_backup_is_of_what_the_service_keeps():
    unit = "callspool-backup.service"
    for name in ("User", "Group", "WorkingDirectory", "EnvironmentFile", "UMask"):
        assert setting(unit, name) == setting("callspool.service", name), name
    python, script, *command = setting(unit, "ExecStart").split()
    assert setting("callspool.service", "ExecStart") == f"{python} {script} all-in-one"
    _, place, _ = command
    assert command == ["backup", place, "--json"]
    assert setting(unit, "RequiresMountsFor") == place
    kept = setting(unit, "WorkingDirectory")
    assert setting(unit, "ReadWritePaths").split() == [kept, place]


def test_a_command_by_hand_is_about_what_the_service_keeps(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    (home / ".env").write_text("MAX_BODY_MB=77\n", "utf-8")
    (tmp_path / "sudo").write_text(
        '#!/bin/sh\n[ "$1 $2" = "-u callspool" ] && shift 2 && exec "$@"\n'
    )
    (tmp_path / "sudo").chmod(0o755)
    text = (UNITS / "callspool.sh").read_text("utf-8")
    for there, here in (
        ("/var/lib/callspool", str(home)),
        ("/opt/callspool/.venv/bin/python", sys.executable),
        ("/opt/callspool", str(ROOT)),
    ):
        assert there in text
        text = text.replace(there, here)
    by_hand = tmp_path / "callspool"
    by_hand.write_text(text, "utf-8")
    path = f"{tmp_path}:{os.environ['PATH']}"
    done = subprocess.run(
        ["sh", by_hand, "doctor", "--json"],
        cwd="/", env={"PATH": path}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert json.loads(done.stdout)["settings"]["MAX_BODY_MB"] == "77", done.stderr


def test_the_socket_is_where_a_proxy_looks_for_the_program_and_is_held_through_a_restart():
    fields = Settings.model_fields
    address = f"{fields['host'].default}:{fields['port'].default}"
    assert setting("callspool.socket", "ListenStream") == address
    assert setting("callspool.socket", "Accept") == "no"
    assert setting("callspool.service", "Requires") == "callspool.socket"


def test_what_is_under_way_may_end_before_the_service_is_killed():
    assert int(setting("callspool.service", "TimeoutStopSec").removesuffix("s")) > SHUTDOWN_SECONDS
    files = int(setting("callspool.service", "LimitNOFILE"))
    assert files > Settings.model_fields["max_connections"].default
