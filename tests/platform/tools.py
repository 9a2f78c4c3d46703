"""The workspace's tools, which agents refer to by id."""

import copy

from elevenlabs.types import ToolRequestModel

from tests.platform import filling, usage, validation
from tests.platform.checking import check
from tests.platform.errors import detail, not_found
from tests.platform.paging import first, is_set, page


def _list(state, asked):
    search = (first(asked, "search") or "").casefold()
    kinds = asked.query.get("types", [])
    found = [
        tool
        for tool in state.tools.values()
        if tool["tool_config"]["name"].casefold().startswith(search)
        and (not kinds or tool["tool_config"]["type"] in kinds)
    ]
    agent_id = first(asked, "used_by_agent_id")
    if agent_id is not None:
        used = usage.tool_ids(state.agents.get(agent_id, {}))
        found = [tool for tool in found if tool["id"] in used]
    shown, cursor = page(
        found, asked, key=lambda tool: (tool["id"],), default=state.options.page_size
    )
    return {"tools": shown, "next_cursor": cursor, "has_more": cursor is not None}


def _create(state, asked):
    check(asked.json, ToolRequestModel)
    validation.tool(state, asked.json["tool_config"])
    tool_id = state.new_id("tool")
    state.tools[tool_id] = {
        "id": tool_id,
        "tool_config": _stored(state, asked.json),
        "access_info": access_info(),
        "usage_stats": {"total_calls": 0, "avg_latency_secs": 0.0},
        "response_mocks": asked.json.get("response_mocks") or [],
    }
    return state.tools[tool_id]


def _get(state, asked, tool_id):
    return _found(state, tool_id)


def _update(state, asked, tool_id):
    tool = _found(state, tool_id)
    check(asked.json, ToolRequestModel, stored=tool, merges=False)
    validation.tool(state, asked.json["tool_config"], stored=tool)
    tool["tool_config"] = _stored(state, asked.json)
    if "response_mocks" in asked.json:
        tool["response_mocks"] = asked.json["response_mocks"] or []
    return tool


def _delete(state, asked, tool_id):
    _found(state, tool_id)
    users = usage.agents_using_tool(state, tool_id)
    if users and not is_set(asked, "force"):
        message = f"The tool is used by {len(users)} agents; use force to delete it anyway."
        raise detail(409, "tool_in_use", message)
    for agent in users:  # forced: they lose it
        prompt = agent["conversation_config"]["agent"]["prompt"]
        prompt["tool_ids"] = [each for each in prompt["tool_ids"] if each != tool_id]
    del state.tools[tool_id]
    return {}


def _dependents(state, asked, tool_id):
    _found(state, tool_id)
    shown, cursor = page(
        usage.agents_using_tool(state, tool_id),
        asked,
        key=lambda agent: (agent["agent_id"],),
        default=state.options.page_size,
    )
    return {
        "agents": [usage.dependent_agent(agent) for agent in shown],
        "branches": [],
        "next_cursor": cursor,
        "has_more": cursor is not None,
    }


def access_info():
    """Return who may do what with a thing of the user's."""
    return {
        "is_creator": True,
        "creator_name": "Robin Vale",
        "creator_email": "robin@bikes.example",
        "role": "admin",
        "anonymous_access_level_override": None,
        "access_source": "creator",
    }


def _found(state, tool_id):
    if tool_id not in state.tools:
        raise not_found("Tool", tool_id)
    return state.tools[tool_id]


def _stored(state, body):
    config = copy.deepcopy(body["tool_config"])
    return filling.tool_config(config) if state.options.fills_in_defaults else config


ROUTES = (
    ("GET", "/v1/convai/tools", _list),
    ("POST", "/v1/convai/tools", _create),
    ("GET", "/v1/convai/tools/{tool_id}", _get),
    ("PATCH", "/v1/convai/tools/{tool_id}", _update),
    ("DELETE", "/v1/convai/tools/{tool_id}", _delete),
    ("GET", "/v1/convai/tools/{tool_id}/dependent-agents", _dependents),
)
