"""What a receipt quotes of somebody can be blanked; all else of the ledger stays as it was."""

import hashlib
import json
import re
from dataclasses import fields
from pathlib import Path

import pytest

from spool import blanking
from spool.blanking import blank_receipts
from spool.format import Receipt, SpoolError
from spool.identity import IDENTITY_FILE
from spool.reader import ledger_identity, ledger_path, read_receipts
from tests.erasures import ANA, BEN, deliver_one, quarantine, recording
from tests.spools import a_spool, commit

PAGE = (Path(__file__).parent.parent / "spool" / "FORMAT.md").read_text("utf-8")


def of_ana(content):
    return ANA.encode() in content


def filled(root):
    with a_spool(root) as spool:
        for number, who in enumerate((ANA, BEN)):
            deliver_one(spool, recording(f"conv_{number}", b"ID3", of=who))
            commit(spool, quarantine(f"{{'x': '{who} \\\\'}}".encode()))
    return [receipt for receipt, _ in read_receipts(root)]


def test_only_what_quotes_somebody_is_blanked_and_every_line_keeps_its_place(tmp_path):
    before = filled(tmp_path)
    offsets = [after for _, after in read_receipts(tmp_path)]
    files = [receipt.file for receipt in before]
    assert blank_receipts(tmp_path, files, of_ana) == 2
    after = [receipt for receipt, _ in read_receipts(tmp_path)]
    assert [end for _, end in read_receipts(tmp_path)] == offsets
    assert after[2:] == before[2:]
    for old, new in zip(before[:2], after[:2], strict=True):
        assert (new.file, new.sha256, new.received_at) == (old.file, old.sha256, old.received_at)
        assert set(new.body_prefix + new.body_suffix + new.reason) == {"x"}
    assert ANA.encode() not in ledger_path(tmp_path).read_bytes()
    assert blank_receipts(tmp_path, files, of_ana) == 0


def test_a_file_that_is_not_erased_keeps_its_receipt(tmp_path):
    filled(tmp_path)
    content = ledger_path(tmp_path).read_bytes()
    assert blank_receipts(tmp_path, [], of_ana) == 0
    assert blank_receipts(tmp_path, ["conv_1/conv_1_audio.mp3"], of_ana) == 0
    assert ledger_path(tmp_path).read_bytes() == content


def test_a_receiver_goes_on_after_a_blanked_line(tmp_path):
    files = [receipt.file for receipt in filled(tmp_path)]
    with a_spool(tmp_path) as spool:
        assert blank_receipts(tmp_path, files, of_ana) == 2
        deliver_one(spool, recording("conv_9", b"ID3", of=BEN))
    assert len(list(read_receipts(tmp_path))) == 5


def test_the_format_page_says_what_of_a_line_may_be_blanked(tmp_path):
    change = PAGE.partition("\nA line is never changed, but for this: ")[2].partition("\n\n")[0]
    before = filled(tmp_path)
    blank_receipts(tmp_path, [receipt.file for receipt in before], lambda _: True)
    after = [receipt for receipt, _ in read_receipts(tmp_path)]
    changed = {
        field.name
        for old, new in zip(before, after, strict=True)
        for field in fields(Receipt)
        if getattr(old, field.name) != getattr(new, field.name)
    }
    assert changed == set(re.findall(r"`(reason|body_\w+)`", change))


def test_the_ledger_stays_the_one_it_was_when_its_first_line_is_blanked(tmp_path):
    files = [receipt.file for receipt in filled(tmp_path)]
    before, first = ledger_identity(tmp_path), ledger_path(tmp_path).read_bytes()
    assert blank_receipts(tmp_path, files[1:2], of_ana) == 1
    assert not (tmp_path / IDENTITY_FILE).exists()  # only the first line counts
    assert blank_receipts(tmp_path, files, of_ana) == 1
    assert ledger_path(tmp_path).read_bytes()[:900] != first[:900]
    assert ledger_identity(tmp_path) == before
    assert ANA.encode() not in (tmp_path / IDENTITY_FILE).read_bytes()
    blank_receipts(tmp_path, files, lambda _: True)  # once more, whatever it quotes now
    assert ledger_identity(tmp_path) == before
    with a_spool(tmp_path) as spool:
        deliver_one(spool, recording("conv_9", b"ID3", of=BEN))
    assert ledger_identity(tmp_path) == before
    ledger_path(tmp_path).write_bytes(first)  # put back from a copy
    assert ledger_identity(tmp_path) == before


def test_a_kill_before_the_line_is_blanked_changes_nothing_of_who_the_ledger_is(
    tmp_path, monkeypatch
):
    files = [receipt.file for receipt in filled(tmp_path)]
    before = ledger_identity(tmp_path)

    def killed(*_):
        assert (tmp_path / IDENTITY_FILE).exists()  # first of all
        raise SpoolError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(blanking, "_write", killed)
        with pytest.raises(SpoolError, match="killed"):
            blank_receipts(tmp_path, files, of_ana)
    assert ledger_identity(tmp_path) == before
    assert blank_receipts(tmp_path, files, of_ana) == 2
    assert ledger_identity(tmp_path) == before


def test_another_ledger_in_its_place_is_noticed_and_can_be_blanked_too(tmp_path):
    here, there = tmp_path / "here", tmp_path / "there"
    files = [receipt.file for receipt in filled(here)]
    with a_spool(there) as spool:
        deliver_one(spool, recording("conv_5", b"ID3 other", of=ANA))
    others = ledger_identity(there)
    blank_receipts(here, files, of_ana)
    assert ledger_identity(here) != others
    ledger_path(here).write_bytes(ledger_path(there).read_bytes())
    assert ledger_identity(here) == others
    assert blank_receipts(here, ["conv_5/conv_5_audio.mp3"], of_ana) == 1
    assert ledger_identity(here) == others


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"v": 2}', b"\xff"])
def test_an_identity_that_cannot_be_understood_tells_nothing(tmp_path, content):
    filled(tmp_path)
    before = ledger_identity(tmp_path)
    (tmp_path / IDENTITY_FILE).write_bytes(content)
    assert ledger_identity(tmp_path) == before


def test_an_identity_that_cannot_be_read_is_an_error_of_the_spool(tmp_path):
    filled(tmp_path)
    (tmp_path / IDENTITY_FILE).mkdir()
    with pytest.raises(SpoolError, match="cannot read"):
        ledger_identity(tmp_path)


def test_the_format_page_tells_how_a_ledger_is_known(tmp_path):
    files = [receipt.file for receipt in filled(tmp_path)]
    blank_receipts(tmp_path, files, of_ana)
    kept = json.loads((tmp_path / IDENTITY_FILE).read_bytes())
    line = next(each for each in PAGE.splitlines() if '"blanked_sha256"' in each)
    assert list(kept) == list(json.loads(line))
    first, _, _ = ledger_path(tmp_path).read_bytes().partition(b"\n")
    assert kept["blanked_sha256"] == hashlib.sha256(first + b"\n").hexdigest()
