"""The profile: the rolling summary, facts with their history, preferences."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memory.alike import gist_of, is_alike
from memory.facts import MAX_FACTS, MAX_PREVIOUS, MAX_VALUE_CHARS
from memory.port import Fact, Note, Noted
from memory.preferences import MAX_PREFERENCES, is_preference
from memory.profile import (
    SUMMARY_CHARS,
    CallNote,
    History,
    build_profile,
    is_known_moment,
    profile_of,
)
from memory.rolling import rolling_summary
from memory.topics import label_of, topic_of
from tests.memories import ANA, MONDAY, a_call, a_memory

DAY = timedelta(days=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def a_fact(key, value, *, day=0):
    return Fact(key=key, value=value, occurred_at=MONDAY + day * DAY, conversation_id=f"conv_{day}")


def a_noted(text, *, day=0, kind="preference"):
    note = Note(kind=kind, text=text, by="caller", source="summary")
    return Noted(note=note, occurred_at=MONDAY + day * DAY, conversation_id=f"conv_{day}")


def profile(*facts, summaries=(), preferences=()):
    notes = [CallNote(started_at=MONDAY - n * DAY, summary=s) for n, s in enumerate(summaries)]
    history = History(
        call_count=3,
        first_call_at=MONDAY,
        last_call_at=MONDAY,
        language="en",
        recent=notes,
        preferences=preferences,
    )
    return build_profile(ANA, history, facts)


def told(known):
    return [each.note.text for each in known.preferences]


def history_of(key, *values):
    """Return what is known of a fact after calls that gave it these values, one a day."""
    calls = [
        a_call(f"conv_{n}", facts={key: value}, at=MONDAY + n * DAY)
        for n, value in enumerate(values)
    ]
    [fact] = profile_of(ANA, calls).facts
    return fact


def test_a_fact_has_its_newest_value_and_where_it_was_said_last():
    fact = history_of("city", "Rome", "Milan", "Milan")
    assert (fact.value, fact.conversation_id) == ("Milan", "conv_2")
    assert fact.occurred_at == MONDAY + 2 * DAY


def test_the_values_that_a_fact_had_before_are_kept_newest_first():
    fact = history_of("city", "Rome", "Turin", "Turin", "Milan")
    assert [(each.value, each.conversation_id) for each in fact.previous] == [
        ("Turin", "conv_2"),
        ("Rome", "conv_0"),
    ]
    assert all(each.previous == () for each in fact.previous)


def test_values_that_differ_in_case_and_space_are_one():
    fact = history_of("city", "new  york", "New York", "NEW YORK ")
    assert (fact.value, fact.previous) == ("NEW YORK", ())


def test_a_value_that_comes_back_is_told_each_time():
    fact = history_of("city", "Rome", "Milan", "Rome")
    assert [fact.value, *(each.value for each in fact.previous)] == ["Rome", "Milan", "Rome"]


def test_as_many_values_as_a_profile_needs_are_kept():
    fact = history_of("city", *(f"city {n}" for n in range(20)))
    assert [each.value for each in fact.previous] == [
        f"city {n}" for n in range(18, 18 - MAX_PREVIOUS, -1)
    ]


def test_spellings_of_one_key_are_one_fact():
    calls = [
        a_call("conv_0", facts={"Home City": "Rome"}),
        a_call("conv_1", facts={"HOME_CITY": "Turin"}, at=MONDAY + DAY),
        a_call("conv_2", facts={"homeCity": "Milan"}, at=MONDAY + 2 * DAY),
    ]
    [fact] = profile_of(ANA, calls).facts
    assert (fact.key, fact.value) == ("homeCity", "Milan")
    assert [each.value for each in fact.previous] == ["Turin", "Rome"]


def test_facts_come_newest_first_and_no_more_than_can_be_told():
    calls = [a_call(f"conv_{n}", facts={f"key_{n}": "x"}, at=MONDAY + n * DAY) for n in range(150)]
    facts = profile_of(ANA, calls).facts
    assert [fact.key for fact in facts] == [f"key_{n}" for n in range(149, 149 - MAX_FACTS, -1)]


def test_a_name_is_known_however_many_facts_are_newer():
    first = a_call("conv_a", facts={"first_name": "Ana"})
    rest = [
        a_call(f"conv_{n}", facts={f"k{n}": "x"}, at=MONDAY + DAY) for n in range(MAX_FACTS + 5)
    ]
    known = profile_of(ANA, [first, *rest])
    assert known.name == "Ana"
    assert known.facts[-1].key == "first_name"


def test_values_and_keys_without_end_are_cut():
    [fact] = profile_of(ANA, [a_call(facts={"k" * 10_000: "word " * 20_000})]).facts
    assert len(fact.value) <= MAX_VALUE_CHARS
    assert fact.value.endswith("word…")
    assert len(fact.key) <= 100
    keys = {"k" * 10_000 + "a": "1", "k" * 10_000 + "b": "2"}
    assert len(profile_of(ANA, [a_call(facts=keys)]).facts) == 2


def test_an_empty_value_states_nothing():
    call = a_call(memories=(a_memory("city: ", kind="fact", key="city"),))
    assert profile_of(ANA, [call]).facts == ()


def test_a_value_may_have_a_colon():
    call = a_call(facts={"meeting_time": "10:30: sharp"})
    [fact] = profile_of(ANA, [call]).facts
    assert fact == Fact(
        key="meeting_time", value="10:30: sharp", occurred_at=MONDAY, conversation_id="conv_1"
    )


@pytest.mark.parametrize(
    ("key", "label"),
    [
        ("seat_preference", "seat preference"),
        ("Seat-Preference ", "seat preference"),
        ("seatPreference", "seat preference"),
        ("VIP", "vip"),
    ],
)
def test_a_key_is_read_out_in_words(key, label):
    assert label_of(key) == label


def test_keys_without_any_letter_are_told_apart():
    assert topic_of("--") != topic_of("__")


def test_preferences_are_the_facts_that_say_so_newest_first():
    facts = [a_fact("Preferred contact", "text message", day=1), a_fact("preferred_name", "Annie")]
    facts += [a_fact("city", "Rome"), a_fact("seat_preference", "window")]
    assert told(profile(*facts)) == [
        "preferred contact: text message",
        "seat preference: window",
    ]


@pytest.mark.parametrize(
    "key",
    [
        "preferred_day", "contact_preference", "likes", "dietary_needs", "diet", "allergies",
        "nut_allergy", "preferred_language", "language", "contact", "contact_method",
        "favourite_table", "best time to call", "Allergien", "alergias", "langue",
    ],
)  # fmt: skip
def test_a_key_that_says_how_somebody_likes_it_is_a_preference(key):
    assert is_preference(key)


@pytest.mark.parametrize(
    "key",
    [
        "preferred_name", "likelihood", "emergency_contact", "contact_number", "contact_email",
        "preference_score", "city", "order", "",
    ],
)  # fmt: skip
def test_a_key_that_only_looks_like_one_is_no_preference(key):
    assert not is_preference(key)


def test_sentences_follow_the_facts_with_their_calls_and_without_repeats():
    newest = a_noted("Ana prefers tea.", day=3)
    notes = [newest, a_noted("ANA prefers tea", day=2), a_noted("Ana is allergic to nuts.", day=1)]
    known = profile(a_fact("diet", "vegan"), preferences=notes)
    assert told(known) == ["diet: vegan", "Ana prefers tea.", "Ana is allergic to nuts."]
    assert known.preferences[1] == newest
    source = known.preferences[0]
    assert (source.note.source, source.note.key, source.conversation_id) == (
        "fact",
        "diet",
        "conv_0",
    )


OVER = """
    Biscuit is no longer allergic to chicken. < Her dog Biscuit is allergic to chicken.
    Biscuit isn't allergic to chicken any more, and prefers beef. < Biscuit is allergic to chicken.
    She is no longer allergic to nuts or milk. < Ana is allergic to nuts.
    She prefers tea instead of coffee. < Ana prefers coffee.
    Ana stopped eating fish. < Ana eats fish.
    Ana isst kein Fleisch mehr. < Ana isst Fleisch.
    Sie bevorzugt jetzt Tee statt Kaffee. < Sie bevorzugt Kaffee.
    Ana ya no es alérgica a las nueces. < Ana es alérgica a las nueces.
    Elle n'est plus allergique aux noix. < Elle est allergique aux noix.
    Ana já não é alérgica a nozes. < Ana é alérgica a nozes.
    Ana não é mais alérgica a nozes. < Ana é alérgica a nozes.
    Ana non è più allergica alle noci. < Ana è allergica alle noci.
    Ana is allergic to nuts. < Ana is no longer allergic to nuts.
"""
BOTH = """
    Biscuit is no longer allergic to chicken. < Biscuit is allergic to beef.
    Biscuit is no longer allergic to chicken. < Biscuit is allergic to chicken and nuts.
    She is no longer allergic to chicken. < Her dog Biscuit is allergic to chicken.
    Ana is allergic to chicken. < Her dog is allergic to chicken.
    Ana no longer drives. < She is no friend of calls.
    Ana prefers tea. < Ana prefers coffee.
    She prefers more tea. < She prefers tea.
"""


def pairs(table):
    return [line.strip().split(" < ") for line in table.strip().splitlines()]


@pytest.mark.parametrize(("newer", "older"), pairs(OVER))
def test_a_newer_sentence_that_says_it_is_over_takes_the_older_ones_place(newer, older):
    notes = [a_noted(newer, day=3), a_noted("Ana is a vegan.", day=2), a_noted(older, day=1)]
    known = profile(a_fact("first_name", "Ana"), preferences=notes)
    assert told(known) == [newer, "Ana is a vegan."]


def test_what_is_so_again_is_told_once():
    again, over = a_noted("Ana is allergic to nuts.", day=3), "Ana is no longer allergic to nuts."
    notes = [again, a_noted(over, day=2), a_noted("She is allergic to nuts!", day=1)]
    assert told(profile(a_fact("first_name", "Ana"), preferences=notes)) == [again.note.text]


@pytest.mark.parametrize(("newer", "older"), pairs(BOTH))
def test_sentences_about_other_things_stay_side_by_side(newer, older):
    known = profile(
        a_fact("first_name", "Ana"), preferences=[a_noted(newer, day=3), a_noted(older)]
    )
    assert told(known) == [newer, older]


def test_of_calls_without_a_date_none_takes_the_others_place():
    over, older = pairs(OVER)[0]
    notes = [
        replace(a_noted(over), occurred_at=EPOCH, conversation_id="conv_2"),
        replace(a_noted(older), occurred_at=EPOCH, conversation_id="conv_1"),
    ]
    assert told(profile(preferences=notes)) == [over, older]
    assert told(profile(preferences=[replace(n, conversation_id="conv_1") for n in notes])) == [
        over
    ]


def test_facts_leave_room_for_sentences():
    facts = [a_fact(f"preferred_{n}", "x") for n in range(50)]
    notes = [a_noted(f"Ana prefers {n}.") for n in range(50)]
    known = profile(*facts, preferences=notes)
    assert len(known.preferences) == MAX_PREFERENCES
    assert told(known)[-1].startswith("Ana prefers")


def test_the_last_summary_keeps_the_date_of_its_own_call():
    calls = [
        a_call("conv_1", summary="Bought a bike.", at=MONDAY - 9 * DAY),
        a_call("conv_2", at=MONDAY),
    ]
    known = profile_of(ANA, calls)
    assert known.last_call_summary == "Bought a bike."
    assert known.last_summary_at == MONDAY - 9 * DAY
    assert known.last_call_at == MONDAY


def test_a_last_summary_without_end_is_told_in_whole_sentences():
    known = profile(summaries=["A sentence of some length was said here. " * 200])
    assert 1_400 < len(known.last_call_summary) <= 1_500
    assert known.last_call_summary.endswith("said here.")


def test_the_summary_rolls_newest_first_with_dates():
    known = profile(summaries=["Ana booked. She was glad.", "Ana asked."])
    assert (
        known.summary == "16 November 2026: Ana booked. She was glad. 15 November 2026: Ana asked."
    )
    assert known.last_call_summary == "Ana booked. She was glad."


def test_two_calls_of_one_day_have_a_date_each():
    calls = [CallNote(started_at=MONDAY, summary="Two."), CallNote(started_at=MONDAY, summary="1.")]
    summary = rolling_summary(calls, max_chars=100)
    assert summary == "16 November 2026: Two. 16 November 2026: 1."


def test_a_call_that_named_no_time_is_summed_up_without_a_date():
    calls = [
        CallNote(started_at=MONDAY, summary="Ana booked."),
        CallNote(started_at=EPOCH, summary="Ana asked. She was glad."),
    ]
    summary = rolling_summary(calls, max_chars=100)
    assert summary == "16 November 2026: Ana booked. Ana asked. She was glad."


def test_the_epoch_and_the_seconds_of_a_call_after_it_are_no_known_moment():
    assert not is_known_moment(EPOCH)
    assert not is_known_moment(EPOCH + timedelta(seconds=95))
    assert is_known_moment(MONDAY)


def test_the_summary_keeps_its_budget_in_whole_sentences():
    sentence = "This sentence is one of a great many that were said here."
    names = ["here", "by Ana here", "by Ben here", "by Cleo here"]
    known = profile(
        summaries=[" ".join([sentence.replace("here", name)] * 9) for name in names],
    )
    assert SUMMARY_CHARS - len(sentence) - 35 < len(known.summary) <= SUMMARY_CHARS
    assert known.summary.endswith("here.")


def test_the_oldest_details_go_first():
    calls = [f"{name} called. It went on. It ended." for name in ("Ana", "Ben", "Cleo")]
    notes = [CallNote(started_at=EPOCH, summary=summary) for summary in calls]
    whole = " ".join(calls)
    assert rolling_summary(notes, max_chars=len(whole)) == whole
    shorter = rolling_summary(notes, max_chars=len(whole) - 1)
    assert shorter == whole.removesuffix(" It ended.")
    assert rolling_summary(notes, max_chars=40) == calls[0]


def test_calls_that_came_to_the_same_are_told_once_with_how_often():
    same = [f"Ana ordered {n} crates for the {n}th of March, a Monday." for n in range(5)]
    known = profile(summaries=[*same, "Ana cancelled."])
    assert known.summary == (
        "16 November 2026, and four times before: Ana ordered 0 crates for the 0th of March, a "
        "Monday. 11 November 2026: Ana cancelled."
    )
    assert known.last_call_summary == same[0]


@pytest.mark.parametrize(
    ("calls", "lead"),
    [(1, ""), (2, "and once before"), (3, "and twice before"), (14, "and 13 times before")],
)
def test_how_often_is_told_in_words(calls, lead):
    dated = [CallNote(started_at=MONDAY, summary="Ana asked.")] * calls
    said = ", ".join(filter(None, ["16 November 2026", lead]))
    assert rolling_summary(dated, max_chars=200) == f"{said}: Ana asked."
    undated = [CallNote(started_at=EPOCH, summary="Ana asked.")] * calls
    said = f"{lead.replace('and', 'Told')}: Ana asked.".removeprefix(": ")
    assert rolling_summary(undated, max_chars=200) == said


NINE = "Ana ordered olive trees, garden soil, a rake, gloves, seeds and"


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("ANA asked, again.", "Ana asked again", True),
        ("Er kam am Montag, 3. März.", "Er kam am Freitag, 5. Mai.", True),
        (f"{NINE} a hose.", f"{NINE} hose today.", True),
        (f"{NINE} a hose.", f"{NINE} hooks today.", False),
        (f"{NINE} a hose.", f"{NINE} a hose, not delivered.", False),
        ("Ana paid.", "Ana did not pay.", False),
        ("Ana paid.", "Ben paid.", False),
        ("His car is ready.", "His bike is ready.", False),
        ("He did.", "She did.", False),
        ("12.", "13.", False),
        ("", "", False),
    ],
)
def test_two_summaries_are_the_same_but_for_numbers_dates_and_a_tenth(one, other, is_same):
    assert is_alike(gist_of(one), gist_of(other)) == is_same
    assert is_alike(gist_of(other), gist_of(one)) == is_same


def test_a_sentence_that_no_budget_holds_is_passed_over():
    endless = "word " * 1_000
    known = profile(summaries=[f"{endless}. Ana booked a table.", "Ana asked."])
    assert known.summary == ("16 November 2026: Ana booked a table. 15 November 2026: Ana asked.")


def test_only_where_there_is_nothing_else_a_sentence_is_cut_and_shows_it():
    known = profile(summaries=["word " * 1_000])
    assert len(known.summary) <= SUMMARY_CHARS
    assert known.summary.endswith("word…")


def test_without_summaries_there_is_none():
    assert (profile().summary, profile().last_call_summary) == ("", "")


def test_who_never_called_and_was_never_called_has_no_profile():
    assert profile_of(ANA, []) is None


SENTENCES = st.text(st.sampled_from("ab. ?!A1\n"), max_size=60)


@given(st.lists(SENTENCES, max_size=5), st.integers(min_value=1, max_value=80))
def test_no_summary_is_longer_than_its_budget(summaries, max_chars):
    calls = [CallNote(started_at=EPOCH, summary=summary) for summary in summaries]
    assert len(rolling_summary(calls, max_chars=max_chars)) <= max_chars
