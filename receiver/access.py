"""The keys that requests bring: a shared one for live requests, and the owner's."""

import hmac
import math
from typing import NoReturn

from aiohttp import web

from receiver.client_address import client_behind
from receiver.context import RECEIVER
from receiver.errors import Refusal

BEARER = "bearer "
_LIVE_KEY = "live key"
_ADMIN_KEY = "admin key"


def has_key(request: web.Request, key: str) -> bool:
    """
    Tell whether the request may pass: it brings `key` in `X-Api-Key` or as a bearer token, or
    no key is set. Compared in constant time, on bytes, because a header can hold any text.
    """
    if not key:
        return True
    return _is_same(request.headers.get("X-Api-Key", "") or _bearer(request), key)


def has_bearer(request: web.Request, token: str) -> bool:
    """Tell whether the request brings `token` as its bearer token; never if that is empty."""
    return bool(token) and _is_same(_bearer(request), token)


def is_admin(request: web.Request, key: str) -> bool:
    """
    Tell whether the request brings the admin key as a bearer token; never if none is set.

    Raises Refusal (429) while too many wrong ones have come from the same address: for the right
    one too, so that a guess tells nothing. To bring none is no guess.
    """
    if not key or not _bearer(request):
        return False
    receiver = request.app[RECEIVER]
    client, most = client_behind(request), receiver.options.failures_per_minute
    if wait := receiver.limits.wait_after_failures(_ADMIN_KEY, client, per_minute=most):
        _refuse_failures(request, wait)
    if has_bearer(request, key):
        return True
    receiver.limits.note_failure(_ADMIN_KEY, client, per_minute=most)
    return False


def refuse_wrong_key(request: web.Request, *, setting: str) -> NoReturn:
    """
    Refuse a live request without the right key; raises Refusal, before anything is read.

    The right key always passes, however many wrong ones came from its address: the platform's
    addresses are shared by all who use it, and to refuse a ring ends a phone call.
    """
    receiver = request.app[RECEIVER]
    receiver.counts["wrong_key"] += 1
    client, most = client_behind(request), receiver.options.failures_per_minute
    if wait := receiver.limits.wait_after_failures(_LIVE_KEY, client, per_minute=most):
        _refuse_failures(request, wait)
    receiver.limits.note_failure(_LIVE_KEY, client, per_minute=most)
    raise Refusal(401, "unauthorized", f"The header X-Api-Key must hold the value of {setting}.")


def limit_open_endpoint(request: web.Request, *, endpoint: str, key: str) -> None:
    """Refuse (raises Refusal) what is over its address's limit at an endpoint without a key."""
    if not key:
        limit_address(request, endpoint=endpoint)


def limit_address(request: web.Request, *, endpoint: str) -> None:
    """Count the request for its address; raises Refusal (429) if that asks too often."""
    receiver = request.app[RECEIVER]
    wait = receiver.limits.take_for_address(
        endpoint, client_behind(request), per_second=receiver.options.limit_per_address
    )
    if wait:
        raise too_often(request, wait)


def too_often(request: web.Request, wait: float) -> Refusal:
    """Return the refusal of a request over its address's limit, counted."""
    request.app[RECEIVER].counts["limited_address"] += 1
    return Refusal(
        429, "too_many_requests", "Too many requests from this address (LIMIT_PER_ADDRESS).",
        retry_after_seconds=in_seconds(wait),
    )  # fmt: skip


def in_seconds(wait: float) -> int:
    """Return the whole seconds after which a wait is over, for Retry-After."""
    return max(1, math.ceil(wait))


def _refuse_failures(request: web.Request, wait: float) -> NoReturn:
    request.app[RECEIVER].counts["limited_failures"] += 1
    raise Refusal(
        429, "too_many_failures", "Too many wrong keys from this address. Come again later.",
        retry_after_seconds=in_seconds(wait),
    )  # fmt: skip


def _bearer(request: web.Request) -> str:
    authorization = request.headers.get("Authorization", "")
    if authorization[: len(BEARER)].lower() != BEARER:
        return ""
    return authorization[len(BEARER) :]


def _is_same(given: str, key: str) -> bool:
    return hmac.compare_digest(
        given.strip().encode("utf-8", "surrogateescape"), key.encode("utf-8", "surrogateescape")
    )
