"""
aiohttp's side of one connection, with an answer of ours to what is no HTTP.

Such a thing never comes to the application: it is answered, counted and logged here. Nothing of
what was sent goes into the answer or the log.
"""

import asyncio
import logging
from http import HTTPStatus
from typing import Any

from aiohttp import web
from aiohttp.http_exceptions import BadHttpMethod, LineTooLong

from receiver.context import Receiver
from receiver.errors import error_response
from receiver.request_log import REQUEST_ID_HEADER
from receiver.request_metrics import NO_ENDPOINT
from receiver.security_headers import secured

logger = logging.getLogger(__name__)

_MALFORMED = "This is no valid HTTP request. Nothing of it was read."
_ADVICE: dict[type[BaseException], str] = {
    BadHttpMethod: "This is no HTTP. The port takes HTTP without TLS: that is a proxy's business.",
    LineTooLong: "A line of the request's header is longer than 8 KB.",
}


class HttpProtocol(web.RequestHandler):
    """Answers on one connection; `options` are those of aiohttp's own handler."""

    __slots__ = ("_receiver",)

    def __init__(
        self,
        server: web.Server,
        *,
        receiver: Receiver,
        loop: asyncio.AbstractEventLoop,
        **options: Any,
    ) -> None:
        super().__init__(server, loop=loop, **options)
        self._receiver = receiver

    def handle_error(self, request: web.BaseRequest, *args: Any, **_: Any) -> web.StreamResponse:
        """
        Return the answer to what is no HTTP, or, status 500, to what no handler of ours caught.

        aiohttp tells the status and the error, and in words that may be the client's what it was.
        Raises ConnectionError where an answer has begun: there is no other one then.
        """
        if request.writer.output_size > 0:
            raise ConnectionError("an answer has begun already")
        status, error = (*args, None, None)[:2]
        is_malformed = status == HTTPStatus.BAD_REQUEST
        response = self._malformed(error) if is_malformed else self._defect(error)
        secured(response)
        response.force_close()
        return response

    def _malformed(self, error: BaseException | None) -> web.Response:
        receiver = self._receiver
        receiver.counts["malformed"] += 1
        receiver.metrics.answered(endpoint=NO_ENDPOINT, method="", status="400", seconds=0.0)
        request_id = receiver.new_request_id()
        logger.info(
            "no valid HTTP: %s",
            type(error).__name__,
            extra={
                "action": "request",
                "path": "(no HTTP)",
                "status": 400,
                "request_id": request_id,
            },
        )
        advice = _MALFORMED if error is None else _ADVICE.get(type(error), _MALFORMED)
        response = error_response(400, "malformed_request", advice)
        response.headers[REQUEST_ID_HEADER] = request_id
        return response

    def _defect(self, error: BaseException | None) -> web.Response:
        self._receiver.counts["defects"] += 1
        logger.error("request failed", exc_info=error, extra={"action": "request_failed"})
        return error_response(
            500, "internal_error", "This is a defect. The log holds the details.",
            retry_after_seconds=30,
        )  # fmt: skip
