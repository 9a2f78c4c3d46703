"""Every step of storing fails, or is killed, in turn: nothing acknowledged is lost, all heals."""

import json
import shutil
import subprocess
import sys

import pytest

# A smaller step in one mode than in the other: most calls are the same in both.
RUNS = [
    ("fsync", "KILL", 1),
    ("syncfs", "KILL", 3),
    ("fsync", "EIO", 1),
    ("syncfs", "EIO", 3),
    ("fsync", "ENOSPC", 3),
    ("syncfs", "ENOSPC", 1),
]


def run(program, *arguments, through=()):
    """Run a program of the tests; return what it printed."""
    command = [*through, sys.executable, "-m", f"tests.{program}", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(("mode", "fault", "step"), RUNS)
def test_no_step_that_fails_or_is_killed_loses_an_acknowledged_event(tmp_path, mode, fault, step):
    summary = json.loads(run("spool_faults", tmp_path, mode, fault, step))
    assert summary["calls"] > 70
    assert summary["violations"] == []


def test_a_full_disk_refuses_leaves_nothing_behind_and_serves_again_with_room(tmp_path):
    mount = f"mount -t tmpfs -o size=600k tmpfs {tmp_path}"
    if (
        shutil.which("unshare") is None
        or subprocess.run(
            ["unshare", "-Urm", "sh", "-c", mount], capture_output=True, check=False
        ).returncode
    ):
        pytest.skip("no permission to mount a small file system")
    through = ["unshare", "-Urm", "sh", "-c", f'{mount} && exec "$@"', "sh"]
    told = json.loads(run("spool_workload", "full", tmp_path, through=through))
    assert told == {
        "first": ["stored"],
        "full": ["SpoolFull"] * 3,
        "single": ["SpoolFull"],
        "duplicate": ["duplicate"],
        "upload": "SpoolFull",
        "debris": [],
        "some_room": ["SpoolFull", "stored"],
        "room": ["duplicate", "stored", "stored"],
        "state": "ok",
        "left": [],
    }
