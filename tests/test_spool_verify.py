"""Verification finds what is missing, changed, extra and torn, and nothing else."""

import pytest

from spool.format import SpoolError
from spool.reader import ledger_path
from spool.verify import verify
from spool.writer import Spool
from tests.spool_workload import QUIET, an_arrival, staged

FILE = "conv_1/conv_1_transcription.json"


def at_once(_seconds):
    """Do not wait: nobody else works on the spool."""


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "spool"
    spool = Spool.open(root, sync=QUIET)
    spool.commit([an_arrival(f"conv_{n}") for n in range(3)])
    spool.commit([an_arrival("conv_1", content=b"revision")])
    spool.commit([an_arrival(kind="audio", content=staged(spool, b"mp3" * 1000))])
    spool.commit([an_arrival(kind="quarantine", conversation_id=None, content=b"[")])
    spool.close()
    return root


def problems(root, pause=at_once):
    return [(finding.problem, finding.file) for finding in verify(root, pause=pause).findings]


def test_a_whole_spool_has_no_findings_and_progress_is_told(root):
    told = []
    report = verify(root, on_progress=lambda done, total: told.append((done, total)))
    assert (report.receipts, report.findings) == (6, ())
    assert report.size_bytes == 22 * 3 + 8 + 3000 + 1
    assert told == [(number, 6) for number in range(1, 7)]


def test_a_missing_file_is_found(root):
    (root / FILE).unlink()
    assert problems(root) == [("missing", FILE)]


def test_a_missing_folder_is_found(root):
    (root / FILE).parent.rename(root.parent / "gone")
    assert [problem for problem, _ in problems(root)] == ["missing", "missing"]


def test_a_changed_file_is_found(root):
    (root / FILE).write_bytes(b"x" * 22)
    assert problems(root) == [("changed", FILE)]


def test_a_file_replaced_by_a_link_is_found(root):
    (root / FILE).rename(root.parent / "elsewhere")
    (root / FILE).symlink_to(root.parent / "elsewhere")
    assert problems(root) == [("changed", FILE)]


def test_a_torn_file_is_found(root):
    (root / FILE).write_bytes(b"{")
    assert problems(root) == [("torn", FILE)]


@pytest.mark.parametrize(
    "file",
    ["conv_1/notes.txt", "conv_1/conv_1_failure.json", "notes.txt", ".spool/quarantine/x.body"],
)
def test_an_extra_file_is_found(root, file):
    (root / file).write_text("")
    assert problems(root) == [("extra", file)]


@pytest.mark.parametrize("folder", [".", "conv_1", ".spool/quarantine"])
def test_what_macos_leaves_in_a_folder_that_was_looked_at_is_no_finding(root, folder):
    (root / folder / ".DS_Store").write_bytes(b"Bud1")
    assert problems(root) == []


def test_a_damaged_line_is_found_and_so_is_the_file_it_spoke_of(root):
    damaged = bytearray(ledger_path(root).read_bytes())
    damaged[20] ^= 1
    ledger_path(root).write_bytes(damaged)
    assert problems(root) == [
        ("torn", ".spool/ledger.jsonl"),
        ("extra", "conv_0/conv_0_transcription.json"),
    ]


def test_a_torn_end_that_stays_is_found(root):
    with ledger_path(root).open("ab") as ledger:
        ledger.write(b'{"v":1')
    assert problems(root) == [("torn", ".spool/ledger.jsonl")]


def test_what_a_receiver_is_writing_meanwhile_is_no_finding(root):
    whole = ledger_path(root).read_bytes()
    ledger_path(root).write_bytes(whole[:-20])  # its file is there, its line is being written
    (root / ".spool/incoming/1-1.part").write_bytes(b"half")

    def goes_on(_seconds):
        ledger_path(root).write_bytes(whole)

    assert problems(root, pause=goes_on) == []


def test_a_folder_without_a_spool_is_an_error_and_not_a_clean_report(tmp_path):
    with pytest.raises(SpoolError, match="no spool"):
        verify(tmp_path)
