"""Calls that tests start: an agent with a number on the stand-in platform, and who dials."""

import json
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from cloud.calling.call_log import CallLog
from cloud.calling.dialler import Dialler
from cloud.calling.request import CallRequest
from cloud.options import CloudOptions
from memory.in_memory import InMemoryStore
from processor.derive import derive
from tests.factories import transcription_payload
from tests.platform import platform
from voice.greeting import GreetingOptions
from voice.payload import parse_event

ANA, BOB = "+12025550142", "+12025550177"
AGENT = "agent_books"
LINE = "+15550100900"
NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


def allow_overrides(agent, *names):
    """Allow these overrides on the agent, as the dashboard does."""
    overrides = agent["platform_settings"]["overrides"]["conversation_config_override"]
    for name in names:
        overrides["agent"][name] = True


def assign(state, provider="twilio", agent_id=AGENT):
    """Give the agent the workspace's number with this provider."""
    for number in state.phone_numbers:
        if number["provider"] == provider:
            number["assigned_agent"] = {"agent_id": agent_id, "agent_name": "Books"}


def prepare(state):
    """Add an agent that can call: with a Twilio number, and the overrides that we send."""
    allow_overrides(state.add_agent(AGENT), "first_message", "language")
    assign(state)


@asynccontextmanager
async def calling_platform(**options):
    """Run a platform with one agent that can call."""
    async with platform(**options) as state:
        prepare(state)
        yield state


def dialler(state, folder, **changes):
    """Return what starts calls over the records in `folder`, at a time that stands still."""
    return Dialler(
        **{
            "options": CloudOptions(api_key=state.api_key, base_url=state.url),
            "log": CallLog(folder),
            "greeting": GreetingOptions(),
            "clock": lambda: NOW,
            **changes,
        }
    )


def request(**changes):
    """Return a request for a call to Ana."""
    plain = {
        "to": ANA, "agent_id": AGENT, "from_": None, "first_message": None, "variables": {},
        "key": None,
    }  # fmt: skip
    return CallRequest(**{**plain, **changes})


async def memory_of_ana(language="en"):
    """Return a memory in which Ana has called once."""
    store = InMemoryStore()
    payload = transcription_payload(
        conversation_id="conv_ana", caller=ANA, summary="Ana ordered olive trees.",
        collected={"first_name": "Ana"}, language=language,
    )  # fmt: skip
    event = parse_event("transcription", json.dumps(payload).encode())
    await store.apply([derive(event, sha256="0" * 64)])
    return store


def outbound_requests(state):
    """Return the requests that would dial, whatever came of them."""
    return [each for each in state.requested("POST") if each.path.endswith("/outbound-call")]
