"""The vector of a question: in time, or not at all."""

import asyncio
import logging

import numpy as np
import pytest

from memory.embedding.query import QueryEncoder
from tests.encoders import WordEncoder

SOON = 30.0  # nothing here waits that long
AT_ONCE = 0.01


@pytest.fixture
def encoder():
    return WordEncoder()


@pytest.fixture
async def questions(encoder):
    questions = QueryEncoder(encoder)
    yield questions
    await questions.close()


def actions(caplog):
    return [record.action for record in caplog.records if hasattr(record, "action")]


async def test_a_question_gets_its_vector(questions, encoder):
    vector = await questions.query_vector("my dog", seconds=SOON)
    np.testing.assert_array_equal(vector, (await encoder.encode(["my dog"]))[0])


async def test_a_recent_question_is_not_encoded_again(questions, encoder):
    first = await questions.query_vector("my dog", seconds=SOON)
    assert await questions.query_vector("my dog", seconds=SOON) is first
    assert encoder.asked == [["my dog"]]
    assert questions.counts == {"encoded": 1, "remembered": 1}


async def test_only_recent_questions_are_remembered(questions, encoder):
    for number in range(300):
        await questions.query_vector(f"question {number}", seconds=SOON)
    encoder.asked.clear()
    await questions.query_vector("question 299", seconds=SOON)
    await questions.query_vector("question 0", seconds=SOON)
    assert encoder.asked == [["question 0"]]


async def test_the_same_question_asked_twice_at_once_is_encoded_once(questions, encoder):
    encoder.gate.clear()
    both = [asyncio.create_task(questions.query_vector("dog", seconds=SOON)) for _ in range(2)]
    await asyncio.sleep(0)
    encoder.gate.set()
    first, second = await asyncio.gather(*both)
    assert first is second
    assert len(encoder.asked) == 1


async def test_a_late_vector_is_given_up_within_the_budget_and_no_other_is_begun(
    questions, encoder
):
    encoder.gate.clear()
    assert await questions.query_vector("my dog", seconds=AT_ONCE) is None
    assert await questions.query_vector("my cat", seconds=SOON) is None
    assert await questions.query_vector("my dog", seconds=SOON) is None
    assert encoder.asked == [["my dog"]]
    assert questions.counts == {"late": 1, "skipped": 2}


async def test_a_vector_that_is_late_for_two_is_still_one_call(questions, encoder):
    encoder.gate.clear()
    both = [asyncio.create_task(questions.query_vector("dog", seconds=AT_ONCE)) for _ in range(2)]
    assert await asyncio.gather(*both) == [None, None]
    assert questions.counts == {"late": 2}
    assert len(encoder.asked) == 1


async def test_a_late_vector_that_still_comes_serves_the_next_one_who_asks(questions, encoder):
    encoder.gate.clear()
    await questions.query_vector("my dog", seconds=AT_ONCE)
    encoder.gate.set()
    await asyncio.sleep(AT_ONCE)
    assert await questions.query_vector("my dog", seconds=SOON) is not None
    assert await questions.query_vector("my cat", seconds=SOON) is not None
    assert encoder.asked == [["my dog"], ["my cat"]]


async def test_a_late_call_that_never_ends_is_cancelled_and_the_next_one_tries_again(encoder):
    questions = QueryEncoder(encoder, grace_seconds=AT_ONCE)
    encoder.gate.clear()
    assert await questions.query_vector("my dog", seconds=AT_ONCE) is None
    while not encoder.cancelled:
        await asyncio.sleep(AT_ONCE)
    await asyncio.sleep(AT_ONCE)
    encoder.gate.set()
    assert await questions.query_vector("my dog", seconds=SOON) is not None
    await questions.close()


async def test_however_many_ask_only_a_few_calls_run_at_once(questions, encoder):
    encoder.gate.clear()
    asking = [
        asyncio.create_task(questions.query_vector(f"question {n}", seconds=SOON))
        for n in range(50)
    ]
    while len(encoder.asked) < 8:
        await asyncio.sleep(0)
    encoder.gate.set()
    answers = await asyncio.gather(*asking)
    assert sum(answer is not None for answer in answers) == 8
    assert questions.counts == {"encoded": 8, "skipped": 42}


async def test_a_failing_model_costs_nothing_but_its_vector(questions, encoder):
    encoder.problem = "out of order"
    assert await questions.query_vector("my dog", seconds=SOON) is None
    encoder.problem = None
    assert await questions.query_vector("my dog", seconds=SOON) is not None
    assert questions.counts == {"failed": 1, "encoded": 1}


async def test_a_defect_costs_no_more_than_a_failure_and_is_told_without_the_question(
    questions, encoder, caplog
):
    encoder.row = lambda text: {}[text]  # a KeyError with the question in it
    assert await questions.query_vector("my dog", seconds=SOON) is None
    assert questions.counts == {"defects": 1}
    assert caplog.records[0].error == "KeyError"


async def test_each_change_of_state_is_logged_once_and_never_the_question(
    questions, encoder, caplog
):
    caplog.set_level(logging.INFO)
    await questions.query_vector("before", seconds=SOON)
    encoder.problem = "out of order"
    for number in range(5):
        await questions.query_vector(f"my dog {number}", seconds=SOON)
    encoder.problem = None
    for number in range(5):
        await questions.query_vector(f"my dog {number}", seconds=SOON)
    assert actions(caplog) == ["query_vectors_failing", "query_vectors_back"]
    assert caplog.records[0].error == "out of order"
    assert not any("my dog" in str(vars(record)) for record in caplog.records)


async def test_a_late_call_that_ends_is_the_way_back(questions, encoder, caplog):
    caplog.set_level(logging.INFO)
    encoder.gate.clear()
    await questions.query_vector("my dog", seconds=AT_ONCE)
    encoder.gate.set()
    await asyncio.sleep(AT_ONCE)
    await questions.query_vector("my cat", seconds=SOON)
    assert actions(caplog) == ["query_vectors_failing", "query_vectors_back"]


async def test_who_gives_up_waiting_leaves_the_others_their_answer(questions, encoder):
    encoder.gate.clear()
    first = asyncio.create_task(questions.query_vector("dog", seconds=SOON))
    second = asyncio.create_task(questions.query_vector("dog", seconds=SOON))
    await asyncio.sleep(0)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    encoder.gate.set()
    assert await second is not None


async def test_closing_gives_up_what_is_running(encoder):
    questions = QueryEncoder(encoder)
    encoder.gate.clear()
    asking = asyncio.create_task(questions.query_vector("dog", seconds=SOON))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await questions.close()
    assert await asking is None
    assert encoder.cancelled == 1
