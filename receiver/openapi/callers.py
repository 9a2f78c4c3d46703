"""/callers: who has called, and what is known of each."""

from receiver.openapi.history import ARCHIVE_FAILS, CALLER, CURSOR, FULL
from receiver.openapi.parts import (
    COUNT,
    MOMENT,
    MOMENT_OR_NULL,
    TEXT,
    TEXT_OR_NULL,
    Description,
    in_path,
    in_query,
    listed,
    owner_errors,
    record,
    ref,
    said,
)

_WHERE: dict[str, Description] = {"occurred_at": MOMENT, "conversation_id": TEXT}
_FACT = record(
    {
        "key": TEXT,
        "value": TEXT,
        **_WHERE,
        "previous": listed(record({"value": TEXT, **_WHERE}, optional={})),
    },
    optional={},
)
_NOTED = record({"text": TEXT, "by": TEXT, "source": TEXT, "key": TEXT, **_WHERE}, optional={})
_CALLER = in_path("caller", "whose", CALLER)
_ROW: dict[str, Description] = {
    "id": TEXT,
    "caller": {**TEXT, "description": "masked unless `full` is true"},
}

SCHEMAS: dict[str, Description] = {
    "Callers": record(
        {
            "callers": listed(
                record({**_ROW, "calls": COUNT, "first_at": MOMENT, "last_at": MOMENT}, optional={})
            ),
            "next_cursor": TEXT_OR_NULL,
        },
        optional={},
    ),
    "Profile": record(
        {
            **dict.fromkeys(("name", "preferred_name", "first_name", "full_name"), TEXT),
            "language": TEXT,
            "call_count": COUNT,
            "first_call_at": MOMENT_OR_NULL,
            "last_call_at": MOMENT_OR_NULL,
            "summary": TEXT,
            "last_call_summary": TEXT,
            "facts": listed(_FACT),
            "others": listed(
                record(
                    {"name": TEXT, "calls": COUNT, "last_at": MOMENT, "facts": listed(_FACT)},
                    optional={},
                )
            ),
            "preferences": listed(_NOTED),
            "open_commitments": listed(_NOTED),
            "unanswered_calls": listed(
                record({"at": MOMENT, "reason": TEXT, "conversation_id": TEXT}, optional={})
            ),
        },
        optional={},
    ),
    "Caller": record(
        {
            **_ROW,
            "lines": {**listed(TEXT), "description": "the numbers that lead to this person"},
            "profile": {"anyOf": [ref("Profile"), {"type": "null"}]},
            "memories": listed(ref("Memory")),
            "conversations": listed(ref("Conversation")),
            "next_cursor": {
                **TEXT_OR_NULL,
                "description": "the older conversations: GET /history with this caller and cursor",
            },
        },
        optional={},
    ),
}

_ERRORS = {400: "A parameter is unknown or wrong.", 503: ARCHIVE_FAILS}
_PENDING = said(
    "It is asked for, durably, and not complete yet: `url` tells when it is.", ref("Erasure")
)

PATHS: dict[str, Description] = {
    "/callers": {
        "get": {
            "operationId": "listCallers",
            "tags": ["callers"],
            "summary": "Who has called, the latest first",
            "parameters": [
                in_query(
                    "limit", "how many, fewer may come",
                    {"type": "integer", "minimum": 1, "maximum": 500, "default": 50},
                ),
                CURSOR,
                FULL,
            ],
            "responses": {
                "200": said("A page; `next_cursor` null: the last.", ref("Callers")),
                **owner_errors(_ERRORS),
            },
        }
    },
    "/callers/{caller}": {
        "get": {
            "operationId": "showCaller",
            "tags": ["callers"],
            "summary": "What is known of a caller, with where each of it is from",
            "parameters": [_CALLER, FULL],
            "responses": {
                "200": said("All that is known.", ref("Caller")),
                **owner_errors({**_ERRORS, 404: "Nothing is known of this caller."}),
            },
        },
        "delete": {
            "operationId": "forgetCaller",
            "tags": ["callers"],
            "summary": "Erase a caller, so that nothing brings anything back",
            "description": "A call that begins later is the first of a new, empty story.",
            "parameters": [_CALLER],
            "responses": {
                "200": said("The caller is erased.", ref("Erasure")),
                "202": _PENDING,
                **owner_errors({**_ERRORS, 404: "No caller has this id."}),
            },
        },
    },
    "/callers/{caller}/export": {
        "get": {
            "operationId": "exportCaller",
            "tags": ["callers"],
            "summary": "Everything that is held of a caller, as one ZIP with a readable index",
            "parameters": [_CALLER],
            "responses": {
                "200": {
                    "description": "The ZIP. One that breaks off is not whole.",
                    "content": {"application/zip": {"schema": {"type": "string"}}},
                },
                **owner_errors(
                    {
                        400: "A parameter is unknown or wrong.",
                        404: "Nothing is held of this caller.",
                        503: f"{ARCHIVE_FAILS} Or too many exports are being made at once.",
                    }
                ),
            },
        }
    },
    "/callers/{caller}/memories/{memory_id}": {
        "delete": {
            "operationId": "forgetMemory",
            "tags": ["callers"],
            "summary": "Take back one memory, or the fact it tells: it is not so, or not theirs",
            "parameters": [
                _CALLER,
                in_path(
                    "memory_id", "as the caller's memories have it",
                    {"type": "string", "pattern": "^[!-~]{1,200}$"},
                ),
            ],
            "responses": {
                "200": said("It is out of memory, and a rebuild leaves it out.", ref("Erasure")),
                "202": _PENDING,
                **owner_errors({**_ERRORS, 404: "The caller has no such memory."}),
            },
        }
    },
}  # fmt: skip
