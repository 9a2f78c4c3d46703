"""Decisions about who is erased: they name people, so they go too."""

from collections.abc import Collection
from pathlib import Path

from spool.decisions import read_decisions, remove_decisions
from spool.people import Decision


def erase_decisions(
    root: Path, *, callers: Collection[str], conversation_ids: Collection[str]
) -> int:
    """
    Remove every decision about these callers, or about memories of these conversations alone.

    Return how many went; durable when this returns. A decision that also says where other
    conversations belong stays: it names nobody who is erased. Raises SpoolError.
    """
    lines = {caller.partition("~")[0] for caller in callers if "~" in caller}
    going = [
        decision.id
        for decision in read_decisions(root)
        if {decision.caller, decision.into} & set(callers)
        or _is_of_person(decision, callers, lines, conversation_ids)
        or _is_of_memories(decision, conversation_ids)
    ]
    return remove_decisions(root, going)


def _is_of_person(
    decision: Decision,
    callers: Collection[str],
    lines: Collection[str],
    conversation_ids: Collection[str],
) -> bool:
    """Tell whether a split made one of the callers, a second person of a line."""
    if decision.kind != "split" or decision.caller not in lines:
        return False
    if decision.into:
        return decision.into in callers
    moved = set(decision.conversations)
    return bool(moved) and moved <= set(conversation_ids)


def _is_of_memories(decision: Decision, conversation_ids: Collection[str]) -> bool:
    of = {memory.partition("/")[0] for memory in decision.memories}
    return bool(of) and of <= set(conversation_ids)
