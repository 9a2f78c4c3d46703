"""Reads are asked again while that may help, and a platform that asks to wait is left alone."""

import asyncio
import time

import httpx
import pytest
from elevenlabs.core.api_error import ApiError

from cloud.client import translated
from cloud.errors import Refused, Unreachable
from cloud.retrying import Patience


def failing(*errors, answer="ok"):
    """Return a request that raises each of `errors` in turn, then answers; and its times."""
    waiting, times = list(errors), []

    async def request():
        times.append(time.monotonic())
        if waiting:
            raise waiting.pop(0)
        return answer

    return request, times


def status(code, **headers):
    return ApiError(status_code=code, headers=headers, body={"detail": "said"})


QUICK = 0.001


@pytest.mark.parametrize(
    "error",
    [status(408), status(429), status(500), status(503), httpx.ConnectError("no"),
     httpx.ReadTimeout("late"), httpx.RemoteProtocolError("cut")],
    ids=str,
)  # fmt: skip
async def test_what_may_pass_is_asked_again(error):
    request, times = failing(error, error)
    assert await Patience(first_pause_seconds=QUICK).read(request) == "ok"
    assert len(times) == 3


@pytest.mark.parametrize("code", [400, 401, 403, 404, 422])
async def test_a_clear_no_is_asked_once(code):
    request, times = failing(status(code))
    with pytest.raises(Refused) as error:
        await Patience(first_pause_seconds=QUICK).read(request)
    assert error.value.status == code
    assert len(times) == 1


async def test_after_the_last_attempt_the_last_error_is_raised():
    request, times = failing(status(500), status(502), httpx.ConnectError("no"), status(500))
    with pytest.raises(Unreachable):
        await Patience(attempts=3, first_pause_seconds=QUICK).read(request)
    assert len(times) == 3


async def test_who_is_asked_to_wait_keeps_the_others_waiting_too():
    patience = Patience(first_pause_seconds=QUICK)
    first, _ = failing(status(429, **{"retry-after": "0.3"}))
    other, times = failing()
    began = time.monotonic()
    waiting = asyncio.create_task(patience.read(first))
    await asyncio.sleep(0.05)
    await patience.read(other)
    assert times[0] - began >= 0.3
    await waiting


async def test_a_server_error_keeps_nobody_else_waiting():
    patience = Patience(first_pause_seconds=5.0)
    first, _ = failing(status(500))
    other, times = failing()
    waiting = asyncio.create_task(patience.read(first))
    await asyncio.sleep(0.01)
    await asyncio.wait_for(patience.read(other), 1.0)
    assert times
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"Retry-After": "0.5"}, 0.5),
        ({"retry-after": "-3"}, 0.0),
        ({"retry-after": "soon"}, None),
        ({}, None),
        (
            {
                "retry-after": "Sat, 21 Nov 2026 10:00:42 GMT",
                "date": "Sat, 21 Nov 2026 10:00:00 GMT",
            },
            42.0,
        ),
        (
            {
                "retry-after": "Sat, 21 Nov 2026 10:00:42 -0000",
                "date": "Sat, 21 Nov 2026 10:00:00 GMT",
            },
            None,
        ),
        ({"retry-after": "Sat, 21 Nov 2026 10:00:42 GMT"}, None),
    ],
)
def test_how_long_to_wait_is_read_from_the_answer(headers, seconds):
    with pytest.raises(Refused) as error, translated():
        raise status(429, **headers)
    assert error.value.retry_after_seconds == seconds
