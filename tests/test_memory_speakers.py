"""Who calls from a line: the owner, and others who gave another name."""

from datetime import timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memory.moments import EPOCH
from memory.profile import LANGUAGES_LOOKED_AT, LAST_SUMMARY_CHARS, RECENT_CALLS, profile_of
from memory.same_name import folded_name, is_similar
from memory.speakers import (
    MAX_OTHERS,
    MOST_GIVEN,
    NEWEST_GIVEN,
    OTHER_FACTS,
    household_of,
    name_given,
    voice_of,
    voices_of,
)
from tests.memories import ANA, MONDAY, a_call, a_note

DAY = timedelta(days=1)


def calls_by(*names, **given):
    """A call a day, each by somebody who gave this name ("" for none)."""
    return [
        a_call(f"conv_{n:03}", speaker=name, at=MONDAY + n * DAY, **given)
        for n, name in enumerate(names)
    ]


def people(*names, aliases=None):
    """Return the names of the owner, and those of each other person, of one call a day each."""
    called = aliases or {}
    voices = voices_of(calls_by(*names))
    found = household_of(voices, lambda key: [folded_name(a) for a in called.get(key, ())])
    return [set(found.owned - {""}), *(set(person.voices) for person in found.others)]


def is_one_person(one, other):
    return len(people(one, other)) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ana", "ANA"),
        ("Ana", "Anna"),
        ("Ana", "Ana Torres"),
        ("Ana Torres", "Ana Tores"),
        ("Ana Torres", "Ana Lima"),  # married
        ("Ana Torres", "Torres"),
        ("Ana Torres", "Ms. Torres"),
        ("Ana Torres", "Frau Dr. Torres"),
        ("Ana Torres", "A. Torres"),
        ("Ana Torres", "Torres Ana"),
        ("Ana", "Mrs. Torres"),
        ("Ana María Torres", "María Torres"),
        ("Ana-María", "Ana"),
        ("Maria del Carmen Lopez", "Carmen Lopez"),
        ("José", "Jose"),
        ("Jörg", "Joerg"),
        ("Sara", "Sarah"),
        ("Stephan", "Stefan"),
        ("Marc", "Mark"),
        ("John", "Jon"),
        ("Catherine", "Katherine"),
        ("Jonathan", "Jonathon"),
        ("Michael", "Micheal"),
        ("Elizabeth Smith", "Liz"),
        ("Bob", "Robert"),
        ("Billy", "William Smith"),
        ("Pepe", "José"),
        ("Steffi", "Stefanie"),
        ("Sasha", "Alexander"),
        ("O'Neil", "Anne O\u2019Neil"),
        ("山田 太郎", "山田太郎"),
        ("山田", "山田太郎"),
        ("김철수", "김 철수"),
        ("Иван Петров", "ИВАН"),
        ("John Smith Jr.", "John Smith"),
    ],
)
def test_names_that_may_be_one_persons_are_one_person(one, other):
    assert is_one_person(one, other)
    assert is_one_person(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ana", "Bea"),
        ("Ana Torres", "Leo Torres"),
        ("Ana Torres", "Bea"),
        ("Ana Torres", "Lima"),
        ("Ana Torres", "Frau Weber"),
        ("Frau Weber", "Herr Lima"),
        ("Anna", "Hannah"),
        ("Tim", "Tom"),
        ("Mario", "Maria"),
        ("Paul", "Paula"),
        ("Daniel", "Daniela"),
        ("Martin", "Marvin"),
        ("Julian", "Juliana Lima"),
        ("Luis García López", "Ana García López"),
        ("Jan van der Berg", "Piet van der Berg"),
        ("Mia", "Leo"),
        ("山田太郎", "山田花子"),
        ("Иван", "Пётр"),
    ],
)
def test_names_of_two_people_are_two_people(one, other):
    assert not is_one_person(one, other)
    assert not is_one_person(other, one)


def test_the_owner_is_who_called_most_and_of_equals_who_did_first():
    assert people("Ana", "Bea") == [{"ana"}, {"bea"}]
    assert people("Bea", "Ana") == [{"bea"}, {"ana"}]
    assert people("Ana", "Bea", "Bea") == [{"bea"}, {"ana"}]
    assert people("Ana", "", "", "Bea", "Bea") == [{"bea"}, {"ana"}]
    assert people("", "") == [set()]


def test_the_calls_by_every_form_of_a_name_count_together():
    assert people("Bea", "Bea", "Ana", "Anna", "Ana Torres")[0] == {"ana", "anna", "ana torres"}


def test_a_family_name_alone_belongs_to_whom_it_was_given_with():
    assert people("Torres", "Torres", "Ana Torres", "Leo", "Leo Torres", "Ana") == [
        {"torres", "ana torres", "ana"},
        {"leo", "leo torres"},
    ]
    assert people("Ana", "Ana Torres", "Frau Lima") == [{"ana", "ana torres"}, {"- lima"}]


def test_names_that_are_each_like_the_next_are_not_all_one_person():
    assert people("Liz", "Elizabeth", "Isabel", "Bell")[0] == {"liz", "elizabeth", "isabel"}
    assert people("Chris", "Christopher", "Christina") == [
        {"chris", "christopher"},
        {"christina"},
    ]


def test_who_wants_to_be_called_otherwise_is_the_same_person_by_that_name():
    duke = {"ana torres": ["Duke"]}
    assert people("Ana Torres", "Ana", "Duke", aliases=duke) == [{"ana torres", "ana", "duke"}]
    assert people("Duke", "Ana Torres", aliases=duke) == [{"ana torres", "duke"}]
    annie = {"ana": ["Annie"]}
    assert people("Ana", "Bea", aliases=annie) == [{"ana"}, {"bea"}]


@pytest.mark.parametrize("order", [*permutations(["Ana", "Ana Torres", "Leo", "Torres"])])
def test_who_is_one_person_does_not_depend_on_the_order_of_the_names(order):
    assert sorted(map(sorted, people(*order))) == [["ana", "ana torres", "torres"], ["leo"]]


NAMES = st.sampled_from(["Ana", "Anna", "Ana Torres", "Torres", "Frau Torres", "Leo", "Bea", ""])


@given(st.lists(NAMES, max_size=12).flatmap(lambda n: st.tuples(st.just(n), st.permutations(n))))
def test_the_order_in_which_the_calls_arrive_changes_nothing(names):
    told = calls_by(*names[0], facts={"city": "Rome"})
    moved = sorted(told, key=lambda call: names[1].index(call.speaker))
    assert profile_of(ANA, told) == profile_of(ANA, moved)


def test_of_ever_more_names_the_most_given_and_the_newest_are_looked_at():
    often = [f"Often {'abcdefghijklmnop'[n]}x" for n in range(MOST_GIVEN)]
    names = [*often, *often, *(f"Name {'qrst'[n // 26]}{chr(97 + n % 26)}z" for n in range(90))]
    voices = {voice.key for voice in voices_of(calls_by(*names))}
    assert voices == {voice_of(name) for name in (*often, *names[-NEWEST_GIVEN:])}


@pytest.mark.parametrize(
    ("facts", "name"),
    [
        ({}, ""),
        ({"first_name": "Ana"}, "Ana"),
        ({"first_name": "Ana", "last_name": "Torres"}, "Ana Torres"),
        ({"full_name": "Torres, Ana"}, "Ana Torres"),
        ({"name": "Frau Weber"}, "Frau Weber"),
        ({"stated_name": "Ana"}, "Ana"),
        ({"stated_name": "Bea", "first_name": "Ana"}, "Ana"),
        ({"last_name": "Torres"}, ""),
        ({"preferred_name": "Annie"}, ""),
        ({"stated_preferred_name": "Annie"}, ""),
        ({"preferred_name": "Annie", "first_name": "Ana"}, "Ana"),
        ({"caller_name": "Ana", "patient_name": "Leo Lima"}, "Ana"),
        ({"patient_name": "Leo Lima"}, "Leo Lima"),
        ({"company_name": "Lima Ltd"}, ""),
        ({"name": "the caller did not say"}, ""),
        ({"name": "+1 555 010 0142"}, ""),
    ],
)
def test_the_name_given_in_a_call_follows_from_its_facts(facts, name):
    assert name_given(a_call(facts=facts).memories) == name


def ana(n, **given):
    return a_call(f"conv_a{n}", at=MONDAY + n * DAY, **given | {"speaker": "Ana"})


def bea(n, **given):
    return a_call(f"conv_b{n}", at=MONDAY + n * DAY, **given | {"speaker": "Bea"})


def values(facts):
    return {fact.key: fact.value for fact in facts}


def test_another_name_does_not_overwrite_the_owners_facts_and_both_are_kept_with_their_source():
    calls = [
        ana(0, facts={"first_name": "Ana", "address": "1 Elm Street"}),
        ana(1, facts={"first_name": "Ana", "size": "38"}),
        bea(2, facts={"first_name": "Bea", "address": "2 Oak Street", "size": "44"}),
    ]
    known = profile_of(ANA, calls)
    assert (known.name, known.call_count) == ("Ana", 3)
    assert values(known.facts) == {"first_name": "Ana", "address": "1 Elm Street", "size": "38"}
    assert all(not fact.previous for fact in known.facts)
    [other] = known.others
    assert (other.name, other.calls, other.last_at) == ("Bea", 1, MONDAY + 2 * DAY)
    assert values(other.facts) == {"first_name": "Bea", "address": "2 Oak Street", "size": "44"}
    assert {fact.conversation_id for fact in other.facts} == {"conv_b2"}


def test_a_call_without_a_name_is_the_owners():
    calls = [
        ana(0, facts={"city": "Rome"}),
        a_call("conv_x", at=MONDAY + DAY, facts={"city": "Turin"}),
        bea(2, facts={"city": "Paris"}),
        ana(3, facts={"city": "Rome"}),
    ]
    [fact] = profile_of(ANA, calls).facts
    assert [fact.value, *(each.value for each in fact.previous)] == ["Rome", "Turin", "Rome"]


def test_who_comes_to_call_more_often_becomes_the_owner_with_all_that_was_kept():
    calls = [ana(0, facts={"city": "Rome"}), bea(1, facts={"city": "Paris"})]
    assert values(profile_of(ANA, calls).facts) == {"city": "Rome"}
    known = profile_of(ANA, [*calls, bea(2)])
    assert values(known.facts) == {"city": "Paris"}
    assert [(other.name, values(other.facts)) for other in known.others] == [
        ("Ana", {"city": "Rome"})
    ]


def test_preferences_and_promises_are_the_owners():
    calls = [
        ana(0, notes=(a_note("Ana prefers tea."), a_note("Send the bill.", kind="commitment"))),
        ana(1),
        bea(2, notes=(a_note("Bea prefers gin."), a_note("Ring Bea back.", kind="commitment"))),
    ]
    known = profile_of(ANA, calls)
    assert [each.note.text for each in known.preferences] == ["Ana prefers tea."]
    assert [each.note.text for each in known.commitments] == ["Send the bill."]


def test_what_another_caller_said_to_be_called_is_not_how_the_owner_is_addressed():
    told = {"first_name": "Bea", "preferred_name": "Bee"}
    known = profile_of(ANA, [ana(0, facts={"first_name": "Ana"}), bea(1, facts=told)])
    assert (known.name, known.preferred_name) == ("Ana", "")


def test_summaries_of_other_peoples_calls_say_so_and_are_not_the_last_call():
    known = profile_of(ANA, [ana(0, summary="Ana booked."), bea(1, summary="Bea cancelled.")])
    assert known.summary == (
        "17 November 2026 (the caller gave the name Bea): Bea cancelled. "
        "16 November 2026: Ana booked."
    )
    assert (known.last_call_summary, known.last_summary_at) == ("Ana booked.", MONDAY)
    assert known.last_call_at == MONDAY + DAY


def test_calls_of_two_people_that_came_to_the_same_are_not_told_as_one():
    known = profile_of(
        ANA,
        [ana(0, summary="A table was booked.")]
        + [bea(n, summary="A table was booked.") for n in (-2, -3)]
        + [ana(n) for n in (-9, -8)],
    )
    assert known.summary == (
        "16 November 2026: A table was booked. 14 November 2026, and once before "
        "(the caller gave the name Bea): A table was booked."
    )


def test_a_last_call_that_is_told_though_it_was_not_the_owners_says_so():
    calls = [ana(n) for n in range(RECENT_CALLS + 5)]
    calls += [bea(100, summary="Bea cancelled. " * 300)]
    told = profile_of(ANA, calls).last_call_summary
    assert told.startswith("(The caller gave the name Bea.) Bea cancelled.")
    assert len(told) <= LAST_SUMMARY_CHARS


def test_a_call_without_a_date_by_somebody_else_says_so_too():
    undated = {"at": EPOCH}
    call = a_call("conv_b", speaker="Bea", summary="Bea asked.", **undated)
    assert profile_of(ANA, [ana(0), ana(1), call]).summary == (
        "(The caller gave the name Bea): Bea asked."
    )


def test_the_language_is_the_owners():
    calls = [ana(n, language="de") for n in range(3)] + [bea(5, language="fr")]
    assert profile_of(ANA, calls).language == "de"
    calls += [bea(n, language="fr") for n in range(10, 11)]
    assert profile_of(ANA, calls).language == "de"
    many = [ana(n, language="") for n in range(LANGUAGES_LOOKED_AT + 2)]
    assert profile_of(ANA, [*many, bea(50, language="fr")]).language == "fr"


def test_the_others_are_few_the_newest_first_with_few_facts_each():
    names = ["Bea", "Leo", "Karl", "Olga", "Hugo", "Wanda", "Quentin"]
    calls = [ana(n) for n in range(3)] + [
        a_call(
            f"conv_{name}",
            speaker=name,
            at=MONDAY + n * DAY,
            facts={f"key_{i}": "x" for i in range(OTHER_FACTS + 5)},
        )
        for n, name in enumerate(names)
    ]
    others = profile_of(ANA, calls).others
    assert [other.name for other in others] == names[::-1][:MAX_OTHERS]
    assert {len(other.facts) for other in others} == {OTHER_FACTS}


def test_other_people_are_told_of_by_the_name_as_it_was_given_last():
    calls = [ana(n) for n in range(4)]
    calls += [
        a_call("conv_x", speaker="BEA LIMA"),
        a_call("conv_y", speaker="Bea", at=MONDAY - DAY),
    ]
    [other] = profile_of(ANA, calls).others
    assert (other.name, other.calls) == ("BEA LIMA", 2)


def test_a_corrected_name_stays_the_callers_own():
    told = [
        {"first_name": "Anna", "last_name": "Torres"},
        {"first_name": "Ana", "last_name": "Tores"},
        {"full_name": "Ana Lima", "first_name": "Ana"},
        {"stated_name": "Annie"},
    ]
    calls = [a_call(f"conv_{n}", facts=f, at=MONDAY + n * DAY) for n, f in enumerate(told)]
    known = profile_of(ANA, calls)
    assert (known.first_name, known.full_name, known.others) == ("Ana", "Ana Lima", ())


@given(st.text(max_size=80), st.text(max_size=80))
def test_any_two_texts_can_be_compared_as_names(one, other):
    people(one, other)
    assert folded_name(folded_name(one)) == folded_name(one) or folded_name(one).startswith("-")
    assert is_similar(one, one)
