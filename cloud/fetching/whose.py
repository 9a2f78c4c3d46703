"""Whose calls are to be fetched."""

from pathlib import Path
from typing import TYPE_CHECKING

from cloud.client import ONCE
from cloud.connecting.record import RecordFile
from cloud.errors import Refused
from cloud.retrying import Patience

if TYPE_CHECKING:
    from elevenlabs.client import AsyncElevenLabs

_NOT_THERE = 404


def sending_agents(spool: Path) -> tuple[str, ...]:
    """
    Return the agents whose calls are sent here; () for all of the workspace's.

    All, where the workspace's own webhook sends every agent's, and where nothing was connected
    from here. Raises DamagedRecord, OSError.
    """
    agents = RecordFile(spool).load().agents
    if any(agent.post_call == "workspace" for agent in agents.values()):
        return ()
    return tuple(sorted(agents))


async def is_known_agent(client: "AsyncElevenLabs", patience: Patience, agent_id: str) -> bool:
    """Tell whether the key's workspace has this agent; raises Refused, Unreachable."""
    agents = client.conversational_ai.agents
    try:
        await patience.read(lambda: agents.get(agent_id, request_options=ONCE))
    except Refused as error:
        if error.status != _NOT_THERE:
            raise
        return False
    return True
