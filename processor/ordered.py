"""What the owner's decisions make of what an event says. Pure, for given decisions."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from memory.names import NAME_TOPICS
from memory.port import Conversation, Memory
from memory.topics import topic_of
from spool.standing_orders import Orders


def is_erased(conversation: Conversation, orders: Orders) -> bool:
    """Tell whether the caller of this conversation was erased since it began."""
    caller, began_at = conversation.caller, conversation.started_at
    if caller is None:
        return False
    key = orders.people.key_of(caller, conversation.id, conversation.speaker)
    forgotten = orders.forgotten
    if forgotten.is_named(caller, conversation.speaker, began_at=began_at):
        return True
    return any(forgotten.is_caller(each, began_at=began_at) for each in {caller, key})


def under(conversation: Conversation, orders: Orders) -> Conversation:
    """Return `conversation` as decided: of the right person, without what is untrue."""
    caller = conversation.caller
    if caller is None:
        return conversation
    person = _person(conversation, caller, orders)
    untrue = [memory for memory in conversation.memories if memory.id in orders.untrue]
    if person == caller and not untrue:
        return conversation
    return replace(
        _without(conversation, untrue) if untrue else conversation,
        caller=person,
        memories=tuple(
            replace(memory, caller=person)
            for memory in conversation.memories
            if memory.id not in orders.untrue
        ),
    )


def _person(conversation: Conversation, caller: str, orders: Orders) -> str:
    return orders.people.person_of(caller, conversation.id, conversation.speaker)


def _without(conversation: Conversation, untrue: Sequence[Memory]) -> Conversation:
    """Return `conversation` without what else was taken from these memories."""
    keys = {memory.key for memory in untrue if memory.kind == "fact"}
    is_summary_untrue = any(memory.kind == "summary" for memory in untrue)
    notes = tuple(
        note
        for note in conversation.notes
        if not (note.source == "fact" and note.key in keys)
        and not (note.source == "summary" and is_summary_untrue)
    )
    return replace(
        conversation,
        notes=notes,
        summary="" if is_summary_untrue else conversation.summary,
        speaker="" if _names(keys) else conversation.speaker,
    )


def _names(keys: Collection[str]) -> bool:
    return any(topic_of(key) in NAME_TOPICS for key in keys)
