"""What becomes of an arrival: stored, known already, a revision, in quarantine, or refused."""

import errno
import fcntl
import hashlib
import json
import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime

import pytest

from spool.format import SpoolFailed, SpoolFull, SpoolLocked, UnsuitableFolder
from spool.reader import read_file, read_receipts
from spool.sync import choose_sync
from spool.verify import verify
from spool.writer import Spool
from tests.spool_workload import QUIET, an_arrival, staged

FILE = "conv_ada/conv_ada_transcription.json"


@pytest.fixture(params=["fsync", "syncfs"])
def spool(request, tmp_path):
    if request.param == "syncfs" and choose_sync("auto").everything is None:
        pytest.skip("this system has no syncfs")
    opened = Spool.open(tmp_path / "spool", sync=request.param)
    yield opened
    opened.close()


@pytest.fixture
def root(tmp_path):
    return tmp_path / "spool"


def tree(root):
    """Return every path of a spool, its lock aside, with its content."""
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and path.name != "lock"
    }


def test_a_stored_event_is_a_file_as_it_came_with_a_receipt_that_says_so(spool, root):
    (outcome,) = spool.commit([an_arrival(content=b'{"a": 1}')])
    assert (outcome.status, outcome.file) == ("stored", FILE)
    ((receipt, end),) = read_receipts(root)
    assert read_file(root, receipt) == b'{"a": 1}'
    assert receipt == an_arrival().receipt(FILE, 8, hashlib.sha256(b'{"a": 1}').hexdigest())
    assert end == (root / ".spool/ledger.jsonl").stat().st_size


def test_only_the_owner_may_read_what_callers_said(spool, root):
    spool.commit([an_arrival()])
    for path in [root, *root.rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_the_same_event_again_writes_nothing_at_all(spool, root):
    spool.commit([an_arrival(), an_arrival("conv_bob")])
    before = tree(root)
    again = spool.commit(
        [an_arrival(), an_arrival("conv_bob", received_at=an_arrival().received_at)]
    )
    assert [outcome.status for outcome in again] == ["duplicate", "duplicate"]
    assert spool.commit([an_arrival()])[0].file == FILE
    assert tree(root) == before


def test_another_event_of_the_same_kind_becomes_a_revision_named_by_its_content(spool, root):
    spool.commit([an_arrival(content=b"first")])
    sha256 = hashlib.sha256(b"second").hexdigest()
    expected = f"conv_ada/conv_ada_transcription.rev-{sha256[:16]}.json"
    for status in ("stored", "duplicate"):
        (outcome,) = spool.commit([an_arrival(content=b"second")])
        assert (outcome.status, outcome.file) == (status, expected)
    assert (root / FILE).read_bytes() == b"first"
    assert (root / expected).read_bytes() == b"second"


def test_within_one_commit_each_gets_its_own_outcome(spool, root):
    outcomes = spool.commit(
        [an_arrival(content=b"1"), an_arrival(content=b"1"), an_arrival(content=b"2")]
    )
    assert [outcome.status for outcome in outcomes] == ["stored", "duplicate", "stored"]
    assert len(list(read_receipts(root))) == 2
    assert verify(root).findings == ()


def test_what_is_not_understood_is_kept_once_with_the_reason_beside_it(spool, root):
    strange = an_arrival(kind="quarantine", conversation_id=None, content=b"[", reason="not JSON")
    first = spool.commit([strange])
    before = tree(root)
    assert spool.commit([strange, strange]) == first * 2
    assert tree(root) == before
    assert first[0].status == "quarantined"
    assert (root / first[0].file).read_bytes() == b"["
    sidecar = json.loads((root / first[0].file).with_suffix(".json").read_text())
    assert sidecar["reason"] == "not JSON"
    ((receipt, _),) = read_receipts(root)
    assert (receipt.kind, receipt.reason) == ("quarantine", "not JSON")


def test_a_staged_file_is_stored_like_bytes_and_consumed_whatever_the_outcome(spool, root):
    sound = b"mp3" * 1000
    for status in ("stored", "duplicate"):
        upload = staged(spool, sound)
        assert upload.path.read_bytes() == sound
        arrival = an_arrival(kind="audio", content=upload, body_prefix='{"a":"', body_suffix='"}')
        (outcome,) = spool.commit([arrival])
        assert outcome.status == status
        assert not upload.path.exists()
    assert (root / "conv_ada/conv_ada_audio.mp3").read_bytes() == sound
    ((receipt, _),) = read_receipts(root)
    assert (receipt.body_prefix, receipt.body_suffix) == ('{"a":"', '"}')


def test_a_discarded_upload_leaves_nothing(spool, root):
    upload = spool.stage()
    upload.write(b"half")
    upload.discard()
    upload.discard()
    assert list((root / ".spool/incoming").iterdir()) == []


def test_threads_that_race_for_one_name_all_get_the_right_answer(spool, root):
    bodies = [b"one", b"two"] * 16
    with ThreadPoolExecutor(8) as threads:
        outcomes = list(
            threads.map(lambda body: spool.commit([an_arrival(content=body)])[0], bodies)
        )
    assert sorted(outcome.status for outcome in outcomes) == ["duplicate"] * 30 + ["stored"] * 2
    for body, outcome in zip(bodies, outcomes, strict=True):
        assert (root / outcome.file).read_bytes() == body
    assert verify(root).findings == ()


def test_a_second_receiver_is_refused_and_told_which_process_is_in_its_way(spool, root):
    with pytest.raises(SpoolLocked, match=f"process {os.getpid()}"):
        Spool.open(root)
    program = f"from spool.writer import Spool, Path; Spool.open(Path({str(root)!r}))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert b"SpoolLocked" in done.stderr


def test_a_closed_spool_can_be_opened_again(tmp_path):
    for _ in range(2):
        Spool.open(tmp_path / "a" / "b", sync=QUIET).close()


@pytest.mark.parametrize("make", ["symlink", "file"])
def test_nothing_is_written_through_what_is_not_a_real_folder(spool, root, tmp_path, make):
    outside = tmp_path / "outside"
    outside.mkdir()
    if make == "symlink":
        (root / "conv_ada").symlink_to(outside)
    else:
        (root / "conv_ada").write_text("")
    refused, stored = spool.commit([an_arrival(), an_arrival("conv_bob")])
    assert isinstance(refused, UnsuitableFolder)
    assert stored.status == "stored"
    assert list(outside.iterdir()) == []


def test_a_symlink_under_a_final_name_is_left_alone_and_the_event_stored_beside_it(spool, root):
    (root / "conv_ada").mkdir()
    (root / FILE).symlink_to("/etc/hostname")
    (outcome,) = spool.commit([an_arrival()])
    assert outcome.status == "stored"
    assert ".rev-" in outcome.file


def test_a_file_where_hard_links_are_missing_is_no_place_for_a_spool(tmp_path, monkeypatch):
    def no_link(*_, **__):
        raise OSError(errno.EPERM, "no links")

    monkeypatch.setattr(os, "link", no_link)
    with pytest.raises(UnsuitableFolder, match="hard links"):
        Spool.open(tmp_path / "spool", sync=QUIET)
    monkeypatch.undo()
    (tmp_path / "file").write_text("")
    with pytest.raises(UnsuitableFolder, match="PAYLOAD_STORAGE_PATH"):
        Spool.open(tmp_path / "file" / "spool", sync=QUIET)


@pytest.mark.parametrize(
    "changes",
    [
        {"conversation_id": "../x"},
        {"conversation_id": None},
        {"received_at": datetime(2026, 1, 1)},  # noqa: DTZ001
        {"event_timestamp": float("nan")},
    ],
)
def test_what_could_never_be_a_receipt_is_refused_before_anything_is_written(changes):
    with pytest.raises(ValueError, match=r"finite|zone|folder"):
        replace(an_arrival(), **changes)


def test_an_unfinished_upload_cannot_be_stored(spool):
    upload = spool.stage()
    with pytest.raises(ValueError, match="finished"):
        an_arrival(kind="audio", content=upload)
    upload.discard()


def test_receipts_that_found_room_stand_when_the_next_ones_find_none(root, monkeypatch):
    # A reader may have seen them: given to other events, their offsets would hide those.
    spool = Spool.open(root, sync=QUIET)
    real = os.pwrite
    calls = iter(range(10))

    def half(fd, data, offset):
        if next(calls):
            raise OSError(errno.ENOSPC, "full")
        return real(fd, data[: len(data) // 2 + 20], offset)

    monkeypatch.setattr(os, "pwrite", half)
    arrivals = [an_arrival(), an_arrival("conv_bob"), an_arrival("conv_bob")]
    outcomes = spool.commit([*arrivals])
    monkeypatch.undo()
    assert [type(outcome).__name__ for outcome in outcomes] == ["Outcome", "SpoolFull", "SpoolFull"]
    assert spool.state == "full"
    assert verify(root).findings == ()
    assert not (root / "conv_bob").exists()
    assert [outcome.status for outcome in spool.commit(arrivals)] == [
        "duplicate",
        "stored",
        "duplicate",
    ]
    assert spool.state == "ok"
    spool.close()


def test_after_a_failed_sync_nothing_is_accepted_until_the_spool_has_recovered(root):
    failing = {"content": True}

    def content(_fd):
        if failing["content"]:
            raise SpoolFailed("fdatasync failed")

    spool = Spool.open(root, sync=replace(QUIET, content=content))
    (refused,) = spool.commit([an_arrival()])
    assert isinstance(refused, SpoolFailed)
    before = tree(root)
    assert isinstance(spool.commit([an_arrival("conv_bob")])[0], SpoolFailed)
    assert tree(root) == before
    with pytest.raises(SpoolFailed):
        spool.recover()
    failing["content"] = False
    spool.recover()
    assert spool.state == "ok"
    assert spool.commit([an_arrival()])[0].status == "duplicate"
    assert verify(root).findings == ()
    spool.close()


def test_names_that_a_failed_sync_left_in_doubt_are_written_anew_before_they_are_entered(root):
    failing = {"everything": 2}

    def everything(_fd):
        failing["everything"] -= 1
        if failing["everything"] == 0:
            raise SpoolFailed("syncfs failed")

    spool = Spool.open(root, sync=replace(QUIET, everything=everything))
    upload = spool.stage()
    upload.write(b"still being received")
    outcomes = spool.commit([an_arrival(), an_arrival("conv_bob")])
    assert {type(outcome) for outcome in outcomes} == {SpoolFailed}
    inode = (root / FILE).stat().st_ino
    spool.recover()
    assert (root / FILE).stat().st_ino != inode
    assert [receipt.source for receipt, _ in read_receipts(root)] == ["recovered"] * 2
    assert spool._layout.in_use == {upload.name}
    assert upload.path.exists()
    upload.discard()
    assert spool.commit([an_arrival()])[0].status == "duplicate"
    assert verify(root).findings == ()
    spool.close()


def test_an_upload_that_finds_no_room_is_refused_for_now(spool, monkeypatch):
    upload = spool.stage()

    def full(*_):
        raise OSError(errno.EDQUOT, "quota")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(SpoolFull, match="quota"):
        upload.write(b"x")
    monkeypatch.undo()
    upload.discard()


def test_the_lock_is_free_again_after_a_start_that_failed(root):
    Spool.open(root, sync=QUIET).close()
    ledger = root / ".spool/ledger.jsonl"
    ledger.unlink()
    ledger.mkdir()
    with pytest.raises(SpoolFailed):
        Spool.open(root, sync=QUIET)
    with (root / ".spool/lock").open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
