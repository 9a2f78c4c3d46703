"""What ElevenLabs asks: the three webhooks; and /health and /metrics."""

from receiver.openapi.parts import (
    ANYTHING,
    COUNT,
    FLAG,
    TEXT,
    TEXT_OR_NULL,
    Description,
    body,
    errors,
    listed,
    record,
    ref,
    said,
)

_ANY_VALUE = "Any value is taken: what cannot be used is left out of account."
_BY_KEY: list[Description] = [{"sharedKey": []}, {"sharedKeyAsBearer": []}]
_WRONG_KEY = "A key is set for this endpoint, and X-Api-Key does not hold it."
_NOT_ALLOWED = "ALLOW_FROM does not hold this address."
_TOO_OFTEN = (
    "Too many requests, or too many wrong keys, came from this address; Retry-After says when to "
    "come again."
)
_VARIABLES = {
    **dict.fromkeys(
        (
            *("user_name", "caller_name", "preferred_name", "first_name", "full_name"),
            *("user_profile_summary", "last_call_summary", "caller_history"),
            *("caller_preferences", "open_commitments", "last_call_date"),
        ),
        TEXT,
    ),
    "is_returning_caller": FLAG,
    "call_count": COUNT,
}

SCHEMAS: dict[str, Description] = {
    "Ring": {
        "description": f"Who is calling. {_ANY_VALUE}",
        "properties": {
            "caller_id": {"examples": ["+15550100142"]},
            "called_number": {"examples": ["+15550100900"]},
            "agent_id": {"examples": ["agent_books"]},
            "call_sid": {"examples": ["CA0123456789abcdef"]},
            "conversation_id": {"examples": ["conv_0123"]},
        },
    },
    "Initiation": record(
        {
            "type": {"const": "conversation_initiation_client_data"},
            "dynamic_variables": {
                "type": "object",
                "description": "Always the same names, because the platform drops a call that "
                "lacks one that its agent uses. A stranger's are empty.",
                "properties": _VARIABLES,
                "required": list(_VARIABLES),
                "additionalProperties": {"type": ["string", "number", "boolean"]},
            },
            "conversation_config_override": record(
                {},
                optional={"agent": record({}, optional={"first_message": TEXT, "language": TEXT})},
            ),
        },
        optional={},
    ),
    "Question": {
        "type": "object",
        "description": f"What to look up, of whom. Of the other members: {_ANY_VALUE}",
        "properties": {
            "query": {"type": "string", "examples": ["the olive trees"]},
            "caller_id": {"examples": ["+15550100142"]},
            "user_id": ANYTHING,
            "conversation_id": {"examples": ["conv_0123"]},
            "agent_id": ANYTHING,
            "called_number": ANYTHING,
            "limit": {"description": "how many memories, 1 to 50; 5 if that cannot be told"},
            "explain": {"description": "true: how each result came about; needs ADMIN_KEY"},
        },
        "required": ["query"],
    },
    "Recall": record(
        {
            "profile": {
                "type": ["object", "null"],
                "description": "what is known of the caller; null for a stranger",
            },
            "memories": listed(
                record(
                    {
                        "content": TEXT,
                        "sector": TEXT,
                        "salience": {"type": "number"},
                        "score": {"type": "number"},
                        "occurred_at": TEXT,
                        "when": TEXT,
                        "conversation_id": TEXT,
                    },
                    optional={"explanation": listed({"type": "object"})},
                )
            ),
        },
        optional={},
    ),
    "Receipt": record(
        {
            "status": {"enum": ["stored", "duplicate", "quarantined", "forgotten"]},
            "type": TEXT_OR_NULL,
            "conversation_id": TEXT_OR_NULL,
        },
        optional={},
    ),
    "Health": record(
        {
            "status": {"enum": ["ok", "degraded", "failing"]},
            "backlog": {
                "type": ["integer", "null"],
                "description": "events that are not in memory yet; null: nobody can tell",
            },
            "checks": {"type": "object", "additionalProperties": TEXT},
            "counts": {"type": "object", "additionalProperties": COUNT},
            "reconciliation": {"type": "object", "required": ["status"]},
            "openmemory": {"type": "object", "required": ["status"]},
        },
        optional={},
    ),
}

PATHS: dict[str, Description] = {
    "/webhook/client-data": {
        "post": {
            "operationId": "answerRing",
            "tags": ["webhooks"],
            "summary": "Tell the agent who is calling",
            "description": "An error here would end the phone call, so whatever is asked is "
            "answered: in doubt as for a stranger.",
            "security": _BY_KEY,
            "requestBody": body(ref("Ring"), required=False),
            "responses": {
                "200": said("Dynamic variables and greeting.", ref("Initiation")),
                **errors({401: _WRONG_KEY, 403: _NOT_ALLOWED, 429: _TOO_OFTEN}),
            },
        }
    },
    "/webhook/search-data": {
        "post": {
            "operationId": "recall",
            "tags": ["webhooks"],
            "summary": "Answer the agent's question about what the caller said before",
            "security": [*_BY_KEY, {"adminKey": []}],
            "requestBody": body(ref("Question"), required=True),
            "responses": {
                "200": said("The caller's profile, and memories, best first.", ref("Recall")),
                **errors(
                    {
                        400: "The body is no JSON object with a `query` that is text.",
                        401: _WRONG_KEY,
                        403: f"`explain` is for the holder of ADMIN_KEY. Or: {_NOT_ALLOWED}",
                        429: f"{_TOO_OFTEN} With the right key: too many questions about this "
                        "caller (LIMIT_PER_CALLER).",
                    }
                ),
            },
        }
    },
    "/webhook/post-call": {
        "post": {
            "operationId": "storeEvent",
            "tags": ["webhooks"],
            "summary": "Store a signed event: 200 means that it is on disk",
            "description": "Every signed body is kept, one that is not understood in quarantine: "
            "so any JSON, and anything that is none, is taken.",
            "security": [{"signature": []}],
            "requestBody": {"required": True, "content": {"*/*": {"schema": ANYTHING}}},
            "responses": {
                "200": said("The event is durable, or was before.", ref("Receipt")),
                **errors(
                    {
                        400: "The request ended before its body did.",
                        401: "The signature is missing, wrong or too old; nothing was kept.",
                        403: _NOT_ALLOWED,
                        408: "The rest of the body did not come.",
                        413: "The body is larger than MAX_BODY_MB.",
                        415: "The body is compressed, which a signature cannot be.",
                        429: "The signature is missing or wrong, and too many such requests came "
                        "from this address (LIMIT_PER_ADDRESS); Retry-After says when to come "
                        "again. What is signed is never refused for that.",
                        503: "The event was not stored, or too many large ones are arriving; send "
                        "it again later.",
                    }
                ),
            },
        }
    },
    "/health": {
        "get": {
            "operationId": "health",
            "tags": ["health"],
            "summary": "Whether calls are answered and kept, and how far memory is behind",
            "security": [],
            "responses": {
                "200": said("Events are accepted and memory answers.", ref("Health")),
                "503": said("One of them is not so.", ref("Health")),
                **errors({429: _TOO_OFTEN}),
            },
        }
    },
    "/metrics": {
        "get": {
            "operationId": "metrics",
            "tags": ["health"],
            "summary": "The program's metrics, for Prometheus",
            "security": [{}, {"adminKey": []}],
            "responses": {
                "200": {
                    "description": "All of them; no label holds a number or a client's text.",
                    "content": {
                        "text/plain": {"schema": TEXT},
                        "application/openmetrics-text": {"schema": TEXT},
                    },
                },
                **errors(
                    {
                        404: "The request comes from elsewhere, and without ADMIN_KEY.",
                        429: _TOO_OFTEN,
                    }
                ),
            },
        }
    },
}
