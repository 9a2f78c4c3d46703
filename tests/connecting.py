"""A connection with the stand-in for the platform, over a folder of the test's."""

import copy
from contextlib import asynccontextmanager, nullcontext

from dotenv import dotenv_values

from cli.env_file import put_value
from cloud.client import open_client
from cloud.connecting.connect import Connection
from cloud.connecting.disconnect import goal_without
from cloud.connecting.record import RecordFile
from cloud.connecting.secret_file import SecretFile
from cloud.connecting.wanted import Goal
from cloud.connecting.workspace import Workspace
from cloud.options import CloudOptions
from cloud.retrying import Patience

NAME = "ELEVENLABS_POST_CALL_KEY"
URL = "https://one.callspool.example"
KEYS = {"client_data": "key-for-client-data", "search_data": "key-for-search-data"}
WRITES = ("POST", "PATCH", "PUT", "DELETE")


class Desk:
    """
    One installation: its folder, its keys, and the workspace it is connected to.

    Opening a client takes longer than most tests: those that do much share one, a `client`.
    """

    def __init__(self, platform, folder, *, keys=KEYS, client=None):
        self.platform = platform
        self.client = client
        self.folder = folder
        self.keys = keys
        self.env = folder / ".env"
        if not self.env.exists():
            put_value(self.env, NAME, "wsec_first_start")
        self.record_file = RecordFile(folder / "spool")
        self.secrets = SecretFile(read=self.accepted, write=self.accept)

    def accepted(self):
        return tuple((dotenv_values(self.env)[NAME] or "").split(","))

    def accept(self, secrets):
        put_value(self.env, NAME, ",".join(secrets))

    @property
    def record(self):
        return self.record_file.load()

    def goal(self, agent="agent_books", *, url=URL, scope="auto", **changes):
        agents = frozenset([*self.record.agents, agent])
        values = {"url": url, "keys": self.keys, "agents": agents, "asked": agent, "scope": scope}
        return Goal(**{**values, **changes})

    @asynccontextmanager
    async def opened(self, goal):
        shared = nullcontext(self.client) if self.client else opened_client(self.platform)
        async with shared as client:
            yield Connection(
                workspace=Workspace(client, Patience(attempts=3, first_pause_seconds=0.001)),
                goal=goal,
                record_file=self.record_file,
                secrets=self.secrets,
            )

    async def plan(self, agent="agent_books", **options):
        async with self.opened(self.goal(agent, **options)) as connection:
            return (await connection.read())[1]

    async def connect(self, agent="agent_books", **options):
        """Connect as the command does; return (the plan, what came of it)."""
        return await self._carried_out(self.goal(agent, **options))

    async def disconnect(self, agent=None):
        """Disconnect as the command does; return (the plan, what came of it)."""
        return await self._carried_out(goal_without(self.record, agent, keys=self.keys))

    async def _carried_out(self, goal):
        async with self.opened(goal) as connection:
            current, plan = await connection.read()
            assert not plan.problems, plan.problems
            return plan, await connection.apply(current, plan)


def opened_client(platform):
    """Open the SDK's client over this platform, as a context manager."""
    return open_client(CloudOptions(api_key=platform.api_key, base_url=platform.url))


def writes(platform):
    """Return the requests that change something."""
    return [request for request in platform.requests if request.method in WRITES]


def state_of(platform):
    """Return all that a user can see in the workspace."""
    held = {
        name: getattr(platform, name)
        for name in ("settings", "webhooks", "secrets", "tools", "agents")
    }
    return copy.deepcopy(held)


def plain(value):
    """Return a state without what does not matter: nulls, times of change, who uses what."""
    if isinstance(value, dict):
        told = {key: plain(item) for key, item in value.items()}
        ignored = ("updated_at_unix_secs", "used_by", "usage")
        return {
            key: item for key, item in told.items() if item not in (None, {}) and key not in ignored
        }
    return [plain(item) for item in value] if isinstance(value, list) else value
