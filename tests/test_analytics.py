"""The figures of calls that are given: what is counted, what is not, and in what order."""

import csv
import io
import json
from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest

from analytics.periods import periods
from analytics.report import MOST, as_members
from analytics.spread import share, spread
from analytics.summarise import summarise
from analytics.tables import TABLES, as_csv
from history.values import Measured
from voice.figures import CallFigures, ToolUse

MONDAY = datetime(2026, 9, 21, 14, 13, 20, tzinfo=UTC)
ANA, BEA = "+15550100142", "+15550100177"
HIT = ToolUse(name="search_memory", is_search=True, is_hit=True, is_error=False, latency_secs=0.2)
MISS = ToolUse(name="search_memory", is_search=True, is_hit=False, is_error=False, latency_secs=0.1)
LOST = ToolUse(name="search_memory", is_search=True, is_error=True, latency_secs=9.0)
BOOKED = ToolUse(name="book", is_error=False, latency_secs=1.5)


def a_row(number=0, **given):
    """A call, an hour after the one before."""
    values = {
        "id": f"conv_{number}",
        "kind": "call",
        "caller": ANA,
        "agent_id": "agent_a",
        "direction": "inbound",
        "started_at": MONDAY + timedelta(hours=number),
        "duration_secs": 60.0,
        "outcome": "success",
        "is_returning": False,
        "figures": CallFigures(is_known=True),
    }
    return Measured(**(values | given))


def a_failure(number=0, **given):
    values = {"kind": "failure", "outcome": "busy", "duration_secs": 0.0, "direction": "outbound"}
    return a_row(number, **(values | {"figures": CallFigures()} | given))


def figured(number=0, **figures):
    return a_row(number, figures=CallFigures(is_known=True, **figures))


def pairs(counts):
    return [(each.name, each.count) for each in counts]


def test_of_no_calls_every_figure_is_nought_or_nothing():
    report = summarise([])
    assert (report.total.calls, report.total.duration_total_secs) == (0, 0)
    assert report.total.duration_median_secs is None
    assert report.total.success_share is None
    assert (report.first_at, report.calls_per_day, report.days) == (None, None, ())
    assert report.hours == (0,) * 24


def test_calls_are_counted_by_day_hour_and_weekday_in_utc():
    report = summarise([a_row(0), a_row(1), a_row(10), a_row(72), a_failure(24)])
    days = [(each.day, each.figures.calls, each.figures.failed_calls) for each in report.days]
    assert days == [
        (date(2026, 9, 21), 2, 0),
        (date(2026, 9, 22), 1, 1),
        (date(2026, 9, 24), 1, 0),
    ]
    assert {hour: n for hour, n in enumerate(report.hours) if n} == {0: 1, 14: 2, 15: 1}
    assert report.weekdays == (2, 1, 0, 1, 0, 0, 0)
    assert report.calls_per_day == 1.0
    assert report.first_at == MONDAY
    assert report.last_at == MONDAY + timedelta(hours=72)


def test_durations_have_a_sum_and_middles_that_occurred():
    report = summarise([a_row(n, duration_secs=float(n + 1)) for n in range(20)])
    total = report.total
    assert (total.duration_total_secs, total.duration_median_secs) == (210.0, 10.0)
    assert total.duration_p90_secs == 18.0


@pytest.mark.parametrize(
    ("values", "median", "p90"),
    [([5.0], 5.0, 5.0), ([1.0, 2.0], 1.0, 2.0), ([3.0, 1.0, 2.0], 2.0, 3.0)],
)
def test_a_percentile_is_the_least_value_that_suffices(values, median, p90):
    found = spread(values)
    assert (found.median, found.p90, found.longest) == (median, p90, max(values))


def test_sums_are_of_what_was_written_not_of_what_floats_make_of_it():
    assert spread([0.1] * 30).total == 3.0
    values = [1e9, 0.1, -1e9, 0.2]
    assert spread(values).total == spread(reversed(values)).total == 0.3
    assert share(1, 0) is None


def test_cost_is_of_the_calls_that_name_it():
    total = summarise(
        [figured(0, credits=412.0, usd=0.12), figured(1, credits=8.0), a_row(2)]
    ).total
    assert (total.credits, total.credits_calls, total.usd, total.usd_calls) == (420.0, 2, 0.12, 1)


def test_success_is_a_share_of_what_was_judged():
    outcomes = ("success", "SUCCESS", "failure", "unknown", "")
    total = summarise(a_row(n, outcome=each) for n, each in enumerate(outcomes)).total
    assert (total.success, total.failure, total.unjudged) == (2, 1, 2)
    assert total.success_share == 2 / 3


def test_callers_are_new_returning_or_withheld():
    rows = [a_row(0), a_row(1, is_returning=True), a_row(2, caller=BEA, is_returning=True)]
    total = summarise([*rows, a_row(3, caller=None), a_failure(4, caller="+15550100111")]).total
    assert (total.callers, total.new_callers, total.returning_calls) == (2, 1, 2)
    assert total.withheld_calls == 1


def test_greetings_are_a_share_of_the_calls_that_tell():
    rows = [
        figured(0, is_recognised=True, is_greeted=True),
        figured(1, is_recognised=True, is_greeted=False),
        figured(2, is_recognised=False, is_greeted=True),
        figured(3, is_recognised=False, is_greeted=False),
        a_row(4),
    ]
    total = summarise(rows).total
    assert (total.told_calls, total.recognised_calls, total.greeted_calls) == (4, 2, 2)
    assert total.personalised_share == 0.75


def test_searches_and_other_tools_are_counted_apart():
    unanswered = ToolUse(name="search_memory", is_search=True)
    rows = [
        figured(0, tools=(HIT, MISS, BOOKED)),
        figured(1, tools=(LOST, unanswered)),
        figured(2, tools=()),
    ]
    report = summarise([*rows, a_row(3)])
    total = report.total
    assert (total.transcript_calls, total.searches, total.searches_per_call) == (3, 4, 4 / 3)
    assert (total.search_answers, total.search_hits, total.hit_rate) == (2, 1, 0.5)
    assert (total.search_errors, total.tool_calls, total.tool_errors) == (1, 5, 1)
    assert (total.search_latency_median_secs, total.search_latency_p90_secs) == (0.2, 9.0)
    search, book = report.tools
    assert (search.name, search.is_search, search.calls, search.errors) == (
        "search_memory", True, 4, 1,
    )  # fmt: skip
    assert (search.answers, search.latency_longest_secs) == (3, 9.0)
    assert (book.is_search, book.latency_median_secs) == (False, 1.5)


def test_reasons_are_one_however_they_are_spelled():
    reasons = ["Bike service", "bike service.", "Bike service", "Opening hours", ""]
    report = summarise(figured(n, reason=each) for n, each in enumerate(reasons))
    assert pairs(report.reasons) == [("Bike service", 3), ("Opening hours", 1)]
    assert report.reasons_known == 4


def test_failures_and_errors_are_counted_by_their_reason():
    rows = [a_failure(n, outcome=each) for n, each in enumerate(["busy", "no-answer", "busy", ""])]
    report = summarise([*rows, figured(9, error="Missing variable")])
    assert pairs(report.failures) == [("busy", 2), ("no-answer", 1), ("unknown", 1)]
    assert pairs(report.errors) == [("Missing variable", 1)]
    assert (report.total.failed_calls, report.total.calls, report.total.errored_calls) == (4, 1, 1)


def test_a_list_by_name_has_an_end():
    report = summarise(figured(n, reason=f"reason {n:03}") for n in range(MOST + 5))
    assert len(report.reasons) == MOST
    assert report.reasons[-1].name == f"reason {MOST - 1:03}"
    assert report.reasons_known == MOST + 5


def test_what_is_unread_is_in_no_figure_and_what_is_undated_in_none_of_time():
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    rows = [a_row(0), a_row(1, figures=CallFigures()), a_row(2, started_at=epoch)]
    report = summarise(rows)
    assert (report.unread, report.undated, report.total.calls) == (1, 1, 2)
    assert len(report.days) == 1
    assert (sum(report.hours), sum(report.weekdays), report.first_at) == (1, 1, MONDAY)


def test_agents_are_told_apart():
    rows = [a_row(0), a_row(1, agent_id="agent_b"), a_row(30, agent_id="agent_b")]
    report = summarise([*rows, a_failure(3, agent_id="")])
    found = [(each.agent_id, each.figures.calls, each.figures.callers) for each in report.agents]
    assert found == [("agent_b", 2, 1), ("agent_a", 1, 1), ("unknown", 0, 0)]


def a_mixture(count=300):
    random = Random(7)
    return [
        a_row(
            n * 5,
            caller=random.choice((ANA, BEA, None)),
            agent_id=random.choice("ab"),
            duration_secs=random.random() * 600,
            outcome=random.choice(("success", "failure", "")),
            figures=CallFigures(
                is_known=True,
                credits=random.random() * 1000,
                usd=random.random(),
                is_recognised=random.random() < 0.5,
                is_greeted=False,
                tools=tuple(random.choices((HIT, MISS, LOST, BOOKED), k=random.randrange(4))),
                reason=random.choice(("One", "one", "ONE", "two", "Two", "")),
            ),
        )
        for n in range(count)
    ] + [a_failure(n, outcome=random.choice(("busy", "no-answer"))) for n in range(9)]


def test_the_order_in_which_calls_come_makes_no_difference_to_any_byte():
    rows = a_mixture()
    told = json.dumps(as_members(summarise(rows)))
    for seed in range(3):
        Random(seed).shuffle(rows)
        assert json.dumps(as_members(summarise(rows))) == told


def test_of_equals_the_first_by_name_comes_first():
    reasons = ["two", "Two", "one", "One", "b", "a"]
    rows = [figured(n, reason=each) for n, each in enumerate(reasons)]
    expected = [("One", 2), ("Two", 2), ("a", 1), ("b", 1)]
    assert pairs(summarise(rows).reasons) == expected
    assert pairs(summarise(reversed(rows)).reasons) == expected


def test_days_and_agents_add_up_to_the_total():
    report = summarise(a_mixture())
    for groups in (report.days, report.agents):
        for name in (
            "calls",
            "failed_calls",
            "credits_calls",
            "searches",
            "search_hits",
            "success",
        ):
            total = sum(getattr(each.figures, name) for each in groups)
            assert total == getattr(report.total, name), name


def rows_of(text):
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_every_table_can_be_written_as_csv():
    report = summarise(a_mixture())
    tables = {name: rows_of(as_csv(report, name)) for name in TABLES}
    assert sum(int(each["calls"]) for each in tables["days"]) == report.total.calls
    assert [each["agent_id"] for each in tables["agents"]] == [
        each.agent_id for each in report.agents
    ]
    assert [int(each["calls"]) for each in tables["hours"]] == list(report.hours)
    assert tables["weekdays"][0] == {"weekday": "Monday", "calls": str(report.weekdays[0])}
    assert tables["tools"][0]["name"] == report.tools[0].name
    assert pairs(report.failures) == [
        (each["name"], int(each["count"])) for each in tables["failures"]
    ]
    assert tables["errors"] == []


def test_no_cell_is_a_formula():
    reasons = ("=HYPERLINK(1)", "+1 500", "@x", 'a "quoted", one')
    text = as_csv(summarise(figured(n, reason=each) for n, each in enumerate(reasons)), "reasons")
    assert {each["name"] for each in rows_of(text)} == {
        "'=HYPERLINK(1)", "'+1 500", "'@x", 'a "quoted", one',
    }  # fmt: skip
    assert text.startswith("name,count\r\n")


@pytest.mark.parametrize(
    ("hours", "unit", "names", "rows"),
    [
        (2 * 24, "day", ["2026-09-21", "2026-09-22", "2026-09-23"], 3),
        (60 * 24, "week", ["2026-09-21", "2026-09-28"], 9),
        (400 * 24, "month", ["2026-09", "2026-10"], 14),
        (4000 * 24, "year", ["2026", "2037"], 2),
    ],
)
def test_days_are_put_together_as_their_span_asks_for(hours, unit, names, rows):
    found = periods(summarise([a_row(0), a_row(1), a_row(hours), a_failure(hours)]).days)
    assert found.unit == unit
    assert [each.name for each in found.rows][: len(names)] == names[:rows]
    assert len(found.rows) == rows
    assert (found.rows[0].calls, found.rows[0].duration_secs) == (2, 120.0)
    assert (found.rows[-1].calls, found.rows[-1].failed_calls) == (1, 1)
    assert sum(each.calls for each in found.rows) == 3


def test_of_no_days_there_are_no_periods():
    assert periods(()).rows == ()
