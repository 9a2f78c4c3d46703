"""`callers merge|split`: two numbers of one person, or two persons of one number."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime

from cli.assembly.history_index import open_history
from cli.assembly.store import open_store, require_spool
from cli.callers.key import NoSuchCaller, typed_key
from cli.callers.owner_work import obey
from cli.callers.run import holding
from cli.output import console, print_json
from history.shown import masked
from processor.errors import ProcessorError
from settings import Settings
from spool.decisions import new_decision_id, read_decisions, write_decision
from spool.forgotten import Forgotten
from spool.people import Decision, People

_EVER = datetime.min.replace(tzinfo=UTC)


class NotSensible(ProcessorError):
    """A decision about who is who that would say nothing, or open memory to anybody."""


def merge(settings: Settings, given: str, *, into: str, as_json: bool) -> int:
    """Make the calls of one person, past and future, those of another; return 0."""
    root = settings.payload_storage_path
    require_spool(root)
    caller, target = typed_key(settings, given), typed_key(settings, into)
    people = People(read_decisions(root))
    if people.person(caller) == people.person(target):
        raise NotSensible(f"{masked(caller)} and {masked(target)} are one person already")
    if caller.startswith("web:") != target.startswith("web:"):
        raise NotSensible(
            "a user id of the web is whatever a browser says, so it cannot be one person with a "
            "number: anybody could hear what is known of it"
        )
    now = datetime.now(UTC)
    # With all who are one person with this number already: nobody is left behind.
    person = people.person(caller)
    decision = Decision(id=new_decision_id(now), at=now, kind="merge", caller=person, into=target)
    return _decide(settings, decision, as_json=as_json)


def split(
    settings: Settings, given: str, *, conversations: Sequence[str], name: str, as_json: bool
) -> int:
    """Take a merge back, or make conversations of a number those of another person; return 0."""
    root = settings.payload_storage_path
    require_spool(root)
    caller = typed_key(settings, given)
    people = People(read_decisions(root))
    if not conversations and not name and people.person(caller) == caller:
        others = sorted(people.lines(caller) - {caller})
        hint = (
            f"split the number that was merged into it: {', '.join(str(masked(o)) for o in others)}"
            if others
            else "to part two people of one number, name --conversation, or --name, of the other"
        )
        raise NotSensible(f"{masked(caller)} was not merged into anybody; {hint}")
    parts = bool(conversations or name)
    if parts and "~" in caller:
        raise NotSensible(f"{caller} is one of several people already: give the number itself")
    if conversations:
        asyncio.run(_require_theirs(settings, caller, conversations))
    now = datetime.now(UTC)
    decision = Decision(
        id=new_decision_id(now), at=now, kind="split", caller=caller,
        conversations=tuple(sorted(set(conversations))), name=name,
    )  # fmt: skip
    if parts:
        into = asyncio.run(_key_for(settings, people, caller, name))
        decision = replace(decision, into=into)
    return _decide(settings, decision, as_json=as_json)


async def _key_for(settings: Settings, people: People, line: str, name: str) -> str:
    """Return the key of who gives this name on a line, or one that nobody has ever had."""
    forgotten = await asyncio.to_thread(Forgotten, settings.payload_storage_path)

    def is_forgotten(key: str) -> bool:
        return forgotten.is_caller(key, began_at=_EVER)

    known = people.key_named(line, name)
    if known and not is_forgotten(known):
        return known
    used: set[str] = set()
    async with AsyncExitStack() as stack:
        held = [
            (await stack.enter_async_context(open_store(settings))).conversation_ids,
            (await stack.enter_async_context(open_history(settings))).conversations_of,
        ]
        while True:
            key = people.new_key(line, is_forgotten=is_forgotten, used=used)
            if not any([await conversations_of(key) for conversations_of in held]):
                return key
            used.add(key)


async def _require_theirs(settings: Settings, caller: str, conversations: Sequence[str]) -> None:
    async with holding(settings, caller) as held:
        theirs = {
            each.id for each in held.conversations if each.entry and each.entry.line == caller
        }
    if others := sorted(set(conversations) - theirs):
        raise NoSuchCaller(
            f"not of this number: {', '.join(others)}; `run.py callers show` names those that are"
        )


def _decide(settings: Settings, decision: Decision, *, as_json: bool) -> int:
    """Put the decision on record, have it obeyed, and say who is who now."""
    root = settings.payload_storage_path
    write_decision(root, decision)
    asyncio.run(obey(settings, decision.id))
    people = People(read_decisions(root))
    whose = decision.into if decision.kind == "merge" else decision.caller
    person = people.person(whose)
    lines = sorted(people.lines(person))
    apart = list(people.apart(decision.caller))
    if as_json:
        told = {"decision": decision.id, "person": person, "lines": lines, "apart": apart}
        print_json(told)
        return 0
    console.print(f"{', '.join(lines)}: one person now.", markup=False)
    if apart:
        console.print(f"Also on {decision.caller}: {', '.join(apart)}.", markup=False)
    return 0
