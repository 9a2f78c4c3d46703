"""What every store asks of a conversation before it takes it."""

from math import isfinite

from memory.errors import MemoryStoreError
from memory.port import Conversation


class UnsoundConversation(MemoryStoreError):
    """A conversation contradicts itself or cannot be stored: its derivation must be mended."""


def check(conversation: Conversation) -> None:
    """
    Raise `UnsoundConversation` unless `conversation` can be stored as it is.

    Its memories must be its own: same caller, same conversation, ids unique. Text must be
    encodable, numbers finite, times aware. A memory of another caller is refused here, so that
    no mistake further up can put one person's words into another person's memory.
    """
    problem = _problem(conversation)
    if problem:
        raise UnsoundConversation(f"conversation {conversation.id!r}: {problem}")


def _problem(conversation: Conversation) -> str:
    if conversation.started_at.tzinfo is None:
        return "started_at has no time zone"
    if not (isfinite(conversation.version[0]) and isfinite(conversation.duration_secs)):
        return "a number is not finite"
    try:
        "".join(_texts(conversation)).encode()
    except UnicodeEncodeError:
        return "a text holds half a surrogate pair"
    return _problem_of_memories(conversation)


def _problem_of_memories(conversation: Conversation) -> str:
    memories = conversation.memories
    if len({memory.id for memory in memories}) != len(memories):
        return "two memories have the same id"
    for memory in memories:
        if memory.caller != conversation.caller or memory.conversation_id != conversation.id:
            return f"memory {memory.id!r} belongs to another caller or conversation"
        if memory.occurred_at.tzinfo is None:
            return f"memory {memory.id!r} has a time without a time zone"
    if conversation.notes and conversation.caller is None:
        return "it has notes, but no caller"
    return ""


def _texts(conversation: Conversation) -> list[str]:
    texts = [
        conversation.id,
        conversation.caller or "",
        conversation.version[1],
        conversation.agent_id,
        conversation.agent_line,
        conversation.language,
        conversation.outcome,
        conversation.summary,
        conversation.speaker,
    ]
    for memory in conversation.memories:
        texts += (memory.id, memory.agent_id, memory.key, memory.content)
    for note in conversation.notes:
        texts += (note.text, note.key)
    return texts
