"""What uses what: secrets, webhooks and tools name those who depend on them."""


def secret_ids(value):
    """Return every secret id anywhere in a JSON value."""
    if isinstance(value, dict):
        found = {value["secret_id"]} if isinstance(value.get("secret_id"), str) else set()
        return found.union(*map(secret_ids, value.values()))
    if isinstance(value, list):
        return set().union(*map(secret_ids, value))
    return set()


def refresh(state):
    """Write into each secret and webhook who uses it now."""
    for secret in state.secrets.values():
        secret["used_by"] = _users_of_secret(state, secret["secret_id"])
    for webhook in state.webhooks.values():
        webhook["usage"] = [
            {"usage_type": kind} for kind, _ in bindings(state, webhook["webhook_id"])
        ]


def is_used(secret):
    """True if anything depends on this secret."""
    return any(isinstance(users, list) and users for users in secret["used_by"].values())


def bindings(state, webhook_id):
    """Return (usage type, who) for every place that sends post-call events to this webhook."""
    found = []
    if _bound(state.settings) == webhook_id:
        found.append(("ConvAI Settings", "the workspace's settings"))
    for agent in state.agents.values():
        overrides = (agent.get("platform_settings") or {}).get("workspace_overrides") or {}
        if _bound(overrides) == webhook_id:
            found.append(("ConvAI Agent Settings", f"the agent {agent['agent_id']}"))
    return found


def agents_using_tool(state, tool_id):
    """Return the agents that have this tool."""
    return [agent for agent in state.agents.values() if tool_id in tool_ids(agent)]


def tool_ids(agent):
    """Return the ids of the agent's tools."""
    prompt = ((agent.get("conversation_config") or {}).get("agent") or {}).get("prompt") or {}
    return prompt.get("tool_ids") or []


def dependent_agent(agent):
    """Return an agent as lists of dependents name it."""
    return {
        "type": "available",
        "referenced_resource_ids": None,
        "id": agent["agent_id"],
        "name": agent["name"],
        "created_at_unix_secs": 1_780_000_000,
        "access_level": "admin",
    }


def _bound(settings):
    return (settings.get("webhooks") or {}).get("post_call_webhook_id")


def _users_of_secret(state, secret_id):
    tools = [tool for tool in state.tools.values() if secret_id in secret_ids(tool)]
    agents = [agent for agent in state.agents.values() if secret_id in secret_ids(agent)]
    webhook = state.settings.get("conversation_initiation_client_data_webhook")
    return {
        "tools": [
            {
                "type": "available",
                "id": tool["id"],
                "name": tool["tool_config"]["name"],
                "created_at_unix_secs": 1_780_000_000,
                "access_level": "admin",
            }
            for tool in tools
        ],
        "tools_has_more": False,
        "agents": [dependent_agent(agent) for agent in agents],
        "agents_has_more": False,
        "phone_numbers": [],
        "phone_numbers_has_more": False,
        "mcp_servers": [],
        "others": ["conversation_initiation_webhook"] if secret_id in secret_ids(webhook) else [],
    }
