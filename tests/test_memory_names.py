"""What somebody is called: the newest plausible value, and collected before heard."""

from datetime import timedelta

import pytest

from memory.names import NAME_STATEMENTS, Names, given_name, plausible_name
from memory.profile import profile_of
from tests.memories import ANA, MONDAY, a_call


def names(*calls):
    """Return the names after these calls, one a day, each with these facts."""
    told = [
        a_call(f"conv_{n}", facts=facts, at=MONDAY + timedelta(days=n))
        for n, facts in enumerate(calls)
    ]
    known = profile_of(ANA, told)
    return Names(
        called=known.name,
        preferred=known.preferred_name,
        first=known.first_name,
        full=known.full_name,
    )


@pytest.mark.parametrize(
    ("facts", "name"),
    [
        ({}, ""),
        ({"stated_name": "Ana"}, "Ana"),
        ({"stated_name": "Ana", "full_name": "Ana Lima"}, "Ana Lima"),
        ({"name": "Ana Lima", "first_name": "Ana"}, "Ana"),
        ({"first_name": "Ana", "preferred_name": "Annie"}, "Annie"),
        ({"first_name": "Ana", "stated_preferred_name": "Annie"}, "Annie"),
        ({"preferred_name": "Annie", "stated_preferred_name": "Nana"}, "Annie"),
        ({"First Name": "Ana", "user_name": "x"}, "Ana"),
        ({"Preferred-Name": "Annie", "name": "Ana"}, "Annie"),
        ({"customerFirstName": "Ana"}, "Ana"),
        ({"company_name": "Lima Ltd"}, ""),
        ({"last_name": "Lima"}, ""),
        ({"first_name": "the caller did not say", "name": "Ana"}, "Ana"),
    ],
)
def test_somebody_is_addressed_by_the_preferred_name_then_the_first_then_the_full(facts, name):
    assert names(facts).called == name
    assert profile_of(ANA, [a_call(facts=facts)]).name == name


def test_each_name_has_its_place():
    known = names({"first_name": "Ana", "last_name": "Torres", "nickname": "Annie"})
    assert (known.called, known.preferred, known.first, known.full) == (
        "Annie",
        "Annie",
        "Ana",
        "Ana Torres",
    )


def test_a_full_name_tells_the_first_one():
    assert names({"full_name": "Ana Torres"}).first == "Ana"
    assert names({"name": "Dr. Ana Torres"}).first == "Ana"
    assert names({"name": "Torres, Ana"}).full == "Ana Torres"
    assert names({"name": "Frau Weber"}).first == ""
    assert names({"name": "Torres", "last_name": "Torres"}).first == ""


def test_the_newest_value_counts():
    assert names({"first_name": "Anna"}, {"first_name": "Ana"}).called == "Ana"
    assert names({"customer_name": "Ana Lima"}, {"name": "Ana Torres"}).full == "Ana Torres"
    assert names({"name": "Ana Torres"}, {"customer_name": "Ana Lima"}).full == "Ana Lima"
    assert names({"first_name": "Anna"}, {"full_name": "Ana Torres"}).called == "Ana"
    assert names({"First Name": "Anna"}, {"first_name": "Ana"}).first == "Ana"


def test_of_two_spellings_in_one_call_the_usual_key_counts():
    assert names({"name": "Ana Torres", "full_name": "Bea Lima"}).full == "Ana Torres"
    assert names({"name": "Ana", "full_name": "Ana Torres"}).full == "Ana Torres"


def test_a_value_that_is_no_name_does_not_hide_the_one_before():
    known = names({"first_name": "Ana"}, {"first_name": "not provided by the caller"})
    assert known.called == "Ana"


def test_a_collected_name_counts_before_a_newer_one_that_was_only_heard():
    known = names({"first_name": "Ana"}, {"stated_name": "Bea Lima"})
    assert (known.called, known.first, known.full) == ("Ana", "Ana", "")


def test_what_was_heard_completes_what_was_collected_if_it_fits():
    known = names({"first_name": "Ana", "stated_name": "Ana Torres"})
    assert (known.called, known.full) == ("Ana", "Ana Torres")
    known = names({"first_name": "José", "stated_name": "Jose Torres"})
    assert known.full == "Jose Torres"


def test_of_contradictory_names_in_one_call_the_first_name_stands_alone():
    known = names({"first_name": "Ana", "full_name": "Bea Lima"})
    assert (known.called, known.first, known.full) == ("Ana", "Ana", "")


def test_a_first_name_after_another_full_one_is_another_person():
    known = names({"full_name": "Ana Torres"}, {"first_name": "Bea"})
    assert (known.called, known.full) == ("Ana Torres", "Ana Torres")
    known = names({"full_name": "Ana Torres"}, {"first_name": "Bea"}, {"first_name": "Bea"})
    assert (known.called, known.full) == ("Bea", "")


def test_a_first_and_a_last_name_of_different_calls_make_no_full_one():
    both = {"first_name": "Ana", "last_name": "Torres"}
    known = names(both, {"first_name": "Leo"}, {"first_name": "Leo"})
    assert (known.called, known.first, known.full) == ("Leo", "Leo", "")
    assert names({"first_name": "Ana"}, {"last_name": "Torres"}).full == ""
    assert names({"last_name": "Torres"}, {"first_name": "Leo"}).full == ""
    assert names(both, {"first_name": "Leo"}, {"First Name": "ANA"}).full == "Ana Torres"


def test_a_full_name_stays_when_later_calls_collect_only_a_part_of_it():
    both = {"first_name": "Ana", "last_name": "Torres"}
    assert names(both, {"first_name": "Ana"}, {"last_name": "Torres"}).full == "Ana Torres"
    often = [{"first_name": "Ana"}] * (NAME_STATEMENTS - 1)
    assert names(both, *often).full == "Ana Torres"
    assert names({"first_name": "Ana"}, both, {"last_name": "Lima"}).full == ""


def test_a_new_family_name_renames():
    whole = {"full_name": "Ana Torres", "first_name": "Ana"}
    assert names(whole, {"first_name": "Ana", "last_name": "Lima"}).full == "Ana Lima"
    assert names(whole, {"last_name": "Lima"}).full == ""
    assert names(whole, {"last_name": "Torres"}).full == "Ana Torres"


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("Ana Torres", "Ana Torres"),
        ("  Ana \n Torres. ", "Ana Torres"),
        ("Torres, Ana", "Ana Torres"),
        ("Ana Torres, Jr.", "Ana Torres"),
        ("Sammy Davis Jr.", "Sammy Davis Jr."),
        ("Ana (goes by Annie)", "Ana"),
        ('"Ana"', "Ana"),
        ("O'Neil, Anne-Marie", "Anne-Marie O'Neil"),
        ("王小明", "王小明"),
        ("Иван Петров", "Иван Петров"),
        ("Maria del Carmen de los Angeles", "Maria del Carmen de los Angeles"),
        ("ANA MARIA", "Ana Maria"),
        ("o'brien", "O'Brien"),
        ("maria de la cruz-o\u2019neil", "Maria de la Cruz-O\u2019Neil"),
        ("DE SOUZA", "De Souza"),
        ("TJ MILLER", "TJ Miller"),
        ("josé", "José"),
        ("McDonald", "McDonald"),
        ("deShawn van Dyke", "deShawn van Dyke"),
        ("Laura's", ""),
        ("LAURA\u2019S husband", ""),
        ("The caller's name is Ana", ""),
        ("She said that she would rather not say it", ""),
        ("not provided", ""),
        ("unknown", ""),
        ("12345", ""),
        ("+1 555 010 0142", ""),
        ("ana@example.com", ""),
        ("{{user_name}} {{x}}", ""),
        ("x" * 61, ""),
        ("Ana " * 30_000, ""),
        ("...", ""),
        ("", ""),
    ],
)
def test_a_value_is_a_name_only_if_it_can_be_one(value, name):
    assert plausible_name(value) == name


@pytest.mark.parametrize(
    ("full", "given"),
    [
        ("Ana Torres", "Ana"),
        ("Dr. Ana Torres", "Ana"),
        ("Prof. Dr. Weber", ""),
        ("Señora López", ""),
        ("Ana", "Ana"),
        ("Dr.", ""),
        ("山田 太郎", "山田 太郎"),
        ("", ""),
    ],
)
def test_a_first_name_is_the_first_word_that_is_no_title(full, given):
    assert given_name(full) == given
