"""Every answer that is not a success: JSON that says what went wrong and what to do."""

import logging
from collections.abc import Awaitable, Callable

import msgspec
from aiohttp import web

from receiver.context import RECEIVER

logger = logging.getLogger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

ADVICE = {
    404: "There is nothing here. The endpoints are /webhook/client-data, /webhook/search-data, "
    "/webhook/post-call, /health and, if ADMIN_KEY is set, those that /openapi.json describes.",
    405: "This endpoint does not take that method; the header Allow names those it takes, and "
    "/openapi.json, if ADMIN_KEY is set, describes all that there is.",
}


class Refusal(Exception):
    """What was asked is not done: `status`, `code` and the message say why, and what to do."""

    def __init__(
        self, status: int, code: str, message: str, *, retry_after_seconds: int | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.retry_after_seconds = retry_after_seconds


def json_response(
    value: object, *, status: int = 200, headers: dict[str, str] | None = None
) -> web.Response:
    """Return `value` as a JSON response."""
    body = msgspec.json.encode(value)
    return web.Response(
        body=body, status=status, headers=headers, content_type="application/json", charset="utf-8"
    )


def error_response(
    status: int, code: str, message: str, *, retry_after_seconds: int | None = None
) -> web.Response:
    """Return an error in the shape every client of this API can rely on."""
    headers = {} if retry_after_seconds is None else {"Retry-After": str(retry_after_seconds)}
    value = {"error": {"code": code, "message": message}}
    return json_response(value, status=status, headers=headers)


@web.middleware
async def errors_as_json(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn aiohttp's own refusals into JSON, and a defect of ours into a logged 500."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        if error.status < 400:  # noqa: PLR2004  # a redirect is no error
            raise
        message = ADVICE.get(error.status, error.reason)
        code = error.reason.lower().replace(" ", "_")
        response = error_response(error.status, code, message)
        if "Allow" in error.headers:
            response.headers["Allow"] = error.headers["Allow"]
        return response
    except Refusal as error:
        return error_response(
            error.status, error.code, str(error), retry_after_seconds=error.retry_after_seconds
        )
    except (ConnectionError, web.RequestPayloadError):
        request.app[RECEIVER].counts["gone"] += 1
        # Gone in the middle, or no valid HTTP any more. Nothing was kept.
        message = "The request ended before its body did."
        response = error_response(400, "incomplete_body", message)
        response.force_close()
        return response
    except Exception:
        request.app[RECEIVER].counts["defects"] += 1
        logger.exception("request failed", extra={"action": "request_failed"})
        return error_response(
            500, "internal_error", "This is a defect. The log holds the details.",
            retry_after_seconds=30,
        )  # fmt: skip
