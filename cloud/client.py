"""The SDK's client, opened and closed in one place, and its errors put into ours."""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import httpx
from elevenlabs.core.api_error import ApiError
from elevenlabs.core.parse_error import ParsingError
from elevenlabs.core.request_options import RequestOptions
from pydantic import BaseModel
from pydantic_core import to_jsonable_python

from cloud.errors import MissingApiKey, Unreachable, refused
from cloud.options import CloudOptions

if TYPE_CHECKING:
    from elevenlabs.client import AsyncElevenLabs

_TIMEOUT_SECONDS = 30.0

_NOT_UNDERSTOOD = "the answer is none that the SDK understands"

# The SDK would repeat every request by itself, POST included: dialling twice, making two
# webhooks. What may be repeated is decided in cloud/retrying.py.
ONCE: RequestOptions = {"max_retries": 0}


@asynccontextmanager
async def open_client(options: CloudOptions) -> "AsyncIterator[AsyncElevenLabs]":
    """Open the SDK's client and close its connections at the end; raises MissingApiKey."""
    if not options.api_key:
        raise MissingApiKey(
            "ELEVENLABS_API_KEY is not set: make a key in the ElevenLabs dashboard under API keys "
            "and put it into .env"
        )
    from elevenlabs.client import AsyncElevenLabs  # takes most of a second: only for who needs it

    async with httpx.AsyncClient(timeout=_TIMEOUT_SECONDS, follow_redirects=True) as connections:
        yield AsyncElevenLabs(
            api_key=options.api_key,
            base_url=options.base_url or None,
            timeout=_TIMEOUT_SECONDS,
            httpx_client=connections,
        )


@contextmanager
def translated() -> Iterator[None]:
    """Raise Refused or Unreachable for what the SDK and its HTTP client raise."""
    try:
        yield
    except ApiError as error:
        headers = {name.lower(): value for name, value in (error.headers or {}).items()}
        raise refused(
            error.status_code or 0, error.body, retry_after_seconds=_retry_after(headers)
        ) from None  # the SDK's own text holds headers and the whole body
    except ParsingError as error:
        raise refused(error.status_code or 0, _NOT_UNDERSTOOD, retry_after_seconds=None) from None
    except httpx.TimeoutException:
        raise Unreachable(
            f"ElevenLabs did not answer within {_TIMEOUT_SECONDS:.0f} s; check the connection and "
            "run it again"
        ) from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise Unreachable(
            f"ElevenLabs cannot be reached ({type(error).__name__}: {error}); check the connection "
            "and ELEVENLABS_BASE_URL"
        ) from error


def as_json(model: BaseModel) -> dict[str, Any]:
    """
    Return what the platform sent, as far as JSON can tell: nothing added, nothing left out.

    The SDK's models keep fields they do not know, and know which ones came.
    """
    # Not by way of JSON text: half a surrogate pair cannot be written there. No warnings: they
    # quote the value of a field whose type is another than the SDK expects.
    value = to_jsonable_python(model.model_dump(exclude_unset=True, by_alias=True, warnings=False))
    if not isinstance(value, dict):
        raise TypeError(f"{type(model).__name__} is no JSON object")
    return value


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that Retry-After asks for, None without a usable one."""
    text = headers.get("retry-after", "").strip()
    try:
        return max(0.0, float(text))
    except ValueError:
        pass
    try:
        moment = parsedate_to_datetime(text)
        sent = parsedate_to_datetime(headers.get("date", ""))
        return max(0.0, (moment - sent).total_seconds())
    except (ValueError, TypeError):  # one of them without a zone
        return None
