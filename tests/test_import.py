"""What another spool has and this one has not: brought once, and nothing that is to be gone."""

import asyncio
import hashlib
import json
import zlib

import pytest

from cli.backups.import_events import import_from
from cloud.calling.call_log import CallLog
from processor.erasure.carry_out import carry_out
from settings import Settings
from spool.backup.folder import BackupRefused
from spool.decisions import read_decisions, write_decision
from spool.dropped import Drop, note_dropped
from spool.durable import remove_files
from spool.erasing import ask_to_forget
from spool.forgotten import read_tombstones
from spool.people import Decision
from spool.reader import read_receipts
from tests.backups import NOW, caught_up, findings, put_back, sources, take
from tests.erasures import (
    ANA,
    ANAS_MOBILE,
    ASKED,
    BEN,
    a_data_folder,
    anas_events,
    bens_events,
    call_of,
    deliver_one,
    quarantine,
)
from tests.factories import encoded, transcription_payload
from tests.retentions import an_event
from tests.spools import a_spool, commit


@pytest.fixture
def moved(tmp_path):
    """An old data folder, and a new one that was put back from its backup."""
    fill(tmp_path / "old", anas_events(), bens_events())
    take(tmp_path / "old", tmp_path / "b")
    put_back(tmp_path / "b", tmp_path / "new")
    return tmp_path / "old", tmp_path / "new"


def fill(data, *groups):
    with a_spool(data / "spool") as spool:
        for payload in (payload for group in groups for payload in group):
            deliver_one(spool, payload)


def bring(source, data, capsys):
    """Import; return the report as JSON tells it, and the exit code."""
    settings = Settings(
        _env_file=None,
        payload_storage_path=data / "spool",
        openmemory_db_path=data / "memory.db",
    )
    capsys.readouterr()
    code = import_from(settings, source, as_json=True)
    return json.loads(capsys.readouterr().out) | {"code": code}


def of(data, conversation_id):
    receipts = (receipt for receipt, _ in read_receipts(data / "spool"))
    return [each for each in receipts if each.conversation_id == conversation_id]


def test_the_tail_of_the_old_spool_is_brought_once(moved, capsys):
    old, new = moved
    fill(old, [call_of(BEN, "conv_tail", said=["I need berth 9"])])
    fill(new, [call_of(BEN, "conv_there", said=["I need berth 8"])])
    report = bring(old / "spool", new, capsys)
    assert (report["stored"], report["there"], report["code"]) == (1, 10, 0)
    assert report["is_of_one_history"]
    [brought], [original] = of(new, "conv_tail"), of(old, "conv_tail")
    assert brought.source == "import"
    assert brought.received_at == original.received_at
    assert brought.sha256 == original.sha256
    assert bring(old / "spool", new, capsys)["stored"] == 0
    assert findings(new) == ()


async def test_all_of_a_spool_or_a_backup_gives_an_empty_one_the_same_memory(tmp_path, capsys):
    fill(tmp_path / "old", anas_events(), bens_events())
    with a_spool(tmp_path / "old/spool") as spool:
        commit(spool, quarantine(b'{"type": "new_thing"}'))
    take(tmp_path / "old", tmp_path / "b")
    for source, name in ((tmp_path / "old/spool", "one"), (tmp_path / "b", "two")):
        report = await asyncio.to_thread(bring, source, tmp_path / name, capsys)
        assert (report["stored"], report["code"]) == (11, 0)
        files = {file for file, _ in sources(tmp_path / name)}
        assert files == {file for file, _ in sources(tmp_path / "old")}
        assert findings(tmp_path / name) == ()
        assert await caught_up(tmp_path / name) == await caught_up(tmp_path / "old")
        assert not (await asyncio.to_thread(bring, source, tmp_path / name, capsys))["stored"]


def test_the_envelope_of_a_recording_comes_with_it(moved, capsys):
    old, new = moved
    large = b"ID3" + bytes(5 << 20)
    with a_spool(old / "spool") as spool:
        commit(spool, an_event("conv_large", large, None, kind="audio", source="backfill"))
    bring(old / "spool", new, capsys)
    [brought] = of(new, "conv_large")
    assert (brought.size, brought.source) == (len(large), "backfill")
    bring(old / "spool", (fresh := new.parent / "fresh"), capsys)
    audio = next(each for each in of(old, "conv_ana1") if each.kind == "audio")
    again = next(each for each in of(fresh, "conv_ana1") if each.kind == "audio")
    assert (again.body_prefix, again.body_suffix) == (audio.body_prefix, audio.body_suffix)


def test_what_a_backfill_had_brought_there_makes_no_revision_here(moved, capsys):
    old, new = moved
    fetched = transcription_payload(conversation_id="conv_missed", event_timestamp=None)
    with a_spool(old / "spool") as spool:
        body = encoded({**fetched, "source": "backfill"})
        commit(spool, an_event("conv_missed", body, None, source="backfill"))
    fill(new, [transcription_payload(conversation_id="conv_missed")])
    report = bring(old / "spool", new, capsys)
    assert (report["stored"], report["there"]) == (0, 11)
    assert len(of(new, "conv_missed")) == 1


async def test_who_was_erased_here_does_not_come_back(moved, capsys):
    old, new = moved
    fill(old, [call_of(ANA, "conv_ana9", said=["one more thing"])])
    async with a_data_folder(new, fill=False) as data:
        await data.catch_up()
        tombstone = ask_to_forget(data.root, callers=[ANA, ANAS_MOBILE], at=ASKED)
        assert (await carry_out(tombstone, data.parts)).completed_at
    report = await asyncio.to_thread(bring, old / "spool", new, capsys)
    assert (report["stored"], report["forgotten"]) == (0, 1)
    assert not (new / "spool/conv_ana9").exists()


async def test_who_was_erased_there_is_erased_here_too(moved, capsys):
    old, new = moved
    async with a_data_folder(old, fill=False) as data:
        await data.catch_up()
        tombstone = ask_to_forget(data.root, callers=[ANA, ANAS_MOBILE], at=ASKED)
        assert (await carry_out(tombstone, data.parts)).completed_at
    report = await asyncio.to_thread(bring, old / "spool", new, capsys)
    assert report["erasures"] >= 1
    assert report["stored"] == 0
    assert (new / "spool/conv_ana1").exists()
    async with a_data_folder(new, fill=False) as data:
        await data.catch_up()
        for each in read_tombstones(data.root):
            await carry_out(each, data.parts)
        assert not (data.root / "conv_ana1").exists()
        assert not any(ANA in line for line in await data.exported())
    assert (await asyncio.to_thread(bring, old / "spool", new, capsys))["erasures"] == 0


async def test_who_is_being_erased_in_another_spool_is_not_brought_from_there(
    moved, capsys, tmp_path
):
    old, _ = moved
    ask_to_forget(old / "spool", callers=[ANA, ANAS_MOBILE], at=ASKED)
    take(old, tmp_path / "b2", first_id=50)
    fill(tmp_path / "other", [call_of(BEN, "conv_other")])
    for source in (old / "spool", tmp_path / "b2"):
        with pytest.raises(BackupRefused, match=r"1 erasures are not carried out.*processor"):
            await asyncio.to_thread(bring, source, tmp_path / "other", capsys)
    assert not (tmp_path / "other/spool/conv_ana1").exists()
    async with a_data_folder(old, fill=False) as data:
        await data.catch_up()
        for each in read_tombstones(data.root):
            await carry_out(each, data.parts)
    report = await asyncio.to_thread(bring, old / "spool", tmp_path / "other", capsys)
    assert report["gone_there"] > 0
    assert not (tmp_path / "other/spool/conv_ana1").exists()
    assert (tmp_path / "other/spool/conv_ben0").exists()


def test_what_is_dropped_on_either_side_is_not_brought(moved, capsys):
    old, new = moved
    file = "conv_ben0/conv_ben0_audio.mp3"
    gone = "conv_gone/conv_gone_transcription.json"
    fill(old, [call_of(BEN, "conv_gone")])
    for root, name in ((new / "spool", file), (old / "spool", gone)):
        note_dropped(root, [Drop(file=name, what="file", reason="retention", at=NOW)])
        remove_files(root, [name])
    report = bring(old / "spool", new, capsys)
    assert (report["stored"], report["gone_there"]) == (0, 1)
    assert not (new / "spool" / file).exists()


def test_decisions_and_started_calls_come_from_the_same_history_alone(moved, capsys, tmp_path):
    old, new = moved
    decision = Decision(id="20261121T1", at=NOW, kind="merge", caller=ANAS_MOBILE, into=ANA)
    write_decision(old / "spool", decision)
    started = {
        "key": "k1", "state": "started", "to": BEN, "agent_id": "a", "line_id": "l",
        "provider": "twilio", "started_at": NOW.isoformat(), "fingerprint": "f",
        "conversation_id": "conv_started",
    }  # fmt: skip
    folder = old / "spool/.spool/calls"
    folder.mkdir()
    name = f"{hashlib.sha256(b'k1').hexdigest()}.json"
    (folder / name).write_text(json.dumps(started))
    report = bring(old / "spool", new, capsys)
    assert (report["decisions"], report["calls"]) == (1, 1)
    assert read_decisions(new / "spool") == [decision]
    assert CallLog(new / "spool").find("k1").to == BEN
    fill(tmp_path / "other", [call_of(BEN, "conv_other")])
    report = bring(old / "spool", tmp_path / "other", capsys)
    assert (report["decisions"], report["calls"], report["is_of_one_history"]) == (0, 0, False)
    assert read_decisions(tmp_path / "other/spool") == []


def test_a_damaged_file_is_told_and_does_not_stop_the_others(moved, capsys):
    old, new = moved
    fill(old, [call_of(BEN, "conv_bad"), call_of(BEN, "conv_good")])
    file = old / "spool/conv_bad/conv_bad_transcription.json"
    file.write_bytes(file.read_bytes()[:-1] + b"?")
    report = bring(old / "spool", new, capsys)
    assert (report["stored"], report["code"]) == (1, 1)
    assert list(report["failures"]) == ["conv_bad/conv_bad_transcription.json"]
    assert not (new / "spool/conv_bad").exists()


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("conversation_id", "../../out"),
        ("conversation_id", "conv_ben0"),
        ("conversation_id", "\ud800"),
        ("received_at", "0001-01-01T00:00:00+14:00"),
        ("body_prefix", "\ud800"),
    ],
)
def test_a_receipt_that_somebody_made_up_is_told_and_does_not_stop_the_others(
    moved, capsys, member, value
):
    old, new = moved
    fill(old, [call_of(BEN, "conv_bad"), call_of(BEN, "conv_good")])
    ledger = old / "spool/.spool/ledger.jsonl"
    lines = ledger.read_bytes().splitlines(keepends=True)
    body = json.dumps(without_crc(lines[-2]) | {member: value}, separators=(",", ":"))
    lines[-2] = body[:-1].encode() + b',"crc":"%08x"}\n' % zlib.crc32(body[:-1].encode())
    ledger.write_bytes(b"".join(lines))
    report = bring(old / "spool", new, capsys)
    assert (report["stored"], report["code"]) == (1, 1)
    assert list(report["failures"]) == ["conv_bad/conv_bad_transcription.json"]
    assert findings(new) == ()


def without_crc(line):
    members = json.loads(line)
    del members["crc"]
    return members


def test_a_spool_is_not_brought_to_itself_nor_is_what_is_none(moved, capsys, tmp_path):
    old, _ = moved
    with pytest.raises(BackupRefused, match="itself"):
        bring(old / "spool", old, capsys)
    with pytest.raises(Exception, match="neither a spool nor a backup"):
        bring(tmp_path, old, capsys)
