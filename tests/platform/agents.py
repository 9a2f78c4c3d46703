"""The workspace's agents: a PATCH changes what it names, and leaves all else as it is."""

import re

from elevenlabs.conversational_ai.agents.raw_client import AsyncRawAgentsClient

from tests.platform import filling, usage, validation
from tests.platform.checking import check
from tests.platform.errors import not_found
from tests.platform.merging import patched
from tests.platform.paging import first, page
from tests.platform.shapes import body_of

_UPDATE = body_of(AsyncRawAgentsClient.update)
_INITIATION = "conversation_initiation_client_data_webhook"


def _list(state, asked):
    search = (first(asked, "search") or "").casefold()
    found = [agent for agent in state.agents.values() if search in agent["name"].casefold()]
    shown, cursor = page(
        found, asked, key=lambda agent: (agent["agent_id"],), default=state.options.page_size
    )
    rows = [
        {
            "agent_id": agent["agent_id"],
            "name": agent["name"],
            "tags": agent.get("tags") or [],
            "created_at_unix_secs": agent["metadata"]["created_at_unix_secs"],
            "access_info": agent["access_info"],
            "last_call_time_unix_secs": None,
            "archived": False,
        }
        for agent in shown
    ]
    return {"agents": rows, "next_cursor": cursor, "has_more": cursor is not None}


def _get(state, asked, agent_id):
    return found_agent(state, agent_id)


def _update(state, asked, agent_id):
    before = found_agent(state, agent_id)
    check(asked.json, _UPDATE, stored=before)
    change = {key: value for key, value in asked.json.items() if key != "version_description"}
    replaces_maps = state.options.agent_merge == "replace_maps"
    after = patched(before, change, _UPDATE, replaces_maps=replaces_maps)
    _validate(state, change, before=before, after=after)
    if state.options.fills_in_defaults:
        _fill_in(change, after)
    if after != before:
        changed_at = before["metadata"]["updated_at_unix_secs"] + 60
        after["metadata"] = {**before["metadata"], "updated_at_unix_secs": changed_at}
    state.agents[agent_id] = after
    _complain(state, after)
    return after


def _validate(state, change, *, before, after):
    known = usage.tool_ids(before)
    for tool_id in usage.tool_ids(after):
        if tool_id not in known and tool_id not in state.tools:
            raise not_found("Tool", tool_id)
    changed = change.get("platform_settings") or {}
    settings = after.get("platform_settings") or {}
    if "data_collection" in changed:
        where = ("platform_settings", "data_collection")
        validation.data_collection(settings["data_collection"], *where)
    if changed.get("workspace_overrides"):
        where = ("platform_settings", "workspace_overrides")
        earlier = (before.get("platform_settings") or {}).get("workspace_overrides") or {}
        overrides = settings["workspace_overrides"]
        validation.initiation_webhook(
            state,
            overrides.get(_INITIATION),
            *where,
            _INITIATION,
            stored=earlier.get(_INITIATION),
        )
        validation.post_call_webhook(
            state,
            overrides.get("webhooks"),
            *where,
            "webhooks",
            stored=earlier.get("webhooks"),
        )


def _fill_in(change, after):
    changed = change.get("platform_settings") or {}
    settings = after.get("platform_settings")
    for name in changed.get("data_collection") or {}:
        if name in settings["data_collection"]:
            item = settings["data_collection"][name]
            settings["data_collection"][name] = filling.data_collection_item(item)
    if "webhooks" in (changed.get("workspace_overrides") or {}):
        overrides = settings["workspace_overrides"]
        overrides["webhooks"] = filling.webhooks(overrides["webhooks"])


def _complain(state, agent):
    names = [
        state.tools[tool_id]["tool_config"]["name"]
        for tool_id in usage.tool_ids(agent)
        if tool_id in state.tools
    ]
    for name in sorted({name for name in names if names.count(name) > 1}):
        state.complaints.append(f"{agent['agent_id']} has two tools named {name}")


def variables_needed(state, agent):
    """Return every dynamic variable without which a call of this agent would not start."""
    spoken = agent["conversation_config"]["agent"]
    texts = [spoken.get("first_message") or "", (spoken.get("prompt") or {}).get("prompt") or ""]
    found = {name for text in texts for name in re.findall(r"{{\s*(\w+)\s*}}", text)}
    for tool_id in usage.tool_ids(agent):
        found |= _variables_in(state.tools.get(tool_id))
    return {name for name in found if not name.startswith(("system__", "secret__"))}


def _variables_in(value):
    if isinstance(value, dict):
        bound = value.get("dynamic_variable")
        is_assigned = "value_path" in value  # a tool sets it, and needs it not
        found = {bound} if isinstance(bound, str) and bound and not is_assigned else set()
        return found.union(*map(_variables_in, value.values()))
    if isinstance(value, list):
        return set().union(*map(_variables_in, value))
    return set()


def found_agent(state, agent_id):
    """Return the agent; a 404 if there is none, or if it is of another workspace."""
    if agent_id not in state.agents:
        raise not_found("Agent", agent_id)
    return state.agents[agent_id]


ROUTES = (
    ("GET", "/v1/convai/agents", _list),
    ("GET", "/v1/convai/agents/{agent_id}", _get),
    ("PATCH", "/v1/convai/agents/{agent_id}", _update),
)
