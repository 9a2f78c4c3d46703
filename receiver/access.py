"""The shared key of the live endpoints: ElevenLabs does not sign them, but sends a header."""

import hmac

from aiohttp import web

BEARER = "bearer "


def has_key(request: web.Request, key: str) -> bool:
    """
    Tell whether the request may pass: it brings `key` in `X-Api-Key` or as a bearer token, or
    no key is set. Compared in constant time, on bytes, because a header can hold any text.
    """
    if not key:
        return True
    return _is_same(request.headers.get("X-Api-Key", "") or _bearer(request), key)


def is_admin(request: web.Request, key: str) -> bool:
    """Tell whether the request brings the admin key as a bearer token; never if none is set."""
    return bool(key) and _is_same(_bearer(request), key)


def _bearer(request: web.Request) -> str:
    authorization = request.headers.get("Authorization", "")
    if authorization[: len(BEARER)].lower() != BEARER:
        return ""
    return authorization[len(BEARER) :]


def _is_same(given: str, key: str) -> bool:
    return hmac.compare_digest(
        given.strip().encode("utf-8", "surrogateescape"), key.encode("utf-8", "surrogateescape")
    )
