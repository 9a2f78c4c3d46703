"""How much is kept, what was erased, and the description itself."""

from receiver.openapi.history import ARCHIVE_FAILS
from receiver.openapi.parts import (
    COUNT,
    MOMENT,
    MOMENT_OR_NULL,
    TEXT,
    Description,
    in_path,
    listed,
    owner_errors,
    record,
    ref,
    said,
)

_SIZES: Description = {
    "type": "object",
    "additionalProperties": record({"files": COUNT, "size_bytes": COUNT}, optional={}),
}
_GROWTH: Description = listed(
    record({"period": TEXT, "conversations": COUNT, "size_bytes": COUNT}, optional={})
)
_STATS: dict[str, Description] = {
    "at": MOMENT,
    **dict.fromkeys(("conversations", "failed_calls", "callers", "memories"), COUNT),
    "kept": {**_SIZES, "description": "what is there, by what it is"},
    "total_bytes": COUNT,
    "dropped": {**_SIZES, "description": "what is gone on purpose, by reason"},
    "days": {**_GROWTH, "description": "what arrived on each of the last 30 days (UTC)"},
    "months": {**_GROWTH, "description": "what arrived in each month"},
    "oldest": MOMENT_OR_NULL,
    "newest": MOMENT_OR_NULL,
    **dict.fromkeys(("backlog", "retrying", "parked", "quarantine"), COUNT),
}

_CERTIFICATE: dict[str, Description] = {
    "id": TEXT,
    "kind": {"enum": ["caller", "conversation", "memory"]},
    "status": {"enum": ["pending", "complete"]},
    "asked_at": MOMENT,
    "completed_at": MOMENT_OR_NULL,
    "removed": {"type": "object", "additionalProperties": COUNT},
    "size_bytes": COUNT,
    "waiting_for": TEXT,
    "may_remain_in": {
        **listed(TEXT),
        "description": "OpenMemories that are not set any more, and cannot be asked: it may "
        "still be there",
    },
    "part_of": {**TEXT, "description": "the erasure that this one belongs to"},
}

SCHEMAS: dict[str, Description] = {
    "Erasure": record(
        {
            "id": TEXT,
            "status": {"enum": ["pending", "complete"]},
            "url": {**TEXT, "description": "where to ask how far it is"},
            "certificate": {
                "type": ["object", "null"],
                "description": "what was removed and when, in numbers; null while it is pending",
                "properties": _CERTIFICATE,
            },
        },
        optional={},
    ),
    "Stats": {
        "type": "object",
        "properties": _STATS,
        "required": list(_STATS),
    },
}

PATHS: dict[str, Description] = {
    "/erasures/{erasure_id}": {
        "get": {
            "operationId": "showErasure",
            "tags": ["erasures"],
            "summary": "How far an erasure is, and its certificate once it is complete",
            "parameters": [
                in_path("erasure_id", "as the request to erase was answered",
                        {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,100}$"})
            ],
            "responses": {
                "200": said("The erasure.", ref("Erasure")),
                **owner_errors(
                    {
                        400: "A parameter is unknown.",
                        404: "No erasure with this id was asked for.",
                        503: ARCHIVE_FAILS,
                    }
                ),
            },
        }
    },
    "/stats": {
        "get": {
            "operationId": "showStats",
            "tags": ["stats"],
            "summary": "How much is kept of what, and how it grows",
            "responses": {
                "200": said("Counts and bytes.", ref("Stats")),
                **owner_errors({400: "A parameter is unknown.", 503: ARCHIVE_FAILS}),
            },
        }
    },
    "/activity": {
        "get": {
            "operationId": "showActivity",
            "tags": ["activity"],
            "summary": "What happens from now on, a line of JSON each, until you close it",
            "responses": {
                "200": said("Events, as `run.py watch` shows them.", {"type": "string"},
                            type_="application/x-ndjson"),
                **owner_errors({503: "As many look on already as may."}),
            },
        }
    },
    "/openapi.json": {
        "get": {
            "operationId": "describe",
            "tags": ["description"],
            "summary": "This description",
            "responses": {
                "200": said("OpenAPI 3.1.", {"type": "object", "required": ["openapi", "paths"]}),
                **owner_errors({}),
            },
        }
    }
}  # fmt: skip
