"""Reading the ledger in batches, and noting what cannot be derived."""

from dataclasses import replace

import pytest

from memory.in_memory import InMemoryStore
from memory.port import START, Position
from processor.apply import MAX_EVENTS, is_position_in, read_batch
from processor.derive import origin
from spool.reader import ledger_identity, ledger_path
from spool.standing_orders import Orders
from tests.factories import audio_payload, encoded, failure_payload, transcription_payload
from tests.spools import QUICK, a_spool, calls, deliver, poison
from voice.rules import Rules


def test_a_spool_without_events_has_no_batch(tmp_path):
    assert read_batch(tmp_path, START, QUICK, orders=Orders(tmp_path)) is None
    with a_spool(tmp_path):
        assert read_batch(tmp_path, START, QUICK, orders=Orders(tmp_path)) is None


def test_a_batch_is_bounded_and_the_next_one_goes_on(tmp_path):
    with a_spool(tmp_path) as spool:
        deliver(spool, *calls(MAX_EVENTS + 3))
    first = read_batch(tmp_path, START, QUICK, orders=Orders(tmp_path))
    second = read_batch(tmp_path, first.to, QUICK, orders=Orders(tmp_path))
    assert (len(first.derived), len(second.derived)) == (MAX_EVENTS, 3)
    assert second.since == first.to
    assert second.to == Position(
        ledger=origin(ledger_identity(tmp_path), read_by=Rules()),
        offset=ledger_path(tmp_path).stat().st_size,
    )
    assert read_batch(tmp_path, second.to, QUICK, orders=Orders(tmp_path)) is None


def test_a_recording_says_nothing_and_is_gone_past(tmp_path):
    with a_spool(tmp_path) as spool:
        deliver(spool, audio_payload(), failure_payload())
    batch = read_batch(tmp_path, START, QUICK, orders=Orders(tmp_path))
    assert [c.kind for _, c in batch.derived] == ["failure"]
    assert batch.failed == []


def test_a_poisoned_event_is_noted_and_holds_up_none(tmp_path):
    with a_spool(tmp_path) as spool:
        before, after = calls(2)
        deliver(spool, before)
        file = poison(spool)
        deliver(spool, after)
    batch = read_batch(tmp_path, START, QUICK, orders=Orders(tmp_path))
    assert [c.id for _, c in batch.derived] == ["conv_00000", "conv_00001"]
    [failure] = batch.failed
    assert (failure.file, failure.attempts) == (file, 1)
    assert "object" in failure.error
    assert failure.next_attempt_at is not None


def test_an_event_of_another_conversation_than_its_folder_is_a_failure(tmp_path):
    with a_spool(tmp_path) as spool:
        file = poison(spool, "conv_mine", encoded(transcription_payload(conversation_id="conv_b")))
        poison(spool, "conv_none", b'{"data": {}}')
    batch = read_batch(tmp_path, START, QUICK, orders=Orders(tmp_path))
    assert batch.derived == []
    assert batch.failed[0].file == file
    assert "'conv_b'" in batch.failed[0].error


@pytest.mark.parametrize("harm", ["missing", "changed"])
def test_a_damaged_file_is_a_failure_of_its_event_alone(tmp_path, harm):
    with a_spool(tmp_path) as spool:
        file, other = deliver(spool, *calls(2))
    if harm == "missing":
        (tmp_path / file).unlink()
    else:
        (tmp_path / file).write_bytes(b"{}")
    batch = read_batch(tmp_path, START, QUICK, orders=Orders(tmp_path))
    assert [f.file for f in batch.failed] == [file]
    assert "spool verify" in batch.failed[0].error
    assert [c.id for _, c in batch.derived] == [other.partition("/")[0]]


def test_a_damaged_ledger_line_is_a_failure_named_by_its_place(tmp_path):
    with a_spool(tmp_path) as spool:
        deliver(spool, *calls(3))
    lines = ledger_path(tmp_path).read_bytes().splitlines(keepends=True)
    lines[1] = lines[1].replace(b"conv_00001", b"conv_99999", 1)
    ledger_path(tmp_path).write_bytes(b"".join(lines))
    batch = read_batch(tmp_path, START, QUICK, orders=Orders(tmp_path))
    assert [f.file for f in batch.failed] == [f"ledger@{len(lines[0])}"]
    assert len(batch.derived) == 2


def test_a_bug_in_deriving_is_a_failure_of_its_event_alone(tmp_path, monkeypatch, caplog):
    with a_spool(tmp_path) as spool:
        deliver(spool, *calls(2))

    def buggy(event, *, sha256):
        if event.conversation_id == "conv_00000":
            raise KeyError(event.summary)
        return derive(event, sha256=sha256)

    from processor.derive import derive

    monkeypatch.setattr("processor.apply.derive", buggy)
    batch = read_batch(tmp_path, START, QUICK, orders=Orders(tmp_path))
    assert len(batch.derived) == len(batch.failed) == 1
    assert batch.failed[0].error.startswith("KeyError at test_processor_apply.py:")
    assert "bike" not in batch.failed[0].error
    assert "bike" not in caplog.text


def test_a_national_number_is_read_in_the_region(tmp_path):
    with a_spool(tmp_path) as spool:
        deliver(spool, transcription_payload(caller="(202) 555-0142"))
    options = replace(QUICK, region="US")
    assert (
        read_batch(tmp_path, START, options, orders=Orders(tmp_path)).derived[0][1].caller
        == "+12025550142"
    )
    assert (
        read_batch(tmp_path, START, QUICK, orders=Orders(tmp_path)).derived[0][1].caller
        == "line:2025550142"
    )


def test_a_position_is_gone_on_from_only_in_its_own_ledger(tmp_path):
    here, there = tmp_path / "here", tmp_path / "there"
    for root, count in ((here, 2), (there, 5)):
        with a_spool(root) as spool:
            deliver(spool, *reversed(calls(count)))
    end = read_batch(here, START, QUICK, orders=Orders(here)).to
    assert is_position_in(here, START, rules=Rules())
    assert is_position_in(here, end, rules=Rules())
    assert not is_position_in(there, end, rules=Rules())
    assert not is_position_in(
        here, Position(ledger=end.ledger, offset=end.offset - 1), rules=Rules()
    )
    assert not is_position_in(
        here, Position(ledger=end.ledger, offset=end.offset + 1), rules=Rules()
    )
    assert is_position_in(tmp_path / "not-mounted", end, rules=Rules())


async def test_a_batch_is_stored_with_its_position(tmp_path):
    with a_spool(tmp_path) as spool:
        deliver(spool, *calls(2))
    store = InMemoryStore()
    batch = read_batch(tmp_path, START, QUICK, orders=Orders(tmp_path))
    await batch.store_in(store, QUICK)
    assert await store.position() == batch.to
    assert (await store.counts()).conversations == 2
