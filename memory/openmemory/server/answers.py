"""What an OpenMemory server answers, pure: its shapes, and which error a refusal is."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import msgspec

from memory.openmemory.backend import BackendError, BackendRefused, BackendUnreachable, Row

OK = 200
_BAD = 400
FORBIDDEN = 403
NOT_FOUND = 404
_TOO_LARGE = 413
_TOO_MANY = 429
_SERVER_ERROR = 500
_WHAT_TO_DO = {
    401: "asks for a key (401): set OPENMEMORY_KEY to its OM_API_KEY",
    403: "does not take the key (403): set OPENMEMORY_KEY to its OM_API_KEY",
    404: "answered 404, so it is no OpenMemory server 1.3: correct OPENMEMORY_PORT",
}
_REDIRECTS = frozenset([301, 302, 303, 307, 308])
_LONGEST_WAIT_S = 3600.0

_TAG = "use the OpenMemory server 1.3 at its tag v1.3.0 (see README)"


class Added(msgspec.Struct):
    """The answer to an add, also to one that was dropped as a duplicate."""

    id: str


class Item(msgspec.Struct):
    """A row; other programs put anything into `tags` and `metadata`."""

    id: str
    content: str | None = None
    user_id: str | None = None
    tags: Any = None
    metadata: Any = None

    def row(self, user: str) -> Row:
        """Return it as a row of `user`."""
        tags = self.tags if isinstance(self.tags, list) else []
        return Row(
            id=self.id,
            user=user,
            content=self.content or "",
            tags=tuple(tag for tag in tags if isinstance(tag, str)),
            metadata=self.metadata if isinstance(self.metadata, dict) else {},
        )


class Listing(msgspec.Struct):
    """A page of rows, newest first."""

    items: list[Item]


class Found(msgspec.Struct):
    """One match; the server writes null for a score that is no number."""

    id: str
    score: float | None = None


class Matches(msgspec.Struct):
    """What a query found, best first."""

    matches: list[Found]


class Done(msgspec.Struct):
    """The answer to a deletion."""

    ok: Literal[True]


class Health(msgspec.Struct):
    """What /health says; `version` is that of the storage format, the same in 1.3.0 and later."""

    ok: bool
    version: str
    embedding: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """
    A status, what the body says (None if it is not JSON), and the header Retry-After.

    `size` is how many bytes the body has.
    """

    status: int
    value: Any
    retry_after: str = ""
    size: int = 0

    def code(self) -> str:
        """Return the name the server gives to what went wrong; empty without one."""
        value = self.value if isinstance(self.value, dict) else {}
        name = value.get("error", value.get("err"))
        return name if isinstance(name, str) else ""


Shape = TypeVar("Shape", bound=msgspec.Struct)


def parse_body(body: bytes) -> Any:
    """Return the value of a JSON text, without half surrogate pairs; None if it is none."""
    try:
        value = json.loads(body.decode(), parse_constant=_refuse)
        if rb"\ud" in body.lower():
            # The server passes on half a pair that another program wrote into its metadata.
            text = json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")
            value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value


def read_as(shape: type[Shape], answer: Answer, *, name: str) -> Shape:
    """Return what the answer says; raises BackendUnreachable if it has another shape."""
    try:
        return msgspec.convert(answer.value, shape)
    except msgspec.ValidationError:  # its text may quote a caller
        raise not_understood(name) from None


def is_shaped(shape: type[Shape], answer: Answer) -> bool:
    """True if the answer has this shape."""
    try:
        msgspec.convert(answer.value, shape)
    except msgspec.ValidationError:
        return False
    return True


def not_understood(name: str) -> BackendUnreachable:
    """Return the error for an answer that is not what the server's API promises."""
    return BackendUnreachable(
        f"{name} sent an answer that cannot be understood: is OPENMEMORY_PORT its address?"
    )


def score_of(found: Found) -> float:
    """Return the score, 0 for one that is no number."""
    return found.score if found.score is not None and math.isfinite(found.score) else 0.0


def is_longmemory(value: Any) -> bool:
    """True for LongMemory's envelope: data or error, beside meta."""
    if not isinstance(value, dict) or not isinstance(value.get("meta"), dict):
        return False
    return "data" in value or isinstance(value.get("error"), dict)


def is_of_this_row(answer: Answer) -> bool:
    """
    True if an add was refused for what it holds, by a server that otherwise works.

    A 500 tells nothing: the embedding, a quota or a transaction that failed look alike.
    """
    return answer.status == _TOO_LARGE or (answer.status == _BAD and bool(answer.code()))


def failure(answer: Answer, *, name: str) -> BackendError:
    """Return the error for a status other than 200, with what to do; it quotes no body."""
    status, code = answer.status, answer.code()
    if status == _TOO_MANY:
        return BackendUnreachable(
            f"{name} answered 429: too many requests, its limit is OM_RATE_LIMIT_MAX_REQUESTS",
            retry_after_seconds=_wait_of(answer),
        )
    if code == "auth_not_configured":
        return BackendRefused(f"{name} has no key: start it with OM_API_KEY, or {_TAG}")
    if status >= _SERVER_ERROR:
        return BackendUnreachable(
            f"{name} answered {status}: see its log", retry_after_seconds=_wait_of(answer)
        )
    return _refused(answer, name=name)


def _refused(answer: Answer, *, name: str) -> BackendError:
    status = answer.status
    if is_longmemory(answer.value):
        return longmemory(name)
    if answer.code() == "tenant_mismatch":
        return cannot_be_used(name, because="binds all users to its key (403 tenant_mismatch)")
    if status in _REDIRECTS:
        return BackendRefused(
            f"{name} answered {status} and names another address: set OPENMEMORY_PORT to that one"
        )
    if status in _WHAT_TO_DO:
        return BackendRefused(f"{name} {_WHAT_TO_DO[status]}")
    return BackendUnreachable(f"{name} answered {status}: see its log")


def cannot_be_used(name: str, *, because: str) -> BackendRefused:
    """Return the error for a server that would mix the callers up."""
    return BackendRefused(f"{name} {because}, so it cannot keep callers apart: {_TAG}")


def longmemory(name: str) -> BackendRefused:
    """Return the error for OpenMemory's successor."""
    return BackendRefused(
        f"{name} is LongMemory, which came after OpenMemory: it cannot list or delete what it "
        f"holds, nor recall by user, so it cannot be used: {_TAG}"
    )


def not_openmemory(name: str) -> BackendRefused:
    """Return the error for a server that is something else."""
    return BackendRefused(
        f"{name} does not answer as one: set OPENMEMORY_PORT to the address of an OpenMemory "
        "server 1.3 (see README)"
    )


def _wait_of(answer: Answer) -> float:
    """Return the seconds that the body, else the header asks to wait; 0 without any."""
    value: Mapping[str, Any] = answer.value if isinstance(answer.value, dict) else {}
    for said in (value.get("retry_after"), answer.retry_after):
        try:
            seconds = float(said)  # type: ignore[arg-type]  # anything: TypeError is caught
        except (TypeError, ValueError):
            continue
        if math.isfinite(seconds) and seconds > 0:
            return min(seconds, _LONGEST_WAIT_S)
    return 0.0


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")
