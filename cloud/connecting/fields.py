"""What an agent is asked to collect from each call, because memory knows what to do with it."""

from typing import Any

from memory.topics import topic_of

MAX_FIELDS = 25  # of one agent, the user's own included

# The most useful first: what does not fit beside the user's own is left out from the end.
# The keys are those that memory/names.py, memory/preferences.py and processor/notes.py know.
_DESCRIPTIONS = {
    "first_name": "The caller's first name, exactly as the caller gave it. Leave it empty if the "
    "caller did not say it; never take the name of the agent or of somebody else.",
    "reason_for_call": "Why the caller called, in one short sentence that will still be understood "
    "months later: name the thing, order or appointment that it is about.",
    "preferences": "What the caller likes, dislikes or always wants (times, places, products, "
    "diet, allergies, way of contact), in one or two short sentences. Leave it empty if nothing of "
    "that kind was said.",
    "agent_promises": "What the agent promised to do after this call, with the day or time if one "
    "was named, in one or two short sentences such as 'We will call back on Tuesday about the "
    "refund.' Leave it empty if nothing was promised.",
    "caller_promises": "What the caller promised to do after this call, with the day or time if "
    "one was named, in one or two short sentences. Leave it empty if nothing was promised.",
    "preferred_name": "How the caller asked to be called, if it is not the first name: a nickname, "
    "or a title with the last name. Leave it empty if the caller did not ask for it.",
    "last_name": "The caller's last name, exactly as the caller gave or spelled it. Leave it empty "
    "if the caller did not say it.",
}


def field_of(key: str) -> dict[str, Any]:
    """Return the data-collection field of this key as the platform takes it."""
    return {"type": "string", "description": _DESCRIPTIONS[key]}


def fields_for(there: set[str], ours: set[str]) -> tuple[list[str], list[str]]:
    """
    Return the keys to collect beside the user's own, and those for which there is no room.

    `there` are the keys that are collected now, `ours` those of them that connect added. What the
    user collects under another spelling ("First Name") is his.
    """
    topics = {topic_of(key) for key in there}
    free = [key for key in _DESCRIPTIONS if key in ours or topic_of(key) not in topics]
    room = max(0, MAX_FIELDS - len(there))
    placed = [key for key in free if key in ours]
    added = [key for key in free if key not in ours]
    return [*placed, *added[:room]], added[room:]
