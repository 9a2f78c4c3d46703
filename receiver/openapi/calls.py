"""/calls: start a call, and list those that were started."""

from receiver.openapi.parts import (
    FLAG,
    MOMENT,
    TEXT,
    TEXT_OR_NULL,
    Description,
    body,
    in_query,
    listed,
    owner_errors,
    record,
    ref,
    said,
)

_WITHOUT_A_DESK = "No calls can be started: ELEVENLABS_API_KEY is missing, or the disk fails."
_STARTED: dict[str, Description] = {
    "status": {"const": "started"},
    "conversation_id": TEXT_OR_NULL,
    "provider": TEXT,
    "idempotency_key": TEXT,
    "warnings": listed(TEXT),
}
_KEY: Description = {"type": "string", "pattern": "^[!-~]([ -~]{0,198}[!-~])?$"}

SCHEMAS: dict[str, Description] = {
    "WantedCall": {
        "type": "object",
        "properties": {
            "to": {
                "type": "string",
                "description": "the number, in E.164, as long as its country has them",
                "pattern": "^\\+[1-9][0-9]{6,14}$",
                "examples": ["+12025550142"],
            },
            "agent_id": {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,128}$"},
            "from": {
                "type": ["string", "null"],
                "pattern": "\\S",
                "description": "one of the workspace's numbers, or its id; needed if the agent "
                "has several",
            },
            "first_message": {"type": ["string", "null"], "pattern": "\\S", "maxLength": 5000},
            "variables": {
                "type": ["object", "null"],
                "propertyNames": {"pattern": "^(?!system__|secret__)[A-Za-z0-9_]+$"},
                "additionalProperties": {"type": ["string", "number", "boolean"]},
            },
            "idempotency_key": {**_KEY, "type": ["string", "null"]},
        },
        "required": ["to", "agent_id"],
        "additionalProperties": False,
    },
    "StartedCall": {
        "anyOf": [
            record({**_STARTED, "call_sid": TEXT_OR_NULL}, optional={"repeated": FLAG}),
            record({**_STARTED, "sip_call_id": TEXT_OR_NULL}, optional={"repeated": FLAG}),
        ]
    },
    "Calls": record(
        {
            "calls": listed(
                record(
                    {
                        "key": TEXT,
                        "state": TEXT,
                        "started_at": MOMENT,
                        "to": TEXT,
                        "agent_id": TEXT,
                        "provider": TEXT,
                        "conversation_id": TEXT_OR_NULL,
                        "call_id": TEXT_OR_NULL,
                        "error": {"type": ["object", "null"]},
                        "outcome": {"type": ["object", "null"]},
                    },
                    optional={},
                )
            )
        },
        optional={},
    ),
}

PATHS: dict[str, Description] = {
    "/calls": {
        "get": {
            "operationId": "listCalls",
            "tags": ["calls"],
            "summary": "The calls that were started here, newest first, numbers masked",
            "parameters": [
                in_query(
                    "limit",
                    "how many",
                    {"type": "integer", "minimum": 1, "maximum": 1000, "default": 20},
                )
            ],
            "responses": {
                "200": said("The calls, with what became of them.", ref("Calls")),
                **owner_errors({400: "A parameter is unknown or wrong.",
                                503: _WITHOUT_A_DESK}),
            },
        },
        "post": {
            "operationId": "startCall",
            "tags": ["calls"],
            "summary": "Start a call, once for each idempotency key",
            "parameters": [
                {
                    "name": "Idempotency-Key",
                    "in": "header",
                    "description": "in place of the member `idempotency_key`; the same if both",
                    "schema": _KEY,
                }
            ],
            "requestBody": body(ref("WantedCall"), required=True),
            "responses": {
                "200": said("It was started before, with the same key.", ref("StartedCall")),
                "201": said("It was started.", ref("StartedCall")),
                **owner_errors(
                    {
                        400: "The body asks for no call; `code` and `message` say what is wrong.",
                        404: "The workspace has no such agent. Without ADMIN_KEY this is the "
                        "answer to every request.",
                        408: "The rest of the body did not come.",
                        409: "The key was used for another call, or this one is under way.",
                        413: "The body is larger than 64 KB.",
                        422: "The agent or the number is not set up for this call.",
                        429: "ElevenLabs takes no more calls now; or too many requests, or wrong "
                        "keys, came from this address. Retry-After says when to come again.",
                        502: "ElevenLabs refused the call.",
                        503: _WITHOUT_A_DESK,
                        504: "It is not known whether the call was started.",
                    }
                ),
            },
        },
    }
}  # fmt: skip
