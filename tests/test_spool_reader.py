"""What a reader sees of a spool, also while somebody writes to it."""

import hashlib

import pytest

from spool.format import DamagedLine, FileDamaged, Receipt, SpoolError
from spool.reader import (
    count_lines,
    is_line_boundary,
    ledger_identity,
    ledger_path,
    read_file,
    read_receipts,
    receipt_at,
)
from spool.writer import Spool
from tests.spool_workload import QUIET, an_arrival


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "spool"
    spool = Spool.open(root, sync=QUIET)
    spool.commit([an_arrival(f"conv_{n}", content=b"%d" % n) for n in range(5)])
    spool.close()
    return root


def append(root, content: bytes):
    with ledger_path(root).open("ab") as ledger:
        ledger.write(content)


def test_reading_goes_on_exactly_after_any_line(root):
    everything = list(read_receipts(root))
    assert [receipt.conversation_id for receipt, _ in everything] == [f"conv_{n}" for n in range(5)]
    for number, (_, after) in enumerate(everything, 1):
        assert list(read_receipts(root, offset=after)) == everything[number:]
        assert count_lines(root, offset=after) == 5 - number
        assert is_line_boundary(root, after)
        assert not is_line_boundary(root, after - 1)
    assert is_line_boundary(root, 0)
    assert not is_line_boundary(root, after + 1)
    assert not is_line_boundary(root, -1)


def test_one_receipt_is_read_at_the_offset_where_its_line_begins(root):
    begin = 0
    for receipt, after in read_receipts(root):
        assert receipt_at(root, begin) == receipt
        assert isinstance(receipt_at(root, begin + 1), DamagedLine)
        begin = after
    assert isinstance(receipt_at(root, begin), DamagedLine)
    append(root, b'{"v":1')
    assert isinstance(receipt_at(root, begin), DamagedLine)
    assert isinstance(receipt_at(root / "none", 0), DamagedLine)


def test_a_line_that_is_being_written_is_not_there_yet(root):
    everything = list(read_receipts(root))
    line = ledger_path(root).read_bytes().splitlines(keepends=True)[0]
    end = everything[-1][1]
    for length in range(len(line)):
        ledger_path(root).write_bytes(ledger_path(root).read_bytes()[:end] + line[:length])
        assert list(read_receipts(root)) == everything
        assert count_lines(root, offset=0) == 5
    append(root, line[length:])
    assert len(list(read_receipts(root))) == 6


def test_damage_is_a_value_once_a_whole_line_follows_and_not_there_yet_before(root):
    whole = list(read_receipts(root))
    line = ledger_path(root).read_bytes().splitlines(keepends=True)[0]
    append(root, b"rubbish\n\n")
    assert list(read_receipts(root)) == whole
    append(root, line)
    assert [type(receipt) for receipt, _ in read_receipts(root)] == [
        *[Receipt] * 5,
        DamagedLine,
        DamagedLine,
        Receipt,
    ]
    offsets = [after for _, after in read_receipts(root)]
    assert offsets == sorted(set(offsets))
    assert offsets[-1] == ledger_path(root).stat().st_size


def test_a_ledger_is_known_by_its_first_line(root, tmp_path):
    first = ledger_path(root).read_bytes().splitlines(keepends=True)[0]
    assert ledger_identity(root) == hashlib.sha256(first).hexdigest()[:16]
    ledger_path(root).write_bytes(first[:-1])
    assert ledger_identity(root) == ""


def test_where_there_is_no_spool_there_is_nothing_to_read(tmp_path):
    assert list(read_receipts(tmp_path / "none")) == []
    assert ledger_identity(tmp_path / "none") == ""
    assert count_lines(tmp_path / "none", offset=0) == 0
    assert is_line_boundary(tmp_path / "none", 0)
    assert not is_line_boundary(tmp_path / "none", 7)


def test_a_ledger_that_cannot_be_read_is_an_error_of_the_spool(tmp_path):
    ledger_path(tmp_path).mkdir(parents=True)
    for read in (
        lambda: list(read_receipts(tmp_path)),
        lambda: count_lines(tmp_path, offset=0),
        lambda: is_line_boundary(tmp_path, 5),
        lambda: receipt_at(tmp_path, 0),
    ):
        with pytest.raises(SpoolError, match="cannot read"):
            read()


@pytest.mark.parametrize("harm", ["missing", "shorter", "changed", "link", "linked folder"])
def test_a_file_that_is_not_what_its_receipt_says_is_damaged(root, tmp_path, harm):
    receipt, _ = next(read_receipts(root))
    path = root / receipt.file
    assert read_file(root, receipt) == b"0"
    if harm == "missing":
        path.unlink()
    elif harm == "shorter":
        path.write_bytes(b"")
    elif harm == "changed":
        path.write_bytes(b"1")
    elif harm == "link":
        path.rename(tmp_path / "elsewhere")
        path.symlink_to(tmp_path / "elsewhere")
    else:
        path.parent.rename(tmp_path / "folder")
        path.parent.symlink_to(tmp_path / "folder")
    with pytest.raises(FileDamaged, match=receipt.file):
        read_file(root, receipt)
