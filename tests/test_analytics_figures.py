"""What one call says of itself in figures: cost, greeting, tools, reason."""

import json
from pathlib import Path

import pytest

from cloud.connecting.wanted import TOOL_NAME
from history.reading import functions
from tests.factories import transcription_payload
from voice.answer import search_answer
from voice.figures import SEARCH_TOOL, CallFigures, ToolUse, call_figures
from voice.reasons import reason_of

SAMPLE = json.loads((Path(__file__).parent / "samples" / "twilio_inbound.json").read_bytes())
FOUND = json.dumps({"profile": None, "memories": [{"content": "a bike"}]})
NOTHING = json.dumps({"profile": None, "memories": []})


def an_event(*, calls=(), results=(), **data):
    """An event whose transcript has these tool calls and results, in two turns."""
    event = transcription_payload(turns=4)
    event["data"]["transcript"][1]["tool_calls"] = list(calls)
    event["data"]["transcript"][2]["tool_results"] = list(results)
    event["data"] |= data
    return event


def a_call(name="search_memory", request="r1", **given):
    return {"request_id": request, "tool_name": name, "type": "webhook", **given}


def a_result(value=FOUND, name="search_memory", request="r1", **given):
    latency = {"is_error": False, "tool_latency_secs": 0.25}
    return {"request_id": request, "tool_name": name, "result_value": value, **latency, **given}


def tools(*, calls=(), results=()):
    return call_figures(an_event(calls=calls, results=results)).tools


def test_a_real_delivery_has_its_cost_and_its_searches():
    figures = call_figures(SAMPLE)
    assert figures.credits == SAMPLE["data"]["metadata"]["cost"]
    search = ToolUse(
        name="search_memory", is_search=True, is_hit=False, is_error=False, latency_secs=0.08
    )
    assert figures.tools == (search,)
    assert len(functions(SAMPLE)) == 1


def test_the_search_is_the_tool_that_connecting_makes():
    assert SEARCH_TOOL == TOOL_NAME


def test_a_search_is_told_by_its_name_its_address_or_its_answer():
    url = {"tool_details": {"url": "https://bikes.example/a/webhook/search-data/?x=1"}}
    (by_name,) = tools(calls=[a_call()])
    (by_address,) = tools(calls=[a_call("recall", **url)])
    (by_answer,) = tools(calls=[a_call("recall")], results=[a_result(name="recall")])
    (other,) = tools(
        calls=[a_call("book", tool_details={"url": "https://["})],
        results=[a_result('{"memories": 3}', name="book")],
    )
    assert [each.is_search for each in (by_name, by_address, by_answer, other)] == [
        True, True, True, False,
    ]  # fmt: skip
    assert by_name == ToolUse(name="search_memory", is_search=True)


@pytest.mark.parametrize(
    ("value", "is_error", "is_hit"),
    [
        (FOUND, False, True),
        (NOTHING, False, False),
        (json.loads(FOUND), False, True),
        (FOUND, True, None),
        (FOUND[:-4], False, None),
        ("<html>", False, None),
        (None, False, None),
        ("[" * 5000, False, None),
    ],
)
def test_a_search_is_a_hit_if_a_memory_came_back(value, is_error, is_hit):
    (search,) = tools(calls=[a_call()], results=[a_result(value, is_error=is_error)])
    assert (search.is_hit, search.is_error) == (is_hit, is_error)


def test_what_this_server_answers_is_understood():
    from datetime import UTC, datetime

    answer = json.dumps(search_answer(None, [], now=datetime(2026, 11, 1, tzinfo=UTC)))
    (search,) = tools(calls=[a_call("recall")], results=[a_result(answer, name="recall")])
    assert (search.is_search, search.is_hit) == (True, False)


def test_calls_and_results_are_paired_by_request_and_none_is_left_out():
    found = tools(
        calls=[a_call("a", "1"), a_call("b", "2"), a_call("b", "2"), a_call("c", "3")],
        results=[
            a_result("x", "b", "2", tool_latency_secs=2),
            a_result("x", "b", "2", tool_latency_secs=3),
            a_result("x", "d", "9", is_error=True, tool_latency_secs="soon"),
        ],
    )
    assert [(each.name, each.latency_secs, each.is_error) for each in found] == [
        ("a", None, None), ("b", 2.0, False), ("b", 3.0, False), ("c", None, None),
        ("d", None, True),
    ]  # fmt: skip


def test_without_a_transcript_nothing_is_said_of_tools():
    assert call_figures(an_event(transcript=[])).tools is None
    assert call_figures(an_event(transcript=None)).tools is None
    assert tools() == ()


@pytest.mark.parametrize("told", [True, "true", "True"])
def test_a_caller_is_recognised_if_the_agent_was_told_so(told):
    initiation = {"dynamic_variables": {"is_returning_caller": told}}
    figures = call_figures(an_event(conversation_initiation_client_data=initiation))
    assert (figures.is_recognised, figures.is_greeted) == (True, False)


def test_a_caller_is_greeted_if_there_was_a_first_message():
    initiation = {"conversation_config_override": {"agent": {"first_message": "Hi Ana"}}}
    figures = call_figures(an_event(conversation_initiation_client_data=initiation))
    assert (figures.is_recognised, figures.is_greeted) == (False, True)
    figures = call_figures(an_event(conversation_initiation_client_data=None))
    assert (figures.is_recognised, figures.is_greeted) == (None, None)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        ({"code": 1008, "reason": "Missing variable"}, "Missing variable"),
        ({"code": 1008}, "code 1008"),
        ({}, "unknown"),
        (None, ""),
        ("no", ""),
    ],
)
def test_an_error_of_the_platform_is_told_in_its_words(error, told):
    assert call_figures(an_event(metadata={"error": error})).error == told


def test_costs_are_credits_and_dollars_where_they_are_numbers():
    figures = call_figures(an_event(metadata={"cost": "412", "cost_fiat": 0.12}))
    assert (figures.credits, figures.usd) == (412.0, 0.12)
    figures = call_figures(an_event(metadata={"cost": -1, "cost_fiat": True}))
    assert (figures.credits, figures.usd) == (None, None)


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"data": None},
        {"data": {"transcript": "x", "metadata": [], "conversation_initiation_client_data": 1}},
        {"data": {"transcript": [None, 1, {"tool_calls": {}, "tool_results": [None]}]}},
        {
            "data": {
                "transcript": [{"tool_calls": [{"tool_name": 1, "request_id": []}]}],
                "metadata": {"cost": float("nan"), "error": {"code": "x", "reason": 1}},
                "conversation_initiation_client_data": {
                    "dynamic_variables": [],
                    "conversation_config_override": {"agent": {"first_message": " "}},
                },
            }
        },
    ],
)
def test_figures_can_be_had_of_anything(event):
    figures = call_figures(event)
    assert isinstance(figures, CallFigures)
    assert figures.is_known
    assert figures.credits is None


def test_a_name_of_a_tool_cannot_do_anything_to_a_terminal():
    (tool,) = tools(calls=[a_call("book\x1b[2J\n" + "x" * 500)])
    assert tool.name.startswith("book[2J")
    assert len(tool.name) <= 60


def test_the_reason_is_what_was_collected_under_the_plainest_name_or_the_title():
    collected = [("topic", "brakes"), ("Reason for Call", "A \x1b[1mservice"), ("name", "Ana")]
    assert reason_of(collected, title="Bike") == "A [1mservice"
    assert reason_of(reversed(collected), title="Bike") == "A [1mservice"
    assert reason_of([("name", "Ana")], title=" Bike \n service ") == "Bike service"
    assert reason_of([("reason", "\x00")], title="Bike") == "Bike"
    assert reason_of([], title="") == ""
    assert len(reason_of([], title="word " * 100)) <= 80
