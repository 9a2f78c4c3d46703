"""What the live view makes of events: of those that come, and of whatever else may come."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from cli.watching.board import Board, at_share
from cli.watching.lines import line_of
from cli.watching.screen import Look, screen
from cli.watching.units import clock_time, length_of, sparkline, with_unit

BEGAN = datetime(2026, 11, 1, 12, tzinfo=UTC)
ANA = {"who": "a1", "caller": "+1 *** *** 0142"}


def board_of(*events, seconds_apart=1):
    board = Board()
    at = BEGAN
    for event in ({"event": "connected"}, *events):
        board.take({"time": at.isoformat(), **event})
        at += timedelta(seconds=seconds_apart)
    return board


def ring(conversation="conv_1", **more):
    return {"event": "ring", "conversation_id": conversation, "milliseconds": 2.0, **ANA, **more}


def search(conversation="conv_1", **more):
    return {"event": "search", "conversation_id": conversation, "milliseconds": 5.0, **ANA, **more}


def end(conversation="conv_1", *, kind="transcription", outcome="stored", **more):
    return {
        "event": "end", "conversation_id": conversation, "kind": kind, "outcome": outcome,
        "milliseconds": 3.0, **more,
    }  # fmt: skip


def applied(conversation="conv_1", **more):
    return {
        "event": "applied", "conversation_id": conversation, "kind": "transcription",
        "outcome": "applied", "memories": 7, "seconds_behind": 0.25, **more,
    }  # fmt: skip


def shown(board, *, width=80, height=24, ascii_only=False):
    look = Look(
        url="http://127.0.0.1:8080", width=width, height=height, zone=UTC, ascii_only=ascii_only
    )
    return screen(board, look).plain


def test_a_call_is_followed_from_the_ring_to_memory():
    board = board_of(ring(is_known=True), search(), search())
    (call,) = board.under_way
    assert (call.is_known, call.searches, call.caller) == (True, 2, "+1 *** *** 0142")
    assert "known" in shown(board)
    assert "2 lookups" in shown(board)
    assert "late" in shown(board_of(ring(answer="late")))
    board = board_of(ring(), end(**ANA), end(kind="audio"), applied())
    assert not board.under_way
    (call,) = board.ended
    assert (call.memories, call.seconds_behind, call.has_recording) == (7, 0.25, True)
    assert "0:01  7 memories after 250 ms ● recording" in shown(board)


def test_a_call_that_is_in_memory_before_its_acknowledgement_is_told_is_so_all_the_same():
    (call,) = board_of(ring(), applied(), end()).ended
    assert (call.became, call.memories) == ("applied", 7)


def test_a_recording_that_comes_first_does_not_end_the_call():
    board = board_of(ring(), end(kind="audio"))
    assert (len(board.under_way), len(board.ended)) == (1, 0)
    board.take(end())
    assert (len(board.under_way), len(board.ended)) == (0, 1)
    assert board.ended[0].has_recording


def test_an_event_without_the_rings_conversation_belongs_to_who_is_calling():
    board = board_of(ring(""), ring("conv_b", who="b2"), search("conv_2"), end("conv_2", **ANA))
    assert [call.who for call in board.under_way] == ["b2"]
    assert (board.ended[0].who, board.ended[0].searches) == ("a1", 1)


def test_who_rings_twice_is_in_two_calls():
    board = board_of(ring("conv_1"), ring("conv_2"), end("conv_2", **ANA), end("conv_1", **ANA))
    assert [call.conversation_id for call in board.ended] == ["conv_1", "conv_2"]
    assert len(board_of(ring(""), ring("")).under_way) == 2


def test_who_is_not_known_is_nobody_else():
    board = board_of(ring("conv_1", who=""), end("conv_2", who=""))
    assert [call.conversation_id for call in board.under_way] == ["conv_1"]
    assert [call.conversation_id for call in board.ended] == ["conv_2"]


def test_a_question_of_no_call_makes_none_and_one_of_a_call_that_rang_before_does():
    assert not board_of(search("")).under_way
    (call,) = board_of(search("conv_9")).under_way
    assert call.is_known is None


def test_a_call_of_which_nothing_more_is_heard_is_given_up():
    quiet = [{"event": "pulse"}] * 40
    board = board_of(ring(), *quiet, seconds_apart=60)
    assert not board.under_way
    assert "no end was seen" in shown(board)


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (end(outcome="duplicate"), "duplicate"),
        (end(kind="quarantine", outcome="quarantined"), "in quarantine: not understood"),
        (end(kind="failure"), "failed call stored in 3.0 ms"),
        (end(kind="audio"), "recording stored"),
        (end(outcome="forgotten"), "forgotten"),
    ],
)
def test_what_became_of_a_call_is_said_in_words(event, words):
    assert words in shown(board_of(event))


def test_what_cannot_be_brought_to_memory_shows_twice_over():
    board = board_of(end(), applied(outcome="parked", error="no such turn"))
    assert "parked in the processor" in shown(board)
    assert "conv_1 parked: no such turn" in shown(board)


def test_latencies_are_of_the_last_minutes_only():
    board = board_of(ring(milliseconds=900.0))
    assert board.latencies("ring") == [900.0]
    late = (BEGAN + timedelta(minutes=6)).isoformat()
    board.take({**ring(milliseconds=2.0), "time": late})
    assert board.latencies("ring") == [2.0]


def test_the_same_problem_is_one_line_with_a_count():
    refused = {"event": "refused", "status": 401, "code": "unauthorized", "path": "/x"}
    logged = {"event": "log", "level": "ERROR", "logger": "spool.a", "message": "m", "error": "e"}
    told_already = {"event": "log", "level": "WARNING", "action": "delivery_refused"}
    board = board_of(refused, logged, refused, told_already)
    assert [(each.text, each.count) for each in board.problems] == [
        ("401 unauthorized at /x", 2),
        ("m: e", 1),
    ]
    assert "2 times: 401 unauthorized at /x" in shown(board)


def test_what_was_not_told_is_counted():
    board = board_of(
        {"event": "dropped", "count": 5},
        {"event": "pulse", "backlog": 3, "left_out": {"refused": 40}, "counts": {"refused": 50}},
    )
    text = shown(board)
    assert board.not_told == 45
    assert "45 events counted, but not shown" in text
    assert "50.0 requests a second refused" in text


def test_without_a_connection_the_reason_is_shown():
    board = board_of(ring(), {"event": "lost", "reason": "no answer"})
    assert "no answer" in shown(board)
    assert "● live" not in shown(board)


def test_how_it_stands_shows_before_the_address_where_not_both_have_room():
    lost = board_of({"event": "lost", "reason": "no answer; is it running?"})
    first = shown(lost, width=50, height=10).split("\n")[0]
    assert "no answer; is it running?" in first
    assert "127.0.0.1" not in first
    live = board_of({"event": "connected"}, {"event": "pulse", "spool": "full"})
    for width in range(30, 90):
        first = shown(live, width=width, height=10).split("\n")[0]
        assert "● live  disk full" in first
        assert first.count(":") in (0, 2, 4)  # of an address, of a time: whole, or not at all


@pytest.mark.parametrize("size", [(80, 24), (120, 50), (40, 10), (1, 1), (300, 100)])
@pytest.mark.parametrize("ascii_only", [False, True])
def test_the_picture_fits_the_terminal_exactly(size, ascii_only):
    width, height = size
    events = [ring(f"conv_{n}", who=f"w{n}") for n in range(30)]
    events += [end(f"conv_{n}") for n in range(20)]
    events += [{"event": "log", "level": "ERROR", "message": f"{n} 電話 " * 30} for n in range(9)]
    events += [{"event": "pulse", "counts": {"ring": n}, "backlog": n} for n in range(70)]
    text = shown(board_of(*events), width=width, height=height, ascii_only=ascii_only)
    lines = text.split("\n")
    assert len(lines) == height
    assert all(cell_len(line) <= width for line in lines)
    assert text.isascii() or not ascii_only


def test_at_80_by_24_every_part_is_there():
    lines = shown(board_of({"event": "pulse"}, ring())).split("\n")
    begun = [line.split("  ")[0].strip(" ─0123456789") for line in lines]
    for title in ("Callspool", "Calls under way", "Last calls", "Last", "Warnings and errors"):
        assert title in {each.partition(" 5")[0] for each in begun}, title
    assert lines[-1].strip().startswith("q quits")


def test_what_a_server_sends_cannot_steer_the_terminal():
    nasty = "\x1b[2J\x1b]0;title\x07\r\n[red]x\u202e\x9b"
    board = board_of(
        ring(caller=nasty, who=nasty),
        end(nasty),
        {"event": "lost", "reason": nasty},
        {"event": "log", "level": nasty, "logger": nasty, "message": nasty, "error": nasty},
    )
    for text in (shown(board), line_of({"event": "log", "message": nasty})):
        assert not {"\x1b", "\x07", "\r", "\u202e", "\x9b"} & set(text)
        assert "[red]x" in text


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda each: (
        st.lists(each, max_size=3) | st.dictionaries(st.text(max_size=5), each, max_size=3)
    ),
    max_leaves=5,
)
MEMBERS = (
    *("time", "conversation_id", "who", "caller", "kind", "outcome", "milliseconds", "memories"),
    *("seconds_behind", "status", "code", "path", "level", "logger", "message", "count"),
    *(
        "answer",
        "counts",
        "left_out",
        "backlog",
        "seconds",
        "spool",
        "watchers",
        "reason",
        "is_known",
    ),
)
EVENTS = st.fixed_dictionaries(
    {"event": st.sampled_from([*Board()._takers, "hello", "bye", "new"])},
    optional={name: ANYTHING | st.just("conv_1") for name in MEMBERS},
)


@given(st.lists(EVENTS, max_size=12))
def test_whatever_comes_there_is_a_picture_and_a_line(events):
    board = Board()
    for event in events:
        board.take(event)
        assert "\n" not in line_of(event)
    assert len(shown(board).split("\n")) == 24


def test_the_figures_are_those_that_a_person_expects():
    assert at_share([], 0.5) is None
    assert at_share([1.0], 0.99) == 1.0
    assert at_share([float(n) for n in range(1, 101)], 0.99) == 99.0
    assert at_share([float(n) for n in range(1, 102)], 0.5) == 51.0
    assert [with_unit(ms) for ms in (0.04, 99.9, 100, 999, 1000, 119_900, 180_000)] == [
        "0.0 ms", "99.9 ms", "100 ms", "999 ms", "1.0 s", "119.9 s", "3 min",
    ]  # fmt: skip
    assert with_unit(3 * 3600 * 1000) == "3 h"
    assert [length_of(seconds) for seconds in (0, 59.9, 61, 3661, -5)] == [
        "0:00", "0:59", "1:01", "1:01:01", "0:00",
    ]  # fmt: skip
    assert sparkline([0.0, 1.0, 2.0, 4.0], 6) == "   ▃▅█"
    assert sparkline([0.0, 1.0, 8.0], 2) == "▂█"
    assert sparkline([0.0, 0.0], 5) == ""
    assert clock_time(BEGAN, UTC) == "12:00:00"


def test_a_line_is_printed_of_what_happens_and_not_of_every_second():
    assert line_of({"event": "pulse", "backlog": 0}) == ""
    assert line_of({"event": "hello"}) == ""
    assert line_of({**ring(), "time": BEGAN.isoformat()}).split("  ", 1)[1].split() == [
        "ring", "+1", "***", "***", "0142", "new", "2.0", "ms", "conv_1",
    ]  # fmt: skip
    assert "backlog 4" in line_of({"event": "pulse", "backlog": 4, "spool": "ok"})
    assert line_of(search(found=3)).endswith("3 found  5.0 ms  conv_1")
    assert "transcription stored" in line_of(end())
    assert "7 memories" in line_of(applied())
