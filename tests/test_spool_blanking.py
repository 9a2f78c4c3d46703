"""What a receipt quotes of somebody can be blanked; all else of the ledger stays as it was."""

import re
from dataclasses import fields
from pathlib import Path

from spool.blanking import blank_receipts
from spool.format import Receipt
from spool.reader import ledger_path, read_receipts
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
