"""What comes again is a duplicate only if its file is readable, the same, and has a receipt."""

import errno
import hashlib
import os

import pytest

from spool.format import SpoolFailed, SpoolFull, UnsuitableFolder
from spool.reader import read_receipts
from spool.sync import choose_sync
from spool.verify import verify
from spool.writer import Spool
from tests.spool_workload import QUIET, an_arrival

FILE = "conv_ada/conv_ada_transcription.json"


@pytest.fixture(params=["fsync", "syncfs"])
def spool(request, root):
    if request.param == "syncfs" and choose_sync("auto").everything is None:
        pytest.skip("this system has no syncfs")
    opened = Spool.open(root, sync=request.param)
    yield opened
    opened.close()


@pytest.fixture
def root(tmp_path):
    return tmp_path / "spool"


def test_content_that_was_copied_in_without_a_receipt_gets_one_before_it_is_a_duplicate(
    spool, root
):
    spool.commit([an_arrival("conv_bob")])
    (root / "conv_ada").mkdir()
    (root / FILE).write_bytes(b"copied")
    arrival = an_arrival(content=b"copied", signature="t=1,v0=aa")
    assert [outcome.status for outcome in spool.commit([arrival, arrival])] == [
        "stored",
        "duplicate",
    ]
    assert [outcome.status for outcome in spool.commit([arrival])] == ["duplicate"]
    receipts = [receipt for receipt, _ in read_receipts(root)]
    sha256 = hashlib.sha256(b"copied").hexdigest()
    assert receipts[1:] == [arrival.receipt(FILE, 6, sha256)]
    assert verify(root).findings == ()


def test_a_quarantined_body_without_a_receipt_gets_one_when_it_comes_again(spool, root):
    strange = an_arrival(kind="quarantine", conversation_id=None, content=b"[", reason="not JSON")
    file = f".spool/quarantine/{hashlib.sha256(b'[').hexdigest()}.body"
    (root / file).write_bytes(b"[")
    for _ in range(2):
        (outcome,) = spool.commit([strange])
        assert (outcome.status, outcome.file) == ("quarantined", file)
    ((receipt, _),) = read_receipts(root)
    assert (receipt.file, receipt.reason) == (file, "not JSON")


def test_content_without_a_receipt_stays_as_it_was_when_there_is_no_room_for_one(root, monkeypatch):
    spool = Spool.open(root, sync=QUIET)
    (root / "conv_ada").mkdir()
    (root / FILE).write_bytes(b"copied")

    def full(*_):
        raise OSError(errno.ENOSPC, "full")

    with monkeypatch.context() as patched:
        patched.setattr(os, "pwrite", full)
        outcomes = spool.commit([an_arrival(content=b"copied")] * 2)
    assert [type(outcome) for outcome in outcomes] == [SpoolFull, SpoolFull]
    assert (root / FILE).read_bytes() == b"copied"
    assert spool.commit([an_arrival(content=b"copied")])[0].status == "stored"
    spool.close()


@pytest.mark.parametrize("count", [1, 40])
def test_a_receipt_is_found_wherever_in_the_ledger_it_stands(root, monkeypatch, count):
    monkeypatch.setattr("spool.ledger._BLOCK_BYTES", 1000)  # lines begin and end in other blocks
    spool = Spool.open(root, sync=QUIET)
    arrivals = [an_arrival(f"conv_{n}", body_prefix="p" * 37 * n) for n in range(count)]
    spool.commit(arrivals)
    assert {outcome.status for outcome in spool.commit(arrivals)} == {"duplicate"}
    spool.close()


def test_a_damaged_receipt_is_none_and_neither_is_one_that_only_quotes_the_name(root):
    spool = Spool.open(root, sync=QUIET)
    spool.commit([an_arrival(), an_arrival("conv_bob", signature=f'"file":"{FILE}",')])
    ledger = root / ".spool/ledger.jsonl"
    ledger.write_bytes(ledger.read_bytes().replace(b"v0=00ff", b"v0=00fe", 1))
    assert [spool.commit([an_arrival()])[0].status for _ in range(2)] == ["stored", "duplicate"]
    spool.close()


def test_a_ledger_that_cannot_be_read_makes_no_duplicate(root, monkeypatch):
    spool = Spool.open(root, sync=QUIET)
    spool.commit([an_arrival()])

    def broken(*_):
        raise OSError(errno.EIO, "input/output error")

    with monkeypatch.context() as patched:
        patched.setattr(os, "pread", broken)
        (refused,) = spool.commit([an_arrival()])
    assert isinstance(refused, SpoolFailed)
    spool.recover()
    assert spool.commit([an_arrival()])[0].status == "duplicate"
    spool.close()


def test_a_file_that_opens_but_cannot_be_read_is_no_duplicate_and_the_event_is_stored_beside_it(
    spool, root, monkeypatch
):
    spool.commit([an_arrival()])

    def broken(*_):
        raise OSError(errno.EIO, "input/output error")

    with monkeypatch.context() as patched:
        patched.setattr(os, "read", broken)
        (outcome,) = spool.commit([an_arrival()])
        assert outcome.status == "stored"
        assert ".rev-" in outcome.file
        (refused,) = spool.commit([an_arrival()])  # now the revision cannot be read either
        assert isinstance(refused, UnsuitableFolder)
    assert spool.state == "ok"
    assert (root / outcome.file).read_bytes() == an_arrival().content
    assert spool.commit([an_arrival()])[0].status == "duplicate"
    assert verify(root).findings == ()


@pytest.mark.parametrize(("code", "status"), [("EIO", "SpoolFailed"), ("EACCES", "stored")])
def test_a_file_that_cannot_be_opened_is_no_duplicate(root, monkeypatch, code, status):
    spool = Spool.open(root, sync=QUIET)
    spool.commit([an_arrival()])
    real = os.open

    def broken(path, *arguments, **options):
        if path == FILE:
            raise OSError(getattr(errno, code), code)
        return real(path, *arguments, **options)

    with monkeypatch.context() as patched:
        patched.setattr(os, "open", broken)
        (outcome,) = spool.commit([an_arrival()])
    assert getattr(outcome, "status", type(outcome).__name__) == status
    if spool.state == "failed":
        spool.recover()
    assert spool.commit([an_arrival()])[0].status == "duplicate"
    assert verify(root).findings == ()
    spool.close()
