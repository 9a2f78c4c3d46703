"""Whose calls are to be fetched."""

from pathlib import Path

from cloud.connecting.record import RecordFile


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
