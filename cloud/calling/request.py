"""What a call is asked for with, checked before anything is sent; everything here is pure."""

import hashlib
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from cloud.errors import CloudError
from voice.identity import phone_key

Value = str | int | float | bool

MAX_KEY_CHARS = 200
MAX_MESSAGE_CHARS = 5_000

_NUMBER = re.compile(r"\+[0-9\s().\-/\u2010-\u2015\u2212]+")
_AGENT_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")
_NAME = re.compile(r"[A-Za-z0-9_]+")
_KEY = re.compile(r"[!-~](?:[ -~]{0,198}[!-~])?")
_RESERVED = ("system__", "secret__")


class CallError(CloudError):
    """
    No call was started, or it is not known whether one was.

    `status` is the HTTP status that says so, `code` a word that programs can rely on, and
    `retry_after_seconds` how long to wait before the next try, None if that is not known.
    """

    def __init__(
        self, message: str, *, status: int, code: str, retry_after_seconds: float | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.retry_after_seconds = retry_after_seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRequest:
    """
    Who is to be called by which agent.

    `from_` is one of the workspace's numbers, or its id; None: the agent's only one.
    `first_message` None: a greeting by name. `key` None: one is made.
    """

    to: str
    agent_id: str
    from_: str | None
    first_message: str | None
    variables: Mapping[str, Value]
    key: str | None


def checked(request: CallRequest) -> CallRequest:
    """Return the request with its number in E.164; raises CallError for one nobody can meet."""
    if not _AGENT_ID.fullmatch(request.agent_id):
        raise _wrong("invalid_agent_id", "this is no agent's id; the dashboard shows it: agent_…")
    if request.key is not None and not _KEY.fullmatch(request.key):
        raise _wrong(
            "invalid_key",
            f"an idempotency key is 1 to {MAX_KEY_CHARS} printable ASCII characters, without "
            "spaces at its ends",
        )
    if request.from_ is not None and not request.from_.strip():
        raise _wrong("invalid_from", "`from` is empty: leave it out, or name a number or its id")
    _check_first_message(request.first_message)
    for name, value in request.variables.items():
        _check_variable(name, value)
    return replace(request, to=dialled(request.to))


def dialled(number: str) -> str:
    """Return `number` in E.164, which is the key of its memory; raises CallError."""
    text = number.strip()
    key = phone_key(text) if _NUMBER.fullmatch(text) else None
    if key is None or not _is_possible(key):
        raise _wrong(
            "invalid_number",
            "this is no telephone number that can be called; give all of it in E.164: a plus, the "
            "country and the number, without an extension, such as +12025550142",
        )
    return key


def fingerprint(request: CallRequest) -> str:
    """Return what tells this request from another one under the same key (64 hex digits)."""
    parts = [
        request.to,
        request.agent_id,
        request.from_,
        request.first_message,
        sorted((name, repr(value)) for name, value in request.variables.items()),
    ]
    return hashlib.sha256(json.dumps(parts).encode("ascii")).hexdigest()


def _is_possible(key: str) -> bool:
    """Tell whether a number has the length that its country's plan wants; fictional ones do."""
    import phonenumbers  # takes 50 ms, which each start would pay

    try:
        parsed = phonenumbers.parse(key, None)
    except phonenumbers.NumberParseException:
        return False
    # The plain is_possible_number() also takes a local number behind the country's code.
    reason = phonenumbers.is_possible_number_with_reason(parsed)
    e164 = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    return reason == phonenumbers.ValidationResult.IS_POSSIBLE and e164 == key


def _check_first_message(message: str | None) -> None:
    if message is None:
        return
    if not message.strip():
        raise _wrong(
            "invalid_first_message", "the first message is empty: leave it out for a greeting"
        )
    if len(message) > MAX_MESSAGE_CHARS:
        raise _wrong(
            "invalid_first_message",
            f"the first message is longer than {MAX_MESSAGE_CHARS} characters",
        )
    _check_text("invalid_first_message", "the first message", message)


def _check_variable(name: str, value: Value) -> None:
    if not _NAME.fullmatch(name) or name.startswith(_RESERVED):
        raise _wrong(
            "invalid_variable",
            f"{name[:80]!r} cannot be the name of a dynamic variable: letters, digits and _, and "
            "not beginning with system__ or secret__",
        )
    if isinstance(value, str):
        _check_text("invalid_variable", f"the variable {name}", value)
    elif isinstance(value, float) and not math.isfinite(value):
        raise _wrong("invalid_variable", f"the variable {name} is no number")


def _check_text(code: str, what: str, text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair, which no request can carry
        raise _wrong(code, f"{what} is no valid text") from None


def _wrong(code: str, message: str) -> CallError:
    return CallError(message, status=400, code=code)
