"""The profile: names, preferences and the rolling summary."""

from datetime import UTC, datetime, timedelta

import pytest

from memory.port import Fact
from memory.profile import (
    SUMMARY_CHARS,
    CallNote,
    History,
    build_profile,
    fact_of,
    is_known_moment,
)
from tests.memories import ANA, MONDAY, a_memory


def a_fact(key, value, *, day=0):
    at = MONDAY + timedelta(days=day)
    return Fact(key=key, value=value, occurred_at=at, conversation_id=f"conv_{day}")


def profile(*facts, summaries=()):
    notes = [
        CallNote(started_at=MONDAY - timedelta(days=n), summary=s) for n, s in enumerate(summaries)
    ]
    history = History(
        call_count=3, first_call_at=MONDAY, last_call_at=MONDAY, language="en", recent=notes
    )
    return build_profile(ANA, history, facts)


@pytest.mark.parametrize(
    ("facts", "name"),
    [
        ({}, ""),
        ({"stated_name": "Ana"}, "Ana"),
        ({"stated_name": "Ana", "full_name": "Ana Lima"}, "Ana Lima"),
        ({"name": "Ana Lima", "first_name": "Ana"}, "Ana"),
        ({"first_name": "Ana", "preferred_name": "Annie"}, "Annie"),
        ({"First Name": "Ana", "user_name": "x"}, "Ana"),
        ({"Preferred-Name": "Annie", "name": "Ana"}, "Annie"),
        ({"company_name": "Lima Ltd"}, ""),
        ({"first_name": "", "name": "Ana"}, "Ana"),
    ],
)
def test_the_name_is_what_somebody_likes_to_be_called_first(facts, name):
    assert profile(*(a_fact(key, value) for key, value in facts.items())).name == name


def test_of_two_spellings_of_one_key_the_newer_counts():
    assert profile(
        a_fact("First Name", "Anna", day=2), a_fact("first_name", "Ana", day=1)
    ).name == ("Anna")


def test_preferences_are_the_facts_that_say_so():
    facts = [a_fact("preferred_name", "Annie"), a_fact("seat_preference", "window")]
    facts.append(a_fact("Preferred contact", "text message"))
    assert profile(*facts).preferences == (
        "preferred contact: text message; seat preference: window"
    )


def test_the_last_summary_keeps_the_date_of_its_own_call():
    calls = [CallNote(started_at=MONDAY - timedelta(days=9), summary="Bought a bike.")]
    history = History(
        call_count=2, first_call_at=MONDAY, last_call_at=MONDAY, language="", recent=calls
    )
    known = build_profile(ANA, history, [])
    assert known.last_call_summary == "Bought a bike."
    assert known.last_summary_at == MONDAY - timedelta(days=9)
    assert known.last_call_at == MONDAY


def test_a_fact_is_read_from_its_memory():
    memory = a_memory("meeting time: 10:30: sharp", kind="fact", key="meeting_time")
    assert fact_of(memory) == Fact(
        key="meeting_time", value="10:30: sharp", occurred_at=MONDAY, conversation_id="conv_1"
    )


def test_the_summary_rolls_newest_first_with_dates():
    told = profile(summaries=["Ana booked. She was glad.", "Ana asked."])
    assert (
        told.summary == "16 November 2026: Ana booked. She was glad. 15 November 2026: Ana asked."
    )
    assert told.last_call_summary == "Ana booked. She was glad."


def test_a_call_that_named_no_time_is_summed_up_without_a_date():
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    calls = [
        CallNote(started_at=MONDAY, summary="Ana booked."),
        CallNote(started_at=epoch, summary="Ana asked. She was glad."),
    ]
    history = History(
        call_count=2, first_call_at=epoch, last_call_at=MONDAY, language="", recent=calls
    )
    told = build_profile(ANA, history, []).summary
    assert told == "16 November 2026: Ana booked. Ana asked. She was glad."


def test_the_epoch_and_the_seconds_of_a_call_after_it_are_no_known_moment():
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    assert not is_known_moment(epoch)
    assert not is_known_moment(epoch + timedelta(seconds=95))
    assert is_known_moment(MONDAY)


def test_the_summary_keeps_its_budget_in_whole_sentences():
    sentence = "This sentence is one of a great many that were said here."
    told = profile(summaries=[" ".join([sentence] * 9)] * 4)
    assert SUMMARY_CHARS - len(sentence) - 25 < len(told.summary) <= SUMMARY_CHARS
    assert told.summary.endswith("said here.")


def test_a_sentence_beyond_the_budget_is_cut_at_a_word():
    told = profile(summaries=["word " * 1_000])
    assert len(told.summary) <= SUMMARY_CHARS
    assert told.summary.endswith("word…")


def test_without_summaries_there_is_none():
    assert (profile().summary, profile().last_call_summary) == ("", "")
