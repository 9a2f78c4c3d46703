"""Ranking: words, rarity, context, recency."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from memory.ranking import best_matches, rank, tokenise
from tests.memories import MONDAY, a_memory


def found(query, *contents, limit=5):
    return [contents[index] for index, _ in best_matches(query, contents, limit=limit)]


def test_words_are_compared_without_case_and_accents():
    assert tokenise("Señor MÜLLER's Straße") == ["senor", "muller", "s", "strasse"]
    assert found("muller cafe", "Herr Müller im Café", "something else") == ["Herr Müller im Café"]


def test_a_rare_word_counts_more_than_a_common_one():
    contents = ("the bike is red", "the bike is blue", "the bike is old", "my canary sings")
    assert found("bike canary", *contents)[0] == "my canary sings"


def test_more_words_found_rank_higher():
    assert found("red bike", "a bike", "a red bike", "a car")[0] == "a red bike"


def test_a_part_of_a_word_is_no_match():
    assert found("art", "the party starts") == []


def test_what_the_caller_said_counts_more_than_what_was_asked():
    asked = 'Caller: "Yes." (answering: "Shall it be a window seat?")'
    said = 'Caller: "A window seat." (answering: "And the rest as always?")'
    assert found("window", asked, said) == [said, asked]


def test_stop_words_only_count_when_there_is_nothing_else():
    assert found("what about the bike", "what about that", "a bike") == ["a bike"]
    assert found("who is it", "it is me", "a bike") == ["it is me"]


def test_a_question_without_a_word_finds_nothing():
    assert found("?!", "a bike") == []
    assert found("", "a bike") == []
    assert best_matches("bike", [], limit=3) == []


def test_among_equals_the_newest_comes_first():
    memories = [
        a_memory("a bike", id=f"m{n}", occurred_at=MONDAY + timedelta(days=n)) for n in (1, 3, 2)
    ]
    assert [f.memory.id for f in rank("bike", memories, limit=2)] == ["m3", "m2"]


@given(st.text(), st.lists(st.text(), max_size=5), st.integers(-1, 6))
def test_any_text_can_be_asked_and_searched(query, contents, limit):
    best = best_matches(query, contents, limit=limit)
    assert len(best) <= max(limit, 0)
    assert all(score > 0 for _, score in best)
    assert [score for _, score in best] == sorted((score for _, score in best), reverse=True)
