"""The pure half of connect: edits that can be put back, and plans made from plain values."""

import copy
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.connecting.current import Current
from cloud.connecting.edits import (
    Edit,
    Want,
    body_of,
    body_with_nulls,
    decide,
    look_up,
    placed,
    same,
)
from cloud.connecting.examine import _ago
from cloud.connecting.fields import MAX_FIELDS, field_of, fields_for
from cloud.connecting.plan import make_plan
from cloud.connecting.record import Record
from cloud.connecting.steps import (
    CreateSecret,
    CreateTool,
    CreateWebhook,
    PatchAgent,
    PatchSettings,
)
from cloud.connecting.tools import differing, mended
from cloud.connecting.wanted import NEW, Goal, secret_name, tool_config
from memory.names import NAME_TOPICS
from memory.preferences import is_preference
from memory.topics import topic_of
from processor.notes import _kind_of_fact
from tests.platform.merging import deep_merged

KEYS = {"client_data": "one", "search_data": "two"}
GOAL = Goal(url="https://a.example", keys=KEYS, agents=frozenset(["agent"]), asked="agent")
AGENT = {"agent_id": "agent", "conversation_config": {}, "platform_settings": {}}
EMPTY = Current(settings={}, webhooks=(), secrets=(), tools=(), agents={"agent": AGENT})

LEAVES = st.one_of(st.none(), st.booleans(), st.integers(0, 3), st.sampled_from(["", "a", "b"]))
LISTS = st.lists(st.sampled_from("xyz"), max_size=3, unique=True)
MAPS = st.dictionaries(st.sampled_from("klm"), LEAVES, max_size=3)
DOCUMENTS = st.fixed_dictionaries(
    {},
    optional={
        "flag": st.sampled_from([None, True, False]),
        "items": st.none() | LISTS,
        "map": st.none() | MAPS,
        "deep": st.none() | st.fixed_dictionaries({}, optional={"map": st.none() | MAPS}),
        "own": MAPS,
    },
)
UNITS = (("flag",), ("items",), ("map",), ("deep", "map"))
WANTS = [
    Want(path=("flag",), value=True, label="flag"),
    Want(path=("items",), value=("x", "new"), label="items", kind="members"),
    Want(path=("map", "k"), value="ours", label="k", kind="default"),
    Want(path=("map", "new"), value="ours", label="new", kind="default"),
    Want(path=("deep", "map", "l"), value=7, label="l"),
    Want(path=("deep", "map", "off"), value=False, label="off", kind="off"),
]
CHOSEN = st.lists(st.sampled_from(WANTS), unique_by=lambda want: want.path)


def bare(value):
    """Return a document without what is the same as nothing."""
    if isinstance(value, dict):
        told = {key: bare(item) for key, item in value.items()}
        return {key: item for key, item in told.items() if item not in (None, {})}
    return value


@given(DOCUMENTS, CHOSEN)
def test_what_is_decided_once_needs_no_second_decision(document, wants):
    before = copy.deepcopy(document)
    first = decide(document, wants, [])
    assert document == before
    again = decide(first.desired, wants, first.edits_after)
    assert again.changes == ()
    assert again.desired == first.desired
    for want in wants:
        there = look_up(first.desired, want.path)
        assert there is not None or want.kind == "off"


@given(DOCUMENTS, CHOSEN)
def test_what_nobody_wants_any_more_is_put_back(document, wants):
    first = decide(document, wants, [])
    back = decide(first.desired, [], first.edits)
    assert bare(back.desired) == bare(document)
    assert (back.edits_after, back.kept) == ((), ())


@given(DOCUMENTS, CHOSEN, CHOSEN)
def test_a_decision_that_was_only_recorded_is_taken_back_without_a_trace(document, wants, others):
    first = decide(document, wants, [])  # recorded, and then the process died
    second = decide(document, others, first.edits)
    back = decide(second.desired, [], second.edits)
    assert bare(back.desired) == bare(document)


@given(DOCUMENTS, CHOSEN, st.booleans(), st.booleans())
def test_one_patch_or_two_make_it_so_whether_the_platform_merges_or_replaces(
    document, wants, merges, back
):
    decision = decide(document, wants, [])
    if back:
        document = decision.desired
        decision = decide(document, [], decision.edits)
    actual = patch(document, body_of(document, decision.desired, UNITS), merges=merges)
    nulls = body_with_nulls(document, decision.desired, actual, UNITS)
    assert merges or not nulls
    actual = patch(actual, nulls, merges=merges) if nulls else actual
    assert bare(actual) == bare(decision.desired)
    assert not body_with_nulls(document, decision.desired, actual, UNITS)
    assert actual.get("own") == document.get("own")


def patch(document, body, *, merges):
    """Return what a platform makes of it: objects merge everywhere, or only outside the units."""
    if merges:
        return deep_merged(document, body)
    for unit in UNITS:
        if unit[0] in body and (len(unit) == 1 or unit[1] in (body[unit[0]] or {})):
            value = look_up(body, unit)
            document = deep_merged(document, nested(unit[:-1], {}))
            document = placed(document, unit, value)
    return document


def nested(path, value):
    for name in reversed(path):
        value = {name: value}
    return value


def test_what_a_user_changed_since_is_his():
    edit = Edit(path=("map", "k"), label="k", was=None, put=("ours",), depth=1)
    kept = decide({"map": {"k": "theirs"}}, [], [edit])
    assert (kept.changes, kept.kept, kept.edits_after) == ((), ("k",), ())


def test_what_a_platform_fills_in_is_no_difference():
    shown = {"type": "string", "description": "d", "enum": None, "constant_value": "", "llm": None}
    assert same(shown, {"type": "string", "description": "d"})
    assert not same(shown, {"type": "string", "description": "e"})
    assert not same({"a": 0}, {})
    assert not same(True, 1)


def test_a_plan_for_an_empty_workspace_makes_everything_before_it_is_named():
    plan = make_plan(EMPTY, GOAL, Record(), known=frozenset())
    kinds = [type(step) for step in plan.steps]
    assert kinds == [
        CreateSecret, CreateSecret, CreateWebhook, CreateTool, PatchSettings, PatchAgent,
    ]  # fmt: skip
    assert plan.problems == ()
    settings = plan.steps[4].desired
    assert settings["webhooks"]["post_call_webhook_id"] == NEW
    assert plan.record.urls == ("https://a.example",)


def test_a_plan_tells_no_header():
    settings = {
        "conversation_initiation_client_data_webhook": {
            "url": "https://a.example/webhook/client-data",
            "request_headers": {"X-Api-Key": "a secret in plain text"},
        }
    }
    current = Current(settings=settings, webhooks=(), secrets=(), tools=(), agents={"agent": AGENT})
    plan = make_plan(current, GOAL, Record(), known=frozenset())
    assert "a secret" not in repr(plan.lines)
    assert any("initiation webhook" in line.what for line in plan.lines)


def test_a_secrets_name_tells_its_value_apart_and_not_what_it_is():
    names = {secret_name("client_data", key) for key in ("a", "b", "c")}
    assert len(names) == 3
    assert all(name.startswith("CALLSPOOL_CLIENT_DATA_KEY_") for name in names)
    assert secret_name("client_data", "a") == secret_name("client_data", "a")


@given(st.sets(st.sampled_from([f"own_{n}" for n in range(30)]), max_size=30))
def test_there_are_never_more_than_25_fields_and_the_first_name_goes_first(there):
    added, left_out = fields_for(there, set())
    assert len(there) + len(added) <= max(MAX_FIELDS, len(there))
    assert not added or added[0] == "first_name"
    assert not (left_out and len(there) + len(added) < MAX_FIELDS)


def test_memory_knows_what_to_do_with_every_field():
    fields, _ = fields_for(set(), set())
    names = {key for key in fields if topic_of(key) in NAME_TOPICS}
    preferences = {key for key in fields if is_preference(key)}
    promises = {
        key
        for key in fields
        if _kind_of_fact(key.replace("_", " "), "We will call") == "commitment"
    }
    assert names == {"first_name", "last_name", "preferred_name"}
    assert preferences == {"preferences"}
    assert promises == {"agent_promises", "caller_promises"}
    assert set(fields) - names - preferences - promises == {"reason_for_call"}
    assert all(field_of(key)["description"] for key in fields)


CHANGES = {
    "the model chooses the caller": (
        ("api_schema", "request_body_schema", "properties", "caller_id"),
        {"type": "string", "description": "whose memory"},
    ),
    "the caller is a constant": (
        ("api_schema", "request_body_schema", "properties", "caller_id"),
        {"type": "string", "constant_value": "+15550100142"},
    ),
    "nothing is required": (("api_schema", "request_body_schema", "required"), []),
    "the header is gone": (("api_schema", "request_headers"), {}),
    "the header is spelled otherwise": (
        ("api_schema", "request_headers"),
        {"x-api-key": {"secret_id": "sec"}},
    ),
    "GET": (("api_schema", "method"), "GET"),
    "errors are told": (("tool_error_handling_mode",), "passthrough"),
}


@pytest.mark.parametrize(("path", "value"), CHANGES.values(), ids=CHANGES)
def test_a_tool_that_was_changed_is_mended_to_what_is_wanted(path, value):
    wanted = tool_config("https://a.example", "sec")
    there = placed(copy.deepcopy(wanted), path, value)
    assert differing(there, wanted)
    assert mended(there, wanted) == wanted
    assert not differing(wanted, wanted)


def test_mending_keeps_what_the_user_added():
    wanted = tool_config("https://a.example", "sec")
    there = json.loads(json.dumps(wanted)) | {"pre_tool_speech": "force"}
    there["api_schema"]["request_body_schema"]["properties"]["user_id"] = {
        "type": "string",
        "dynamic_variable": "user_id",
    }
    assert mended(there, wanted) == there


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "just now"), (60, "1 minute ago"), (7_300, "2 hours ago"), (200_000, "2 days ago")],
)
def test_ages_are_told_in_words(seconds, words):
    assert _ago(seconds) == words
