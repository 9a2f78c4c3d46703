"""What came of asking the platform for a call, and the error that says so; all of it pure."""

from dataclasses import dataclass
from typing import Any

from cloud.calling.call_log import CallRecord, State
from cloud.calling.request import CallError
from cloud.errors import ADVICE, CloudError, MissingApiKey, Refused
from voice.document import text

_BAD_REQUEST, _SERVER_ERROR = 400, 500
_UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND, _TIMEOUT, _TOO_MANY = 401, 403, 404, 408, 429
_UNPROCESSABLE = 422
_MISSING_PERMISSION = "missing_permission"  # the platform's word, with or without an s
_UNDER_WAY_SECONDS = 5.0
_MAX_WORDS = 400

_BUSY = ("busy", "486", "600 ")
_BAD_NUMBER = ("invalid", "not valid", "not a valid", "unallocated", "unverified", "not in service")


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """
    What is known after the platform was asked: "started", "refused" (nothing rang) or "unknown".

    `status` is the HTTP status of the error that says so.
    """

    state: State
    conversation_id: str = ""
    call_id: str = ""
    code: str = ""
    message: str = ""
    status: int = 0
    retry_after_seconds: float | None = None


def answered(answer: Any, call_id: Any) -> Result:
    """Return what the platform's answer says; the SDK does not check that it says anything."""
    success = getattr(answer, "success", None)
    conversation_id = text(getattr(answer, "conversation_id", None))
    said = " ".join(text(getattr(answer, "message", None)).split())[:_MAX_WORDS]
    if success is False:
        words = f": {said.rstrip('.')}" if said else ""
        return Result(
            state="refused",
            conversation_id=conversation_id,
            call_id=text(call_id),
            code="call_refused",
            message=f"ElevenLabs did not start the call{words}; {_advice(said)}",
            status=502,
        )
    if success is True or conversation_id:
        return Result(state="started", conversation_id=conversation_id, call_id=text(call_id))
    return lost("ElevenLabs answered something else than expected")


def failed(error: Refused) -> Result:
    """Return what an error answer to the request for a call says: only a clear no is a no."""
    is_no = _BAD_REQUEST <= error.status < _SERVER_ERROR and error.status != _TIMEOUT
    if not is_no:
        return lost(f"ElevenLabs gave no usable answer ({error.status})")
    said = error_of_read(error)
    if error.status == _UNPROCESSABLE and "to_number" in str(error):
        words = str(error).rpartition("; ")[0]
        return Result(
            state="refused",
            code="invalid_number",
            message=f"{words}; check the number: nothing was dialled",
            status=400,
        )
    return Result(
        state="refused",
        code="call_refused" if said.status == _NOT_FOUND else said.code,
        message=str(said),
        status=502 if said.status == _NOT_FOUND else said.status,
        retry_after_seconds=said.retry_after_seconds,
    )


def not_sent(reason: str) -> Result:
    """Return that no connection came about, so that the request for the call never left."""
    return Result(
        state="refused",
        code="platform_unreachable",
        message=f"ElevenLabs cannot be reached ({reason}), nothing was dialled; check the "
        "connection and ask again",
        status=502,
    )


def lost(why: str) -> Result:
    """Return that it may ring or not: the request left, and no usable answer came."""
    return Result(
        state="unknown", code="outcome_unknown", message=f"{why}; the call may ring", status=504
    )


def error_of_result(result: Result, key: str) -> CallError:
    """Return the error for a call that was refused, or of which nothing is known."""
    message = result.message
    if result.state == "unknown":
        message = _not_known(result.message, key)
    return CallError(
        message,
        status=result.status,
        code=result.code,
        retry_after_seconds=result.retry_after_seconds,
    )


def error_of_earlier(earlier: CallRecord) -> CallError:
    """Return the error for a key whose call is being dialled, or may have rung."""
    if earlier.state == "dialling":
        return CallError(
            "the call with this key is being dialled right now; ask again in a moment",
            status=409,
            code="call_under_way",
            retry_after_seconds=_UNDER_WAY_SECONDS,
        )
    return CallError(_not_known(earlier.message, earlier.key), status=409, code="outcome_unknown")


def error_of_other(other: CallRecord, *, after_seconds: float) -> CallError:
    """Return the error for a second call to a number that was called a moment ago."""
    conversation = f", conversation {other.conversation_id}" if other.conversation_id else ""
    return CallError(
        f"a call to this number was started less than a minute ago (key {other.key}{conversation}):"
        " was that this call? To call all the same, give an idempotency key of your own",
        status=409,
        code="call_under_way",
        retry_after_seconds=max(1.0, after_seconds),
    )


def error_of_reuse() -> CallError:
    """Return the error for a key that belongs to another request."""
    return CallError(
        "this key was used for another request (another number, agent, message or variables); "
        "use a new key for a new call",
        status=422,
        code="key_reused",
    )


def error_of_read(error: CloudError) -> CallError:
    """
    Return the error for a request that the platform did not grant.

    That it refuses us is no fault of who asked us, so it is a 502; but 429 is passed on.
    """
    if isinstance(error, MissingApiKey):
        return CallError(str(error), status=503, code="not_configured")
    if not isinstance(error, Refused):
        return CallError(str(error), status=502, code="platform_unreachable")
    if error.status == _FORBIDDEN or error.code.startswith(_MISSING_PERMISSION):
        message = f"the API key may not do this ({error.code or error.status}): {ADVICE[403]}"
        return CallError(message, status=502, code="missing_permission")
    known = {
        _UNAUTHORIZED: (502, "invalid_api_key"),
        _NOT_FOUND: (404, "not_found"),
        _TOO_MANY: (429, "rate_limited"),
    }
    is_ours = _BAD_REQUEST <= error.status < _SERVER_ERROR
    otherwise = (502, "call_refused" if is_ours else "platform_failed")
    status, code = known.get(error.status, otherwise)
    after = error.retry_after_seconds
    return CallError(str(error), status=status, code=code, retry_after_seconds=after)


def _not_known(why: str, key: str) -> str:
    return (
        f"it is not known whether this call rang: {why}. It is not dialled again under the key "
        f"{key}; look into the calls in the ElevenLabs dashboard (`run.py calls list` shows what "
        "was started here), and use a new key to call again"
    )


def _advice(said: str) -> str:
    low = said.lower()
    if any(word in low for word in _BUSY):
        return "the line is busy: call again later"
    if any(word in low for word in _BAD_NUMBER):
        return "check the number"
    return "see to that, and call again"
