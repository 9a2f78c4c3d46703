"""What is asked for is read strictly, and a slip is told as what it is."""

import pytest

from receiver.asked import moment_of
from receiver.errors import Refusal


@pytest.mark.parametrize(
    ("value", "is_end"),
    [
        ("9999-12-31", True),
        ("9999-12-31T23:30:00-01:00", True),
        ("0001-01-01T00:30:00+01:00", False),
    ],
)
def test_a_time_outside_of_the_calendar_is_told_as_such(value, is_end):
    with pytest.raises(Refusal, match="outside of the calendar") as told:
        moment_of({"until": value}, "until", is_end=is_end)
    assert told.value.code == "invalid_until"


@pytest.mark.parametrize("value", ["yesterday", "2026-02-30", "2026-11-20T09:30:00", "20"])
def test_what_is_no_time_is_told_with_an_example(value):
    with pytest.raises(Refusal, match="2026-11-20T09:30:00Z"):
        moment_of({"since": value}, "since", is_end=False)


@pytest.mark.parametrize("value", ["9999-12-30", "9999-12-31T23:59:59Z", "0001-01-01"])
def test_the_ends_of_the_calendar_can_be_asked_for(value):
    assert moment_of({"until": value}, "until", is_end=value != "0001-01-01") is not None
