"""What a start finds after a crash, and what it makes of it."""

import errno
import os
import zlib
from datetime import UTC, datetime, timedelta

import pytest

from spool.format import DamagedLine, Receipt, SpoolLocked
from spool.reader import read_receipts
from spool.verify import verify
from spool.writer import Spool
from tests.spool_workload import QUIET, an_arrival

LOST = "conv_lost/conv_lost_transcription.json"


@pytest.fixture
def root(tmp_path):
    return tmp_path / "spool"


@pytest.fixture
def ledger(root):
    return root / ".spool/ledger.jsonl"


def a_spool(root, count=3):
    """Create a spool with some events, and close it."""
    spool = Spool.open(root, sync=QUIET)
    spool.commit([an_arrival(f"conv_{n}") for n in range(count)])
    spool.close()


def reopen(root, later=timedelta(0)):
    """Start, by a clock that is ahead, and stop; return what the start did."""
    spool = Spool.open(root, sync=QUIET, clock=lambda: datetime.now(UTC) + later)
    spool.close()
    return spool.recovered


def test_a_file_without_a_receipt_gets_one(root):
    a_spool(root)
    (root / "conv_lost").mkdir()
    (root / LOST).write_bytes(b'{"event_timestamp": 1763631000.5, "data": {}}')
    os.utime(root / LOST, (1763640000, 1763640000))
    assert reopen(root).entered == 1
    receipt = [receipt for receipt, _ in read_receipts(root)][-1]
    assert (receipt.file, receipt.source, receipt.signature) == (LOST, "recovered", "")
    assert receipt.event_timestamp == 1763631000.5
    assert receipt.received_at == datetime.fromtimestamp(1763640000, UTC)
    assert reopen(root).entered == 0
    assert verify(root).findings == ()


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"not json", b"[" * 100_000, b'{"event_timestamp": "soon"}', b"\xff"]
)
def test_a_file_without_a_receipt_is_entered_whatever_it_holds(root, content):
    a_spool(root)
    (root / "conv_lost").mkdir()
    (root / LOST).write_bytes(content)
    assert reopen(root).entered == 1
    assert [receipt for receipt, _ in read_receipts(root)][-1].event_timestamp is None


def test_leftovers_are_swept_and_files_of_other_names_are_left_alone(root):
    a_spool(root)
    (root / ".spool/incoming/77-1.part").write_bytes(b"half")
    (root / "conv_1/notes.txt").write_text("mine")
    (root / "conv_link").symlink_to(root / "conv_1")
    recovered = reopen(root)
    assert (recovered.swept, recovered.entered, recovered.cut_bytes) == (1, 0, 0)
    assert (root / "conv_1/notes.txt").read_text() == "mine"


def test_a_quarantined_body_without_a_receipt_keeps_its_reason(root):
    spool = Spool.open(root, sync=QUIET)
    strange = an_arrival(kind="quarantine", conversation_id=None, content=b"[", reason="not JSON")
    spool.commit([strange])
    spool.close()
    (root / ".spool/ledger.jsonl").unlink()
    assert reopen(root).entered == 1
    ((receipt, _),) = read_receipts(root)
    assert (receipt.kind, receipt.reason, receipt.source) == ("quarantine", "not JSON", "recovered")


def test_a_lost_ledger_is_written_again_from_the_files(root, ledger):
    a_spool(root, count=300)
    ledger.unlink()
    assert reopen(root).entered == 300
    assert verify(root).findings == ()


def test_a_torn_end_is_cut_wherever_the_tear_is_and_no_event_is_lost(root, ledger):
    a_spool(root)
    whole = ledger.read_bytes()
    ends = [after for _, after in read_receipts(root)]
    for size in range(0, len(whole), 23):
        ledger.write_bytes(whole[:size])
        good = max((end for end in ends if end <= size), default=0)
        recovered = reopen(root)
        assert recovered.cut_bytes == size - good
        assert ledger.read_bytes()[:good] == whole[:good]
        receipts = [receipt for receipt, _ in read_receipts(root)]
        assert {receipt.file for receipt in receipts} == {
            f"conv_{n}/conv_{n}_transcription.json" for n in range(3)
        }
        assert len(receipts) == 3


@pytest.mark.parametrize("tail", [b"\0" * 5000, b"\0" * 50 + b"\n", b'{"v":1\n{"v":1\n', b"x"])
def test_rubbish_at_the_end_is_cut(root, ledger, tail):
    a_spool(root)
    before = ledger.read_bytes()
    with ledger.open("ab") as file:
        file.write(tail)
    assert [type(receipt) for receipt, _ in read_receipts(root)] == [Receipt] * 3
    assert reopen(root).cut_bytes == len(tail)
    assert ledger.read_bytes() == before


def test_a_flipped_bit_before_whole_lines_is_left_for_a_person_and_its_event_entered_again(
    root, ledger
):
    a_spool(root)
    damaged = bytearray(ledger.read_bytes())
    damaged[20] ^= 1
    ledger.write_bytes(damaged)
    recovered = reopen(root)
    assert (recovered.cut_bytes, recovered.entered) == (0, 1)
    receipts = [receipt for receipt, _ in read_receipts(root)]
    assert [type(receipt) for receipt in receipts] == [DamagedLine, Receipt, Receipt, Receipt]
    assert [finding.problem for finding in verify(root).findings] == ["torn"]
    assert reopen(root).entered == 0


def test_a_line_of_a_later_version_at_the_end_is_not_cut(root, ledger):
    a_spool(root)
    body = b'{"v":2,"file":"conv_9/conv_9_audio.opus"'
    with ledger.open("ab") as file:
        file.write(body + b',"crc":"%08x"}\n' % zlib.crc32(body))
    assert reopen(root).cut_bytes == 0
    assert isinstance([receipt for receipt, _ in read_receipts(root)][-1], DamagedLine)


def copy_in(root):
    """Put a file into the spool, as a person does with `cp`."""
    (root / "conv_lost").mkdir()
    (root / LOST).write_bytes(b"{}")


def test_newer_receipts_do_not_hide_a_file_that_has_none(root):
    spool = Spool.open(root, sync=QUIET)
    copy_in(root)
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    spool.commit([an_arrival("conv_new", received_at=tomorrow)])
    spool.close()
    os.utime(root / ".spool/ledger.jsonl", (tomorrow.timestamp(), tomorrow.timestamp()))
    assert reopen(root).entered == 1
    assert verify(root).findings == ()


def test_only_folders_that_changed_since_the_last_recovery_are_looked_at(root):
    later = datetime.now(UTC) + timedelta(hours=1)
    a_spool(root)
    note = root / ".spool/lock"
    spool = Spool.open(root, sync=QUIET, clock=lambda: later)
    spool.commit([an_arrival("conv_new", received_at=later)])
    spool.close()
    assert datetime.fromisoformat(note.read_text().split()[1]) == later
    os.utime(root / ".spool/ledger.jsonl", (later.timestamp(), later.timestamp()))
    copy_in(root)  # before that recovery by the clock: it would have entered it
    assert reopen(root, later=timedelta(hours=2)).entered == 0
    note.write_text(f"7\n{later.isoformat()}\n")
    os.utime(root / ".spool/ledger.jsonl")
    # The clocks of receipts and recovery alone are not believed.
    assert reopen(root, later=timedelta(hours=2)).entered == 1


def test_a_start_that_is_refused_or_breaks_off_keeps_the_time_of_the_last_recovery(
    root, monkeypatch
):
    a_spool(root)
    noted_at = (root / ".spool/lock").read_text().split()[1]
    spool = Spool.open(root, sync=QUIET, clock=lambda: datetime.fromisoformat(noted_at))
    with pytest.raises(SpoolLocked, match=rf"process {os.getpid()}\)"):
        Spool.open(root, sync=QUIET)
    spool.close()
    with monkeypatch.context() as patched:
        patched.setattr("spool.recovery._changed_folders", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            Spool.open(root, sync=QUIET)
    assert (root / ".spool/lock").read_text() == f"{os.getpid()}\n{noted_at}\n"


@pytest.mark.parametrize("content", ["77\n", "", "\0" * 40])
def test_a_lock_of_an_earlier_version_or_without_content_is_no_obstacle(root, content):
    a_spool(root)
    (root / ".spool/lock").write_text(content)
    copy_in(root)
    assert reopen(root).entered == 1


@pytest.mark.parametrize(
    "note", [None, "", "soon\n", "2026-11-20T09:30:00\n", "2100-01-01T00:00:00Z\n", "\xff"]
)
def test_without_a_time_of_the_last_recovery_to_rely_on_everything_is_looked_at(root, note):
    a_spool(root)
    far = datetime(2090, 1, 1, tzinfo=UTC)
    spool = Spool.open(root, sync=QUIET, clock=lambda: far)
    spool.commit([an_arrival("conv_new", received_at=far)])
    spool.close()
    os.utime(root / ".spool/ledger.jsonl", (far.timestamp(), far.timestamp()))
    copy_in(root)
    path = root / ".spool/lock"
    path.unlink() if note is None else path.write_text(f"7\n{note}", "latin-1")
    spool = Spool.open(root, sync=QUIET, clock=lambda: far)
    spool.close()
    assert spool.recovered.entered == 1


@pytest.mark.parametrize("refusal", ["open", "pread", "scandir", "rename"])
def test_a_file_that_cannot_be_read_at_one_start_is_entered_at_a_later_one(
    root, monkeypatch, caplog, refusal
):
    a_spool(root)
    copy_in(root)
    real = getattr(os, refusal)
    inode = (root / LOST).stat().st_ino

    def broken(path, *arguments, **options):
        if refusal == "pread" and os.fstat(path).st_ino == inode:
            raise OSError(errno.EIO, "input/output error")
        if refusal != "pread" and "conv_lost" in f"{path}{arguments}":
            raise PermissionError(errno.EACCES, "not yours")
        return real(path, *arguments, **options)

    with monkeypatch.context() as patched:
        patched.setattr(os, refusal, broken)
        spool = Spool.open(root, sync=QUIET)
        assert spool.recovered.entered == 0
        assert [record.action for record in caplog.records] == ["recovery_skipped"]
        tomorrow = datetime.now(UTC) + timedelta(days=1)
        spool.commit([an_arrival("conv_new", received_at=tomorrow)])
        spool.close()
    os.utime(root / ".spool/ledger.jsonl", (tomorrow.timestamp(), tomorrow.timestamp()))
    assert reopen(root, later=timedelta(days=2)).entered == 1
    assert verify(root).findings == ()


def test_a_time_of_recovery_that_cannot_be_noted_stops_nothing(root, monkeypatch):
    a_spool(root)

    def full(*_):
        raise OSError(errno.ENOSPC, "full")

    with monkeypatch.context() as patched:
        patched.setattr(os, "pwrite", full)
        assert reopen(root).entered == 0
    assert (root / ".spool/lock").read_text() == ""
    assert reopen(root).entered == 0
