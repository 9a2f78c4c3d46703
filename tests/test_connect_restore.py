"""Whatever an agent and a workspace were like: connect is done once, and disconnect undoes it."""

import copy
import json

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from cloud.connecting.wanted import neutral_variables
from tests.connecting import Desk, opened_client, plain, state_of, writes
from tests.platform import filling, platform

NAMES = st.sampled_from(["plan", "user_name", "first_name", "call_count", "Straße", "x.y", "a b"])
VALUES = st.one_of(st.text(max_size=5), st.integers(-9, 9), st.booleans(), st.just(0.5))
PLACEHOLDERS = st.none() | st.dictionaries(NAMES, VALUES, max_size=5)
FIELD_TYPES = st.sampled_from(["string", "boolean", "integer", "number"])
FIELDS = st.none() | st.dictionaries(
    st.sampled_from(["first_name", "First Name", "preferences", *(f"own_{n}" for n in range(25))]),
    st.builds(
        lambda kind: filling.data_collection_item({"type": kind, "description": "what it is"}),
        FIELD_TYPES,
    ),
    max_size=25,
)
SWITCH = st.sampled_from([None, False, True])
MISSING = "missing"
EVENTS = st.sampled_from(
    [None, [], ["transcript"], ["audio", "transcript"], ["answering_machine_detection"]]
)
TOOLS = st.sampled_from([None, [], ["tool_user_stock"], ["tool_user_booking", "tool_user_stock"]])
FOREIGN = {"url": "https://crm.example/init", "request_headers": {"X-Crm": "text"}}


@st.composite
def agents(draw):
    """Return what replaces parts of the stand-in's agent."""
    allowed = {"first_message": draw(SWITCH), "language": draw(SWITCH)}
    override = draw(st.sampled_from([None, {}, {"agent": None}, {"agent": allowed}]))
    overrides = {
        "conversation_config_override": override,
        "enable_conversation_initiation_client_data_from_webhook": draw(SWITCH),
    }
    return {
        "placeholders": draw(PLACEHOLDERS),
        "has_variables": draw(st.booleans()),
        "fields": draw(FIELDS),
        "tools": draw(TOOLS),
        "overrides": draw(st.sampled_from([None, {}, overrides])),
        "workspace_overrides": draw(
            st.sampled_from(
                [
                    MISSING,
                    None,
                    {},
                    {"conversation_initiation_client_data_webhook": None, "webhooks": None},
                    {"webhooks": filling.webhooks({"events": ["audio"]})},
                ]
            )
        ),
    }


@st.composite
def workspaces(draw):
    webhooks = {
        "post_call_webhook_id": draw(st.sampled_from([None, "wh_foreign"])),
        "events": draw(EVENTS),
        "transcript_format": draw(st.sampled_from([None, "json", "opentelemetry"])),
        "exclude_transcript": draw(SWITCH),
    }
    return {
        "conversation_initiation_client_data_webhook": draw(st.sampled_from([None, FOREIGN])),
        "webhooks": draw(st.sampled_from([None, {}, webhooks, webhooks])),
    }


def furnish(space, agent, workspace):
    """Give the stand-in an agent and settings like these."""
    body = space.add_agent("agent_books")
    spoken, own = body["conversation_config"]["agent"], body["platform_settings"]
    if agent["has_variables"]:
        spoken["dynamic_variables"] = {"dynamic_variable_placeholders": agent["placeholders"]}
    else:
        spoken["dynamic_variables"] = None
    own["data_collection"] = agent["fields"]
    spoken["prompt"]["tool_ids"] = agent["tools"]
    own["overrides"] = agent["overrides"]
    own["workspace_overrides"] = agent["workspace_overrides"]
    if agent["workspace_overrides"] == MISSING:
        del own["workspace_overrides"]
    space.webhooks["wh_foreign"] = {
        "name": "CRM",
        "webhook_id": "wh_foreign",
        "webhook_url": "https://crm.example/calls",
        "is_disabled": False,
        "is_auto_disabled": False,
        "created_at_unix": 1_780_000_000,
        "auth_type": "hmac",
        "usage": [],
        "events": [],
        "secret": "wsec_of_the_crm",
        "retry_enabled": False,
        "request_headers": {},
    }
    space.settings.update(copy.deepcopy(workspace))
    if workspace["webhooks"]:
        space.settings["webhooks"] = filling.webhooks(space.settings["webhooks"])


def told(value):
    """Return a state without what says nothing: a switch that is off is one that is not set."""
    if isinstance(value, dict):
        cleaned = {key: told(item) for key, item in value.items()}
        return {
            key: item for key, item in cleaned.items() if item is not False and item not in ({}, [])
        }
    return [told(item) for item in value] if isinstance(value, list) else value


@settings(
    max_examples=25,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],  # shrinking would take longer than a test may
)
@given(
    agent=agents(),
    workspace=workspaces(),
    merges=st.booleans(),
    scope=st.sampled_from(["auto", "agent"]),
)
async def test_connect_then_disconnect_restores(tmp_path_factory, agent, workspace, merges, scope):
    modes = (
        {"settings_merge": "deep", "agent_merge": "deep"}
        if merges
        else {"settings_merge": "replace", "agent_merge": "replace_maps"}
    )
    async with platform(**modes) as space, opened_client(space) as client:
        furnish(space, agent, workspace)
        desk = Desk(space, tmp_path_factory.mktemp("desk"), client=client)
        before = state_of(space)
        _, outcome = await desk.connect(scope=scope)
        assert outcome.is_verified, outcome.rest.lines
        assert_complete(space)
        assert_foreign_is_untouched(space, before, scope)
        space.requests.clear()
        plan, outcome = await desk.connect(scope=scope)
        assert (plan.steps, outcome.is_verified, writes(space)) == ((), True, [])

        _, outcome = await desk.disconnect()
        assert outcome.is_verified
        assert told(plain(state_of(space))) == told(plain(before))
        assert not desk.record_file.path.exists()
        assert space.complaints == []


def assert_complete(space):
    agent = space.agents["agent_books"]
    spoken = agent["conversation_config"]["agent"]
    placeholders = spoken["dynamic_variables"]["dynamic_variable_placeholders"]
    assert neutral_variables().keys() <= placeholders.keys()
    overrides = agent["platform_settings"]["overrides"]
    assert overrides["enable_conversation_initiation_client_data_from_webhook"] is True
    assert overrides["conversation_config_override"]["agent"]["first_message"] is True
    names = [space.tools[each]["tool_config"]["name"] for each in spoken["prompt"]["tool_ids"]]
    assert names.count("search_memory") == 1


def assert_foreign_is_untouched(space, before, scope):
    agent, was = space.agents["agent_books"], before["agents"]["agent_books"]
    spoken, once = agent["conversation_config"]["agent"], was["conversation_config"]["agent"]
    for name, now, then in (
        (
            "placeholders",
            spoken["dynamic_variables"]["dynamic_variable_placeholders"],
            (once["dynamic_variables"] or {}).get("dynamic_variable_placeholders") or {},
        ),
        (
            "fields",
            agent["platform_settings"]["data_collection"],
            was["platform_settings"]["data_collection"] or {},
        ),
    ):
        kept = {key: now.get(key) for key in then}
        assert json.dumps(told(kept)) == json.dumps(told(then)), name
    tools = once["prompt"]["tool_ids"] or []
    assert spoken["prompt"]["tool_ids"][: len(tools)] == tools
    settings_were = before["settings"]
    initiation = settings_were["conversation_initiation_client_data_webhook"]
    if initiation or scope == "agent":
        assert space.settings["conversation_initiation_client_data_webhook"] == initiation
    webhooks = settings_were["webhooks"] or {}
    if webhooks.get("post_call_webhook_id") or scope == "agent":
        assert space.settings["webhooks"] == settings_were["webhooks"]
