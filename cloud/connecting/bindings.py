"""Where an agent's webhooks are set, and what settings and agents are to name. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from cloud.connecting.current import (
    Current,
    foreign_initiation,
    foreign_post_call,
    foreign_tool,
)
from cloud.connecting.edits import Decision, Edit, Json, Path, Want, decide, look_up
from cloud.connecting.fields import fields_for
from cloud.connecting.objects import Objects
from cloud.connecting.record import AgentRecord, Place, Record
from cloud.connecting.wanted import (
    FIELDS,
    INITIATION,
    POST_CALL,
    POST_CALL_ID,
    TOOL,
    TOOL_IDS,
    TOOL_NAME,
    WORKSPACE_OVERRIDES,
    Goal,
    agent_wants,
    initiation_webhook,
    override_wants,
    own_post_call,
    workspace_wants,
)

_NOT_OURS = (
    "{agent} has {what} of its own, {foreign}: remove it in the agent's settings, or let connect "
    "replace it until disconnect with --scope agent"
)
_TAKEN = (
    "the workspace has {what} of somebody else, {foreign}: leave --scope away, and only this "
    "agent's calls come here"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentDecision:
    """What an agent is to become; of one that was asked for, the fields it has no room for."""

    decision: Decision
    left_out: tuple[str, ...] = ()
    is_asked: bool = False


def placed_agents(
    record: Record, current: Current, goal: Goal
) -> tuple[dict[str, AgentRecord], list[str]]:
    """Return the agents of the record with where their webhooks are to be set; and problems."""
    agents = dict(record.agents)
    agent = current.agents.get(goal.asked)
    if not goal.asked or agent is None:
        return agents, []
    before = agents.get(goal.asked)
    initiation, first = _place(
        goal,
        "an initiation webhook",
        before=before.initiation if before else None,
        own=look_up(agent, (*WORKSPACE_OVERRIDES, *INITIATION, "url")),
        foreign_own=foreign_initiation(agent, WORKSPACE_OVERRIDES, record),
        foreign=foreign_initiation(current.settings, (), record),
    )
    post_call, second = _place(
        goal,
        "a post-call webhook",
        before=before.post_call if before else None,
        own=look_up(agent, (*WORKSPACE_OVERRIDES, *POST_CALL_ID)),
        foreign_own=foreign_post_call(agent, WORKSPACE_OVERRIDES, record, current),
        foreign=foreign_post_call(current.settings, (), record, current),
    )
    edits = before.edits if before else ()
    agents[goal.asked] = AgentRecord(initiation=initiation, post_call=post_call, edits=edits)
    problems = [*first, *second]
    if foreign := foreign_tool(agent, record, current):
        problems.append(
            f"{goal.asked} has another tool named {TOOL_NAME} ({foreign['id']}): rename it or take "
            "it from the agent; a model cannot tell two of one name apart"
        )
    return agents, problems


def _place(
    goal: Goal,
    what: str,
    *,
    before: Place | None,
    own: str | None,
    foreign_own: str,
    foreign: str,
) -> tuple[Place, list[str]]:
    """Return where it is set: unasked, never for the whole workspace if it was for the agent."""
    if goal.scope == "agent":
        return "agent", []
    if foreign_own:
        return "agent", [_NOT_OURS.format(agent=goal.asked, what=what, foreign=foreign_own)]
    if goal.scope == "workspace":
        taken = [_TAKEN.format(what=what, foreign=foreign)] if foreign else []
        return "workspace", taken
    return ("agent" if before == "agent" or own or foreign else "workspace"), []


def settings_decision(
    record: Record, current: Current, *, goal: Goal, objects: Objects
) -> Decision:
    """Return what the workspace's settings are to become."""
    agents = [agent for key, agent in record.agents.items() if key in goal.agents]
    needs_initiation = any(agent.initiation == "workspace" for agent in agents)
    needs_post_call = any(agent.post_call == "workspace" for agent in agents)
    settings = current.settings
    if not goal.asked:
        needed = [
            edit
            for edit in record.settings
            if (needs_initiation if edit.path == INITIATION else needs_post_call)
        ]
        return _besides(needed, decide(settings, [], _without(record.settings, needed)))
    initiation = webhook_id = None
    if needs_initiation and not foreign_initiation(settings, (), record):
        secret_id = objects.secret_ids["client_data"]
        there = look_up(settings, INITIATION)
        initiation = initiation_webhook(goal.url, secret_id, ours=there)
    if needs_post_call and not foreign_post_call(settings, (), record, current):
        webhook_id = objects.webhook_id
    return decide(settings, workspace_wants(initiation, webhook_id), record.settings)


def agent_decision(
    agent_id: str, agent: Json, *, record: Record, goal: Goal, objects: Objects
) -> AgentDecision:
    """
    Return what an agent is to become: one that is not of the goal, as it was before connect.

    One that was not asked for only follows what its webhooks and its tool have become, and not
    even that if nobody was asked for.
    """
    placed = record.agents[agent_id]
    if agent_id not in goal.agents:
        return AgentDecision(decision=decide(agent, [], placed.edits))
    if not goal.asked:
        return AgentDecision(decision=_besides(placed.edits, decide(agent, [], [])))
    own = _own_webhooks(agent, placed, record=record, goal=goal, objects=objects)
    overrides = override_wants(*own)
    if agent_id != goal.asked:
        return AgentDecision(decision=_following(agent, placed, overrides, objects))
    collected = {key for key, value in (look_up(agent, FIELDS) or {}).items() if value is not None}
    ours = {edit.path[-1] for edit in placed.edits if edit.path[:-1] == FIELDS}
    fields, left_out = fields_for(collected, ours & collected)
    wants = agent_wants(goal, fields=fields, tool_id=objects.tool_id)
    decision = decide(agent, [*overrides, *wants], placed.edits)
    return AgentDecision(decision=decision, left_out=tuple(left_out), is_asked=True)


def _own_webhooks(
    agent: Json, placed: AgentRecord, *, record: Record, goal: Goal, objects: Objects
) -> tuple[Json | None, Json | None]:
    there = look_up(agent, WORKSPACE_OVERRIDES)
    initiation = post_call = None
    if placed.initiation == "agent":
        secret_id = objects.secret_ids["client_data"]
        is_ours = not foreign_initiation(agent, WORKSPACE_OVERRIDES, record)
        ours = look_up(there, INITIATION) if is_ours else None
        initiation = initiation_webhook(goal.url, secret_id, ours=ours)
    if placed.post_call == "agent":
        post_call = own_post_call(objects.webhook_id, there=look_up(there, POST_CALL))
    return initiation, post_call


def _following(
    agent: Json, placed: AgentRecord, overrides: list[Want], objects: Objects
) -> Decision:
    def follows(path: Path) -> bool:
        return path == TOOL_IDS or path[: len(WORKSPACE_OVERRIDES)] == WORKSPACE_OVERRIDES

    followed = [edit for edit in placed.edits if follows(edit.path)]
    tool = Want(path=TOOL_IDS, value=(objects.tool_id,), label=TOOL, kind="members")
    paths = {edit.path for edit in followed}
    wants = [want for want in (*overrides, tool) if want.path in paths]
    return _besides(_without(placed.edits, followed), decide(agent, wants, followed))


def _without(edits: Sequence[Edit], others: Sequence[Edit]) -> list[Edit]:
    return [edit for edit in edits if edit not in others]


def _besides(others: Sequence[Edit], decision: Decision) -> Decision:
    """Return a decision that leaves the `others` recorded as they are."""
    return replace(
        decision,
        edits=(*others, *decision.edits),
        edits_after=(*others, *decision.edits_after),
    )
