"""A backup, or a restore, is killed or finds no room at every step: what was whole stays whole."""

import json
import shutil
import subprocess

import pytest

from tests.test_spool_faults import run


@pytest.mark.parametrize(
    ("scenario", "fault", "first", "step"),
    [
        *(("backup", "KILL", 1, 9), ("restore", "KILL", 1, 25)),
        *(("backup", "ENOSPC", 2, 9), ("restore", "ENOSPC", 3, 31)),
    ],
)
def test_whatever_ends_it_the_last_backup_is_whole_and_the_next_run_finishes(
    tmp_path, scenario, fault, first, step
):
    summary = json.loads(run("backup_faults", tmp_path, scenario, fault, first, step))
    assert summary["calls"] > (20 if fault == "ENOSPC" else 50)
    assert summary["violations"] == []


def test_a_disk_that_is_full_leaves_the_last_backup_and_nothing_else(tmp_path):
    place = tmp_path / "b"
    place.mkdir()
    mount = f"mount -t tmpfs -o size=2m tmpfs {place}"
    if (
        shutil.which("unshare") is None
        or subprocess.run(
            ["unshare", "-Urm", "sh", "-c", mount], capture_output=True, check=False
        ).returncode
    ):
        pytest.skip("no permission to mount a small file system")
    through = ["unshare", "-Urm", "sh", "-c", f'{mount} && exec "$@"', "sh"]
    told = json.loads(run("backup_faults", tmp_path, "full", through=through))
    assert "no room to copy conv_large/conv_large_audio.mp3" in told.pop("said")
    assert told == {
        "left": [],
        "parts": 2,
        "restored": ["conv_small/conv_small_transcription.json"],
        "wrong": 0,
    }
