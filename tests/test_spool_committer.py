"""Arrivals that wait together are committed together, and each learns its own outcome."""

import asyncio
import errno
import os
import threading
from dataclasses import replace

import pytest

from spool.committer import Committer
from spool.format import SpoolFailed, UnsuitableFolder
from spool.writer import Spool
from tests.spool_workload import QUIET, an_arrival, staged


class Disk:
    """Primitives that count, block or fail as a test wants."""

    def __init__(self):
        self.contents = 0
        self.is_broken = False
        self.gate = threading.Event()
        self.gate.set()

    def content(self, _fd):
        self.gate.wait(5)
        self.contents += 1
        if self.is_broken:
            raise SpoolFailed("fdatasync failed")


@pytest.fixture
def disk():
    return Disk()


@pytest.fixture
async def committer(tmp_path, disk):
    spool = Spool.open(tmp_path / "spool", sync=replace(QUIET, content=disk.content))
    committer = Committer(spool, max_batch=10)
    yield committer
    disk.gate.set()
    await committer.close()
    spool.close()


async def test_what_arrives_during_a_commit_shares_the_next_one(committer, disk):
    disk.gate.clear()
    first = asyncio.create_task(committer.append(an_arrival("conv_first")))
    await asyncio.sleep(0.05)
    rest = [asyncio.create_task(committer.append(an_arrival(f"conv_{n}"))) for n in range(25)]
    await asyncio.sleep(0)
    disk.gate.set()
    outcomes = await asyncio.gather(first, *rest)
    assert {outcome.status for outcome in outcomes} == {"stored"}
    assert disk.contents == 1 + 3  # the first alone, then 10, 10 and 5


async def test_each_learns_its_own_outcome(committer, tmp_path):
    (tmp_path / "spool/conv_b").write_text("")
    arrivals = [an_arrival("conv_a"), an_arrival("conv_b"), an_arrival("conv_a")]
    outcomes = await asyncio.gather(
        *(committer.append(arrival) for arrival in arrivals), return_exceptions=True
    )
    assert outcomes[0].status == "stored"
    assert isinstance(outcomes[1], UnsuitableFolder)
    assert outcomes[2].status == "duplicate"


async def test_after_a_failure_the_spool_recovers_by_itself_but_not_at_every_arrival(
    committer, disk
):
    disk.is_broken = True
    with pytest.raises(SpoolFailed):
        await committer.append(an_arrival())
    for _ in range(3):
        with pytest.raises(SpoolFailed):
            await committer.append(an_arrival())
    assert disk.contents == 2  # the commit, and one try at recovery
    disk.is_broken = False
    committer._next_recovery = 0.0
    assert (await committer.append(an_arrival())).status == "duplicate"


async def test_a_caller_who_goes_away_does_not_stop_the_commit(committer, disk, tmp_path):
    disk.gate.clear()
    task = asyncio.create_task(committer.append(an_arrival()))
    await asyncio.sleep(0.02)
    task.cancel()
    disk.gate.set()
    assert (await committer.append(an_arrival())).status == "duplicate"


async def test_an_upload_that_comes_too_late_leaves_nothing(committer, tmp_path):
    upload = staged(committer._spool, b"mp3")
    await committer.close()
    with pytest.raises(SpoolFailed, match="closing"):
        await committer.append(an_arrival(kind="audio", content=upload))
    assert list((tmp_path / "spool/.spool/incoming").iterdir()) == []


async def test_closing_commits_what_waits_and_accepts_no_more(committer, disk):
    disk.gate.clear()
    tasks = [asyncio.create_task(committer.append(an_arrival(f"conv_{n}"))) for n in range(12)]
    await asyncio.sleep(0.02)
    closing = asyncio.create_task(committer.close())
    await asyncio.sleep(0)
    with pytest.raises(SpoolFailed, match="closing"):
        await committer.append(an_arrival())
    disk.gate.set()
    await closing
    assert {(await task).status for task in tasks} == {"stored"}


async def test_a_commit_that_breaks_off_refuses_its_arrivals_and_the_next_one_is_served(
    committer, monkeypatch, caplog
):
    def bug(_self):
        raise RuntimeError("a bug")

    monkeypatch.setattr("spool.arrival.Arrival.fingerprint", bug)
    with pytest.raises(SpoolFailed, match="a bug"):
        await committer.append(an_arrival())
    monkeypatch.undo()
    assert (await committer.append(an_arrival())).status == "stored"
    assert caplog.records[0].action == "commit_broke_off"


async def test_a_full_disk_is_noticed_to_have_room_again_without_an_arrival(tmp_path, monkeypatch):
    spool = Spool.open(tmp_path / "spool", sync=QUIET)
    committer = Committer(spool)
    spool.state = "full"
    with monkeypatch.context() as patched:

        def no_room(*_):
            raise OSError(errno.ENOSPC, "no space left on device")

        patched.setattr(os, "write", no_room)
        await committer.mend()
        assert spool.state == "full"
    await committer.mend()
    assert spool.state == "ok"
    assert not list((tmp_path / "spool/.spool/incoming").iterdir())
    await committer.close()
    spool.close()
