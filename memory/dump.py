"""
The canonical dump: one conversation as one line of JSON, the same for the same content.

It says what is remembered, not which delivery it came from. One and the same event may have come
by webhook or have been fetched later, in another envelope and with another hash; so `version`,
which only decides between several records of one conversation, is not part of it.
"""

import json
from datetime import UTC, datetime
from typing import Any

from memory.port import Conversation, Memory, Note


def dump_line(conversation: Conversation) -> str:
    """
    Return `conversation` with its memories as one line of ASCII JSON, without a newline.

    Every field of what is remembered is there, members and memories are sorted, notes in their
    order, times are ISO text in UTC.
    """
    record: dict[str, Any] = {
        "id": conversation.id,
        "kind": conversation.kind,
        "caller": conversation.caller,
        "channel": conversation.channel,
        "direction": conversation.direction,
        "agent_id": conversation.agent_id,
        "agent_line": conversation.agent_line,
        "started_at": _moment(conversation.started_at),
        "duration_secs": float(conversation.duration_secs),
        "language": conversation.language,
        "outcome": conversation.outcome,
        "summary": conversation.summary,
        "speaker": conversation.speaker,
        "memories": [
            _memory(memory) for memory in sorted(conversation.memories, key=lambda m: m.id)
        ],
        "notes": [_note(note) for note in conversation.notes],
    }
    return json.dumps(record, sort_keys=True, separators=(",", ":"))


def _memory(memory: Memory) -> dict[str, Any]:
    return {
        "id": memory.id,
        "caller": memory.caller,
        "conversation_id": memory.conversation_id,
        "agent_id": memory.agent_id,
        "kind": memory.kind,
        "key": memory.key,
        "content": memory.content,
        "sector": memory.sector,
        "salience": float(memory.salience),
        "decay_lambda": float(memory.decay_lambda),
        "occurred_at": _moment(memory.occurred_at),
    }


def _note(note: Note) -> dict[str, Any]:
    return {
        "kind": note.kind,
        "text": note.text,
        "by": note.by,
        "source": note.source,
        "key": note.key,
    }


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()
