"""`callers forget`: what would go, the question, and the certificate."""

import asyncio
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import typer

from cli.assembly.store import require_spool
from cli.callers.certificate import counted, print_certificate, print_erasures
from cli.callers.held import Conversed, Held
from cli.callers.key import NoSuchCaller
from cli.callers.owner_work import erase, obey
from cli.callers.run import holding
from cli.output import console, print_json, problems
from history.shown import masked
from memory.port import Memory
from processor.erasure.files import NAMES
from settings import Settings
from spool.decisions import new_decision_id, write_decision
from spool.erasing import ask_to_forget
from spool.forgotten import certificate_of, read_tombstones
from spool.people import Decision

_NO_TERMINAL = "nobody can be asked here: look at it with --dry-run, then run it with --yes"


def forget_caller(
    settings: Settings, given: str, *, dry_run: bool, yes: bool, as_json: bool
) -> int:
    """Erase everything of a caller; return 0, 1 if it was declined, 2 if nobody can be asked."""
    held = asyncio.run(_held(settings, given))
    plan = _plan(held)
    if not as_json:
        console.print(f"Everything of {_named(held.keys)} goes, for good:", markup=False)
        _print_plan(plan)
    if dry_run:
        return _end_of_dry_run(plan, as_json=as_json)
    if (code := _ask(yes=yes, as_json=as_json)) is not None:
        return code
    now = datetime.now(UTC)
    tombstone = ask_to_forget(
        settings.payload_storage_path,
        callers=held.keys,
        conversations=[each.id for each in held.conversations if not _is_later(each, now)],
        at=now,
        scanned_bytes=held.scanned_bytes,
    )
    return _tell(asyncio.run(erase(settings, tombstone)), as_json=as_json)


def forget_conversation(
    settings: Settings, given: str, conversation_id: str, *, dry_run: bool, yes: bool, as_json: bool
) -> int:
    """Erase one conversation of a caller; see `forget_caller`."""
    held = asyncio.run(_held(settings, given))
    found = [each for each in held.conversations if each.id == conversation_id]
    if not found:
        raise NoSuchCaller(
            f"{conversation_id} is no conversation of {masked(held.keys[0])}: `run.py callers "
            "show` names those there are"
        )
    memories = [each for each in held.memories if each.conversation_id == conversation_id]
    files = [each for each in found[0].files if not each.dropped]
    plan = {
        "removed": {"conversations": 1, "files": len(files), "memories": len(memories)},
        "size_bytes": sum(each.size for each in files),
    }
    if not as_json:
        console.print(f"The conversation {conversation_id} goes, for good:", markup=False)
        _print_plan(plan)
    if dry_run:
        return _end_of_dry_run(plan, as_json=as_json)
    if (code := _ask(yes=yes, as_json=as_json)) is not None:
        return code
    tombstone = ask_to_forget(
        settings.payload_storage_path, conversations=[conversation_id], at=datetime.now(UTC)
    )
    return _tell(asyncio.run(erase(settings, tombstone)), as_json=as_json)


def forget_memories(
    settings: Settings,
    given: str,
    *,
    memory_id: str | None,
    fact: str | None,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> int:
    """Have one memory, or all values of one fact, remembered no more; see `forget_caller`."""
    held = asyncio.run(_held(settings, given))
    going = [each for each in held.memories if _is_meant(each, memory_id, fact)]
    if not going:
        what = f"no memory {memory_id}" if memory_id else f"no fact {fact}"
        raise NoSuchCaller(
            f"there is {what} of {masked(held.keys[0])}: `run.py callers show` names what there is"
        )
    if not as_json:
        console.print("This is remembered no more; what was said stays in the transcript:")
        for each in going:
            console.print(f"  {each.content}  ({each.id})", markup=False)
    if dry_run:
        return _end_of_dry_run({"memories": [each.id for each in going]}, as_json=as_json)
    if (code := _ask(yes=yes, as_json=as_json)) is not None:
        return code
    now = datetime.now(UTC)
    decision = Decision(
        # Of nobody: it is about the memories, whoever they turn out to be of.
        id=new_decision_id(now), at=now, kind="untrue",
        memories=tuple(sorted(each.id for each in going)),
    )  # fmt: skip
    write_decision(settings.payload_storage_path, decision)
    asyncio.run(obey(settings, decision.id))
    if as_json:
        print_json({"decision": decision.id, "memories": list(decision.memories)})
    else:
        console.print(f"Done: {len(going)} memories less.")
    return 0


def show_erasures(settings: Settings, *, erasure_id: str | None, as_json: bool) -> int:
    """Print every erasure, or the certificate of one; return 1 if there is none with this id."""
    root = settings.payload_storage_path
    require_spool(root)
    if erasure_id is not None:
        certificate = certificate_of(root, erasure_id)
        if certificate is None:
            problems.print(f"no erasure {erasure_id} is complete here", markup=False)
            return 1
        return _tell(certificate, as_json=as_json)
    listed = []
    for tombstone in read_tombstones(root):
        certificate = certificate_of(root, tombstone.id) or {}
        if "part_of" not in certificate:
            listed.append(
                {
                    "id": tombstone.id,
                    "kind": tombstone.kind,
                    "asked_at": tombstone.at.isoformat(),
                    "completed_at": certificate.get("completed_at"),
                }
            )
    if as_json:
        print_json({"erasures": listed})
    else:
        print_erasures(listed)
    return 0


async def _held(settings: Settings, given: str) -> Held:
    async with holding(settings, given) as held:
        return held


def _is_later(conversed: Conversed, at: datetime) -> bool:
    """Tell whether a conversation is known to begin later: what is not dated counts as before."""
    entry = conversed.entry
    return entry is not None and entry.line is not None and entry.started_at >= at


def _plan(held: Held) -> dict[str, Any]:
    files = held.files_there()
    counts = {"conversations": len(held.conversations)}
    for kind, name in NAMES.items():
        counts[name] = sum(each.kind == kind for each in files)
    counts |= {
        "memories": len(held.memories),
        "quarantined": sum(file.endswith(".body") for file in held.quarantined),
        "started_calls": len(held.calls),
        "logged_requests": held.logged_requests,
        "decisions": len(held.decisions),
    }
    return {"removed": counts, "size_bytes": sum(each.size for each in files)}


def _print_plan(plan: dict[str, Any]) -> None:
    for line in counted(plan["removed"], plan["size_bytes"]):
        console.print(f"  {line}", markup=False)


def _ask(*, yes: bool, as_json: bool) -> int | None:
    """Return None to go on, else the exit code."""
    if yes:
        return None
    if as_json or not sys.stdin.isatty():
        problems.print(_NO_TERMINAL, style="bold red")
        return 2
    if typer.confirm("Erase it?", default=False):
        return None
    problems.print("declined: nothing was changed")
    return 1


def _end_of_dry_run(plan: dict[str, Any], *, as_json: bool) -> int:
    if as_json:
        print_json({"dry_run": True, **plan})
    else:
        console.print("Nothing was changed.")
    return 0


def _tell(certificate: dict[str, Any], *, as_json: bool) -> int:
    if as_json:
        print_json(certificate)
    else:
        print_certificate(certificate)
    return 0


def _named(keys: Sequence[str]) -> str:
    return ", ".join(str(masked(key)) for key in keys)


def _is_meant(memory: Memory, memory_id: str | None, fact: str | None) -> bool:
    if memory_id is not None:
        return memory.id == memory_id
    return memory.kind == "fact" and memory.key == fact
