"""Connecting an agent: what is set, that it is set once, and what stays the user's own."""

import hashlib
import json
import logging

import pytest

from cloud.connecting.wanted import neutral_variables
from cloud.errors import CloudError, Refused
from tests.connecting import KEYS, URL, Desk, plain, state_of, writes
from tests.platform import platform

NEW_URL = "https://two.callspool.example"
MODES = [
    {"settings_merge": "deep", "agent_merge": "deep"},
    {"settings_merge": "replace", "agent_merge": "replace_maps"},
]


@pytest.fixture(params=MODES, ids=["merging", "replacing"])
async def space(request):
    async with platform(**request.param) as state:
        state.add_agent("agent_books")
        yield state
        assert state.complaints == []


@pytest.fixture
def desk(space, tmp_path):
    return Desk(space, tmp_path)


def spoken(space, agent="agent_books"):
    return space.agents[agent]["conversation_config"]["agent"]


def own(space, agent="agent_books"):
    return space.agents[agent]["platform_settings"]


def only(things):
    (thing,) = things.values()
    return thing


def tool_of(space):
    (tool,) = [t for t in space.tools.values() if t["tool_config"]["name"] == "search_memory"]
    return tool


async def test_a_connected_agent_has_everything_it_needs_to_remember(space, desk):
    plan, outcome = await desk.connect()
    assert outcome.is_verified
    assert {line.state for line in plan.lines} >= {"create", "change", "left alone"}
    assert sum("for all agents of the workspace" in line.detail for line in plan.lines) == 2

    webhook = only(space.webhooks)
    assert webhook["name"] == "Callspool post-call"
    assert webhook["webhook_url"] == f"{URL}/webhook/post-call"
    assert webhook["retry_enabled"]
    assert space.settings["webhooks"]["post_call_webhook_id"] == webhook["webhook_id"]
    assert set(space.settings["webhooks"]["events"]) == {
        *("transcript", "audio", "call_initiation_failure")
    }
    assert space.settings["webhooks"]["transcript_format"] == "json"

    held = {secret["name"].rpartition("_")[0]: secret for secret in space.secrets.values()}
    initiation = space.settings["conversation_initiation_client_data_webhook"]
    assert initiation["url"] == f"{URL}/webhook/client-data"
    client_data = held["CALLSPOOL_CLIENT_DATA_KEY"]
    assert client_data["value"] == KEYS["client_data"]
    assert initiation["request_headers"] == {"X-Api-Key": {"secret_id": client_data["secret_id"]}}

    schema = tool_of(space)["tool_config"]["api_schema"]
    search_data = held["CALLSPOOL_SEARCH_DATA_KEY"]
    assert search_data["value"] == KEYS["search_data"]
    assert (schema["method"], schema["url"]) == ("POST", f"{URL}/webhook/search-data")
    assert schema["request_headers"] == {"X-Api-Key": {"secret_id": search_data["secret_id"]}}
    body = schema["request_body_schema"]
    assert body["required"] == ["query"]
    bound = {name: item["dynamic_variable"] for name, item in body["properties"].items()}
    assert bound["caller_id"] == "system__caller_id"
    assert bound["called_number"] == "system__called_number"
    assert bound["conversation_id"] == "system__conversation_id"
    assert not bound["query"]
    assert tool_of(space)["tool_config"]["tool_error_handling_mode"] == "hide"

    assert spoken(space)["prompt"]["tool_ids"][-1] == tool_of(space)["id"]
    placeholders = spoken(space)["dynamic_variables"]["dynamic_variable_placeholders"]
    assert placeholders == {"opening_hour": "nine", "plan": "none"} | neutral_variables()
    overrides = own(space)["overrides"]
    assert overrides["enable_conversation_initiation_client_data_from_webhook"]
    allowed = overrides["conversation_config_override"]["agent"]
    assert {name for name, value in allowed.items() if value is True} == {
        "first_message",
        "language",
    }
    assert {"bike_model", "is_urgent", "first_name", "reason_for_call", "preferences"} <= set(
        own(space)["data_collection"]
    )


async def test_the_secret_that_is_told_once_stands_in_the_env_file(space, desk):
    await desk.connect()
    assert desk.accepted() == (only(space.webhooks)["secret"], "wsec_first_start")


async def test_what_is_the_users_own_stays_byte_for_byte(space, desk):
    foreign_webhook(space)
    before = json.loads(json.dumps(state_of(space)))
    await desk.connect()
    after = json.loads(json.dumps(state_of(space)))
    agent, was = after["agents"]["agent_books"], before["agents"]["agent_books"]
    for path in (
        ("conversation_config", "agent", "prompt", "tool_ids"),
        ("conversation_config", "agent", "dynamic_variables", "dynamic_variable_placeholders"),
        ("platform_settings", "data_collection"),
    ):
        mine, theirs = walk(agent, path), walk(was, path)
        keys = theirs if isinstance(theirs, dict) else range(len(theirs))
        assert [mine[key] for key in keys] == [theirs[key] for key in keys]
        put(agent, path, theirs)
    put(agent, ("platform_settings", "overrides"), walk(was, ("platform_settings", "overrides")))
    put(agent, ("metadata",), was["metadata"])
    assert agent == was
    for tool_id, tool in before["tools"].items():
        assert after["tools"][tool_id] == tool
    assert plain(after["webhooks"]["wh_foreign"]) == plain(before["webhooks"]["wh_foreign"])
    for key, value in before["settings"].items():
        if key not in ("webhooks", "conversation_initiation_client_data_webhook"):
            assert after["settings"][key] == value


def walk(document, path):
    for name in path:
        document = document[name]
    return document


def put(document, path, value):
    walk(document, path[:-1])[path[-1]] = value


async def test_connecting_again_sends_nothing_that_changes_anything(space, desk):
    await desk.connect()
    space.requests.clear()
    plan, outcome = await desk.connect()
    assert (plan.steps, outcome.is_verified) == ((), True)
    assert writes(space) == []


def unset_secret_header(space):
    space.settings["conversation_initiation_client_data_webhook"]["request_headers"] = {}


def let_the_model_choose_the_caller(space):
    properties = tool_of(space)["tool_config"]["api_schema"]["request_body_schema"]["properties"]
    properties["caller_id"] = {"type": "string", "description": "whom to look up"}


DRIFTS = {
    "webhook off": lambda space: only(space.webhooks).update(is_disabled=True),
    "webhook given up": lambda space: only(space.webhooks).update(is_auto_disabled=True),
    "events": lambda space: space.settings["webhooks"].update(events=["transcript"]),
    "format": lambda space: space.settings["webhooks"].update(transcript_format="opentelemetry"),
    "no transcript": lambda space: space.settings["webhooks"].update(exclude_transcript=True),
    "unbound": lambda space: space.settings["webhooks"].update(post_call_webhook_id=None),
    "no initiation": lambda space: space.settings.update(
        conversation_initiation_client_data_webhook=None
    ),
    "header": unset_secret_header,
    "tool's caller": let_the_model_choose_the_caller,
    "tool's errors": lambda space: tool_of(space)["tool_config"].update(
        tool_error_handling_mode="passthrough"
    ),
    "tool's wait": lambda space: tool_of(space)["tool_config"].update(response_timeout_secs=120),
    "tool taken away": lambda space: spoken(space)["prompt"].update(tool_ids=["tool_user_stock"]),
    "tool deleted": lambda space: space.tools.pop(tool_of(space)["id"]),
    "secret deleted": lambda space: space.secrets.clear(),
    "webhook deleted": lambda space: space.webhooks.clear(),
    "placeholders": lambda space: spoken(space)["dynamic_variables"].update(
        dynamic_variable_placeholders={"plan": "gold"}
    ),
    "fields": lambda space: own(space)["data_collection"].pop("first_name"),
    "flag": lambda space: own(space)["overrides"].update(
        enable_conversation_initiation_client_data_from_webhook=False
    ),
    "override": lambda space: own(space)["overrides"]["conversation_config_override"][
        "agent"
    ].update(first_message=False),
}


@pytest.mark.parametrize("change", DRIFTS.values(), ids=DRIFTS)
async def test_what_was_changed_by_hand_is_put_right(space, desk, change):
    await desk.connect()
    spoken(space)["dynamic_variables"]["dynamic_variable_placeholders"]["plan"] = "gold"
    good = without_ids(space)
    change(space)
    plan, outcome = await desk.connect()
    assert plan.steps
    assert outcome.is_verified
    assert without_ids(space) == good
    assert desk.accepted()[0] == only(space.webhooks)["secret"]


def without_ids(space):
    """Return the state with names in the place of the ids of what connect makes."""
    text = json.dumps(plain(state_of(space)), sort_keys=True)
    for things, name in ((space.webhooks, "webhook"), (space.secrets, "secret")):
        for thing in things:
            text = text.replace(thing, name)
    text = text.replace(tool_of(space)["id"], "tool")
    state = json.loads(text)
    state["webhooks"] = state["secrets"] = None
    state["tools"] = {key: tool["tool_config"] for key, tool in state["tools"].items()}
    placeholders = state["agents"]["agent_books"]["conversation_config"]["agent"]
    placeholders["dynamic_variables"]["dynamic_variable_placeholders"].pop("opening_hour", None)
    prompt = placeholders["prompt"]
    prompt["tool_ids"] = [each for each in prompt["tool_ids"] if each == "tool"]
    return state


async def test_what_the_user_adds_to_ours_stays_when_it_is_put_right(space, desk):
    await desk.connect()
    tool = tool_of(space)["tool_config"]
    schema = tool["api_schema"]
    schema["request_headers"]["ngrok-skip-browser-warning"] = "1"
    schema["request_body_schema"]["properties"]["shop"] = {
        "type": "string",
        "constant_value": "north",
    }
    schema["url"] = "https://mistyped.example"
    initiation = space.settings["conversation_initiation_client_data_webhook"]
    initiation["request_headers"] = {"X-Mine": "1"}
    space.settings["webhooks"]["events"] = ["answering_machine_detection", "transcript"]
    _, outcome = await desk.connect()
    assert outcome.is_verified
    schema = tool_of(space)["tool_config"]["api_schema"]
    assert schema["url"] == f"{URL}/webhook/search-data"
    assert schema["request_headers"].keys() == {"ngrok-skip-browser-warning", "X-Api-Key"}
    assert schema["request_body_schema"]["properties"]["shop"]["constant_value"] == "north"
    initiation = space.settings["conversation_initiation_client_data_webhook"]
    assert initiation["request_headers"].keys() == {"X-Mine", "X-Api-Key"}
    assert space.settings["webhooks"]["events"][:2] == ["answering_machine_detection", "transcript"]


async def test_a_value_of_ours_that_the_user_changed_is_his_from_then_on(space, desk):
    await desk.connect()
    placeholders = spoken(space)["dynamic_variables"]["dynamic_variable_placeholders"]
    placeholders["user_name"] = "there"
    own(space)["data_collection"]["first_name"]["description"] = "How to address them"
    plan, outcome = await desk.connect()
    assert (plan.steps, outcome.is_verified) == ((), True)
    await desk.disconnect()
    placeholders = spoken(space)["dynamic_variables"]["dynamic_variable_placeholders"]
    assert placeholders == {"opening_hour": "nine", "plan": "none", "user_name": "there"}
    assert own(space)["data_collection"]["first_name"]["description"] == "How to address them"


async def test_a_new_address_gets_a_new_webhook_and_both_secrets_are_accepted(space, desk):
    await desk.connect()
    first = only(space.webhooks)["secret"]
    _, outcome = await desk.connect(url=NEW_URL)
    assert outcome.is_verified
    webhook = only(space.webhooks)
    assert webhook["webhook_url"] == f"{NEW_URL}/webhook/post-call"
    assert webhook["retry_enabled"]
    assert space.settings["webhooks"]["post_call_webhook_id"] == webhook["webhook_id"]
    assert desk.accepted() == (webhook["secret"], first, "wsec_first_start")
    initiation = space.settings["conversation_initiation_client_data_webhook"]
    assert initiation["url"] == f"{NEW_URL}/webhook/client-data"
    assert tool_of(space)["tool_config"]["api_schema"]["url"] == f"{NEW_URL}/webhook/search-data"
    methods = [(request.method, request.path.split("/")[3]) for request in writes(space)]
    assert methods.index(("DELETE", "webhooks")) > max(
        place for place, each in enumerate(methods) if each == ("PATCH", "settings")
    )
    space.requests.clear()
    assert not (await desk.connect(url=NEW_URL))[0].steps
    assert writes(space) == []


async def test_the_secret_before_the_last_is_dropped_at_the_next_change(space, desk):
    secrets = []
    for url in (URL, NEW_URL, URL):
        await desk.connect(url=url)
        secrets.append(only(space.webhooks)["secret"])
    assert desk.accepted() == (secrets[2], secrets[1], "wsec_first_start")


@pytest.mark.parametrize("status", [409, 403])
async def test_where_there_is_no_room_for_two_webhooks_the_old_one_goes_first(space, desk, status):
    await desk.connect()
    space.faults.add(method="POST", path="/webhooks$", status=status)
    if status == 403:
        with pytest.raises(Refused):  # no permission is no lack of room
            await desk.connect(url=NEW_URL)
        return
    _, outcome = await desk.connect(url=NEW_URL)
    assert outcome.is_verified
    assert desk.accepted()[0] == only(space.webhooks)["secret"]
    space.complaints.clear()  # it was deleted while it was in use


async def test_too_many_requests_are_no_lack_of_room(space, desk):
    await desk.connect()
    before = only(space.webhooks)
    space.faults.add(method="POST", path="/webhooks$", status=429, times=None)
    with pytest.raises(Refused, match="rate_limit_exceeded"):
        await desk.connect(url=NEW_URL)
    assert only(space.webhooks) == before


async def test_a_secret_that_is_not_in_the_env_file_any_more_is_replaced(space, desk):
    await desk.connect()
    lost = only(space.webhooks)["webhook_id"]
    desk.accept(("wsec_another",))
    _, outcome = await desk.connect()
    assert outcome.is_verified
    assert lost not in space.webhooks
    assert desk.accepted() == (only(space.webhooks)["secret"], "wsec_another")


async def test_a_new_key_gets_a_new_secret_and_the_old_one_goes(space, desk):
    await desk.connect()
    desk.keys = {**KEYS, "search_data": "rotated"}
    _, outcome = await desk.connect()
    assert outcome.is_verified
    assert {secret["value"] for secret in space.secrets.values()} == {
        KEYS["client_data"],
        "rotated",
    }


async def test_an_override_that_is_no_longer_sent_is_withdrawn(space, desk):
    await desk.connect()
    _, outcome = await desk.connect(sends_language=False)
    allowed = own(space)["overrides"]["conversation_config_override"]["agent"]
    assert outcome.is_verified
    assert (allowed["first_message"], allowed["language"]) == (True, False)


async def test_an_override_that_the_user_allowed_himself_is_never_switched_off(space, desk):
    own(space)["overrides"]["conversation_config_override"]["agent"]["language"] = True
    await desk.connect(sends_language=False)
    await desk.disconnect()
    assert own(space)["overrides"]["conversation_config_override"]["agent"]["language"] is True


@pytest.mark.parametrize(("count", "added"), [(18, 7), (20, 5), (25, 0)])
async def test_no_more_than_25_values_are_collected(space, desk, count, added):
    fields = {f"mine_{n}": {"type": "string", "description": "x"} for n in range(count)}
    own(space)["data_collection"] = fields
    plan, outcome = await desk.connect()
    assert outcome.is_verified
    collected = own(space)["data_collection"]
    assert list(collected)[:count] == list(fields)
    assert len(collected) == count + added
    assert ("first_name" in collected) is bool(added)
    said = [line.detail for line in plan.lines if "no room" in line.detail]
    assert bool(said) is (added < 7)


async def test_a_field_of_the_users_under_another_spelling_is_not_collected_twice(space, desk):
    own(space)["data_collection"]["First Name"] = {"type": "string", "description": "theirs"}
    await desk.connect()
    assert "first_name" not in own(space)["data_collection"]


def foreign_webhook(space, webhook_id="wh_foreign"):
    space.webhooks[webhook_id] = {
        "name": "CRM",
        "webhook_id": webhook_id,
        "webhook_url": "https://crm.example/calls",
        "is_disabled": False,
        "is_auto_disabled": False,
        "created_at_unix": 1_780_000_000,
        "auth_type": "hmac",
        "usage": [],
        "events": [],
        "most_recent_failure_error_code": None,
        "most_recent_failure_timestamp": None,
        "secret": "wsec_of_the_crm",
        "retry_enabled": False,
        "request_headers": {},
    }


def take_the_workspace(space):
    foreign_webhook(space)
    space.settings["webhooks"]["post_call_webhook_id"] = "wh_foreign"
    space.settings["conversation_initiation_client_data_webhook"] = {
        "url": "https://crm.example/init",
        "request_headers": {"Authorization": "Bearer of-the-crm"},
    }


async def test_where_the_workspace_is_taken_the_agent_gets_its_own_webhooks(space, desk):
    take_the_workspace(space)
    settings = json.loads(json.dumps(space.settings))
    plan, outcome = await desk.connect()
    assert outcome.is_verified
    assert space.settings == settings
    overrides = own(space)["workspace_overrides"]
    initiation = overrides["conversation_initiation_client_data_webhook"]
    assert initiation["url"] == f"{URL}/webhook/client-data"
    assert "Authorization" not in initiation["request_headers"]
    webhook = space.webhooks[overrides["webhooks"]["post_call_webhook_id"]]
    assert webhook["webhook_url"] == f"{URL}/webhook/post-call"
    assert {"transcript", "audio", "call_initiation_failure"} <= set(
        overrides["webhooks"]["events"]
    )
    told = [line.detail for line in plan.lines if line.state == "left alone"]
    assert any("crm.example/init" in detail for detail in told)
    assert not any("of-the-crm" in line.detail for line in plan.lines)
    space.requests.clear()
    assert not (await desk.connect())[0].steps

    _, outcome = await desk.connect(url=NEW_URL)
    assert outcome.is_verified
    assert space.settings == settings


async def test_only_the_webhook_that_is_taken_goes_to_the_agent(space, desk):
    foreign_webhook(space)
    space.settings["webhooks"]["post_call_webhook_id"] = "wh_foreign"
    await desk.connect()
    overrides = own(space)["workspace_overrides"]
    assert overrides["conversation_initiation_client_data_webhook"] is None
    assert overrides["webhooks"]["post_call_webhook_id"] is not None
    assert space.settings["conversation_initiation_client_data_webhook"] is not None


async def test_the_whole_workspace_is_not_taken_from_somebody_else(space, desk):
    take_the_workspace(space)
    plan = await desk.plan(scope="workspace")
    assert len(plan.problems) == 2
    assert "crm.example" in "".join(plan.problems)


async def test_an_agents_own_webhooks_are_replaced_only_on_demand_and_put_back(space, desk):
    foreign_webhook(space)
    theirs = {
        "conversation_initiation_client_data_webhook": {
            "url": "https://crm.example/init",
            "request_headers": {"Authorization": "Bearer of-the-crm"},
        },
        "webhooks": {
            "post_call_webhook_id": "wh_foreign",
            "events": ["transcript"],
            "transcript_format": "opentelemetry",
        },
    }
    own(space)["workspace_overrides"] = theirs
    plan = await desk.plan()
    assert len(plan.problems) == 2
    before = plain(state_of(space))
    _, outcome = await desk.connect(scope="agent")
    assert outcome.is_verified
    initiation = own(space)["workspace_overrides"]["conversation_initiation_client_data_webhook"]
    assert initiation["url"] == f"{URL}/webhook/client-data"
    assert initiation["request_headers"].keys() == {"X-Api-Key"}
    assert not (await desk.connect())[0].steps  # it stays with the agent
    _, outcome = await desk.disconnect()
    assert outcome.is_verified
    assert plain(state_of(space)) == before


async def test_one_agent_alone_can_be_connected_and_then_the_whole_workspace(space, desk):
    await desk.connect(scope="agent")
    assert space.settings["webhooks"]["post_call_webhook_id"] is None
    assert space.settings["conversation_initiation_client_data_webhook"] is None
    _, outcome = await desk.connect(scope="workspace")
    assert outcome.is_verified
    overrides = own(space)["workspace_overrides"]
    assert overrides["conversation_initiation_client_data_webhook"] is None
    assert overrides["webhooks"]["post_call_webhook_id"] is None
    assert space.settings["webhooks"]["post_call_webhook_id"] in space.webhooks
    _, outcome = await desk.connect(scope="agent")
    assert outcome.is_verified
    assert space.settings["webhooks"]["post_call_webhook_id"] is None


async def test_an_agent_stays_where_it_was_connected_though_its_override_was_removed(space, desk):
    await desk.connect(scope="agent")
    settings = json.loads(json.dumps(space.settings))
    own(space)["workspace_overrides"] = {
        "conversation_initiation_client_data_webhook": None,
        "webhooks": None,
    }
    _, outcome = await desk.connect()
    assert outcome.is_verified
    assert space.settings == settings
    overrides = own(space)["workspace_overrides"]
    assert overrides["conversation_initiation_client_data_webhook"]["url"].startswith(URL)
    assert overrides["webhooks"]["post_call_webhook_id"] in space.webhooks
    assert desk.record.agents["agent_books"].post_call == "agent"


async def test_an_agent_goes_to_its_own_webhooks_when_the_workspace_is_taken_later(space, desk):
    await desk.connect()
    take_the_workspace(space)
    _, outcome = await desk.connect()
    assert outcome.is_verified
    assert desk.record.agents["agent_books"].initiation == "agent"
    assert space.settings["webhooks"]["post_call_webhook_id"] == "wh_foreign"


async def test_a_foreign_tool_of_the_same_name_on_the_agent_is_a_problem(space, desk):
    tool = json.loads(json.dumps(space.tools["tool_user_stock"]))
    tool["id"] = "tool_foreign"
    tool["tool_config"]["name"] = "search_memory"
    space.tools["tool_foreign"] = tool
    assert not (await desk.plan()).problems  # not on this agent
    spoken(space)["prompt"]["tool_ids"].append("tool_foreign")
    (problem,) = (await desk.plan()).problems
    assert "tool_foreign" in problem
    spoken(space)["prompt"]["tool_ids"].remove("tool_foreign")
    await desk.connect()
    assert space.tools["tool_foreign"] == tool


async def test_two_agents_share_what_can_be_shared(space, desk):
    space.add_agent("agent_bikes")
    await desk.connect()
    plan, outcome = await desk.connect("agent_bikes")
    assert outcome.is_verified
    assert [type(step).__name__ for step in plan.steps] == ["PatchAgent"]
    assert len(space.webhooks) == 1
    before = plain(space.agents["agent_bikes"])

    _, outcome = await desk.disconnect("agent_books")
    assert outcome.is_verified
    assert plain(space.agents["agent_bikes"]) == before
    assert len(space.webhooks) == 1
    assert desk.record.agents.keys() == {"agent_bikes"}
    space.requests.clear()
    assert not (await desk.connect("agent_bikes"))[0].steps


async def test_a_new_address_reaches_the_other_agents_own_webhooks_too(space, desk):
    space.add_agent("agent_bikes")
    await desk.connect(scope="agent")
    await desk.connect("agent_bikes", url=NEW_URL)
    overrides = own(space)["workspace_overrides"]
    assert overrides["webhooks"]["post_call_webhook_id"] in space.webhooks
    initiation = overrides["conversation_initiation_client_data_webhook"]
    assert initiation["url"] == f"{NEW_URL}/webhook/client-data"


async def test_an_agent_that_was_deleted_is_forgotten(space, desk):
    space.add_agent("agent_bikes")
    await desk.connect("agent_bikes")
    del space.agents["agent_bikes"]
    _, outcome = await desk.connect()
    assert outcome.is_verified
    assert desk.record.agents.keys() == {"agent_books"}


async def test_two_installations_in_one_workspace_leave_each_other_alone(space, tmp_path):
    space.add_agent("agent_bikes")
    folders = (tmp_path / "one", tmp_path / "two")
    for folder in folders:
        folder.mkdir()
    keys = {"client_data": "another-key", "search_data": "yet-another-key"}
    one, two = Desk(space, folders[0]), Desk(space, folders[1], keys=keys)
    await one.connect()
    before = plain(state_of(space))
    _, outcome = await two.connect("agent_bikes", url=NEW_URL)
    assert outcome.is_verified
    assert not (await one.connect())[0].steps
    assert len(space.webhooks) == 2
    assert len(space.secrets) == 4
    _, outcome = await two.disconnect()
    assert outcome.is_verified
    assert plain(state_of(space)) == before
    assert not (await one.connect())[0].steps
    plan = await two.plan("agent_books", url=NEW_URL)
    assert "search_memory" in "".join(plan.problems)


async def test_what_the_record_forgot_is_found_again_by_its_name(space, desk):
    await desk.connect()
    desk.record_file.path.unlink()
    _, outcome = await desk.connect()
    assert outcome.is_verified
    assert desk.accepted()[0] == only(space.webhooks)["secret"]
    assert len(space.secrets) == 2
    assert (
        len([t for t in space.tools.values() if t["tool_config"]["name"] == "search_memory"]) == 1
    )


async def test_a_damaged_record_is_named_and_nothing_is_done(space, desk):
    desk.record_file.path.parent.mkdir(parents=True)
    desk.record_file.path.write_text('{"version": 1, "webhook": 7}')
    with pytest.raises(CloudError, match=r"connection\.json"):
        await desk.connect()
    desk.record_file.path.write_text('{"version": 2}')
    with pytest.raises(CloudError, match="newer version"):
        await desk.connect()
    assert writes(space) == []


async def test_the_record_is_private_and_holds_no_secret(space, desk):
    await desk.connect()
    text = desk.record_file.path.read_text()
    secret = only(space.webhooks)["secret"]
    assert desk.record_file.path.stat().st_mode & 0o777 == 0o600
    assert hashlib.sha256(secret.encode()).hexdigest() in text
    assert not any(each in text for each in (secret, *KEYS.values()))


async def test_a_header_that_was_there_before_is_put_back_and_never_shown(space, desk, caplog):
    caplog.set_level(logging.DEBUG)
    literal = "a-literal-key"
    space.settings["conversation_initiation_client_data_webhook"] = {
        "url": f"{URL}/webhook/client-data",
        "request_headers": {"X-Api-Key": literal},
    }
    plans = [(await desk.connect())[0]]
    assert literal in desk.record_file.path.read_text()
    assert desk.record_file.path.stat().st_mode & 0o777 == 0o600
    plans += [(await desk.connect(url=NEW_URL))[0], (await desk.disconnect())[0]]
    headers = space.settings["conversation_initiation_client_data_webhook"]["request_headers"]
    assert headers == {"X-Api-Key": literal}
    told = "".join(repr((plan.lines, plan.hints, plan.problems)) for plan in plans)
    assert literal not in caplog.text + told


async def test_no_secret_is_logged_or_planned(space, desk, caplog):
    caplog.set_level(logging.DEBUG)
    plan, _ = await desk.connect()
    plans = [plan, (await desk.connect(url=NEW_URL))[0], (await desk.disconnect())[0]]
    told = caplog.text + "".join(repr(plan.lines) + repr(plan.hints) for plan in plans)
    secrets = [*KEYS.values(), *desk.accepted(), space.api_key]
    assert not any(secret in told for secret in secrets)


@pytest.mark.parametrize("status", [401, 403, 404, 422])
async def test_a_refusal_is_told_and_what_was_done_is_not_lost(space, desk, status):
    space.faults.add(method="PATCH", path="/settings$", status=status)
    with pytest.raises(Refused) as refusal:
        await desk.connect()
    assert refusal.value.status == status
    _, outcome = await desk.connect()
    assert outcome.is_verified
    assert len(space.webhooks) == 1


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_platform_that_is_busy_for_a_moment_is_asked_again(space, desk, status):
    for path in ("/settings$", "/webhooks", "/tools", "/secrets", "/agents/"):
        for method in ("GET", "POST", "PATCH"):
            space.faults.add(method=method, path=path, status=status, retry_after=0)
    _, outcome = await desk.connect()
    assert outcome.is_verified
    assert len(space.webhooks) == 1
    assert len(space.secrets) == 2
    assert desk.accepted()[0] == only(space.webhooks)["secret"]


async def test_an_agent_of_another_workspace_is_a_404_that_says_what_to_check(space, desk):
    with pytest.raises(Refused, match="same workspace") as refusal:
        await desk.connect("agent_elsewhere")
    assert refusal.value.status == 404
    assert writes(space) == []
