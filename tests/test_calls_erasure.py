"""The records of calls to somebody go, those of others stay, and a call being dialled waits."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from cloud.calling.call_erasure import RemovedCalls, calls_of, remove_calls
from cloud.calling.call_log import CALLS_FOLDER, CallLog, CallRecord

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
ANA, BEN = "+15550100142", "+15550100177"


def a_record(key, to=ANA, **given):
    values = {
        "state": "dialling", "agent_id": "agent_1", "line_id": "phnum_1", "provider": "twilio",
        "started_at": NOW, "fingerprint": "f",
    }  # fmt: skip
    return CallRecord(**{"key": key, "to": to, **values, **given})


def started(root, key, to=ANA, **given):
    log = CallLog(root)
    record = a_record(key, to, **given)
    with log.reserve(record, quiet=None) as reserved:
        made = a_record(key, to, **{"state": "started", "conversation_id": f"conv_{key}", **given})
        reserved.settle(made)


def of_ana(content):
    return ANA.encode() in content


def files(root):
    folder = root / CALLS_FOLDER
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def test_every_record_of_a_number_goes_with_what_finds_it_by_conversation(tmp_path):
    started(tmp_path, "a")
    started(tmp_path, "b", BEN)
    before = [name for name in files(tmp_path) if name != "lock"]
    assert len(before) == 4
    assert [json.loads(each)["key"] for each in calls_of(tmp_path, of_ana, before=_later())] == [
        "a"
    ]
    assert remove_calls(tmp_path, of_ana, before=_later()) == RemovedCalls(removed=1)
    assert [call.key for call in CallLog(tmp_path).newest(9)] == ["b"]
    assert len(files(tmp_path)) == 3
    assert remove_calls(tmp_path, of_ana, before=_later()) == RemovedCalls()


def test_a_call_that_was_started_later_is_of_a_new_story(tmp_path):
    started(tmp_path, "a")
    assert remove_calls(tmp_path, of_ana, before=NOW) == RemovedCalls()
    assert CallLog(tmp_path).find("a") is not None


def test_a_call_that_is_being_dialled_stays_until_it_is_settled(tmp_path):
    log = CallLog(tmp_path)
    with log.reserve(a_record("a"), quiet=None) as reserved:
        assert remove_calls(tmp_path, of_ana, before=_later()) == RemovedCalls(dialling=1)
        reserved.settle(a_record("a", state="started", conversation_id="conv_a"))
    assert remove_calls(tmp_path, of_ana, before=_later()) == RemovedCalls(removed=1)
    assert files(tmp_path) == ["lock"]


def test_one_whose_dialling_was_killed_goes(tmp_path):
    with CallLog(tmp_path).reserve(a_record("a"), quiet=None):
        pass
    assert remove_calls(tmp_path, of_ana, before=_later()) == RemovedCalls(removed=1)


@pytest.mark.parametrize("content", [b"{ +15550100142", b"\xff +15550100142"])
def test_a_damaged_record_and_what_was_never_published_go_too(tmp_path, content):
    started(tmp_path, "b", BEN)
    folder = tmp_path / CALLS_FOLDER
    (folder / ("0" * 64 + ".json")).write_bytes(content)
    (folder / "new.part").write_bytes(content)
    assert remove_calls(tmp_path, of_ana, before=_later()) == RemovedCalls(removed=1)
    assert not any(ANA.encode() in path.read_bytes() for path in folder.rglob("*.*"))


def test_where_no_call_was_ever_started_nothing_is_made(tmp_path):
    assert remove_calls(tmp_path, of_ana, before=_later()) == RemovedCalls()
    assert calls_of(tmp_path, of_ana, before=_later()) == []
    assert list(tmp_path.iterdir()) == []


def _later():
    return NOW + timedelta(seconds=1)
