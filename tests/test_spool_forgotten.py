"""Tombstones: who was erased stays away, by every way in."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from spool.dropped import Drop, note_dropped
from spool.durable import remove_files
from spool.erasing import ask_to_forget
from spool.forgotten import (
    FORGOTTEN_FOLDER,
    DamagedTombstone,
    Forgotten,
    Tombstone,
    certificate_of,
    keyed_hash,
    new_erasure_id,
    note_complete,
    read_tombstones,
    spool_key,
    write_tombstone,
)
from spool.format import SpoolError
from spool.writer import Arrival, Spool
from tests.factories import encoded, transcription_payload
from tests.spools import RECEIVED, a_spool
from voice.whose import whose

ANA, BEN = "+15550100142", "+15550100143"
AT = datetime(2026, 11, 21, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)
FORMAT = Path(__file__).parent.parent / "spool" / "FORMAT.md"


def bury(root, *callers, conversations=(), at=AT, kind="caller"):
    key = spool_key(root)
    tombstone = Tombstone(
        id=new_erasure_id(),
        kind=kind,
        at=at,
        callers=tuple(keyed_hash(key, "caller", each) for each in callers),
        conversations=tuple(keyed_hash(key, "conversation", each) for each in conversations),
    )
    write_tombstone(root, tombstone)
    return tombstone


@pytest.fixture
def root(tmp_path):
    with a_spool(tmp_path):
        pass
    return tmp_path


def test_a_tombstone_is_read_as_it_was_written_and_names_nobody(root):
    tombstone = bury(root, ANA, conversations=["conv_1"])
    assert read_tombstones(root) == [tombstone]
    written = b"".join(path.read_bytes() for path in (root / FORGOTTEN_FOLDER).iterdir())
    for name in (ANA, ANA[1:], "5550100142", "conv_1"):
        assert name.encode() not in written


def test_who_was_erased_is_forgotten_up_to_that_moment(root):
    forgotten = Forgotten(root)
    assert not forgotten.is_caller(ANA, began_at=AT - HOUR)
    bury(root, ANA, conversations=["conv_1"])
    forgotten.refresh()
    assert forgotten.is_caller(ANA, began_at=AT - HOUR)
    assert not forgotten.is_caller(ANA, began_at=AT)
    assert not forgotten.is_caller(ANA, began_at=AT + HOUR)
    assert not forgotten.is_caller(BEN, began_at=AT - HOUR)
    assert forgotten.is_conversation("conv_1")
    assert not forgotten.is_conversation("conv_2")
    bury(root, ANA, at=AT + 3 * HOUR)
    bury(root, ANA, at=AT + 2 * HOUR)
    forgotten.refresh()
    assert forgotten.is_caller(ANA, began_at=AT + 2 * HOUR)


def test_an_erasure_is_pending_until_its_certificate_stands(root):
    tombstone = bury(root, ANA)
    forgotten = Forgotten(root)
    assert forgotten.is_pending(ANA)
    assert not forgotten.is_pending(BEN)
    assert forgotten.pending() == [tombstone]
    assert certificate_of(root, tombstone.id) is None
    note_complete(root, tombstone.id, {"files": 3})
    forgotten.refresh()
    assert forgotten.pending() == []
    assert not forgotten.is_pending(ANA)
    assert forgotten.is_caller(ANA, began_at=AT - HOUR)
    note_complete(root, tombstone.id, {"files": 4})
    assert certificate_of(root, tombstone.id) == {"files": 3}


def test_a_view_sees_a_tombstone_of_the_same_instant(root):
    forgotten = Forgotten(root)
    for number in range(20):
        bury(root, f"+1555010{number:04}")
        forgotten.refresh()
        assert forgotten.is_caller(f"+1555010{number:04}", began_at=AT - HOUR)


def test_the_key_is_made_once_and_its_loss_or_damage_is_refused(root):
    key = spool_key(root)
    assert spool_key(root) == key
    path = root / FORGOTTEN_FOLDER / "key"
    assert path.stat().st_mode & 0o777 == 0o600
    for damaged in ("", "abc", "zz" * 32, "ab" * 31):
        path.write_text(damaged)
        with pytest.raises(DamagedTombstone, match="backup"):
            spool_key(root)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"id": 1}', b'{"kind": "everybody"}'])
def test_a_tombstone_that_cannot_be_read_stops_what_might_bring_somebody_back(root, content):
    bury(root, ANA)
    (root / FORGOTTEN_FOLDER / f"{new_erasure_id()}.json").write_bytes(content)
    with pytest.raises(DamagedTombstone, match="backup"):
        read_tombstones(root)
    with pytest.raises(DamagedTombstone):
        Forgotten(root)
    with pytest.raises(DamagedTombstone):
        Spool.open(root, sync="fsync")


@pytest.mark.parametrize("erasure_id", ["", "../x", "er_", "er_a/b", "er_a.done"])
def test_an_id_of_another_form_names_no_file(root, erasure_id):
    with pytest.raises(SpoolError, match="no id"):
        certificate_of(root, erasure_id)


def test_no_erasure_is_written_twice(root):
    tombstone = bury(root, ANA)
    with pytest.raises(SpoolError, match="already"):
        write_tombstone(root, tombstone)


def arrival(conversation_id="conv_1", caller=ANA, *, kind="transcription", **given):
    payload = transcription_payload(conversation_id=conversation_id, caller=caller)
    began = whose("transcription", encoded(payload), region=None)[1]
    return began, Arrival(
        **{
            "kind": kind,
            "conversation_id": conversation_id,
            "content": b"ID3" if kind == "audio" else encoded(payload),
            "event_timestamp": None,
            "signature": "",
            "source": "webhook",
            "received_at": RECEIVED,
            "of_whom": lambda body: whose("transcription", body, region=None),
            **given,
        }
    )


def stored(root, *arrivals):
    with a_spool(root) as spool:
        return [(outcome.status, outcome.file) for outcome in spool.commit(arrivals)]


def test_an_event_of_an_erased_conversation_is_not_stored(root):
    bury(root, conversations=["conv_1"], kind="conversation")
    _, event = arrival()
    _, audio = arrival(kind="audio", of_whom=None)
    _, other = arrival("conv_2", BEN)
    assert [status for status, _ in stored(root, event, audio, other)] == [
        "forgotten", "forgotten", "stored",
    ]  # fmt: skip
    assert not (root / "conv_1").exists()


def test_a_call_of_an_erased_caller_that_nobody_knew_of_is_shut_out_with_its_recording(root):
    began, event = arrival("conv_unknown")
    bury(root, ANA, at=began + HOUR)
    assert stored(root, event) == [("forgotten", "")]
    _, audio = arrival("conv_unknown", kind="audio", of_whom=None)
    assert stored(root, audio) == [("forgotten", "")]
    # what came before the transcript, a recording perhaps, is to be erased
    assert [each.kind for each in Forgotten(root).pending()] == ["caller", "conversation"]


def test_a_later_call_of_an_erased_caller_is_a_new_story(root):
    began, event = arrival()
    bury(root, ANA, at=began)
    assert [status for status, _ in stored(root, event)] == ["stored"]


def test_a_large_event_of_an_erased_caller_is_not_stored_either(root):
    began, event = arrival()
    bury(root, ANA, at=began + HOUR)
    with a_spool(root) as spool:
        staged = spool.stage()
        staged.write(event.content)
        staged.finish()
        _, large = arrival(content=staged)
        [outcome] = spool.commit([large])
        assert outcome.status == "forgotten"
        assert list((root / ".spool" / "incoming").iterdir()) == []


def test_who_is_erased_while_the_spool_is_open_is_shut_out_at_once(root):
    began, event = arrival()
    with a_spool(root) as spool:
        bury(root, ANA, at=began + HOUR)
        [outcome] = spool.commit([event])
    assert outcome.status == "forgotten"


def test_tombstones_that_cannot_be_read_meanwhile_store_nothing_and_lose_nothing(root):
    _, event = arrival()
    with a_spool(root) as spool:
        (root / FORGOTTEN_FOLDER).mkdir(exist_ok=True)
        bad = root / FORGOTTEN_FOLDER / "er_bad.json"
        bad.write_bytes(b"{")
        [outcome] = spool.commit([event])
        assert isinstance(outcome, DamagedTombstone)
        assert not (root / "conv_1").exists()
        bad.unlink()
        [outcome] = spool.commit([event])
        assert outcome.status == "stored"


def drop(root, file, reason="retention"):
    note_dropped(root, [Drop(file=file, what="file", reason=reason, at=AT)])
    remove_files(root, [file])


@pytest.mark.parametrize(
    ("reason", "status"), [("retention", "duplicate"), ("erased", "forgotten")]
)
def test_what_was_dropped_is_not_stored_again(root, reason, status):
    _, event = arrival()
    [(_, file)] = stored(root, event)
    drop(root, file, reason)
    _, backfilled = arrival(content=b'{"source":"backfill"}', source="backfill")
    assert [each for each, _ in stored(root, event, backfilled)] == [status, status]
    assert not (root / file).exists()


def test_another_delivery_of_what_was_dropped_is_a_revision(root):
    _, event = arrival()
    [(_, file)] = stored(root, event)
    drop(root, file)
    _, other = arrival(content=event.content + b" ")
    [(status, revision)] = stored(root, other)
    assert status == "stored"
    assert ".rev-" in revision
    assert stored(root, other) == [("duplicate", revision)]
    drop(root, revision)
    assert [each for each, _ in stored(root, other)] == ["duplicate"]


def test_a_recording_that_a_backfill_brought_is_not_brought_again_by_webhook(root):
    _, audio = arrival(kind="audio", of_whom=None, source="backfill")
    [(_, file)] = stored(root, audio)
    drop(root, file)
    _, again = arrival(kind="audio", of_whom=None, content=b"ID3 of another length")
    assert [each for each, _ in stored(root, again)] == ["duplicate"]


def test_an_erased_body_in_quarantine_is_forgotten(root):
    _, body = arrival(kind="quarantine", conversation_id=None, of_whom=None, content=b"{?")
    [(status, file)] = stored(root, body)
    assert status == "quarantined"
    drop(root, file, "erased")
    assert [each for each, _ in stored(root, body)] == ["forgotten"]
    assert not (root / file).exists()


def test_a_folder_that_is_removed_in_the_middle_of_a_commit_is_made_again(root, monkeypatch):
    _, event = arrival()
    link, removed = os.link, []

    def remove_first(source, target, **given):
        if not removed and str(target).startswith("conv_1/"):
            removed.append(target)
            (root / "conv_1").rmdir()
        return link(source, target, **given)

    monkeypatch.setattr("spool.batch.os.link", remove_first)
    assert [status for status, _ in stored(root, event)] == ["stored"]
    assert removed


def test_the_format_page_names_every_file_of_an_erasure(root):
    page = FORMAT.read_text("utf-8").partition("## Forgotten")[2].partition("\n## ")[0]
    tombstone = ask_to_forget(root, callers=[ANA], at=AT)
    note_complete(root, tombstone.id, {"id": tombstone.id})
    names = {path.name for path in (root / FORGOTTEN_FOLDER).iterdir()}
    assert names == {"key", *(tombstone.id + end for end in (".json", ".done.json", ".progress"))}
    for name in names:
        assert f"`{name.replace(tombstone.id, 'er_…')}`" in page.replace("forgotten/", "")
