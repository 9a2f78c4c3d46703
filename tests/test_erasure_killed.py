"""Killed anywhere in an erasure, the next one finishes it, and nobody else loses anything."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from processor.erasure.carry_out import carry_out
from processor.erasure.steps import STEPS
from spool.erasing import ask_to_forget
from spool.forgotten import read_tombstones
from spool.verify import verify
from tests.erasures import ANA, ANAS_MOBILE, ASKED, BEN, a_data_folder, secrets_in

CHANGES = frozenset(["os.remove", "os.rename", "os.rmdir", "os.link", "shutil.rmtree"])
POINTS = [name for name, _ in STEPS] + ["let go", "certificate", "end"]


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """A data folder in which Ana is to be erased, and what is in memory of others."""
    folder = tmp_path_factory.mktemp("filled") / "data"

    async def fill():
        async with a_data_folder(folder) as data:
            ask_to_forget(data.root, callers=[ANA, ANAS_MOBILE], at=ASKED)
            return [line for line in await data.exported() if BEN in line]

    return folder, asyncio.run(fill())


def run(folder, *, step="", change=0):
    """Carry the erasure out in a process that is killed at a step, or at a change of a folder."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.test_erasure_killed", str(folder), step, str(change)],
        capture_output=True, text=True, check=False, timeout=50,
    )  # fmt: skip
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done


async def assert_that_it_completes(folder, of_others):
    async with a_data_folder(folder, fill=False) as data:
        [tombstone] = [each for each in read_tombstones(data.root) if each.callers]
        await carry_out(tombstone, data.parts)
        assert await data.exported() == of_others
        assert data.parts.orders.forgotten.pending() == []
    assert secrets_in(folder) == []
    assert verify(folder / "spool").findings == ()


@pytest.mark.parametrize("point", POINTS)
async def test_killed_at_a_step_it_is_completed_by_the_next(tmp_path, filled, point):
    source, of_others = filled
    folder = tmp_path / "data"
    await asyncio.to_thread(shutil.copytree, source, folder)
    done = await asyncio.to_thread(run, folder, step=point)
    assert done.returncode == -signal.SIGKILL
    await assert_that_it_completes(folder, of_others)


@pytest.mark.parametrize("part", range(8))
async def test_killed_between_two_changes_of_a_folder_it_is_completed(tmp_path, filled, part):
    source, of_others = filled
    folder = tmp_path / "data"
    await asyncio.to_thread(shutil.copytree, source, folder)
    done = await asyncio.to_thread(run, folder, change=1 + 5 * part)
    assert done.returncode == -signal.SIGKILL
    await assert_that_it_completes(folder, of_others)


async def test_killed_again_and_again_it_is_completed_all_the_same(tmp_path, filled):
    source, of_others = filled
    folder = tmp_path / "data"
    await asyncio.to_thread(shutil.copytree, source, folder)
    for point in ("memory", "bytes", "certificate"):
        await asyncio.to_thread(run, folder, step=point)
    await assert_that_it_completes(folder, of_others)


async def _carry_out(folder, kill_at):
    async with a_data_folder(Path(folder), fill=False) as data:
        [tombstone] = [each for each in read_tombstones(data.root) if each.callers]
        await carry_out(tombstone, replace(data.parts, on_step=kill_at))


def _main(folder, step, change):
    changes = 0

    def die(_=None):
        os.kill(os.getpid(), signal.SIGKILL)

    def count(event, _):
        nonlocal changes
        if event in CHANGES:
            changes += 1
            if changes == change:
                die()

    sys.addaudithook(count)
    asyncio.run(_carry_out(folder, lambda name: die() if name == step else None))


if __name__ == "__main__":
    _main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
