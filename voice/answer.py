"""What the platform is told about a caller: before the call, and when the agent asks."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from memory.port import Found, Profile
from voice.answer_bounds import MAX_MEMORIES_BYTES, MAX_NAME_CHARS
from voice.answer_notes import STRANGER, Variables, name_only, variables
from voice.answer_profile import memory_json, profile_json
from voice.bounds import within
from voice.greeting import GreetingOptions, greeting_for, spoken_name

__all__ = ["MAX_NAME_CHARS", "initiation_answer", "search_answer"]


def initiation_answer(profile: Profile | None, *, greeting: GreetingOptions) -> dict[str, Any]:
    """
    Return the answer to the initiation webhook; None is a stranger.

    It has the same dynamic variables for everybody, because the platform drops a call that lacks
    one that its agent uses. All text is cleaned, bounded, quoted and marked as information; what
    instructs the agent is left out. How much is told, `greeting.tell_unasked` says.
    """
    known = None if greeting.tell_unasked == "nothing" else profile
    return {
        "type": "conversation_initiation_client_data",
        "dynamic_variables": _variables(known, greeting),
        "conversation_config_override": _override(known, greeting) if known else {},
    }


def search_answer(
    profile: Profile | None, found: Sequence[Found], *, now: datetime
) -> dict[str, Any]:
    """
    Return the answer to a memory search, best memory first, well below 200 KB.

    `now` is what "three weeks ago" is said against. What instructs the agent is left out.
    """
    memories = (memory_json(each, now) for each in found)
    return {
        "profile": profile_json(profile, now) if profile else None,
        "memories": within(memories, max_bytes=MAX_MEMORIES_BYTES),
    }


def _variables(profile: Profile | None, greeting: GreetingOptions) -> Variables:
    if profile is None:
        return dict(STRANGER)
    return name_only(profile) if greeting.tell_unasked == "name" else variables(profile)


def _override(profile: Profile, greeting: GreetingOptions) -> dict[str, Any]:
    if not profile.call_count:  # never reached: a stranger still
        return {}
    agent = {}
    called = spoken_name(profile)
    if first_message := greeting_for(called, profile.language, options=greeting):
        agent["first_message"] = first_message
    if greeting.send_language and profile.language:
        agent["language"] = profile.language
    return {"agent": agent} if agent else {}
