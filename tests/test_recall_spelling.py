"""Spelling: words of a vocabulary that are spelt, or sound, like one that nobody ever said."""

import string

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from memory.recall.spelling import alike, spellings

_SAID_TEXT = (
    "breed smith catherine mayer shimanski muller jonathan steven jeffrey caroline johnson "
    "thompson receive appointment chocolate elizabeth phillips schmidt vagner kowalski "
    "tschaikowski zach rebecca braun sara isabel thomas mary party port pretty "
    "pirate order orders 1234 london"
)
SAID = _SAID_TEXT.split()


def found(word, vocabulary=SAID, **options):
    known = spellings(vocabulary)
    return [vocabulary[place] for place, _ in alike(word, known, **options)]


def likeness(word, other):
    return dict(alike(word, spellings([other]))).get(0, 0.0)


@pytest.mark.parametrize(
    ("heard", "said"),
    [
        ("breid", "breed"),
        ("smyth", "smith"),
        ("kathryn", "catherine"),
        ("katherine", "catherine"),
        ("meier", "mayer"),
        ("maier", "mayer"),
        ("szymanski", "shimanski"),
        ("mueller", "muller"),
        ("johnathon", "jonathan"),
        ("stephen", "steven"),
        ("geoffrey", "jeffrey"),
        ("karoline", "caroline"),
        ("jonson", "johnson"),
        ("tomson", "thompson"),
        ("recieve", "receive"),
        ("apointment", "appointment"),
        ("choclate", "chocolate"),
        ("elisabeth", "elizabeth"),
        ("filips", "phillips"),
        ("shmitt", "schmidt"),
        ("wagner", "vagner"),
        ("kovalsky", "kowalski"),
        ("tchaikovsky", "tschaikowski"),
        ("rebekka", "rebecca"),
        ("brown", "braun"),
        ("sarah", "sara"),
        ("izabel", "isabel"),
        ("tomas", "thomas"),
    ],
)
def test_a_misheard_word_finds_the_one_that_was_said(heard, said):
    assert found(heard)[0] == said
    assert said in found(heard, limit=1)


@pytest.mark.parametrize(
    ("heard", "said"),
    [
        ("bered", "breed"),
        ("rbeed", "breed"),
        ("brede", "breed"),
        ("jhon", "john"),
        ("onza", "ozna"),
    ],
)
def test_two_neighbouring_letters_may_have_changed_places(heard, said):
    assert likeness(heard, said) >= 0.75


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("parrot", "party"),
        ("pirate", "pretty"),
        ("meier", "mary"),
        ("listen", "silent"),
        ("london", "lemon"),
        ("garden", "doctor"),
        ("banana", "cabana"),
        ("more", "mayor"),
    ],
)
def test_different_words_are_not_alike(one, other):
    assert likeness(one, other) == likeness(other, one) < 0.7


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("москва", "масква"),
        ("παραγγελια", "παραγελια"),
        ("अनन्या", "अनन्य"),
        ("محمود", "محمد"),
        ("szczesny", "szczensny"),
    ],
)
def test_words_of_every_script_are_compared_by_their_spelling(one, other):
    assert likeness(one, other) >= 0.6
    assert likeness(other, one) >= 0.6


def test_the_more_alike_comes_first_and_no_more_than_asked_for():
    vocabulary = ["brede", "breed", "breeds", "bread", "braid", "breid"]
    ranked = alike("breid", spellings(vocabulary), limit=10)
    assert ranked[0] == (5, 1.0)
    assert [like for _, like in ranked] == sorted((like for _, like in ranked), reverse=True)
    assert alike("breid", spellings(vocabulary), limit=2) == ranked[:2]
    assert len(alike("breid", spellings(vocabulary))) == 3
    assert alike("breid", spellings(vocabulary), limit=0) == []


def test_among_equals_the_earlier_comes_first():
    assert [place for place, _ in alike("marta", spellings(["marth", "martb", "martc"]))] == [
        0,
        1,
        2,
    ]


def test_short_words_are_like_none():
    assert found("cat", ["cat", "cats", "car"]) == []
    assert found("cats", ["cat", "car"]) == []


def test_words_with_digits_are_like_none():
    assert found("ab1234", ["ab1235", "abcdef"]) == []
    assert found("abcde", ["abcd1", "abc4e"]) == []
    assert found("1235", ["1234", "12345x"]) == []


def test_a_few_digits_find_the_numbers_that_begin_or_end_with_them():
    numbers = ["5550142", "0142", "4725550", "15550100142", "472", "ab472", "0472"]
    assert found("0142", numbers) == ["5550142", "15550100142"]
    assert found("472", numbers, limit=9) == ["4725550", "0472"]
    assert found("100", numbers) == []
    assert found("42", numbers) == []
    assert alike("472", spellings(["4725550"])) == [(0, 0.7)]
    assert found("000", ["1000", "0001", "0100"]) == ["1000", "0001"]


def test_numbers_too_long_to_be_numbers_are_like_none():
    assert found("123", ["1" * 19, "123" + "0" * 15, "123" + "0" * 16]) == ["123" + "0" * 15]
    assert found("1" * 19, ["1" * 18]) == []


def test_no_vocabulary_and_no_word_have_nothing_alike():
    assert alike("breed", spellings([])) == []
    assert alike("1234", spellings([])) == []
    assert alike("", spellings(SAID)) == []
    assert alike("breed", spellings(["a", "", "12"])) == []
    assert alike("breed", spellings(["", "breed", ""])) == [(1, 1.0)]


def test_what_it_occupies_is_known_and_small():
    known = spellings(SAID)
    arrays = [getattr(known, name) for name in type(known).__slots__]
    assert known.nbytes == sum(array.nbytes for array in arrays)
    many = [f"{a}{b}{c}orden" for a in "bcdfg" for b in "aeiou" for c in "klmnp"] * 8
    assert spellings(many).nbytes < 60 * len(many)


WORDS = st.lists(st.text(max_size=12), max_size=12)
NAMES = st.text(string.ascii_lowercase, min_size=4, max_size=14)


@given(st.text(st.characters(exclude_categories=()), max_size=12), WORDS, st.integers(0, 5))
@example("abc\ndef", ["abc\ndef", "\n", "\n\n"], 3)
@example("\ud800\ud800\ud800\ud800", ["\ud800\ud800\ud800\ud800"], 3)
def test_any_word_can_be_looked_for_in_any_vocabulary(word, vocabulary, limit):
    ranked = alike(word, spellings(vocabulary), limit=limit)
    assert ranked == alike(word, spellings(vocabulary), limit=limit)
    assert len(ranked) <= limit
    assert len({place for place, _ in ranked}) == len(ranked)
    assert all(0 <= place < len(vocabulary) and 0.6 <= like <= 1 for place, like in ranked)


@given(NAMES, st.lists(NAMES, max_size=20))
def test_a_word_is_most_like_itself_wherever_it_stands(word, others):
    known = spellings([*others, word])
    assert alike(word, known, limit=30)[0][1] == pytest.approx(1)
    assert len(others) in {place for place, like in alike(word, known, limit=30) if like > 0.99}


@given(NAMES, NAMES)
def test_likeness_is_mutual_and_does_not_depend_on_the_other_words(one, other):
    assert likeness(one, other) == pytest.approx(likeness(other, one))
    among = dict(alike(one, spellings([*SAID, other, "zzzz"]), limit=100)).get(len(SAID), 0.0)
    assert among == pytest.approx(likeness(one, other))


@given(NAMES, st.data())
def test_exchanging_two_neighbouring_letters_keeps_words_alike(word, data):
    place = data.draw(st.integers(0, len(word) - 2))
    swapped = word[:place] + word[place + 1] + word[place] + word[place + 2 :]
    if len(set(word)) == len(word):
        assert likeness(swapped, word) >= 0.75


def test_a_large_vocabulary_gives_the_same_as_a_small_one():
    letters = string.ascii_lowercase
    many = [f"{a}{b}{c}{d}xy" for a in letters[:20] for b in letters for c in "ae" for d in letters]
    many = (many * 3)[:70_000]
    known = spellings([*many, "breed"])
    assert alike("breid", known, limit=1)[0] == (len(many), likeness("breid", "breed"))
    assert known.holders.dtype == np.uint32
