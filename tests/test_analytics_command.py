"""`run.py analytics`: what it prints, writes and refuses."""

import csv
import io
import json
import re

import pytest
from rich.console import Console
from typer import BadParameter

from cli.analytics import text as analytics_text
from cli.analytics import units as figures_text
from cli.analytics.commands import analytics
from cli.analytics.run import analyse
from cli.history.filters import Typed
from settings import Settings
from spool.format import SpoolError
from tests.factories import failure_payload
from tests.histories import BEA, CALLER, a_payload, indexed
from tests.program import program
from tests.spools import a_spool, deliver, poison
from tests.test_analytics_figures import a_call
from tests.test_analytics_spool import a_story, summary

DAY = 24 * 60  # minutes, as the stories count


@pytest.fixture
def folder(tmp_path):
    """A folder with a spool of some calls over five weeks."""
    with a_spool(tmp_path / "data/spool") as spool:
        deliver(spool, *(a_story(n * DAY, caller=CALLER if n % 3 else BEA) for n in range(8)))
        deliver(spool, a_story(36 * DAY, cost=10, reason="Open [red]on Sunday?", searches=0))
        deliver(spool, failure_payload(conversation_id="conv_f", reason="busy"))
        other = a_story(5, reason="A much longer reason, " * 8)
        other["data"]["agent_id"] = "agent_" + "x" * 90
        other["data"]["metadata"]["error"] = {"code": 1008, "reason": "Missing variable"}
        other["data"]["transcript"][0]["tool_calls"].append(a_call("book_" + "y" * 90, "other"))
        deliver(spool, other)
    return tmp_path


@pytest.fixture
def settings(folder):
    return Settings(
        payload_storage_path=folder / "data/spool", openmemory_db_path=folder / "data/memory.db"
    )


@pytest.fixture
def analysed(settings, capsys):
    """Ask for figures; return what is printed."""

    def run(*, csv=None, table="days", as_json=False, expect=0, **typed):
        options = {"csv": csv, "table": table, "as_json": as_json}
        assert analyse(settings, Typed(**typed), **options) == expect
        printed = capsys.readouterr()
        return printed.err if expect else printed.out

    return run


@pytest.fixture
def screen(monkeypatch):
    """A terminal of some width, and what is on it."""

    def make(width, *, encoding="utf-8"):
        raw = io.BytesIO()
        file = io.TextIOWrapper(raw, encoding=encoding, write_through=True)
        console = Console(file=file, width=width, highlight=False, soft_wrap=True)
        for module in (analytics_text, figures_text):
            monkeypatch.setattr(module, "console", console)
        return lambda: raw.getvalue().decode(encoding)

    return make


def test_the_figures_read_well_at_80_columns_without_colour(analysed, screen):
    shown = screen(80)
    analysed()
    text = shown()
    assert max(len(line.rstrip()) for line in text.splitlines()) <= 80
    assert "\x1b" not in text
    for words in (
        r"Calls +10 +2026-09-21 to 2026-10-27, 0\.3 a day",
        r"Callers +2 +2 new; 80\.0 % of the calls are of returning ones",
        r"Duration +2:00 +median; p90 2:00; 20 min together",
        r"Cost +3,718 +credits, 372 a call",
        r"Success +100\.0 % +10 of 10 judged; 0 not judged",
        r"Searches +0\.9 +a call, 9 in all; latency 0\.25 s",
        r"Search hits +100\.0 % +9 of 9 found a memory",
        r"Failed calls +1 ",
        r"Calls by week",
        r"2026-09-21 +8 +1 +16 min +█{24}",
        r"2026-10-05 +0 +\n",
        r"2026-10-26 +1 +2 min +█{3}",
        r"search_memory +9 +0\.25 s",
        r"8 +80\.0 % +Bike service",
        r"Open \[red\]on Sunday",
        r"1 +100\.0 % +busy",
        r"Missing variable",
    ):
        assert re.search(words, text), (words, text)


async def printed(*payloads, folder, root):
    with a_spool(root) as spool:
        deliver(spool, *payloads)
    async with indexed(folder) as history:
        analytics_text.print_report(await summary(history))


async def test_what_is_not_known_is_a_dash(tmp_path, screen):
    shown = screen(80)
    payload = a_payload(0, caller=None, turns=0)
    payload["data"]["metadata"] |= {"cost": None, "start_time_unix_secs": None}
    payload["data"]["metadata"]["accepted_time_unix_secs"] = None
    payload["data"]["analysis"] = None
    payload["data"]["conversation_initiation_client_data"] = None
    del payload["event_timestamp"]
    await printed(payload, folder=tmp_path, root=tmp_path / "spool")
    text = shown()
    for words in (
        r"Calls +1 *\n",
        r"Callers +0 +0 new; 0\.0 % of the calls are of returning ones; 1 withheld",
        r"Cost +0 +nothing is known of the cost",
        r"Success +- +0 of 0 judged; 1 not judged",
        r"Personalised +- ",
        r"Searches +- +a call, 0 in all; latency -, p90 -",
        r"Search hits +- ",
        r"1 calls name no time",
    ):
        assert re.search(words, text), (words, text)
    for heading in ("Calls by", "Tools", "Reasons", "Agents"):
        assert heading not in text


async def test_costs_that_not_every_call_names_are_told_so(tmp_path, screen):
    shown = screen(80)
    with_usd, without = a_story(0, cost=10), a_story(1, cost=None)
    with_usd["data"]["metadata"]["cost_fiat"] = 0.125
    with_usd["data"]["transcript"][1]["tool_results"][0]["is_error"] = True
    await printed(with_usd, without, folder=tmp_path, root=tmp_path / "spool")
    text = " ".join(shown().split())
    assert "Cost 10 credits, 10 a call; 0.12 USD (known of 1 calls)" in text
    assert "1 of 1 found a memory; 1 failed" in text
    with_usd["data"]["metadata"]["cost"] = None
    shown = screen(80)
    folder = tmp_path / "other"
    await printed(with_usd, folder=folder, root=folder / "spool")
    assert "Cost 0 credits; 0.12 USD (known of 0 calls)" in " ".join(shown().split())


async def test_failed_calls_alone_are_shown_too(tmp_path, screen):
    shown = screen(80)
    await printed(failure_payload(reason="busy"), folder=tmp_path, root=tmp_path / "spool")
    text = shown()
    assert re.search(r"Failed calls +1 ", text)
    assert "busy" in text
    assert "Calls by" not in text


@pytest.mark.parametrize("width", [40, 200])
def test_other_widths_do_as_well(analysed, screen, width):
    shown = screen(width)
    analysed()
    assert max(len(line.rstrip()) for line in shown().splitlines()) <= min(width, 100)


def test_a_terminal_without_blocks_gets_other_bars(analysed, screen):
    shown = screen(80, encoding="ascii")
    analysed(agent="agent_4f1c8a2be07d4c55", until="2026-09-25")
    assert re.search(r"2026-09-21 +1 +1 +2 min +#{24}", shown())


def test_where_there_is_nothing_it_says_so(analysed, screen, settings):
    shown = screen(80)
    with a_spool(settings.payload_storage_path) as spool:
        poison(spool)
    analysed(agent="nobody")
    analysed(agent="")
    assert shown().splitlines() == [
        "no such calls",
        "no such calls",
        "1 calls cannot be read or have not come whole: not counted",
    ]


def test_json_has_every_figure_and_is_the_same_again(analysed):
    printed = analysed(as_json=True)
    told = json.loads(printed)
    assert (told["total"]["calls"], told["total"]["credits"]) == (10, 3718.0)
    assert told["first_at"] == "2026-09-21T14:13:20+00:00"
    assert told["days"][0]["day"] == "2026-09-21"
    assert told["days"][0]["figures"]["failed_calls"] == 1
    assert told["tools"][0]["latency_median_secs"] == 0.25
    assert analysed(as_json=True) == printed
    for number in (CALLER, BEA):
        assert number[-7:] not in printed


def test_filters_choose_the_calls(analysed):
    def calls(**typed):
        return json.loads(analysed(as_json=True, **typed))["total"]["calls"]

    assert calls(since="2026-10-01") == 1
    assert calls(until="2026-09-22") == 3
    assert calls(direction="outbound") == 0
    assert calls(agent="agent_4f1c8a2be07d4c55", direction="inbound") == 9
    assert "--since" in analysed(since="yesterday-ish", expect=2)


def test_a_table_is_written_as_csv_to_stdout_or_a_file(analysed, folder):
    printed = analysed(csv="-", table="reasons")
    rows = list(csv.DictReader(io.StringIO(printed)))
    assert rows[0] == {"name": "Bike service", "count": "8"}
    path = folder / "days.csv"
    path.write_text("something longer " * 1000)
    assert "days.csv" in analysed(csv=str(path))
    content = path.read_bytes()
    assert content.count(b"\r\n") == content.count(b"\n") == 10
    assert content.startswith(b"day,calls,failed_calls,")


def test_a_file_that_is_made_is_the_owners_alone(analysed, folder):
    analysed(csv=str(folder / "new.csv"))
    assert (folder / "new.csv").stat().st_mode & 0o777 == 0o600


def test_without_a_spool_it_says_so(tmp_path):
    settings = Settings(
        payload_storage_path=tmp_path / "data/spool", openmemory_db_path=tmp_path / "data/memory.db"
    )
    with pytest.raises(SpoolError, match="no spool"):
        analyse(settings, Typed(), csv=None, table="days", as_json=False)


def test_the_program_counts_while_it_serves(folder):
    with program(folder) as ran:
        ran.start("all-in-one")
        told = json.loads(ran.run("analytics", "--json", "--direction", "inbound").stdout)
        assert told["total"]["calls"] == 10
        assert ran.run("analytics", "--csv", "-", "--table", "hours").stdout.count("\n") == 25


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"csv": "-", "as_json": True}, "not with --json"),
        ({"table": "hours"}, "what --csv FILE gets"),
    ],
)
def test_options_that_do_not_go_together_are_refused(given, words):
    with pytest.raises(BadParameter, match=words):
        analytics(**given)


@pytest.mark.parametrize(
    ("seconds", "clock", "hours"),
    [
        (0.0, "0:00", "0 s"),
        (59.6, "1:00", "1 min"),
        (130.4, "2:10", "2 min"),
        (3599.9, "60:00", "1 h 0 min"),
        (159_000.0, "2,650:00", "44 h 10 min"),
    ],
)
def test_times_are_told_in_the_unit_that_suits(seconds, clock, hours):
    assert (figures_text.clock(seconds), figures_text.hours(seconds)) == (clock, hours)


def test_a_bar_shows_whatever_there_is():
    lengths = [len(figures_text.bar(part, 1000)) for part in (0, 1, 500, 1000)]
    assert lengths == [0, 1, 12, 24]
    assert [figures_text.amount(value) for value in (12.0, 0.125, 1234.5)] == [
        "12",
        "0.12",
        "1,234",
    ]
