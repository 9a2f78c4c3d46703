"""How well the dates of memories fit the time that a question names."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memory.recall.when.read import TimeHint, date_fit, read_time

NOW = datetime(2026, 11, 18, 15, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def microseconds(*moments):
    return np.array([(at(each) - EPOCH) // timedelta(microseconds=1) for each in moments])


def fits(hint, *moments, now=NOW, calls=None):
    hint = read_time(hint, now=now) if isinstance(hint, str) else hint
    calls = np.zeros(len(moments), dtype=np.int32) if calls is None else np.array(calls)
    return [round(float(fit), 2) for fit in date_fit(hint, microseconds(*moments), calls, now=now)]


def test_a_memory_of_the_named_time_fits_fully_and_one_before_it_does_not():
    assert fits("last week", "2026-11-09", "2026-11-15T23:59", "2026-11-08T05:00") == [1, 1, 0]


def test_people_still_tell_of_it_in_the_two_weeks_after():
    after = fits("on 1 March 2025", "2025-03-02", "2025-03-09", "2025-03-15T23:59", "2025-03-16")
    assert after == [0.5, 0.45, 0.4, 0]


def test_the_callers_day_may_begin_before_that_of_utc():
    assert fits("on 5 March 2025", "2025-03-04T11:00", "2025-03-04T09:00") == [0.5, 0]
    assert fits("in March", "2025-02-28T11:00", "2025-02-28T09:00") == [0.5, 0]


def test_a_year_fits_a_little_however_it_is_named():
    inside, outside = "2025-06-01", "2024-12-31"
    assert fits("in 2025", inside, outside) == [0.3, 0]
    assert fits("last year", inside, outside) == [0.3, 0]
    assert fits("since 2025", inside, outside) == [0.3, 0]


def test_of_a_month_the_most_recent_one_with_memories_counts_fully():
    assert fits("in March", "2023-03-10", "2025-03-10", "2025-04-10", "2025-06-01") == (
        pytest.approx([0.6, 1, 0.44, 0], abs=0.01)
    )


def test_a_month_to_come_is_not_the_most_recent_one():
    assert fits("in March", "2025-03-10", "2027-03-10") == [1, 0.6]
    assert fits("in March", "2027-03-10", "2028-03-10") == [1, 0.6]  # all of them to come


def test_a_day_to_come_does_not_make_its_month_the_most_recent_one():
    assert fits("in November", "2025-11-10", "2026-11-25") == [1, 0.6]
    assert fits("in November", "2025-11-10", "2026-11-05", "2026-11-25") == [0.6, 1, 1]
    assert fits("on 18 November", "2025-11-18", "2026-11-18T16:00") == [1, 0.6]


def test_a_month_that_is_about_to_begin_is_not_the_most_recent_one():
    now = at("2026-02-28T20:00")
    assert fits("in March", "2025-04-01", "2026-02-28T11:00", now=now) == [0.5, 0.3]


def test_a_month_that_was_only_told_about_afterwards_is_found():
    assert fits("in March", "2024-04-01", "2025-04-01") == [0.3, 0.5]


def test_without_a_moment_every_year_counts_the_same():
    assert fits("in March", "2023-03-10", "2025-03-10", now=None) == [1, 1]
    assert fits("on the 5th", "2023-03-05", "2025-03-05", now=None) == [1, 1]


def test_a_day_of_the_month_is_the_most_recent_one_with_memories():
    fit = fits("on the 5th", "2026-09-05", "2026-10-05", "2026-10-06", "2026-10-25")
    assert fit == [0.6, 1, 0.5, 0]


def test_a_day_in_a_month_is_the_most_recent_one_with_memories():
    assert fits("on 5 March", "2024-03-05", "2025-03-05", "2025-03-20") == [0.6, 1, 0]


def test_a_day_that_a_month_does_not_have_is_never_met():
    assert fits("on the 31st", "2026-10-31", "2026-09-30", "2026-09-01") == [1, 0, 0.3]
    assert fits("on 29 February", "2024-02-29", "2025-02-28", "2025-03-01") == [1, 0, 0]


def test_the_months_of_one_summer_belong_together():
    fit = fits("in the summer", "2025-07-01", "2026-06-01", "2026-08-31")
    assert fit == [0.6, 1, 1]


def test_the_whole_month_is_the_wider_reading_of_its_part():
    assert fits("in early March", "2026-03-05", "2026-03-28", "2025-03-05") == [1, 0.6, 0.36]


def test_of_two_readings_of_a_date_both_fit():
    assert fits("on 3/5/2025", "2025-03-05", "2025-05-03", "2025-08-01") == [1, 1, 0]


def test_months_may_be_asked_of_some_years_only():
    hint = TimeHint(months=frozenset({3}), years=frozenset({2024}))
    assert fits(hint, "2024-03-10", "2025-03-10") == [1, 0]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("my first call", [1, 0, 0, 0]),
        ("the second call", [0, 1, 0, 0]),
        ("the call before last", [0, 1, 0, 0]),
        ("my last call", [0, 0, 1, 1]),
        ("nine calls ago", [0, 0, 0, 0]),
        ("the tenth call", [0, 0, 0, 0]),
        ("my last two calls", [0, 1, 1, 1]),
        ("the last 9 calls", [1, 1, 1, 1]),
    ],
)
def test_a_call_is_found_by_its_place(question, expected):
    days = ("2026-11-01", "2026-11-05", "2026-11-09", "2026-11-09T00:01")
    assert fits(question, *days, calls=[0, 1, 2, 2]) == expected


def test_a_call_after_the_question_is_not_the_last_one():
    assert fits("my last call", "2026-11-01", "2026-12-01", calls=[0, 1]) == [1, 0]
    days = ("2026-10-01", "2026-11-01", "2026-12-01")
    assert fits("the call before last", *days, calls=[0, 1, 2]) == [1, 0, 0]
    assert fits("the last two calls", *days, calls=[0, 1, 2]) == [1, 1, 0]
    assert fits("my last call", "2026-12-01", "2027-01-01", calls=[0, 1]) == [0, 0]


def test_calls_without_a_date_or_after_the_question_are_not_counted():
    days = ("1970-01-01", "2026-10-01", "2026-12-01", "2026-11-01")
    assert fits("my first call", *days, calls=[0, 1, 2, 3]) == [0, 1, 0, 0]
    assert fits("the call before last", *days, calls=[0, 1, 2, 3]) == [0, 1, 0, 0]


@pytest.mark.parametrize("question", ["before 2024", "on the 1st", "in January", "my first call"])
def test_undated_memories_fit_no_time(question):
    assert fits(question, "1970-01-01", "1970-01-02")[0] == 0
    assert fits(question, "1970-01-01", "2023-01-01", calls=[0, 1])[1] > 0


def test_no_time_and_no_memories_fit_nothing():
    assert fits(TimeHint(), "2026-11-01") == [0]
    for question in ("in March", "last week", "in 2024", "my last call"):
        assert fits(question) == []


MOMENTS = st.lists(st.integers(min_value=-(2**58), max_value=2**58), max_size=20)
DATES = st.integers(min_value=20 * 365 * 86_400_000_000, max_value=60 * 365 * 86_400_000_000)


@given(
    moments=MOMENTS | st.lists(DATES, max_size=20),
    months=st.frozensets(st.integers(1, 12), max_size=4),
    years=st.frozensets(st.integers(1900, 2099), max_size=2),
    on=st.none() | st.integers(1, 31),
    calls=st.lists(st.integers(-3, 3), max_size=3).map(tuple),
    spans=st.lists(st.tuples(st.datetimes(timezones=st.just(UTC)), st.just(NOW)), max_size=2),
    now=st.none() | st.just(NOW),
)
def test_every_fit_lies_between_none_and_full(moments, months, years, on, calls, spans, now):
    hint = TimeHint(spans=tuple(spans), months=months, years=years, day=on, calls=calls)
    fit = date_fit(hint, np.array(moments, dtype=np.int64), np.arange(len(moments)) // 3, now=now)
    assert fit.shape == (len(moments),)
    assert ((fit >= 0) & (fit <= 1)).all()
