"""What the platform holds, and what happened to it."""

import copy
import threading
from dataclasses import dataclass, field
from typing import Any

from tests.platform import deliveries, samples
from tests.platform.agent_sample import agent_of_a_user
from tests.platform.faults import Faults
from tests.platform.merging import deep_merged

API_KEY = "xi-test-key"


@dataclass
class Request:
    """One request that arrived; `status` is None while it runs and if it got no answer."""

    method: str
    path: str
    query: dict[str, list[str]]
    json: Any
    at: float  # monotonic seconds
    status: int | None = None


@dataclass
class Options:
    """How this platform behaves where the documentation leaves it open."""

    settings_merge: str = "deep"  # or "replace": what PATCH does to nested objects
    agent_merge: str = "deep"  # or "replace_maps"
    unique_secret_names: bool = True
    used_secret_status: int = 409  # what deleting a secret in use answers; or 400
    may_dial: bool = True  # False: 403 missing_permissions
    fills_in_defaults: bool = True  # GET shows every field that has a default
    page_size: int = 30  # of lists where none is asked for
    permissions_missing: tuple[str, ...] = ()  # path beginnings that this key may not use: 401


@dataclass
class Platform:
    """
    A workspace. Tests read and change it as a user would in the dashboard.

    `outcomes` says by called number what dialling it answers: {"success": False, "message": …},
    or the name of one of `calls.OUTCOMES`. `complaints` are what a client did that the
    platform lets happen although it breaks calls.
    """

    options: Options
    url: str = ""
    api_key: str = API_KEY
    requests: list[Request] = field(default_factory=list)
    webhooks: dict[str, dict] = field(default_factory=dict)
    secrets: dict[str, dict] = field(default_factory=dict)
    settings: dict = field(default_factory=samples.settings)
    tools: dict[str, dict] = field(default_factory=dict)
    agents: dict[str, dict] = field(default_factory=dict)
    phone_numbers: list[dict] = field(default_factory=samples.phone_numbers)
    conversations: dict[str, dict] = field(default_factory=dict)
    audio: dict[str, bytes] = field(default_factory=dict)
    dialled: list[dict] = field(default_factory=list)
    outcomes: dict[str, Any] = field(default_factory=dict)
    crashes: list[str] = field(default_factory=list)  # of this stand-in: its own mistakes
    cursor_epoch: int = 0
    complaints: list[str] = field(default_factory=list)
    faults: Faults = field(default_factory=Faults)
    lock: Any = field(default_factory=threading.RLock)
    _counters: dict[str, int] = field(default_factory=dict)

    def new_id(self, prefix):
        """Return an id that was never used: deterministic, so a failing test fails alike."""
        with self.lock:
            self._counters[prefix] = self._counters.get(prefix, 0) + 1
            return f"{prefix}_{self._counters[prefix]:04d}k7m2x9"

    def add_agent(self, agent_id="agent_books", **changes):
        """Add an agent that a user has made, with all of his own settings; return its body."""
        with self.lock:
            body, tools = agent_of_a_user(agent_id)
            for tool in tools:
                self.tools.setdefault(tool["id"], tool)
            self.agents[agent_id] = deep_merged(body, copy.deepcopy(changes))
            return self.agents[agent_id]

    def add_conversation(self, body, *, audio=None):
        """Add a conversation as GET returns it, and its recording if it has one."""
        with self.lock:
            self.conversations[body["conversation_id"]] = body
            if audio is not None:
                self.audio[body["conversation_id"]] = audio

    def delivery(self, conversation_id):
        """Return the body of the webhook that tells of this conversation."""
        with self.lock:
            return deliveries.conversation(self.conversations[conversation_id])

    def audio_delivery(self, conversation_id):
        """Return the body of the webhook that brings this conversation's recording."""
        with self.lock:
            conversation = self.conversations[conversation_id]
            return deliveries.recording(conversation, self.audio[conversation_id])

    def requested(self, method, beginning=""):
        """Return the requests of this method whose path begins so."""
        with self.lock:
            return [
                request
                for request in self.requests
                if request.method == method and request.path.startswith(beginning)
            ]

    def expire_cursors(self):
        """Every cursor of a list of conversations that was given out is a 400 from now on."""
        with self.lock:
            self.cursor_epoch += 1
