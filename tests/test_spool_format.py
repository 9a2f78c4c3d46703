"""Names and receipts: what is written is read back, and nothing else is accepted."""

import json
import re
import zlib
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spool.format import (
    DamagedLine,
    Receipt,
    decode_receipt,
    encode_receipt,
    file_path,
    identify_file,
    is_conversation_id,
    is_intact,
    quarantine_path,
)

FORMAT = Path(__file__).parent.parent / "spool" / "FORMAT.md"
TEXT = st.text(alphabet=st.characters(codec=None, exclude_categories=()))
IDS = st.from_regex(r"[A-Za-z0-9_-]{1,128}", fullmatch=True)
HASHES = st.from_regex(r"[0-9a-f]{64}", fullmatch=True)


@st.composite
def receipts(draw) -> Receipt:
    kind = draw(st.sampled_from(["transcription", "audio", "failure", "quarantine"]))
    conversation_id = None if kind == "quarantine" else draw(IDS)
    sha256 = draw(HASHES)
    revision = draw(st.sampled_from([None, sha256]))
    return Receipt(
        file=quarantine_path(sha256)
        if conversation_id is None
        else file_path(kind, conversation_id, revision_of=revision),
        kind=kind,
        conversation_id=conversation_id,
        sha256=sha256,
        size=draw(st.integers(0, 1 << 50)),
        received_at=draw(st.datetimes(timezones=st.just(UTC))),
        event_timestamp=draw(st.none() | st.floats(allow_nan=False, allow_infinity=False)),
        signature=draw(TEXT),
        source=draw(st.sampled_from(["webhook", "backfill", "import", "recovered"])),
        reason=draw(TEXT),
        body_prefix=draw(TEXT),
        body_suffix=draw(TEXT),
    )


@given(receipts())
def test_a_receipt_is_read_back_as_it_was_written(receipt):
    line = encode_receipt(receipt)
    assert decode_receipt(line) == receipt
    assert line.count(b"\n") == 1
    assert identify_file(receipt.file) == (receipt.kind, receipt.conversation_id)


@given(receipts(), st.data())
def test_a_line_with_any_byte_changed_or_missing_is_damaged(receipt, data):
    line = encode_receipt(receipt)
    place = data.draw(st.integers(0, len(line) - 1))
    for damaged in (
        line[:place] + bytes([line[place] ^ data.draw(st.integers(1, 255))]) + line[place + 1 :],
        line[:place],
    ):
        with pytest.raises(DamagedLine):
            decode_receipt(damaged)


@given(st.recursive(st.none() | st.booleans() | st.floats() | TEXT, st.lists) | TEXT, receipts())
def test_a_whole_line_with_strange_members_is_damaged_or_a_receipt(value, receipt):
    members = json.loads(encode_receipt(receipt))
    for name in members:
        body = json.dumps({**members, name: value, "crc": None}).removesuffix(', "crc": null}')
        line = body.encode() + b',"crc":"%08x"}\n' % zlib.crc32(body.encode())
        assert is_intact(line)
        try:
            assert isinstance(decode_receipt(line), Receipt)
        except DamagedLine:
            continue


def test_the_examples_of_the_format_page_are_receipts():
    page = FORMAT.read_text("utf-8").partition("## Dropped")[0]
    examples = re.findall(r"```jsonl\n(.*?)```", page, re.DOTALL)
    lines = [line for example in examples for line in example.encode().splitlines(keepends=True)]
    decoded = [decode_receipt(line) for line in lines]
    assert {receipt.kind for receipt in decoded} == {
        "transcription",
        "audio",
        "failure",
        "quarantine",
    }
    assert [encode_receipt(receipt) for receipt in decoded] == lines


def test_a_member_from_a_later_program_is_ignored_but_a_later_version_is_refused():
    body = next(
        line for line in FORMAT.read_text("utf-8").splitlines() if line.startswith('{"v":1,')
    ).partition(',"crc"')[0]
    newer = f'{body},"mood":"good"'.encode()
    assert decode_receipt(newer + b',"crc":"%08x"}\n' % zlib.crc32(newer)).source == "webhook"
    second = body.replace('"v":1', '"v":2').encode()
    with pytest.raises(DamagedLine, match="version 2"):
        decode_receipt(second + b',"crc":"%08x"}\n' % zlib.crc32(second))


@pytest.mark.parametrize(
    "text",
    ["", ".", "..", "a/b", "../a", "a\n", "a\0", "é", "\uff11", "a" * 129, "a.b", "a b", "~"],
)
def test_what_cannot_be_a_folder_is_no_conversation_id(text):
    assert not is_conversation_id(text)
    with pytest.raises(ValueError, match="no file name"):
        file_path("transcription", text)


@pytest.mark.parametrize(
    "file",
    [
        "conv_a/conv_b_transcription.json",
        "conv_a/conv_a_transcription.mp3",
        "conv_a/conv_a_audio.json",
        "conv_a/conv_a_transcription.rev-0123.json",
        "conv_a/notes.txt",
        "../conv_a/conv_a_audio.mp3",
        ".spool/quarantine/abc.body",
        ".spool/ledger.jsonl",
    ],
)
def test_a_name_of_another_form_is_not_ours(file):
    assert identify_file(file) is None


def test_every_time_is_written_in_utc_and_a_time_without_a_zone_is_refused():
    example = next(
        line.encode() + b"\n"
        for line in FORMAT.read_text("utf-8").splitlines()
        if line.startswith('{"v":1,')
    )
    receipt = decode_receipt(example)
    elsewhere = receipt.received_at.astimezone(timezone(timedelta(hours=5)))
    members = {name: getattr(receipt, name) for name in Receipt.__slots__}
    assert encode_receipt(Receipt(**{**members, "received_at": elsewhere})) == example
    with pytest.raises(ValueError, match="time zone"):
        Receipt(**{**members, "received_at": datetime(2026, 1, 1)})  # noqa: DTZ001
