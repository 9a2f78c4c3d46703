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
    given = request.headers.get("X-Api-Key", "")
    authorization = request.headers.get("Authorization", "")
    if not given and authorization[: len(BEARER)].lower() == BEARER:
        given = authorization[len(BEARER) :]
    return hmac.compare_digest(
        given.strip().encode("utf-8", "surrogateescape"), key.encode("utf-8", "surrogateescape")
    )
