"""/history: the conversations, and what is kept of each."""

from receiver.openapi.parts import (
    ANYTHING,
    COUNT,
    FLAG,
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

ARCHIVE_FAILS = "The history, memory or the disk cannot be read now; try again."
FULL = in_query("full", "true: numbers in full, not masked", {**FLAG, "default": False})
CURSOR = in_query(
    "cursor",
    "`next_cursor` of the page before",
    {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,200}={0,2}$"},
)
_NAMED: Description = {"type": "string", "minLength": 1, "maxLength": 1000}
CALLER: Description = {
    "type": "string",
    "pattern": "^(\\+[1-9][0-9]{6,14}(~[1-9][0-9]{0,3})?|c_[0-9a-f]{20}"
    "|(line|web|whatsapp):[!-~]{1,200})$",
    "description": "a number in E.164, a key such as whatsapp:…, or the `id` that lists have",
    "examples": ["+15550100142", "c_0123456789abcdef0123"],
}
_NUMBER: Description = {"type": "number"}
_MOMENT: Description = {
    "type": "string",
    "pattern": "^2[01][0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])"
    "(T([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?(Z|[+-](0[0-9]|1[0-3]):[0-5][0-9]))?$",
    "description": "a day (UTC), or a time with its zone",
    "examples": ["2026-11-20", "2026-11-20T09:30:00Z"],
}
_ID = in_path(
    "conversation_id", "the platform's id of the conversation",
    {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,128}$"},
)  # fmt: skip
_UNKNOWN = "The history has no such conversation, or what is asked for has not arrived of it."
_GONE = "It was deleted on purpose; `message` says why and when."
_ENTRY: dict[str, Description] = {
    "id": TEXT,
    "kind": {"enum": ["call", "failure"]},
    "caller_id": {**TEXT_OR_NULL, "description": "opaque; null for a withheld number"},
    "caller": {**TEXT_OR_NULL, "description": "the person, masked unless `full` is true"},
    "line": {**TEXT_OR_NULL, "description": "the number as it called, masked likewise"},
    "channel": TEXT,
    "direction": TEXT,
    "agent_id": TEXT,
    "started_at": MOMENT,
    "duration_secs": _NUMBER,
    "language": TEXT,
    "outcome": TEXT,
    "summary": TEXT,
    "has_transcript": FLAG,
    "has_audio": FLAG,
    "size_bytes": COUNT,
}
_FILE = record(
    {
        "file": TEXT,
        "kind": TEXT,
        "sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
        "size_bytes": COUNT,
        "received_at": MOMENT,
        "source": TEXT,
        "dropped": {**TEXT_OR_NULL, "description": "why it is gone on purpose; null: it is there"},
        "dropped_at": MOMENT_OR_NULL,
    },
    optional={},
)
_FUNCTION = record(
    {
        "name": TEXT,
        "type": TEXT,
        "request_id": TEXT,
        "parameters": ANYTHING,
        "result": ANYTHING,
        "is_error": {"type": ["boolean", "null"]},
        "time_secs": _NUMBER,
        "latency_secs": {"type": ["number", "null"]},
    },
    optional={},
)

SCHEMAS: dict[str, Description] = {
    "Conversation": record(_ENTRY, optional={}),
    "Conversations": record(
        {"conversations": listed(ref("Conversation")), "next_cursor": TEXT_OR_NULL}, optional={}
    ),
    "WholeConversation": record({**_ENTRY, "files": listed(_FILE)}, optional={}),
    "Transcript": record(
        {
            "conversation_id": TEXT,
            "lines": listed(
                record({"role": TEXT, "time_secs": _NUMBER, "text": TEXT}, optional={})
            ),
        },
        optional={},
    ),
    "Functions": record({"conversation_id": TEXT, "functions": listed(_FUNCTION)}, optional={}),
    "Memory": record(
        {
            "id": TEXT,
            "kind": {"enum": ["fact", "summary", "utterance"]},
            "key": TEXT,
            "content": TEXT,
            "sector": TEXT,
            "salience": _NUMBER,
            "occurred_at": MOMENT,
            "conversation_id": TEXT,
            "agent_id": TEXT,
        },
        optional={},
    ),
    "Memories": record({"conversation_id": TEXT, "memories": listed(ref("Memory"))}, optional={}),
}

_AUDIO: Description = {"audio/mpeg": {"schema": {"type": "string", "format": "binary"}}}


def _of_one(
    operation: str, summary: str, response: Description, *, may_be_gone: bool
) -> Description:
    gone = {410: _GONE} if may_be_gone else {}
    return {
        "operationId": operation,
        "tags": ["history"],
        "summary": summary,
        "parameters": [_ID],
        "responses": {
            "200": response,
            **owner_errors(
                {400: "A parameter is unknown or wrong.", 404: _UNKNOWN, 503: ARCHIVE_FAILS, **gone}
            ),
        },
    }


_LIST: Description = {
    "operationId": "listConversations",
    "tags": ["history"],
    "summary": "Conversations, newest first; all filters have to be met",
    "parameters": [
        in_query("caller", "whose, by any of the person's numbers", CALLER),
        in_query("agent", "the agent's id", _NAMED),
        in_query("since", "the first moment that is in", _MOMENT),
        in_query("until", "the first moment that is not; a day is in", _MOMENT),
        in_query("outcome", "the platform's word, or why the call failed: success, busy", _NAMED),
        in_query("direction", "who called", {"enum": ["inbound", "outbound"]}),
        in_query("kind", "calls, or those that did not get through", {"enum": ["call", "failure"]}),
        in_query("text", "words of transcript or summary; the last may be a beginning", _NAMED),
        in_query(
            "limit", "how many, fewer may come",
            {"type": "integer", "minimum": 1, "maximum": 500, "default": 50},
        ),
        CURSOR,
        FULL,
    ],
    "responses": {
        "200": said("A page; `next_cursor` null: the last.", ref("Conversations")),
        **owner_errors({400: "A parameter is unknown or wrong.", 503: ARCHIVE_FAILS}),
    },
}  # fmt: skip
_SHOW = _of_one(
    "showConversation",
    "One conversation, and every file that has arrived of it",
    said("The conversation.", ref("WholeConversation")),
    may_be_gone=False,
)
_TRANSCRIPT = _of_one(
    "showTranscript",
    "What was said, from the payload that counts",
    {
        "description": "As JSON, or as text for reading.",
        "content": {
            "application/json": {"schema": ref("Transcript")},
            "text/plain": {"schema": TEXT},
        },
    },
    may_be_gone=True,
)
_RECORDING = _of_one(
    "playRecording",
    "The recording, whole or in part",
    {"description": "All of it. HEAD is answered too.", "content": _AUDIO},
    may_be_gone=True,
)
_FUNCTIONS = _of_one(
    "listFunctions",
    "The tool calls that the agent made, with their results",
    said("In order of time.", ref("Functions")),
    may_be_gone=True,
)
_MEMORIES = _of_one(
    "listMemoriesOfConversation",
    "What this conversation added to memory",
    said("The latest first; none for a withheld number.", ref("Memories")),
    may_be_gone=False,
)
_FORGET = _of_one(
    "forgetConversation",
    "Erase one conversation, so that nothing brings it back",
    said("It is erased.", ref("Erasure")),
    may_be_gone=False,
)

_SHOW["parameters"].append(FULL)
_TRANSCRIPT["parameters"].append(
    in_query("format", "overrides the header Accept", {"enum": ["json", "text"]})
)
_RECORDING["parameters"].append(
    {
        "name": "Range", "in": "header", "description": "one range of bytes; others are ignored",
        "schema": {"type": "string", "pattern": "^bytes=[0-9]{1,12}-[0-9]{0,12}$"},
    }
)  # fmt: skip
_RECORDING["responses"] |= {
    "206": {"description": "The part that was asked for.", "content": _AUDIO},
    "304": {"description": "It is the one of If-None-Match."},
    "416": said("The recording has no byte in this range.", ref("Error")),
}
_FORGET["responses"]["202"] = said(
    "It is asked for, durably, and not complete yet: `url` tells when it is.", ref("Erasure")
)

PATHS: dict[str, Description] = {
    "/history": {"get": _LIST},
    "/history/{conversation_id}": {"get": _SHOW, "delete": _FORGET},
    "/history/{conversation_id}/transcript": {"get": _TRANSCRIPT},
    "/history/{conversation_id}/audio": {"get": _RECORDING},
    "/history/{conversation_id}/functions": {"get": _FUNCTIONS},
    "/history/{conversation_id}/memories": {"get": _MEMORIES},
}
