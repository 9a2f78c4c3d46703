"""What is to be undone, and the post-call secrets that nobody signs with any more."""

from collections.abc import Mapping

from cloud.connecting.record import Record
from cloud.connecting.secret_file import SecretFile
from cloud.connecting.wanted import Goal, Key
from cloud.errors import CloudError


class NotConnected(CloudError):
    """There is nothing to undo."""


def goal_without(record: Record, agent: str | None, *, keys: Mapping[Key, str]) -> Goal:
    """
    Return the goal of disconnecting one agent, None for all; raises NotConnected.

    What the agents that stay need is not touched: nobody asked for them. By the `keys` of this
    server a secret is found that was made but never recorded.
    """
    if agent is not None and agent not in record.agents:
        known = ", ".join(sorted(record.agents)) or "none"
        raise NotConnected(f"{agent} is not connected (connected: {known})")
    staying = frozenset(record.agents) - {agent} if agent is not None else frozenset[str]()
    return Goal(url=record.urls[0] if record.urls else "", keys=keys, agents=staying)


def drop_secrets(record: Record, secrets: SecretFile, *, left: frozenset[str]) -> None:
    """
    Take the secrets of the webhooks that are gone out of `.env`, unless none would be left.

    `left` are the ids of what could not be deleted: what still delivers, is still accepted.
    """
    gone = [] if left.intersection(record.stale) else [*record.retired]
    if record.webhook and record.webhook.id not in left:
        gone.append(record.webhook.sha256)
    secrets.drop(frozenset(gone))
