"""What can go wrong between this program and ElevenLabs; every message names the next step."""

from typing import Any

_MAX_TEXT_CHARS = 400


class CloudError(Exception):
    """ElevenLabs could not be asked, or said no; the base of all errors of this package."""


class MissingApiKey(CloudError):
    """There is no API key to ask with."""


class Unreachable(CloudError):
    """No answer came: no connection, or none in time. Whether the request arrived is not known."""


class Refused(CloudError):
    """
    ElevenLabs answered with an error.

    `status` is the HTTP status, `code` the platform's own word for it ("" if it gave none),
    `retry_after_seconds` how long it asked to wait, None if it did not.
    """

    def __init__(
        self, message: str, *, status: int, code: str, retry_after_seconds: float | None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.retry_after_seconds = retry_after_seconds


ADVICE = {
    400: "look at what is refused and run it again",
    401: "check ELEVENLABS_API_KEY: make a new key in the ElevenLabs dashboard under API keys",
    403: "give the API key that permission in the ElevenLabs dashboard under API keys",
    404: "check the id, and that the API key belongs to the same workspace",
    409: "something else changed it at the same moment, or uses it: run it again",
    422: "this version of Callspool and the platform disagree: look for a newer version",
    429: "too many requests at the moment: run it again a little later",
}
_FIRST_ERROR = 400
_FORBIDDEN = 403
_NOT_PERMITTED = "missing_permissions"  # comes with 401 as well
_FAILED = "ElevenLabs has a problem: run it again a little later"


def refused(status: int, body: Any, *, retry_after_seconds: float | None) -> Refused:
    """Return the error for an answer with this HTTP status and body (JSON or text)."""
    code, text = _detail(body)
    if status < _FIRST_ERROR:
        return Refused(
            f"ElevenLabs sent something else than expected ({status}); {_FAILED}, and check "
            "ELEVENLABS_BASE_URL",
            status=status,
            code=code,
            retry_after_seconds=None,
        )
    what = " ".join(part for part in (str(status), code) if part)
    said = f": {text.rstrip('.')}" if text else ""
    advice = ADVICE[_FORBIDDEN] if code == _NOT_PERMITTED else ADVICE.get(status, _FAILED)
    return Refused(
        f"ElevenLabs refused ({what}){said}; {advice}",
        status=status,
        code=code,
        retry_after_seconds=retry_after_seconds,
    )


def _detail(body: Any) -> tuple[str, str]:
    """Return the platform's code and text, whichever of its shapes the body has."""
    detail = body.get("detail", body) if isinstance(body, dict) else body
    if isinstance(detail, dict):
        code = detail.get("status") or detail.get("code") or detail.get("type") or ""
        return _short(code), _short(detail.get("message") or "")
    if isinstance(detail, list):  # what a schema refused, a problem each
        return "", _short("; ".join(map(_problem, detail)))
    return "", _short(detail if isinstance(detail, str) else "")


def _problem(item: Any) -> str:
    if not isinstance(item, dict):
        return str(item)
    place = item.get("loc")
    where = ".".join(map(str, place)) if isinstance(place, list | tuple) else ""
    return f"{where}: {item.get('msg', '')}".strip(": ")


def _short(text: Any) -> str:
    return " ".join(str(text).split())[:_MAX_TEXT_CHARS]
