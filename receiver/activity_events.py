"""What one answered request tells who looks on: a call rings, the agent asks, a call ended."""

from typing import Any

from spool.format import Kind
from voice.delivery import KINDS
from voice.document import read_object, section
from voice.errors import NotUnderstood
from voice.whose import whose

RING, SEARCH, END = "/webhook/client-data", "/webhook/search-data", "/webhook/post-call"
_FIRST_REFUSAL = 400
# Beyond this, reading a body once more takes longer than who looks on is worth.
_MAX_READ_BYTES = 64 * 1024

Members = dict[str, Any]


def event_of(path: str, status: int, answer: bytes) -> tuple[str, Members] | None:
    """
    Return the event that an answer to a request for `path` is, with what is special about it.

    None for what does not concern the calls, such as the owner's looking back.
    """
    if status >= _FIRST_REFUSAL:
        code = section(_object(answer), "error").get("code")
        return "refused", {"path": path, "status": status, "code": code}
    if path == RING:
        variables = section(_object(answer), "dynamic_variables")
        return "ring", {"is_known": variables.get("is_returning_caller") is True}
    if path == SEARCH:
        memories = _object(answer).get("memories")
        return "search", {"found": len(memories) if isinstance(memories, list) else 0}
    if path == END:
        stored = _object(answer)
        kind = KINDS.get(stored.get("type") or "", "quarantine")
        return "end", {"kind": kind, "outcome": stored.get("status")}
    return None


def caller_of(kind: Kind, body: bytes, *, region: str | None) -> str | None:
    """Return whose call a small body is of, None for nobody known, a recording, a large one."""
    if kind not in ("transcription", "failure") or len(body) > _MAX_READ_BYTES:
        return None
    return whose(kind, body, region=region)[0]


def _object(answer: bytes) -> dict[str, Any]:
    try:
        return read_object(answer)
    except NotUnderstood:
        return {}
