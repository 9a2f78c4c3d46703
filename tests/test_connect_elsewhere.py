"""The key of another workspace: nothing of what connect made is there, and nothing is forgotten."""

import pytest

from cloud.connecting.examine import examine
from cloud.connecting.wanted import Goal
from tests.connecting import KEYS, NAME, URL, Desk, plain, state_of, writes
from tests.platform import platform
from tests.test_doctor_online import NOW


@pytest.fixture
async def space():
    async with platform() as state:
        state.add_agent("agent_books")
        yield state


@pytest.fixture
async def elsewhere():
    """Another workspace, with settings and an agent of its own."""
    async with platform() as state:
        state.add_agent("agent_other")
        yield state


@pytest.fixture
def desk(space, tmp_path):
    return Desk(space, tmp_path)


async def carried_out(desk, goal):
    """Do as the command would if it did not stop at problems."""
    async with desk.opened(goal) as connection:
        current, plan = await connection.read()
        return plan, await connection.apply(current, plan)


@pytest.mark.parametrize("asked", ["", "agent_other"], ids=["disconnect", "connect"])
async def test_with_the_key_of_another_workspace_nothing_is_done(space, elsewhere, desk, asked):
    await desk.connect()
    held = desk.record_file.path.read_bytes(), desk.accepted()
    there = plain(state_of(elsewhere))
    agents = frozenset(["agent_books", asked]) if asked else frozenset()
    goal = Goal(url=URL, keys=KEYS, agents=agents, asked=asked)
    plan, outcome = await carried_out(Desk(elsewhere, desk.folder), goal)
    assert (plan.steps, plan.lines, outcome.is_verified) == ((), (), False)
    (problem,) = plan.problems
    assert "another workspace" in problem
    assert ".spool/connection.json" in problem
    assert (desk.record_file.path.read_bytes(), desk.accepted()) == held
    assert plain(state_of(elsewhere)) == there
    assert writes(elsewhere) == []
    _, outcome = await desk.disconnect()  # with its own key again
    assert outcome.is_verified
    assert (space.webhooks, space.secrets) == ({}, {})


async def test_the_doctor_says_that_it_is_another_workspace(elsewhere, desk):
    await desk.connect()
    other = Desk(elsewhere, desk.folder)
    async with other.opened(Goal(url=URL, keys=KEYS)) as connection:
        *_, finding = await examine(connection, now=NOW)
    assert (finding.name, finding.verdict) == ("connection", "problem")
    assert "another workspace" in finding.mend


@pytest.mark.parametrize("what", ["agent", "tool", "secret", "webhook"])
async def test_one_thing_that_is_still_there_tells_the_workspace(space, desk, what):
    await desk.connect()
    if what != "agent":
        space.agents.clear()
    keep = {"tool_user_stock", "tool_user_booking"}
    for name in {"tool", "secret", "webhook"} - {what}:
        held = getattr(space, f"{name}s")
        for identifier in set(held) - keep:
            del held[identifier]
    _, outcome = await desk.disconnect()
    assert outcome.is_verified
    assert (space.webhooks, space.secrets, set(space.tools)) == ({}, {}, keep)
    assert not desk.record_file.path.exists()


async def test_a_first_connect_that_made_nothing_does_not_bind_to_a_workspace(
    space, elsewhere, desk
):
    space.faults.add(method="POST", path="", status=403, times=None)
    with pytest.raises(Exception, match="permission"):
        await desk.connect()
    _, outcome = await Desk(elsewhere, desk.folder).connect("agent_other")
    assert outcome.is_verified
    assert Desk(elsewhere, desk.folder).record.agents.keys() == {"agent_other"}


async def test_disconnecting_that_stopped_at_its_last_request_knows_its_workspace(
    space, elsewhere, desk
):
    await desk.connect()
    space.faults.add(method="DELETE", path="/secrets/", status=401, skip=1, before=False)
    with pytest.raises(Exception, match="401"):
        await desk.disconnect()
    assert space.secrets == {}
    other = Desk(elsewhere, desk.folder)
    plan, _ = await carried_out(other, Goal(url=URL, keys=KEYS))
    assert plan.problems
    _, outcome = await desk.disconnect()
    assert outcome.is_verified
    assert not desk.record_file.path.exists()
    assert desk.env.read_text() == f"{NAME}=wsec_first_start\n"
