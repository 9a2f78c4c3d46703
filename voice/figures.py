"""What a call was like in figures: cost, tools, greeting. From the platform's JSON. Pure."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import msgspec

from voice.clean import clean
from voice.document import number, section, text

SEARCH_TOOL = "search_memory"
SEARCH_PATH = "/webhook/search-data"

_MAX_SECONDS = 10_000_000.0
_MAX_COST = 1e12
_NAME_CHARS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolUse:
    """
    One tool call of the agent.

    `is_search` if it asked this server's memory; then `is_hit` tells whether any memory came back,
    None if that cannot be told. `is_error` and `latency_secs` are None where no result came.
    """

    name: str
    is_search: bool = False
    is_hit: bool | None = None
    is_error: bool | None = None
    latency_secs: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFigures:
    """
    The figures of one conversation; None or "" where nothing is known of them.

    `is_known` is False for a call whose event has not come or cannot be read. `credits` are the
    platform's own money, `usd` is what it puts beside them. `is_recognised` says that the agent
    was told of earlier calls when the phone rang, `is_greeted` that it had a first message for
    this caller alone. `tools` is None without a transcript. `error` is why the platform ended the
    call. `reason` is why the caller rang, in a few words.
    """

    is_known: bool = False
    credits: float | None = None
    usd: float | None = None
    is_recognised: bool | None = None
    is_greeted: bool | None = None
    tools: tuple[ToolUse, ...] | None = None
    error: str = ""
    reason: str = ""


UNKNOWN = CallFigures()


def call_figures(event: dict[str, Any], *, reason: str = "") -> CallFigures:
    """Return the figures of an event of a call; a field of another type counts as unknown."""
    data = section(event, "data")
    metadata = section(data, "metadata")
    initiation = data.get("conversation_initiation_client_data")
    told = initiation if isinstance(initiation, dict) else None
    return CallFigures(
        is_known=True,
        credits=_amount(metadata.get("cost"), most=_MAX_COST),
        usd=_amount(metadata.get("cost_fiat"), most=_MAX_COST),
        is_recognised=None if told is None else _is_recognised(told),
        is_greeted=None if told is None else _is_greeted(told),
        tools=_tools(data.get("transcript")),
        error=_error(metadata.get("error")),
        reason=reason,
    )


def _amount(value: object, *, most: float) -> float | None:
    found = number(value)
    return found if found is not None and 0 <= found <= most else None


def _is_recognised(told: dict[str, Any]) -> bool:
    value = section(told, "dynamic_variables").get("is_returning_caller")
    return value is True or text(value).casefold() == "true"


def _is_greeted(told: dict[str, Any]) -> bool:
    agent = section(section(told, "conversation_config_override"), "agent")
    return bool(text(agent.get("first_message")))


def _error(value: object) -> str:
    if not isinstance(value, dict):
        return ""
    why = clean(text(value.get("reason")), limit=_NAME_CHARS)
    code = number(value.get("code"))
    return why or ("unknown" if code is None else f"code {code:.0f}")


def _tools(transcript: object) -> tuple[ToolUse, ...] | None:
    """Return every tool call with its result, in order; a result without a call is one too."""
    if not isinstance(transcript, list) or not transcript:
        return None
    items = [item for item in transcript if isinstance(item, dict)]
    results: dict[str, deque[dict[str, Any]]] = {}
    for result in _objects(items, "tool_results"):
        results.setdefault(text(result.get("request_id")), deque()).append(result)
    found = []
    for call in _objects(items, "tool_calls"):
        matching = results.get(text(call.get("request_id")))
        found.append(_tool(call, matching.popleft() if matching else None))
    found += [_tool(result, result) for left in results.values() for result in left]
    return tuple(found)


def _objects(items: Iterable[dict[str, Any]], name: str) -> Iterator[dict[str, Any]]:
    for item in items:
        listed = item.get(name)
        if isinstance(listed, list):
            yield from (each for each in listed if isinstance(each, dict))


def _tool(call: dict[str, Any], result: dict[str, Any] | None) -> ToolUse:
    name = clean(text(call.get("tool_name")), limit=_NAME_CHARS) or "unknown"
    memories = None if result is None else _memories(result.get("result_value"))
    is_search = name == SEARCH_TOOL or _leads_here(call) or memories is not None
    if result is None:
        return ToolUse(name=name, is_search=is_search)
    is_error = result.get("is_error") is True
    return ToolUse(
        name=name,
        is_search=is_search,
        is_hit=None if is_error or memories is None else memories > 0,
        is_error=is_error,
        latency_secs=_amount(result.get("tool_latency_secs"), most=_MAX_SECONDS),
    )


def _leads_here(call: dict[str, Any]) -> bool:
    """Tell whether a tool asks this server, whatever the owner has called it."""
    try:
        path = urlsplit(text(section(call, "tool_details").get("url"))).path
    except ValueError:
        return False
    return path.rstrip("/").endswith(SEARCH_PATH)


class _Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What this server answers a search with: both members are always there."""

    profile: msgspec.Raw
    memories: list[msgspec.Raw]


_answer_decoder = msgspec.json.Decoder(_Answer)


def _memories(value: object) -> int | None:
    """Return how many memories a tool's result holds; None if it is no answer to a search."""
    if isinstance(value, dict):
        memories = value.get("memories")
        return len(memories) if isinstance(memories, list) and "profile" in value else None
    if not isinstance(value, str):
        return None
    try:
        return len(_answer_decoder.decode(value).memories)
    except (msgspec.MsgspecError, ValueError, RecursionError):  # another tool's, or cut off
        return None
