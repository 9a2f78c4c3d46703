"""The whole description, as GET /openapi.json serves it."""

from receiver.openapi import callers, calls, history, keeping, webhooks
from receiver.openapi.parts import TEXT, Description, record

_AREAS = (webhooks, calls, history, callers, keeping)
_OWNER_ONLY: list[Description] = [{"adminKey": []}]

_ABOUT = """\
A memory of the people who call, for ElevenLabs phone agents.

Every answer that is not a success has the shape of `Error`, and says what to do. What is for the
owner alone needs ADMIN_KEY as a bearer token; while that is not set, none of it is there.
"""

_SECURITY: Description = {
    "adminKey": {"type": "http", "scheme": "bearer", "description": "ADMIN_KEY"},
    "sharedKey": {
        "type": "apiKey",
        "in": "header",
        "name": "X-Api-Key",
        "description": "ELEVENLABS_CLIENT_DATA_KEY or ELEVENLABS_SEARCH_DATA_KEY; an endpoint "
        "whose key is not set is open",
    },
    "sharedKeyAsBearer": {"type": "http", "scheme": "bearer", "description": "the same key"},
    "signature": {
        "type": "apiKey",
        "in": "header",
        "name": "ElevenLabs-Signature",
        "description": "t=<unix seconds>,v0=<hex>: HMAC-SHA256 over the time, a point and the raw "
        "body, with ELEVENLABS_POST_CALL_KEY",
    },
}

_ERROR = record({"error": record({"code": TEXT, "message": TEXT}, optional={})}, optional={})


def describe() -> Description:
    """Return the description of every endpoint; a new one each time, to be changed freely."""
    schemas: Description = {"Error": _ERROR}
    paths: Description = {}
    for area in _AREAS:
        schemas.update(area.SCHEMAS)
        paths.update(area.PATHS)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Callspool", "version": "1", "description": _ABOUT},
        "security": _OWNER_ONLY,
        "paths": dict(paths),
        "components": {"schemas": schemas, "securitySchemes": _SECURITY},
    }
