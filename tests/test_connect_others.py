"""Others in the same workspace, and a platform that does not take everything."""

import copy
from dataclasses import replace

import pytest

from cloud.connecting.carry_out import _patched
from cloud.connecting.connect import _MAX_STEPS
from cloud.connecting.disconnect import NotConnected, drop_secrets, goal_without
from cloud.connecting.edits import Change, placed
from cloud.connecting.record import Record, Webhook, fingerprint
from cloud.connecting.steps import PatchAgent
from cloud.connecting.wanted import OVERRIDES, tool_config
from cloud.errors import CloudError, Refused
from tests.connecting import KEYS, URL, Desk, plain, state_of, writes
from tests.platform import platform


@pytest.fixture
async def space():
    async with platform() as state:
        state.add_agent("agent_books")
        yield state


@pytest.fixture
def desk(space, tmp_path):
    return Desk(space, tmp_path)


def our_tool(space):
    (tool,) = [t for t in space.tools.values() if t["tool_config"]["name"] == "search_memory"]
    return tool


async def test_what_somebody_else_uses_stays_and_is_said(space, desk):
    await desk.connect()
    space.add_agent("agent_bikes")
    prompt = space.agents["agent_bikes"]["conversation_config"]["agent"]["prompt"]
    prompt["tool_ids"].append(our_tool(space)["id"])
    (webhook,) = space.webhooks.values()
    own = space.agents["agent_bikes"]["platform_settings"]["workspace_overrides"]
    own["webhooks"]["post_call_webhook_id"] = webhook["webhook_id"]
    _, outcome = await desk.disconnect()
    assert outcome.is_verified
    assert [line.partition(" stays")[0].split()[0] for line in outcome.left] == [
        *("tool", "webhook", "workspace")
    ]
    assert "agent_bikes" in outcome.left[0]
    assert "CALLSPOOL_SEARCH_DATA_KEY" in outcome.left[2]
    assert len(space.secrets) == 1
    assert our_tool(space)["id"] in prompt["tool_ids"]
    assert own["webhooks"]["post_call_webhook_id"] in space.webhooks
    assert space.settings["webhooks"]["post_call_webhook_id"] is None


async def test_what_the_platform_does_not_delete_stays_and_is_said(space, desk):
    await desk.connect()
    space.faults.add(method="DELETE", path="", status=409, times=None)
    _, outcome = await desk.disconnect()
    assert outcome.is_verified
    assert len(outcome.left) == 4
    assert len(space.webhooks) == 1


@pytest.mark.parametrize("what", ["tools", "webhooks", "secrets"])
async def test_what_is_gone_already_counts_as_done(space, desk, what):
    before = plain(state_of(space))
    await desk.connect()
    keep = {"tool_user_stock", "tool_user_booking"}
    held = getattr(space, what)
    for identifier in set(held) - keep:
        del held[identifier]
    _, outcome = await desk.disconnect()
    assert outcome.is_verified
    assert plain(state_of(space)) == before


async def test_what_is_deleted_while_it_is_being_deleted_counts_as_done(space, desk):
    before = plain(state_of(space))
    await desk.connect()
    for path in ("/tools/", "/webhooks/", "/secrets/"):
        space.faults.add(method="DELETE", path=path, status=500, before=False)
    _, outcome = await desk.disconnect()
    assert outcome.is_verified
    assert plain(state_of(space)) == before


async def test_an_agent_that_is_gone_is_no_hindrance(space, desk):
    await desk.connect()
    space.agents.clear()
    _, outcome = await desk.disconnect()
    assert outcome.is_verified
    assert (space.webhooks, space.secrets) == ({}, {})


async def test_a_tool_that_a_user_made_by_hand_is_used_mended_and_given_back(space, desk):
    wanted = tool_config(URL, "none")
    by_hand = {
        **copy.deepcopy(wanted),
        "description": "Look up what this caller said in earlier calls.",
    }
    by_hand["api_schema"]["request_headers"] = {"X-Api-Key": KEYS["search_data"]}
    mocks = [{"mock_result": "nothing is known"}]
    space.tools["tool_by_hand"] = {
        "id": "tool_by_hand",
        "tool_config": by_hand,
        "access_info": {},
        "usage_stats": {},
        "response_mocks": mocks,
    }
    prompt = space.agents["agent_books"]["conversation_config"]["agent"]["prompt"]
    prompt["tool_ids"].append("tool_by_hand")
    before = plain(state_of(space))
    plan, outcome = await desk.connect()
    assert outcome.is_verified
    assert our_tool(space)["id"] == "tool_by_hand"
    assert our_tool(space)["response_mocks"] == mocks
    header = our_tool(space)["tool_config"]["api_schema"]["request_headers"]["X-Api-Key"]
    assert header["secret_id"] in space.secrets
    assert KEYS["search_data"] not in repr(plan.lines)
    space.requests.clear()
    assert not (await desk.connect())[0].steps
    assert writes(space) == []
    plan, outcome = await desk.disconnect()
    assert outcome.is_verified
    assert "as it was before connect" in repr(plan.lines)
    config = plain(state_of(space))["tools"]["tool_by_hand"]["tool_config"]
    assert config["description"] == by_hand["description"]
    assert config["api_schema"]["request_headers"] == {"X-Api-Key": KEYS["search_data"]}
    assert plain(state_of(space))["agents"] == before["agents"]
    assert space.secrets == {}


async def test_a_webhook_that_leads_here_too_but_is_not_ours_is_said(space, desk):
    await desk.connect()
    (ours,) = space.webhooks.values()
    space.webhooks["wh_hand"] = {**ours, "webhook_id": "wh_hand", "name": "by hand"}
    plan, outcome = await desk.connect()
    assert outcome.is_verified
    assert any("by hand leads here too" in line.detail for line in plan.lines)
    await desk.disconnect()
    assert list(space.webhooks) == ["wh_hand"]


async def test_who_may_not_see_what_uses_a_webhook_can_connect(space, desk):
    space.faults.add(method="GET", path="/workspace/webhooks$", status=403)
    _, outcome = await desk.connect()
    assert outcome.is_verified


async def test_a_webhook_without_a_secret_is_of_no_use(space, desk, monkeypatch):
    from cloud.connecting.workspace import Workspace

    async def silent(self, name, url):
        return "wh_silent", ""

    monkeypatch.setattr(Workspace, "create_webhook", silent)
    with pytest.raises(CloudError, match="no secret"):
        await desk.connect()
    assert desk.accepted() == ("wsec_first_start",)


async def test_disconnecting_who_is_not_connected_names_who_is(space, desk):
    await desk.connect()
    with pytest.raises(NotConnected, match="agent_books"):
        goal_without(desk.record, "agent_x", keys={})


@pytest.mark.parametrize(
    ("accepted", "kept"),
    [
        (("wsec_ours",), ("wsec_ours",)),
        (("wsec_ours", "wsec_theirs"), ("wsec_theirs",)),
        (("wsec_ours", "wsec_before", "wsec_theirs"), ("wsec_theirs",)),
    ],
)
async def test_the_last_secret_is_never_taken_out(desk, accepted, kept):
    desk.accept(accepted)
    record = Record(
        webhook=Webhook(id="wh", url=URL, sha256=fingerprint("wsec_ours")),
        retired=(fingerprint("wsec_before"),),
    )
    drop_secrets(record, desk.secrets, left=frozenset())
    assert desk.accepted() == kept


async def test_secrets_that_stand_in_the_environment_are_not_taken_out(desk):
    desk.accept(("wsec_ours", "wsec_theirs"))
    record = Record(webhook=Webhook(id="wh", url=URL, sha256=fingerprint("wsec_ours")))
    drop_secrets(record, replace(desk.secrets, is_fixed=True), left=frozenset())
    assert desk.accepted() == ("wsec_ours", "wsec_theirs")


async def test_the_secret_of_a_webhook_that_stays_stays_and_a_later_disconnect_ends_it(space, desk):
    await desk.connect()
    space.add_agent("agent_bikes")
    (webhook,) = space.webhooks.values()
    own = space.agents["agent_bikes"]["platform_settings"]["workspace_overrides"]["webhooks"]
    own["post_call_webhook_id"] = webhook["webhook_id"]
    for _ in range(2):
        _, outcome = await desk.disconnect()
        assert outcome.is_verified
        assert len(outcome.left) == 1
        assert desk.accepted() == (webhook["secret"], "wsec_first_start")
        assert desk.record.webhook.id == webhook["webhook_id"]
        assert desk.record.agents == {}
    assert (list(space.webhooks), space.secrets) == ([webhook["webhook_id"]], {})
    own["post_call_webhook_id"] = None
    _, outcome = await desk.disconnect()
    assert (outcome.is_verified, outcome.left, space.webhooks) == (True, (), {})
    assert desk.accepted() == ("wsec_first_start",)
    assert not desk.record_file.path.exists()


async def test_an_old_webhook_that_stays_keeps_its_secret_too(space, desk):
    await desk.connect()
    (old,) = space.webhooks
    secret = space.webhooks[old]["secret"]
    space.faults.add(method="DELETE", path=f"/webhooks/{old}$", status=409, times=2)
    await desk.connect(url="https://two.callspool.example")
    _, outcome = await desk.disconnect()
    assert len(outcome.left) == 1
    assert secret in desk.accepted()
    await desk.disconnect()
    assert desk.accepted() == ("wsec_first_start",)
    assert not desk.record_file.path.exists()


async def test_a_webhook_that_stayed_is_used_when_the_agent_is_connected_again(space, desk):
    await desk.connect()
    space.faults.add(method="DELETE", path="/webhooks/", status=409)
    await desk.disconnect()
    (webhook,) = space.webhooks
    _, outcome = await desk.connect()
    assert outcome.is_verified
    assert list(space.webhooks) == [webhook]


async def test_the_secret_of_an_old_webhook_that_is_not_gone_yet_stays_at_the_next_change(
    space, desk
):
    await desk.connect()
    first = desk.accepted()[0]
    space.faults.add(method="PATCH", path="/settings$", status=401)
    with pytest.raises(CloudError):  # the second webhook is there, the first is still bound
        await desk.connect(url="https://two.callspool.example")
    space.faults.add(method="PATCH", path="/settings$", status=401)
    with pytest.raises(CloudError):
        await desk.connect(url="https://three.callspool.example")
    assert space.settings["webhooks"]["post_call_webhook_id"] in space.webhooks
    assert first in desk.accepted()


# A platform that merges, and takes null in its own way.

SWITCH = (*OVERRIDES, "conversation_config_override", "agent", "language")
BEFORE = placed(placed({}, SWITCH, True), (*OVERRIDES, "own"), True)
DESIRED = placed(BEFORE, SWITCH, None)
STEP = PatchAgent(
    agent_id="agent",
    before=BEFORE,
    desired=DESIRED,
    changes=(Change(path=SWITCH, label="language", before=True, after=None),),
    edits=(),
    edits_after=(),
)


class Merging:
    """A platform that ignores nulls, refuses them, or stores them."""

    def __init__(self, nulls):
        self.nulls = nulls
        self.document = copy.deepcopy(BEFORE)
        self.sent = []

    async def send(self, body):
        self.sent.append(body)
        value = body["platform_settings"]["overrides"]
        language = value["conversation_config_override"]["agent"].get("language", "absent")
        if language is None and self.nulls == "refuses":
            raise refusal(422)
        if language == "absent" or (language is None and self.nulls == "ignores"):
            return self.document
        self.document = placed(self.document, SWITCH, language)
        return self.document

    async def look(self):
        return self.document


def refusal(status):
    return Refused("no", status=status, code="", retry_after_seconds=None)


async def patched(there):
    return await _patched(STEP, (OVERRIDES,), send=there.send, look=there.look)


async def test_a_platform_that_merges_is_told_with_null_what_is_to_go():
    actual, is_done = await patched(Merging("stores"))
    assert (actual, is_done) == (DESIRED, True)


async def test_a_platform_that_refuses_null_for_a_switch_is_told_false():
    actual, is_done = await patched(Merging("refuses"))
    assert is_done
    assert actual == placed(BEFORE, SWITCH, False)


async def test_a_platform_that_ignores_null_is_found_out():
    actual, is_done = await patched(Merging("ignores"))
    assert (actual, is_done) == (BEFORE, False)


async def test_another_refusal_is_told():
    there = Merging("stores")
    there.send = failing(there.send, 2, refusal(403))
    with pytest.raises(Refused):
        await patched(there)
    there = Merging("stores")
    there.send = failing(there.send, 2, refusal(422))
    there.look = unset(there)
    assert await patched(there) == (DESIRED, True)  # the answer to the first null was lost


def failing(send, number, error):
    count = [0]

    async def sending(body):
        count[0] += 1
        if count[0] == number:
            raise error
        return await send(body)

    return sending


def unset(there):
    async def look():
        there.document = DESIRED
        return there.document

    return look


async def test_a_change_that_the_platform_does_not_take_is_no_endless_loop(space, desk):
    await desk.connect()
    space.settings["webhooks"]["events"] = ["transcript"]
    async with desk.opened(desk.goal()) as connection:
        current, plan = await connection.read()
        real = connection.workspace.patch_settings

        async def forgetful(body):
            await real(body)
            space.settings["webhooks"]["events"] = ["transcript"]
            return await connection.workspace.settings()

        connection.workspace.patch_settings = forgetful
        space.requests.clear()
        outcome = await connection.apply(current, plan)
    assert not outcome.is_verified
    assert any("events" in line.what for line in outcome.rest.lines)
    assert len(writes(space)) < _MAX_STEPS
