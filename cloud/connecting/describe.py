"""A plan in words: a line for what is in place, what changes and what is left alone. Pure."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any, assert_never

from cloud.connecting.bindings import AgentDecision
from cloud.connecting.current import Current, foreign_initiation, foreign_post_call, our_webhooks
from cloud.connecting.edits import Change, Decision, Json, look_up
from cloud.connecting.objects import Objects
from cloud.connecting.record import AgentRecord, Record
from cloud.connecting.steps import (
    CreateSecret,
    CreateTool,
    CreateWebhook,
    DeleteSecret,
    DeleteTool,
    DeleteWebhook,
    EnableWebhook,
    Line,
    PatchAgent,
    PatchSettings,
    State,
    Step,
    UpdateTool,
)
from cloud.connecting.tools import differing, tool_url
from cloud.connecting.wanted import (
    FIELD,
    FIELDS,
    KEYS,
    NEW,
    OVERRIDE,
    PLACEHOLDER,
    PLACEHOLDERS,
    TOOL,
    TOOL_IDS,
    TOOL_NAME,
    WEBHOOK_NAME,
    Goal,
    address,
    secret_name,
)

_SEVERAL = (PLACEHOLDER, FIELD, OVERRIDE)
_SETTINGS = "workspace settings"
_FOR_ALL = " (for all agents of the workspace; --scope agent: for this one alone)"
_BY_HAND = "changed by hand since connect: stays as it is"


def lines_of_steps(steps: Iterable[Step], current: Current) -> Iterator[Line]:
    """Yield a line for each thing that is made, changed or deleted, in order."""
    for step in steps:
        match step:
            case PatchSettings():
                yield from _changes(_SETTINGS, step.changes, current)
            case PatchAgent():
                yield from _changes(f"agent {step.agent_id}", step.changes, current)
            case _:
                yield _line(step)


def _line(step: Step) -> Line:  # noqa: PLR0911  # one each
    match step:
        case CreateSecret():
            return Line(state="create", what="workspace secret", detail=step.name)
        case CreateWebhook():
            detail = f"{WEBHOOK_NAME}, {step.url}, with retries; its secret goes into .env"
            return Line(state="create", what="post-call webhook", detail=detail)
        case EnableWebhook():
            detail = f"{step.name}: switched on, with retries"
            return Line(state="change", what="post-call webhook", detail=detail)
        case CreateTool():
            detail = f"{TOOL_NAME}, POST {step.config['api_schema']['url']}"
            return Line(state="create", what="tool", detail=detail)
        case UpdateTool():
            return _line_of_update(step)
        case DeleteTool():
            return Line(state="remove", what="tool", detail=TOOL_NAME)
        case DeleteWebhook():
            return Line(state="remove", what="post-call webhook", detail=step.url)
        case DeleteSecret():
            return Line(state="remove", what="workspace secret", detail=step.name)
        case PatchSettings() | PatchAgent():
            raise TypeError("a patch has several lines")
    assert_never(step)


def _line_of_update(step: UpdateTool) -> Line:
    there = step.tool["tool_config"]
    if step.is_withdrawn:
        return Line(state="change", what="tool", detail=f"{TOOL_NAME}: as it was before connect")
    names = ", ".join(differing(there, step.config))
    before, after = tool_url(step.tool), step.config["api_schema"]["url"]
    moved = f"; {before} -> {after}" if before != after else ""
    return Line(state="change", what="tool", detail=f"{TOOL_NAME}: {names}{moved}")


def _changes(who: str, changes: Iterable[Change], current: Current) -> Iterator[Line]:
    def kind(change: Change) -> tuple[str, State]:
        if change.after is None:
            return change.label, "remove"
        is_new = change.before is None or change.label in (*_SEVERAL, TOOL)
        return change.label, "create" if is_new and not change.is_withdrawn else "change"

    for (label, state), group in groupby(sorted(changes, key=kind), key=kind):
        several = list(group)
        if label in _SEVERAL:
            detail = ", ".join(change.path[-1] for change in several)
        elif label == TOOL:
            detail = TOOL_NAME
        else:
            before, after = (_shown(v, current) for v in (several[0].before, several[0].after))
            is_set = who == _SETTINGS and label.endswith("webhook") and not several[0].is_withdrawn
            detail = f"{before} -> {after}{_FOR_ALL if is_set else ''}"
        is_taken = several[0].is_withdrawn and label == TOOL
        yield Line(state="remove" if is_taken else state, what=f"{who}, {label}", detail=detail)


def _shown(value: Any, current: Current) -> str:
    """Return a value for people: never a header, which may be a secret."""
    match value:
        case None:
            return "not set"
        case bool():
            return "on" if value else "off"
        case list() | tuple():
            return ", ".join(map(str, value)) or "none"
        case dict():
            return _shown(value.get("url") or value.get("post_call_webhook_id"), current)
    if webhook := current.webhook(str(value)):
        return str(webhook["webhook_url"])
    return "the new one" if value == NEW else str(value)


def lines_in_place(
    record: Record, current: Current, goal: Goal, objects: Objects
) -> Iterator[Line]:
    """Yield a line for each of our things that is there and as it should be."""
    if not goal.asked:
        return
    for key in KEYS:
        if objects.secret_ids[key] != NEW:
            name = secret_name(key, goal.keys[key])
            yield Line(state="in place", what="workspace secret", detail=name)
    kinds = {type(step) for step in objects.first}
    if not kinds & {CreateWebhook, EnableWebhook}:
        detail = f"{WEBHOOK_NAME}, {address(goal.url, 'post-call')}"
        yield Line(state="in place", what="post-call webhook", detail=detail)
    if not kinds & {CreateTool, UpdateTool}:
        yield Line(state="in place", what="tool", detail=TOOL_NAME)
    ours = {each["webhook_id"] for each in our_webhooks(record, current)}
    for each in current.webhooks:
        is_here = each["webhook_url"] == address(goal.url, "post-call")
        if is_here and each["webhook_id"] not in ours:
            detail = f"{each['name']} leads here too, but was made by somebody else"
            yield Line(state="left alone", what="post-call webhook", detail=detail)


def lines_of_settings(
    decision: Decision, record: Record, current: Current, goal: Goal
) -> Iterator[Line]:
    """Yield what stays in the workspace's settings."""
    yield from _staying(_SETTINGS, decision)
    agent = record.agents.get(goal.asked)
    if agent is None:
        return
    settings = current.settings
    for kind, place, foreign in (
        ("initiation webhook", agent.initiation, foreign_initiation(settings, (), record)),
        ("post-call webhook", agent.post_call, foreign_post_call(settings, (), record, current)),
    ):
        if foreign:
            detail = f"{foreign} is somebody else's; this agent gets its own"
            yield Line(state="left alone", what=f"{_SETTINGS}, {kind}", detail=detail)
        elif place == "agent":
            detail = "not touched: only this agent's calls come here"
            yield Line(state="left alone", what=f"{_SETTINGS}, {kind}", detail=detail)


def lines_of_agent(
    agent_id: str, agent: Json, record: AgentRecord, told: AgentDecision
) -> Iterator[Line]:
    """Yield what stays on an agent: what is right already, and the user's own."""
    who = f"agent {agent_id}"
    yield from _staying(who, told.decision)
    if not told.is_asked:
        return
    for path, label in ((PLACEHOLDERS, PLACEHOLDER), (FIELDS, FIELD)):
        ours = {edit.path[-1] for edit in record.edits if edit.path[:-1] == path}
        theirs = [key for key in look_up(agent, path) or {} if key not in ours]
        if theirs:
            yield Line(state="left alone", what=f"{who}, your own {label}",
                       detail=", ".join(theirs))  # fmt: skip
    put = {item for edit in record.edits if edit.path == TOOL_IDS for item in edit.put}
    if others := [each for each in look_up(agent, TOOL_IDS) or [] if each not in put]:
        yield Line(state="left alone", what=f"{who}, your own tools", detail=", ".join(others))
    if told.left_out:
        detail = f"no room for {', '.join(told.left_out)}: an agent collects 25 values at most"
        yield Line(state="left alone", what=f"{who}, {FIELD}", detail=detail)


def _staying(who: str, decision: Decision) -> Iterator[Line]:
    if decision.in_place:
        labels = ", ".join(dict.fromkeys(decision.in_place))
        yield Line(state="in place", what=who, detail=labels)
    for label in dict.fromkeys(decision.kept):
        yield Line(state="left alone", what=f"{who}, {label}", detail=_BY_HAND)
