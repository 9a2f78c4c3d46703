"""`memory search`: ask one caller's memory, as an agent does, and see why it answers so."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from rich.text import Text

from cli.assembly.people import by_person
from cli.assembly.store import open_memory
from cli.output import console, print_json, problems
from memory.port import Found
from memory.recall.spoken import spoken_age
from settings import Settings
from voice.identity import caller_of_search

_WAIT_SECONDS = 5.0  # for OpenMemory, which this process has not warmed up: nobody is on the line


def search_memory(
    settings: Settings, *, caller: str, query: str, limit: int, explain: bool, as_json: bool
) -> int:
    """Print what memory finds; return 0, 1 if the caller is not known, 2 if it is no caller."""
    key = caller_of_search(caller, None, region=settings.phone_region) or caller
    now = datetime.now(UTC)
    found = asyncio.run(_search(settings, key, query, limit=limit, explain=explain, now=now))
    if found is None:
        problems.print(f"nothing is known of {key}: is the number complete, with + and country?")
        return 1
    if as_json:
        print_json([_as_json(each, now=now, explain=explain) for each in found])
        return 0
    for place, each in enumerate(found, start=1):
        _show(place, each, now=now, explain=explain)
    if not found:
        console.print("nothing found")
    return 0


async def _search(
    settings: Settings, caller: str, query: str, *, limit: int, explain: bool, now: datetime
) -> Sequence[Found] | None:
    wait_seconds = _WAIT_SECONDS if settings.openmemory_wait_ms else None
    async with open_memory(settings, must_exist=True, wait_seconds=wait_seconds) as memory:
        store = await by_person(memory.store, settings.payload_storage_path)
        if await store.profile(caller) is None:
            return None
        if memory.openmemory is not None:
            await memory.openmemory.recall.look()
        return await store.search(caller, query, limit=limit, now=now, explain=explain)


def _show(place: int, found: Found, *, now: datetime, explain: bool) -> None:
    memory = found.memory
    console.print(Text(f"{place}. {memory.content}", style="bold"))
    when = spoken_age(memory.occurred_at, now=now) or "at an unknown time"
    what = f"{memory.kind}, {memory.sector}, said {when}, {memory.conversation_id}"
    console.print(Text(f"   {found.score:.3f}  {what}", style="dim"))
    if explain:
        for part in found.parts:
            sign = "\u00d7" if part.effect == "factor" else "+"
            console.print(Text(f"   {sign} {part.value:6.3f}  {part.what}"))


def _as_json(found: Found, *, now: datetime, explain: bool) -> dict[str, Any]:
    memory = found.memory
    answer: dict[str, Any] = {
        "content": memory.content,
        "kind": memory.kind,
        "sector": memory.sector,
        "score": found.score,
        "occurred_at": memory.occurred_at.isoformat(),
        "when": spoken_age(memory.occurred_at, now=now),
        "conversation_id": memory.conversation_id,
    }
    if explain:
        answer["explanation"] = [
            {"part": part.what, "effect": part.effect, "value": part.value} for part in found.parts
        ]
    return answer
