"""What the workspace holds, and which of it is ours. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from cloud.connecting.edits import Json, Path, look_up
from cloud.connecting.record import Record, Tool
from cloud.connecting.tools import tool_name, tool_url
from cloud.connecting.wanted import (
    INITIATION,
    KEYS,
    POST_CALL_ID,
    TOOL_IDS,
    TOOL_NAME,
    WEBHOOK_NAME,
    WORKSPACE_OVERRIDES,
    Goal,
    address,
    secret_name,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Current:
    """The workspace as read. `agents` has None for one that is not there (any more)."""

    settings: Json
    webhooks: tuple[Json, ...]
    secrets: tuple[Json, ...]
    tools: tuple[Json, ...]
    agents: Mapping[str, Json | None]

    def webhook(self, webhook_id: str | None) -> Json | None:
        """Return the webhook with this id."""
        return next((each for each in self.webhooks if each["webhook_id"] == webhook_id), None)

    def bound_webhooks(self) -> set[str]:
        """Return the ids of the post-call webhooks that settings or known agents use."""
        places = [look_up(self.settings, POST_CALL_ID)]
        path: Path = (*WORKSPACE_OVERRIDES, *POST_CALL_ID)
        places += [look_up(agent, path) for agent in self.agents.values()]
        return {place for place in places if place}


def is_elsewhere(record: Record, current: Current) -> bool:
    """Tell whether something was made, and nothing of it is in this workspace, no agent either."""
    webhooks = {each.id for each in (record.webhook, record.pending) if each} | {*record.stale}
    tools = {record.tool.id} - {""} if record.tool else set()
    secrets = set(record.secrets.values())
    edits = [*record.settings, *(edit for agent in record.agents.values() for edit in agent.edits)]
    if not (webhooks or tools or secrets or edits):
        return False
    return not (
        webhooks & {each["webhook_id"] for each in current.webhooks}
        or tools & {each["id"] for each in current.tools}
        or secrets & {each["secret_id"] for each in current.secrets}
        or any(current.agents.get(each) is not None for each in (*record.agents, *record.seen))
    )


def settled(record: Record, current: Current, goal: Goal, known: frozenset[str]) -> Record:
    """
    Return the record, brought up to date with what the workspace holds.

    What somebody deleted is forgotten; a webhook whose making was interrupted becomes ours if
    its secret (of those with the hashes `known`) was kept, else it is to be deleted.
    """
    urls = (goal.url, *(url for url in record.urls if url != goal.url))
    record = replace(record, urls=tuple(url for url in urls if url))
    pending = record.pending
    if pending is not None:
        is_kept = pending.sha256 in known and current.webhook(pending.id) is not None
        record = promoted(record) if is_kept else abandoned(record)
    if not goal.agents and record.webhook and not current.webhook(record.webhook.id):
        record = without_webhook(record, record.webhook.id)
    return replace(
        record,
        stale=tuple(each for each in record.stale if current.webhook(each)),
        tool=_tool(record, current, goal),
        secrets=_secrets(record, current, goal),
        agents={
            agent_id: agent
            for agent_id, agent in record.agents.items()
            if current.agents.get(agent_id) is not None and (agent_id in goal.agents or agent.edits)
        },
        seen=_seen(record, current, goal),
    )


def _seen(record: Record, current: Current, goal: Goal) -> tuple[str, ...]:
    """Return the agents that are there: the connected ones, at the end those that were."""
    seen = goal.agents or {*record.agents, *record.seen}
    return tuple(sorted(each for each in seen if current.agents.get(each) is not None))


def promoted(record: Record) -> Record:
    """Return the record with the pending webhook, whose secret is kept, as ours."""
    old = record.webhook
    return replace(
        record,
        webhook=record.pending,
        pending=None,
        stale=_added(record.stale, old.id) if old else record.stale,
        retired=_added(record.retired, old.sha256) if old else record.retired,
    )


def abandoned(record: Record) -> Record:
    """Return the record with the pending webhook, whose secret is lost, as one to delete."""
    stale = _added(record.stale, record.pending.id) if record.pending else record.stale
    return replace(record, pending=None, stale=stale)


def without_webhook(record: Record, webhook_id: str) -> Record:
    """Return the record without a webhook that was deleted; its secret is of no use any more."""
    record = replace(record, stale=tuple(each for each in record.stale if each != webhook_id))
    if record.webhook is None or record.webhook.id != webhook_id:
        return record
    return replace(record, webhook=None, retired=_added(record.retired, record.webhook.sha256))


def _added(values: tuple[str, ...], value: str) -> tuple[str, ...]:
    return values if value in values else (*values, value)


def _tool(record: Record, current: Current, goal: Goal) -> Tool | None:
    """Return what is known of our tool; one that we never began to make was not made by us."""
    found, ours = our_tool(record, current), record.tool
    if found is None:
        return ours if ours and not ours.id and goal.agents else None
    if ours is None:
        return Tool(id=found["id"], is_made=False) if goal.agents else None
    return replace(ours, id=found["id"])


def _secrets(record: Record, current: Current, goal: Goal) -> dict[str, str]:
    there = {secret["name"]: secret["secret_id"] for secret in current.secrets}
    wanted = [secret_name(key, goal.keys[key]) for key in KEYS if goal.keys.get(key)]
    return {name: there[name] for name in (*record.secrets, *wanted) if name in there}


def our_webhooks(record: Record, current: Current) -> list[Json]:
    """Return the post-call webhooks that we made: by id, or by name at an address of ours."""
    made = (record.webhook, record.pending)
    ids = {*record.stale, *(webhook.id for webhook in made if webhook)}
    addresses = {address(url, "post-call") for url in record.urls}
    return [
        each
        for each in current.webhooks
        if each["webhook_id"] in ids
        or (each.get("name") == WEBHOOK_NAME and each.get("webhook_url") in addresses)
    ]


def our_tool(record: Record, current: Current) -> Json | None:
    """Return our tool: by id, or by name at an address of ours."""
    made = record.tool.id if record.tool else ""
    addresses = {address(url, "search-data") for url in record.urls}
    found = [each for each in current.tools if each["id"] == made]
    found += [
        each
        for each in current.tools
        if tool_name(each) == TOOL_NAME and tool_url(each) in addresses
    ]
    return found[0] if found else None


def foreign_tool(agent: Json, record: Record, current: Current) -> Json | None:
    """Return a tool of this agent that has the name of ours and is not ours."""
    ours = our_tool(record, current)
    attached = look_up(agent, TOOL_IDS) or []
    for tool in current.tools:
        if tool["id"] in attached and tool_name(tool) == TOOL_NAME and tool is not ours:
            return tool
    return None


def is_our_initiation(webhook: Json | None, record: Record) -> bool:
    """Tell whether an initiation webhook leads to this server."""
    return look_up(webhook, ("url",)) in {address(url, "client-data") for url in record.urls}


def foreign_initiation(document: Json, prefix: Path, record: Record) -> str:
    """Return where somebody else's initiation webhook leads that is set here, "" if none is."""
    webhook = look_up(document, (*prefix, *INITIATION))
    url = look_up(webhook, ("url",)) or ""
    return "" if is_our_initiation(webhook, record) else str(url)


def foreign_post_call(document: Json, prefix: Path, record: Record, current: Current) -> str:
    """Return the name of somebody else's post-call webhook that is set here, "" if none is."""
    webhook_id = look_up(document, (*prefix, *POST_CALL_ID))
    ours = {each["webhook_id"] for each in our_webhooks(record, current)} | set(record.stale)
    edits = [*record.settings, *(e for agent in record.agents.values() for e in agent.edits)]
    for edit in edits:  # one that is deleted already may still be named here
        if edit.path[-len(POST_CALL_ID) :] == POST_CALL_ID:
            ours |= set(edit.put)
        elif edit.key == POST_CALL_ID[-1]:
            ours |= {look_up(put, (edit.key,)) for put in edit.put}
    if not webhook_id or webhook_id in ours:
        return ""
    webhook = current.webhook(webhook_id)
    return f"{webhook['name']} ({webhook['webhook_url']})" if webhook else str(webhook_id)
