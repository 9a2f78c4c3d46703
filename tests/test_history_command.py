"""`run.py history`: what it prints, masks, writes and refuses."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cli.history.filters import Typed, UnusableFilter, filters_of
from cli.history.run import (
    index_history,
    list_failures,
    list_history,
    save_audio,
    show_conversation,
    show_transcript,
)
from history.errors import InvalidCursor, NotKept, NotStored, UnknownConversation
from history.shown import masked
from settings import Settings
from spool.dropped import Drop, note_dropped
from spool.format import SpoolError
from tests.factories import CALLER, failure_payload
from tests.histories import BEA, a_payload
from tests.program import program
from tests.spools import a_spool, deliver, poison
from tests.test_history_reading import a_recording

SAMPLE = (Path(__file__).parent / "samples" / "twilio_inbound.json").read_bytes()
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path):
    """A folder with a spool of a few conversations."""
    with a_spool(tmp_path / "data/spool") as spool:
        deliver(spool, a_payload(0), a_payload(1, caller=BEA, summary="Bea rang."))
        deliver(spool, failure_payload(conversation_id="conv_f", reason="busy"), SAMPLE)
        a_recording(spool)
    return tmp_path


@pytest.fixture
def settings(folder):
    return Settings(
        payload_storage_path=folder / "data/spool", openmemory_db_path=folder / "data/memory.db"
    )


@pytest.fixture
def listed(settings, capsys):
    """List by what is typed; return what is printed."""

    def run(*, limit=20, cursor=None, full=False, as_json=False, expect=0, **typed):
        options = {"limit": limit, "cursor": cursor, "full": full, "as_json": as_json}
        assert list_history(settings, Typed(**typed), **options) == expect
        printed = capsys.readouterr()
        return printed.err if expect else printed.out

    return run


def test_conversations_are_listed_with_masked_numbers(listed):
    printed = listed()
    assert [line.split()[0] for line in printed.splitlines()[1::2]] == [
        "conv_twilio_in_20c7", "conv_00001", "conv_f", "conv_00000",
    ]  # fmt: skip
    assert "+1 *** *** 0142" in printed
    assert CALLER not in printed
    assert "Bea rang." in printed
    assert CALLER in listed(full=True)
    assert "older ones: --cursor" in listed(limit=1)
    assert listed(text="zebra") == "no such conversations\n"


def test_a_list_as_json_goes_on_by_its_cursor_and_keeps_to_its_filters(listed):
    first = json.loads(listed(as_json=True, limit=1))
    assert [each["id"] for each in first["conversations"]] == ["conv_twilio_in_20c7"]
    assert first["conversations"][0]["caller"] == "+1 *** *** 0142"
    assert first["conversations"][0]["line"] == "+1 *** *** 0142"
    rest = json.loads(listed(as_json=True, cursor=first["next_cursor"]))
    assert len(rest["conversations"]) == 3
    (found,) = json.loads(listed(as_json=True, full=True, caller="+1 555 010-0177"))[
        "conversations"
    ]
    assert (found["id"], found["caller"]) == ("conv_00001", BEA)
    by_id = json.loads(listed(as_json=True, caller=found["caller_id"]))["conversations"]
    assert [each["id"] for each in by_id] == ["conv_00001"]
    assert json.loads(listed(as_json=True, caller="c_nobody"))["conversations"] == []
    chosen = {
        "direction": "inbound", "outcome": "success", "text": "squeal", "agent": "agent_4f1c8a",
        "since": "2026-09-21", "until": "2026-09-21",
    }  # fmt: skip
    found = json.loads(listed(as_json=True, **chosen))["conversations"]
    assert [each["id"] for each in found] == ["conv_twilio_in_20c7"]


def test_failures_are_listed_by_themselves(settings, capsys):
    options = {"limit": 20, "cursor": None, "full": False, "as_json": True}
    assert list_failures(settings, Typed(outcome="busy"), **options) == 0
    found = json.loads(capsys.readouterr().out)["conversations"]
    assert [(each["id"], each["outcome"]) for each in found] == [("conv_f", "busy")]


def test_one_conversation_is_shown_with_its_files_and_functions(settings, capsys):
    assert show_conversation(settings, "conv_twilio_in_20c7", full=False, as_json=False) == 0
    printed = capsys.readouterr().out
    assert "squealing rear brake" in printed
    assert "conv_twilio_in_20c7_transcription.json" in printed
    assert "search_memory({'query': 'Ana Torres bike'})" in printed
    assert CALLER not in printed
    assert show_conversation(settings, "conv_00000", full=True, as_json=True) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["caller"] == CALLER
    assert [each["kind"] for each in shown["files"]] == ["audio", "transcription"]
    assert shown["functions"] == []


def test_a_transcript_is_printed_for_reading_or_as_json(settings, capsys):
    assert show_transcript(settings, "conv_00000", as_json=False) == 0
    assert "00:05  Caller  Hello, my bike" in capsys.readouterr().out
    assert show_transcript(settings, "conv_00000", as_json=True) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["id"] == "conv_00000"
    assert told["transcript"][0]["role"] == "agent"


def test_a_recording_is_written_to_a_file_or_a_pipe(settings, folder, capsysbinary):
    written = folder / "call.mp3"
    assert save_audio(settings, "conv_00000", to=written) == 0
    assert written.read_bytes() == b"ID3 a recording"
    assert written.stat().st_mode & 0o777 == 0o600
    capsysbinary.readouterr()
    assert save_audio(settings, "conv_00000", to=None) == 0
    assert capsysbinary.readouterr().out == b"ID3 a recording"


def test_what_cannot_be_had_says_why(settings, listed, capsys):
    moment = datetime(2026, 11, 20, 3, tzinfo=UTC)
    root = settings.payload_storage_path
    file = "conv_00000/conv_00000_audio.mp3"
    note_dropped(root, [Drop(file=file, what="file", reason="retention", at=moment)])
    (root / file).unlink()
    with pytest.raises(UnknownConversation, match=r"no conversation conv_nobody.*history list"):
        show_conversation(settings, "conv_nobody", full=False, as_json=False)
    with pytest.raises(NotKept, match="deleted by retention on 2026-11-20"):
        save_audio(settings, "conv_00000", to=None)
    with pytest.raises(NotStored, match="no recording of this conversation has arrived"):
        save_audio(settings, "conv_00001", to=None)
    with pytest.raises(InvalidCursor, match="no cursor of this list"):
        listed(cursor="nonsense")
    assert "--since" in listed(since="yesterday-ish", expect=2)
    assert "no caller" in listed(caller="anonymous", expect=2)
    assert show_conversation(settings, "conv_00000", full=False, as_json=False) == 0
    assert "deleted on 2026-11-20 (retention)" in capsys.readouterr().out


def test_what_cannot_be_read_is_shown_all_the_same(settings, capsys):
    with a_spool(settings.payload_storage_path) as spool:
        poison(spool)
    assert show_conversation(settings, "conv_poison", full=False, as_json=False) == 0
    printed = capsys.readouterr()
    assert "conv_poison_transcription.json" in printed.out
    assert "cannot be understood" in printed.err


def test_the_index_is_made_where_the_memory_is_and_again_when_asked(settings, folder, capsys):
    def told(*, rebuild=False):
        assert index_history(settings, rebuild=rebuild, as_json=True) == 0
        return json.loads(capsys.readouterr().out)

    first = told()
    assert (first["read"], first["conversations"], first["failures"]) == (4, 3, 1)
    assert (folder / "data/memory.history.db").exists()
    assert told()["read"] == 0
    assert told(rebuild=True)["read"] == 4
    assert index_history(settings, rebuild=False, as_json=False) == 0
    assert "3 calls and 1 failed ones of 2 callers" in capsys.readouterr().out


def test_without_a_spool_nothing_is_made(tmp_path, capsys):
    settings = Settings(
        payload_storage_path=tmp_path / "data/spool", openmemory_db_path=tmp_path / "data/memory.db"
    )
    with pytest.raises(SpoolError, match="no spool"):
        index_history(settings, rebuild=False, as_json=False)
    assert list(tmp_path.iterdir()) == []


def test_the_program_lists_and_says_in_one_line_what_is_wrong(folder):
    with program(folder) as ran:
        assert "conv_f" in ran.run("history", "failures").stdout
        done = ran.run("history", "transcript", "conv_nobody", expect=1)
    assert done.stdout == ""
    assert done.stderr.strip().count("\n") == 0


def filters(**typed):
    return filters_of(Typed(**typed), region="US", now=NOW)


def test_times_are_durations_dates_or_moments():
    assert filters(since="12h").since == NOW - timedelta(hours=12)
    assert filters(since="2026-11-01").since == datetime(2026, 11, 1, tzinfo=UTC)
    assert filters(until="2026-11-01").until == datetime(2026, 11, 2, tzinfo=UTC)
    exact = filters(until="2026-11-01T10:00:00+02:00").until
    assert exact == datetime(2026, 11, 1, 8, tzinfo=UTC)
    for unusable in ("soon", "", "2026-13-01", "99999999999999d", "9999-12-31x"):
        with pytest.raises(UnusableFilter, match="--until"):
            filters(until=unusable)


def test_a_caller_is_a_number_in_any_writing_or_a_key():
    for typed in (CALLER, "(555) 010-0142", " +1 555 010 0142 "):
        assert filters(caller=typed).caller == CALLER
    for key in ("web:ana", f"{CALLER}~2", "line:1001"):
        assert filters(caller=key).caller == key


def test_a_masked_person_still_tells_which_of_a_line():
    assert masked(f"{CALLER}~2") == "+1 *** *** 0142~2"
    assert masked("web:somebody~x") == "web:***~x"
    assert masked(None) is None
