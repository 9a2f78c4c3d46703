"""One answer from two: what stands out in OpenMemory's, and what it adds to ours."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memory.openmemory.backend import Match
from memory.openmemory.fuse import BONUS, MAX_ADDED, fuse, outstanding
from memory.port import Found, Part
from tests.memories import a_memory


def matches_of(*scores):
    return [Match(id=f"row-{place}", score=score) for place, score in enumerate(scores)]


def names(matches):
    return [match.id for match in outstanding(matches)]


def said(number, **given):
    return a_memory(f"Sentence {number}.", id=f"conv_1/utterance/{number}", **given)


def found_of(*scores):
    return [Found(memory=said(place), score=score) for place, score in enumerate(scores)]


def numbers(results):
    return [int(each.memory.id.rsplit("/", 1)[1]) for each in results]


def test_what_lies_far_above_the_mean_stands_out():
    assert names(matches_of(9, *[1] * 8)) == ["row-0"]
    assert names(matches_of(*[9] * 2, *[1] * 20)) == ["row-0", "row-1"]


def test_negative_scores_stand_out_the_same():
    assert names(matches_of(-1, *[-9] * 8)) == ["row-0"]


@pytest.mark.parametrize(
    "scores",
    [
        (),
        (1.0,),
        (9.0, 1.0),
        (9.0, *[1.0] * 7),
        (9.0, 8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0, 0.0),
        (0.0, 0.0, 0.0),
        (0.1, 0.1, 0.1, 0.1),
        (0.3, 0.1 + 0.2, 0.3, 0.3),
        (1e308, 1e308, 1e308),
        (5e-324, 5e-324, 5e-324),
    ],
)
def test_too_few_or_all_alike_never_stand_out(scores):
    assert outstanding(matches_of(*scores)) == []


def test_what_has_no_finite_score_is_passed_over():
    odd = matches_of(math.nan, math.inf, 9, -math.inf, *[1] * 8)
    assert names(odd) == ["row-2"]
    assert outstanding(matches_of(math.inf, math.nan, math.inf)) == []


def test_a_row_that_is_returned_twice_counts_where_it_came_first():
    twice = [*matches_of(9, 8.9, *[1] * 20), *matches_of(0, 9)]
    assert names(twice) == ["row-0", "row-1"]


@given(st.lists(st.floats()))
def test_of_any_scores_at_most_a_seventh_stands_out_in_the_order_of_the_answer(scores):
    answer = matches_of(*scores)
    chosen = outstanding(answer)
    finite = [match for match in answer if math.isfinite(match.score)]
    assert len(chosen) <= len(finite) / 7
    assert chosen == [match for match in finite if match in chosen]


def test_our_own_answer_is_left_as_it_is_without_matches():
    # The third repeats the first in other words, so it comes last though its score is higher.
    ours = found_of(5.0, 2.0, 1.0, 4.0)
    assert fuse(ours, [], limit=5, explain=False) == ours


def test_what_repeats_a_better_result_stays_behind_when_others_gain():
    ours = found_of(5.0, 2.0, 1.9, 4.0)
    assert numbers(fuse(ours, [(said(2), 0)], limit=5, explain=False)) == [0, 2, 1, 3]
    assert numbers(fuse(ours, [(said(0), 0)], limit=5, explain=False)) == [0, 1, 2, 3]


def test_a_memory_that_both_find_gains_a_share_of_our_best_score_by_rank():
    ours = found_of(10.0, 9.8, 9.7)
    results = fuse(ours, [(said(2), 0), (said(1), 1)], limit=5, explain=False)
    assert numbers(results) == [2, 1, 0]
    assert [each.score for each in results] == pytest.approx(
        [9.7 + 10 * BONUS, 9.8 + 5 * BONUS, 10]
    )


def test_of_two_that_are_as_good_ours_comes_first():
    ours = found_of(1.0, BONUS)
    assert numbers(fuse(ours, [(said(7), 0)], limit=5, explain=False)) == [0, 1, 7]


def test_where_we_find_nothing_what_it_ranks_is_the_answer():
    results = fuse([], [(said(4), 1), (said(3), 0)], limit=5, explain=False)
    assert numbers(results) == [3, 4]
    assert [each.score for each in results] == pytest.approx([BONUS, BONUS / 2])


def test_only_a_few_memories_come_in_that_we_have_not_found_the_best_first():
    matches = [(said(place), place) for place in (8, 2, 4, 6, 3)]
    results = fuse(found_of(1.0), matches, limit=50, explain=False)
    assert numbers(results) == [0, 2, 3, 4]
    assert len(results) == MAX_ADDED + 1


def test_there_are_never_more_results_than_were_asked_for():
    ours = found_of(1.0, 0.9, 0.001)
    assert numbers(fuse(ours, [(said(7), 0)], limit=3, explain=False)) == [0, 1, 7]


def test_a_memory_that_is_ranked_twice_gains_once_by_its_better_rank():
    results = fuse(found_of(1.0), [(said(0), 3), (said(0), 1)], limit=5, explain=False)
    assert [each.score for each in results] == pytest.approx([1 + BONUS / 2])


def test_a_memory_that_was_revised_between_the_two_reads_is_one_result():
    revised = a_memory("Sentence 0, revised.", id="conv_1/utterance/0")
    [result] = fuse(found_of(1.0), [(revised, 0)], limit=5, explain=False)
    assert result.memory == said(0)


def test_an_explanation_still_sums_up():
    word = Part(what="the word table", effect="points", value=2.0)
    half = Part(what="spoken by somebody else", effect="factor", value=0.5)
    ours = [Found(memory=said(0), score=1.0, parts=(word, half))]
    ranked, new = fuse(ours, [(said(0), 1), (said(7), 2)], limit=5, explain=True)
    assert ranked.parts[:2] == (word, half)
    assert ranked.parts[2].what == "OpenMemory ranks it 2nd"
    assert ranked.score == pytest.approx(2.0 * 0.5 + ranked.parts[2].value)
    assert [(part.what, part.effect) for part in new.parts] == [
        ("OpenMemory ranks it 3rd", "added")
    ]
    assert new.score == new.parts[0].value


@pytest.mark.parametrize(
    ("rank", "place"),
    [(0, "1st"), (3, "4th"), (10, "11th"), (11, "12th"), (12, "13th"), (20, "21st")],
)
def test_places_are_named_as_people_do(rank, place):
    [result] = fuse([], [(said(0), rank)], limit=1, explain=True)
    assert result.parts[0].what == f"OpenMemory ranks it {place}"


def test_nothing_is_explained_that_was_not_asked_for():
    assert all(
        each.parts == ()
        for each in fuse(found_of(1.0), [(said(0), 0), (said(7), 1)], limit=5, explain=False)
    )
