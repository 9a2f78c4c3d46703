"""The circuit breaker before OpenMemory."""

import pytest

from memory.openmemory.breaker import Breaker
from tests.recalls import Clock


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def breaker(clock):
    return Breaker(clock=clock)


def open_seconds(breaker, clock):
    """Return after how many seconds it may be tried again."""
    began = clock.now
    while not breaker.may_try:
        clock.now += 1
    return clock.now - began


def test_it_is_closed_at_first_and_there_is_nothing_to_try(breaker):
    assert breaker.is_closed
    assert not breaker.may_try


def test_a_failure_opens_it_until_a_success(breaker, clock):
    breaker.note_failure()
    assert not breaker.is_closed
    assert not breaker.may_try
    clock.now += 5
    assert breaker.may_try
    assert not breaker.is_closed
    breaker.note_success()
    assert breaker.is_closed
    assert not breaker.may_try


def test_it_is_open_twice_as_long_after_each_failed_trial_and_never_over_a_minute(breaker, clock):
    seconds = []
    for _ in range(6):
        breaker.note_failure()
        seconds.append(open_seconds(breaker, clock))
    assert seconds == [5, 10, 20, 40, 60, 60]


def test_after_a_success_it_begins_with_the_short_one_again(breaker, clock):
    for _ in range(3):
        breaker.note_failure()
        open_seconds(breaker, clock)
    breaker.note_success()
    breaker.note_failure()
    assert open_seconds(breaker, clock) == 5


def test_calls_that_fail_together_count_as_one_failure(breaker, clock):
    for _ in range(8):
        breaker.note_failure()
    assert open_seconds(breaker, clock) == 5
    breaker.note_failure()
    assert open_seconds(breaker, clock) == 10


def test_it_is_left_alone_for_as_long_as_it_asks_for_within_a_minute(breaker, clock):
    breaker.note_failure(retry_after_seconds=30)
    assert open_seconds(breaker, clock) == 30
    breaker.note_failure(retry_after_seconds=3600)
    assert open_seconds(breaker, clock) == 60
