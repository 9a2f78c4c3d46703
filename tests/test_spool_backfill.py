"""What comes by backfill fills gaps only; what comes by webhook after it may be the same event."""

import errno
import os
import zlib

import pytest

from spool.format import SpoolFailed, SpoolFull, UnsuitableFolder
from spool.reader import read_receipts
from spool.verify import verify
from spool.writer import Spool
from tests.spool_workload import QUIET, an_arrival, staged

FILE = "conv_ada/conv_ada_transcription.json"
AUDIO = "conv_ada/conv_ada_audio.mp3"


@pytest.fixture
def root(tmp_path):
    return tmp_path / "spool"


@pytest.fixture
def spool(root):
    opened = Spool.open(root, sync=QUIET)
    yield opened
    opened.close()


def retrieved(content=b"meaning 1, by backfill", **changes):
    return an_arrival(content=content, source="backfill", signature="", **changes)


def sent(content=b"meaning 1, by webhook", **changes):
    """What the platform sends; it is the same event as a file with the same first nine bytes."""

    def is_same_event(standing):
        return standing[:9] == content[:9] and standing.endswith(b"by backfill")

    return an_arrival(content=content, is_same_event=is_same_event, **changes)


def statuses(outcomes):
    return [getattr(outcome, "status", type(outcome).__name__) for outcome in outcomes]


def files(root):
    return sorted(path.name for path in (root / "conv_ada").iterdir())


def in_turn(spool, arrivals):
    return [outcome for arrival in arrivals for outcome in spool.commit([arrival])]


def together(spool, arrivals):
    return spool.commit(arrivals)


ways = pytest.mark.parametrize("commit", [in_turn, together])


@ways
def test_a_webhook_after_a_backfill_of_the_same_event_is_a_duplicate(spool, root, commit):
    arrivals = [retrieved(), sent(), sent(), sent(b"meaning 1, again by webhook")]
    outcomes = commit(spool, arrivals)
    assert statuses(outcomes) == ["stored", "duplicate", "duplicate", "duplicate"]
    assert {outcome.file for outcome in outcomes} == {FILE}
    assert (root / FILE).read_bytes() == b"meaning 1, by backfill"
    ((receipt, _),) = read_receipts(root)
    assert receipt.source == "backfill"
    assert files(root) == ["conv_ada_transcription.json"]
    assert not list((root / ".spool/incoming").iterdir())
    assert verify(root).findings == ()


@ways
def test_a_webhook_that_says_something_else_is_a_revision_and_then_known(spool, root, commit):
    other = sent(b"meaning 2, by webhook")
    assert statuses(commit(spool, [retrieved(), other, other])) == ["stored", "stored", "duplicate"]
    assert [receipt.source for receipt, _ in read_receipts(root)] == ["backfill", "webhook"]
    assert verify(root).findings == ()


@ways
def test_beside_a_revision_the_latest_webhook_is_stored_so_that_it_can_count(spool, root, commit):
    arrivals = [retrieved(), sent(b"meaning 2, by webhook"), sent(), sent()]
    assert statuses(commit(spool, arrivals)) == ["stored", "stored", "stored", "duplicate"]
    assert len(files(root)) == 3


@ways
@pytest.mark.parametrize("kind", ["transcription", "failure", "audio"])
def test_a_backfill_is_a_duplicate_of_whatever_is_there(spool, root, commit, kind):
    arrivals = [
        sent(kind=kind),
        retrieved(kind=kind),
        retrieved(b"meaning 2, by backfill", kind=kind),
        retrieved(b"meaning 1, by webhook", kind=kind),
    ]
    assert statuses(commit(spool, arrivals)) == ["stored", *["duplicate"] * 3]
    assert len(files(root)) == len(list(read_receipts(root))) == 1


@ways
def test_two_backfills_of_one_conversation_make_one_file(spool, root, commit):
    again = retrieved(b"meaning 2, by backfill")
    assert statuses(commit(spool, [retrieved(), again])) == ["stored", "duplicate"]
    assert files(root) == ["conv_ada_transcription.json"]


@ways
def test_a_webhook_after_a_webhook_is_a_revision_as_ever(spool, root, commit):
    again = sent(b"meaning 1, by webhook again")
    assert statuses(commit(spool, [sent(), again, retrieved()])) == [
        "stored",
        "stored",
        "duplicate",
    ]
    assert len(files(root)) == 2


@ways
def test_a_webhook_that_cannot_compare_is_a_revision(spool, root, commit):
    assert statuses(commit(spool, [retrieved(), an_arrival()])) == ["stored", "stored"]
    assert len(files(root)) == 2


def test_a_recording_after_a_backfilled_one_is_a_duplicate_and_nothing_looks_into_it(spool, root):
    def never(_):
        raise AssertionError

    spool.commit([retrieved(kind="audio", content=b"mp3 1")])
    again = an_arrival(kind="audio", content=staged(spool, b"mp3 22"), is_same_event=never)
    assert statuses(spool.commit([again])) == ["duplicate"]
    assert (root / AUDIO).read_bytes() == b"mp3 1"
    assert not list((root / ".spool/incoming").iterdir())


def test_a_recording_beside_a_backfilled_one_that_was_cut_short_is_stored(spool, root):
    spool.commit([retrieved(kind="audio", content=b"mp3 1")])
    (root / AUDIO).write_bytes(b"mp3")
    assert statuses(spool.commit([an_arrival(kind="audio", content=b"mp3 22")])) == ["stored"]


def test_a_large_event_in_a_staged_file_is_compared_too(spool):
    spool.commit([retrieved()])
    file = staged(spool, b"meaning 1, by webhook")
    arrival = an_arrival(
        content=file, is_same_event=lambda standing: standing[:9] == file.path.read_bytes()[:9]
    )
    assert statuses(spool.commit([arrival])) == ["duplicate"]


@pytest.mark.parametrize("damage", [b"meaning 1; by backfill", b"meaning 1, b", b""])
def test_what_a_backfill_brought_and_the_disk_has_damaged_makes_no_duplicate(spool, root, damage):
    spool.commit([retrieved()])
    (root / FILE).write_bytes(damage)
    assert statuses(spool.commit([sent()])) == ["stored"]
    assert len(files(root)) == 2


@pytest.mark.parametrize("call", ["open", "read"])
def test_what_a_backfill_brought_and_cannot_be_read_makes_no_duplicate(spool, monkeypatch, call):
    spool.commit([retrieved()])
    real = getattr(os, call)

    def broken(path, *arguments, **options):
        if call == "read" or path == FILE:
            raise OSError(errno.EACCES, "permission denied")
        return real(path, *arguments, **options)

    with monkeypatch.context() as patched:
        patched.setattr(os, call, broken)
        (outcome,) = spool.commit([sent()])
    assert (outcome.status, ".rev-" in outcome.file) == ("stored", True)


def test_a_disk_that_fails_while_it_is_asked_fails_the_spool_and_loses_nothing(spool, monkeypatch):
    spool.commit([retrieved()])
    real = os.open

    def broken(path, *arguments, **options):
        if path == FILE:
            raise OSError(errno.EIO, "input/output error")
        return real(path, *arguments, **options)

    with monkeypatch.context() as patched:
        patched.setattr(os, "open", broken)
        (outcome,) = spool.commit([sent(b"meaning 1, of the same size")])
    assert isinstance(outcome, SpoolFailed)
    spool.recover()
    assert statuses(spool.commit([sent()])) == ["duplicate"]


def test_a_file_without_a_receipt_refuses_a_backfill_until_the_next_start_enters_it(root):
    spool = Spool.open(root, sync=QUIET)
    (root / "conv_ada").mkdir()
    (root / FILE).write_bytes(b"meaning 2, copied in")
    (outcome,) = spool.commit([retrieved()])
    assert isinstance(outcome, UnsuitableFolder)
    assert spool.state == "ok"
    assert not list(read_receipts(root))
    spool.close()
    spool = Spool.open(root, sync=QUIET)
    assert statuses(spool.commit([retrieved()])) == ["duplicate"]
    assert files(root) == ["conv_ada_transcription.json"]
    spool.close()


def test_a_backfill_that_a_crash_cut_off_before_its_receipt_is_known_by_what_it_says(root):
    spool = Spool.open(root, sync=QUIET)
    spool.commit([retrieved(), an_arrival("conv_bob")])
    spool.close()
    ledger = root / ".spool/ledger.jsonl"
    ledger.write_bytes(ledger.read_bytes().partition(b"\n")[2])
    spool = Spool.open(root, sync=QUIET)
    assert spool.recovered.entered == 1
    assert statuses(spool.commit([sent()])) == ["duplicate"]
    assert statuses(spool.commit([retrieved(b"meaning 2, by backfill")])) == ["duplicate"]
    assert statuses(spool.commit([sent(b"meaning 2, by webhook")])) == ["stored"]
    assert [receipt.source for receipt, _ in read_receipts(root)] == [
        "webhook",
        "recovered",
        "webhook",
    ]
    spool.close()


def test_a_duplicate_of_a_backfill_that_found_no_room_for_its_receipt_is_refused_with_it(
    spool, root, monkeypatch
):
    def full(*_):
        raise OSError(errno.ENOSPC, "full")

    with monkeypatch.context() as patched:
        patched.setattr(os, "pwrite", full)
        outcomes = spool.commit([retrieved(), sent()])
    assert [type(outcome) for outcome in outcomes] == [SpoolFull, SpoolFull]
    assert not (root / FILE).exists()
    assert statuses(spool.commit([sent(), retrieved()])) == ["stored", "duplicate"]


@pytest.mark.parametrize("count", [1, 40])
def test_the_newest_receipt_counts_wherever_in_the_ledger_it_stands(
    spool, root, monkeypatch, count
):
    monkeypatch.setattr("spool.ledger._BLOCK_BYTES", 1000)  # lines begin and end in other blocks
    spool.commit([an_arrival()])
    (root / FILE).unlink()
    spool.commit([retrieved()])
    spool.commit([an_arrival(f"conv_{n}", body_prefix="p" * 37 * n) for n in range(count)])
    assert statuses(spool.commit([sent()])) == ["duplicate"]


def test_a_receipt_of_a_later_program_does_not_speak_for_a_file(spool, root):
    spool.commit([an_arrival("conv_bob"), retrieved()])
    ledger = root / ".spool/ledger.jsonl"
    first, second = ledger.read_bytes().splitlines(keepends=True)
    body = second.replace(b'"v":1', b'"v":2').partition(b',"crc"')[0]
    with ledger.open("r+b") as file:
        file.seek(len(first))
        file.write(body + b',"crc":"%08x"}\n' % zlib.crc32(body))
    assert statuses(spool.commit([sent()])) == ["stored"]
    assert len(files(root)) == 2
