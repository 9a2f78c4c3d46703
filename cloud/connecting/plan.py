"""
From what is there, what is wanted and what was recorded to an ordered plan. Pure.

Connecting and disconnecting are one thing: what the agents of the goal need is made and set, and
what nobody needs any more is put back or deleted.
"""

from dataclasses import replace

from cloud.connecting.bindings import agent_decision, placed_agents, settings_decision
from cloud.connecting.current import Current, is_elsewhere, settled
from cloud.connecting.describe import (
    lines_in_place,
    lines_of_agent,
    lines_of_settings,
    lines_of_steps,
)
from cloud.connecting.edits import Decision, Json
from cloud.connecting.objects import Objects, objects_of
from cloud.connecting.record import RECORD_FILE, Record
from cloud.connecting.steps import Line, PatchAgent, PatchSettings, Plan, Step
from cloud.connecting.wanted import Goal

ELSEWHERE = (
    "nothing that connect made is in this workspace: is ELEVENLABS_API_KEY the key of another "
    f"workspace? If everything was deleted by hand, move {RECORD_FILE} in the folder of the spool "
    "away, and run it again"
)
_HINTS = (
    "Use what is known in the agent's prompt, for example: You are speaking with {{user_name}}. "
    "{{user_profile_summary}}",
    "On an agent that is used in a browser too, a tool that is bound to the caller's number ends "
    "the call: keep it on an agent for the phone.",
)


def make_plan(
    current: Current,
    goal: Goal,
    record: Record,
    *,
    known: frozenset[str],
    left: frozenset[str] = frozenset(),
) -> Plan:
    """
    Return what is to be done, an empty plan if all is as it should be.

    `known` are the hashes of the secrets that the receiver accepts; `left` the ids of things of
    ours that could not be deleted because somebody else uses them.
    """
    if is_elsewhere(record, current):
        return Plan(steps=(), record=record, problems=(ELSEWHERE,))
    gone = [key for key in record.agents if current.agents.get(key) is None]
    record = settled(record, current, goal, known)
    agents, problems = placed_agents(record, current, goal)
    record = replace(record, agents=agents)
    objects = objects_of(record, current, goal, known=known, left=left)
    settings = settings_decision(record, current, goal=goal, objects=objects)
    lines = [Line(state="remove", what=f"agent {key}", detail="it is gone") for key in gone]
    lines += lines_in_place(record, current, goal, objects)
    lines += lines_of_settings(settings, record, current, goal)
    patches: list[PatchAgent] = []
    for agent_id in agents:
        document = current.agents[agent_id] or {}
        told = agent_decision(agent_id, document, record=record, goal=goal, objects=objects)
        lines += lines_of_agent(agent_id, document, agents[agent_id], told)
        patches += _patch_of_agent(agent_id, document, told.decision)
        record = _tidied(record, agent_id, told.decision, goal)
    steps = _in_order(objects, _patch_of_settings(current, settings), patches, goal)
    return Plan(
        steps=steps,
        record=record if settings.changes else replace(record, settings=settings.edits_after),
        lines=(*lines, *lines_of_steps(steps, current)),
        problems=tuple(problems),
        hints=_HINTS if goal.asked else (),
    )


def _in_order(
    objects: Objects, settings: list[Step], patches: list[PatchAgent], goal: Goal
) -> tuple[Step, ...]:
    """
    Return the steps so that nothing is named before it is there, or deleted while it is named.

    An agent that is disconnected goes before the settings, so that it never asks for data that
    nobody answers; one that is connected comes after them.
    """
    leaving = [patch for patch in patches if patch.agent_id not in goal.agents]
    coming = [patch for patch in patches if patch.agent_id in goal.agents]
    return (*objects.first, *leaving, *settings, *coming, *objects.last)


def _patch_of_settings(current: Current, decision: Decision) -> list[Step]:
    if not decision.changes:
        return []
    return [
        PatchSettings(
            before=current.settings,
            desired=decision.desired,
            changes=decision.changes,
            edits=decision.edits,
            edits_after=decision.edits_after,
        )
    ]


def _patch_of_agent(agent_id: str, document: Json, decision: Decision) -> list[PatchAgent]:
    if not decision.changes:
        return []
    return [
        PatchAgent(
            agent_id=agent_id,
            before=document,
            desired=decision.desired,
            changes=decision.changes,
            edits=decision.edits,
            edits_after=decision.edits_after,
        )
    ]


def _tidied(record: Record, agent_id: str, decision: Decision, goal: Goal) -> Record:
    """Return the record without what needs no undoing; what is to be changed stays as it is."""
    if decision.changes:
        return record
    if agent_id not in goal.agents:
        return record.with_agent(agent_id, None)
    agent = replace(record.agents[agent_id], edits=decision.edits_after)
    return record.with_agent(agent_id, agent)
