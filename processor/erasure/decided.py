"""Decisions about who is erased: they name people, so they go too."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from spool.decisions import read_decisions, remove_decisions, rewrite_decision
from spool.people import Decision, People


@dataclass(frozen=True, slots=True, kw_only=True)
class Affected:
    """Decisions that go, and those that stay, in other words: they mean what they did."""

    going: tuple[Decision, ...]
    reworded: tuple[Decision, ...]


def affected_decisions(
    root: Path, *, callers: Collection[str], conversation_ids: Collection[str]
) -> Affected:
    """
    Return what becomes of the decisions about these callers and these conversations.

    Those about the callers go, and what was not true of these conversations alone. A decision
    that also says where other conversations belong stays: it names nobody who is erased. Raises
    SpoolError.
    """
    decisions = read_decisions(root)
    people = People(decisions)
    going = tuple(
        each
        for each in decisions
        if _is_of_callers(each, people, callers) or _is_of_memories(each, conversation_ids)
    )
    staying = [each for each in decisions if each not in going]
    return Affected(going=going, reworded=tuple(_reworded(staying, going, people, callers)))


def erase_decisions(root: Path, affected: Affected) -> int:
    """Remove them; return how many went. Durable when this returns; raises SpoolError."""
    for decision in affected.reworded:  # first: what a number stands for may not shift meanwhile
        rewrite_decision(root, decision)
    return remove_decisions(root, [each.id for each in affected.going])


def _is_of_callers(decision: Decision, people: People, callers: Collection[str]) -> bool:
    if decision.kind == "untrue":  # whoever was to be corrected: it is about the memories
        return False
    named = {decision.caller, decision.into, people.key_made(decision)}
    return bool(named & set(callers))


def _is_of_memories(decision: Decision, conversation_ids: Collection[str]) -> bool:
    of = {memory.partition("/")[0] for memory in decision.memories}
    return bool(of) and of <= set(conversation_ids)


def _reworded(
    staying: Iterable[Decision],
    going: Iterable[Decision],
    people: People,
    callers: Collection[str],
) -> Iterable[Decision]:
    """Yield those that name who is erased, or the number of whose person would shift."""
    lines = {each.caller for each in going if people.key_made(each)}
    for decision in staying:
        if decision.kind == "untrue" and decision.caller in callers:
            yield replace(decision, caller="")
        key = people.key_made(decision)
        if key and not decision.into and decision.caller in lines:
            yield replace(decision, into=key)
