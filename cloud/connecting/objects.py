"""The things of our own in the workspace: which are to be made, put right or deleted. Pure."""

from dataclasses import dataclass

from cloud.connecting.current import Current, our_tool, our_webhooks
from cloud.connecting.edits import same
from cloud.connecting.record import Record
from cloud.connecting.steps import (
    CreateSecret,
    CreateTool,
    CreateWebhook,
    DeleteSecret,
    DeleteTool,
    DeleteWebhook,
    EnableWebhook,
    Step,
    UpdateTool,
)
from cloud.connecting.tools import mended
from cloud.connecting.wanted import KEYS, NEW, Goal, Key, address, secret_name, tool_config


@dataclass(frozen=True, slots=True, kw_only=True)
class Objects:
    """
    The ids that settings and agents are to name, `NEW` for what is to be made.

    `first` comes before these are named, `last` after nobody names the old ones any more.
    """

    webhook_id: str
    tool_id: str
    secret_ids: dict[Key, str]
    first: tuple[Step, ...]
    last: tuple[Step, ...]


def objects_of(
    record: Record, current: Current, goal: Goal, *, known: frozenset[str], left: frozenset[str]
) -> Objects:
    """
    Return what is to be made and deleted, so that the agents of the goal have what they need.

    `known` are the hashes of the secrets that the receiver accepts; `left` are the ids of things
    that could not be deleted, because somebody else uses them.
    """
    if not goal.asked:
        last = [] if goal.agents else _all_of_ours(record, current, left)
        return Objects(webhook_id="", tool_id="", secret_ids={}, first=(), last=tuple(last))
    secret_ids, secret_steps = _secrets(current, goal)
    webhook_id, webhook_steps = _webhook(record, current, goal, known)
    tool_id, tool_steps = _tool(record, current, goal, secret_ids["search_data"])
    needed = {webhook_id, *secret_ids.values()}
    unneeded = _unneeded(record, current, needed, left)
    bound = current.bound_webhooks()
    free = [s for s in unneeded if isinstance(s, DeleteWebhook) and s.webhook_id not in bound]
    return Objects(
        webhook_id=webhook_id,
        tool_id=tool_id,
        secret_ids=secret_ids,
        first=(*free, *secret_steps, *webhook_steps, *tool_steps),
        last=tuple(step for step in unneeded if step not in free),
    )


def _secrets(current: Current, goal: Goal) -> tuple[dict[Key, str], list[Step]]:
    there = {secret["name"]: str(secret["secret_id"]) for secret in current.secrets}
    names = {key: secret_name(key, goal.keys[key]) for key in KEYS}
    ids = {key: there.get(name, NEW) for key, name in names.items()}
    return ids, [CreateSecret(name=names[key], key=key) for key in KEYS if ids[key] == NEW]


def _webhook(
    record: Record, current: Current, goal: Goal, known: frozenset[str]
) -> tuple[str, list[Step]]:
    """Return the webhook that delivers to our address with a secret that we accept."""
    url, ours = address(goal.url, "post-call"), record.webhook
    there = current.webhook(ours.id) if ours else None
    if ours is None or there is None or ours.url != url or ours.sha256 not in known:
        return NEW, [CreateWebhook(url=url)]
    is_off = there.get("is_disabled") or there.get("is_auto_disabled")
    has_retries = ours.has_retries and there.get("retry_enabled") is not False
    if has_retries and not is_off:
        return ours.id, []
    return ours.id, [EnableWebhook(webhook_id=ours.id, name=there["name"])]


def _tool(record: Record, current: Current, goal: Goal, secret_id: str) -> tuple[str, list[Step]]:
    wanted = tool_config(goal.url, secret_id)
    tool = our_tool(record, current)
    if tool is None:
        return NEW, [CreateTool(config=wanted)]
    config = mended(tool["tool_config"], wanted)
    is_right = same(tool["tool_config"], config)
    return tool["id"], [] if is_right else [UpdateTool(tool=tool, config=config)]


def _all_of_ours(record: Record, current: Current, left: frozenset[str]) -> list[Step]:
    """Return how all that we made goes; a tool that we only changed is as it was before."""
    tool, ours = our_tool(record, current), record.tool
    steps = _unneeded(record, current, set(), left)
    if tool is None or ours is None:
        return steps
    if ours.is_made:
        return [DeleteTool(tool_id=tool["id"]), *steps] if tool["id"] not in left else steps
    if ours.was is None or same(tool["tool_config"], ours.was):
        return steps
    return [UpdateTool(tool=tool, config=ours.was, is_withdrawn=True), *steps]


def _unneeded(
    record: Record, current: Current, needed: set[str], left: frozenset[str]
) -> list[Step]:
    """Return the deletions of what we made and nobody needs."""
    steps: list[Step] = [
        DeleteWebhook(webhook_id=each["webhook_id"], url=each["webhook_url"])
        for each in our_webhooks(record, current)
    ]
    steps += [DeleteSecret(secret_id=id_, name=name) for name, id_ in record.secrets.items()]
    return [step for step in steps if _id_of(step) not in needed | left]


def _id_of(step: Step) -> str:
    match step:
        case DeleteWebhook():
            return step.webhook_id
        case DeleteSecret():
            return step.secret_id
    return ""
