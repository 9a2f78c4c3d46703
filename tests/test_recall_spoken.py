"""When something was said, in words that an agent can speak."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memory.recall.spoken import spoken_age

NOW = datetime(2026, 11, 22, 15, tzinfo=UTC)  # a Sunday


@pytest.mark.parametrize(
    ("days", "spoken"),
    [
        (0, "earlier today"),
        (1, "yesterday"),
        (2, "two days ago, on Friday"),
        (6, "six days ago, on Monday"),
        (7, "a week ago, on 15 November"),
        (10, "a week ago, on 12 November"),
        (11, "two weeks ago, on 11 November"),
        (21, "three weeks ago, on 1 November"),
        (52, "seven weeks ago, on 1 October"),
        (53, "about two months ago, on 30 September"),
        (172, "about six months ago, on 3 June"),
        (340, "about eleven months ago, on 17 December 2025"),
        (355, "about a year ago, on 2 December 2025"),
        (365, "about a year ago, on 22 November 2025"),
        (379, "about a year ago, on 8 November 2025"),
        (380, "over a year ago, on 7 November 2025"),
        (629, "over a year ago, on 3 March 2025"),
        (730, "about two years ago, on 22 November 2024"),
        (1_500, "over four years ago, on 14 October 2022"),
        (365 * 12 + 3, "about twelve years ago, on 22 November 2014"),
        (5_000, "over 13 years ago, on 15 March 2013"),
    ],
)
def test_an_age_is_a_round_distance_and_a_date(days, spoken):
    assert spoken_age(NOW - timedelta(days=days), now=NOW) == spoken


@pytest.mark.parametrize(
    ("moment", "now", "spoken"),
    [
        ("2026-11-21T23:59", "2026-11-22T00:01", "yesterday"),
        ("2026-11-22T00:00", "2026-11-22T23:59", "earlier today"),
        ("2025-12-31T10:00", "2026-01-01T09:00", "yesterday"),
        ("2025-12-20T10:00", "2026-01-03T09:00", "two weeks ago, on 20 December 2025"),
        ("2024-02-29T10:00", "2024-03-01T09:00", "yesterday"),
        ("2024-02-29T10:00", "2025-02-28T09:00", "about a year ago, on 29 February 2024"),
        ("2026-11-22T15:00", "2026-11-22T15:00", "earlier today"),
    ],
)
def test_days_are_counted_by_the_calendar(moment, now, spoken):
    moment, now = (datetime.fromisoformat(each).replace(tzinfo=UTC) for each in (moment, now))
    assert spoken_age(moment, now=now) == spoken


@pytest.mark.parametrize(
    ("ahead", "spoken"),
    [
        (timedelta(minutes=1), "today"),
        (timedelta(hours=23), "today"),
        (timedelta(days=1), "on 23 November"),
        (timedelta(days=101), "on 3 March 2027"),
    ],
)
def test_a_moment_to_come_is_today_or_a_date(ahead, spoken):
    assert spoken_age(NOW + ahead, now=NOW) == spoken


@pytest.mark.parametrize("days", [0, 1, 364])
def test_an_undated_moment_is_not_spoken_of(days):
    assert spoken_age(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=days), now=NOW) == ""


def test_days_are_those_of_utc_wherever_the_moments_are_from():
    east = timezone(timedelta(hours=9))
    moment = datetime(2026, 11, 22, 1, tzinfo=east)  # the 21st in UTC
    assert spoken_age(moment, now=NOW.astimezone(east)) == "yesterday"


MOMENTS = st.datetimes(timezones=st.just(UTC))


@given(moment=MOMENTS, now=MOMENTS)
def test_every_age_can_be_spoken(moment, now):
    spoken = spoken_age(moment, now=now)
    assert (spoken == "") == (moment.year <= 1970)
    assert spoken == spoken.strip()
    assert spoken.isascii()
