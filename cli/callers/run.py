"""`callers list|show|export`: who has called, and everything that is held of one of them."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.table import Table
from rich.text import Text

from cli.assembly.history_index import open_current_history
from cli.assembly.store import open_store, require_spool
from cli.callers.archive import write_archive
from cli.callers.held import Held, held_of
from cli.callers.key import NoSuchCaller, key_of
from cli.output import console, print_json, print_problems
from history.shown import masked, shown_caller, shown_entry
from history.values import CallerPage
from receiver.shown import memories_json, profile_json
from settings import Settings


def list_callers(
    settings: Settings, *, limit: int, cursor: str | None, full: bool, as_json: bool
) -> int:
    """Print who has called, the latest first; return 0."""

    async def look() -> CallerPage:
        async with open_current_history(settings) as opened:
            return await opened.history.callers(limit=limit, cursor=cursor)

    page = asyncio.run(look())
    shown = [shown_caller(row, in_full=full) for row in page.callers]
    if as_json:
        print_json({"callers": shown, "next_cursor": page.next_cursor})
        return 0
    table = Table(box=None, pad_edge=False)
    table.add_column("caller", overflow="fold")  # some keys are longer than a line
    for heading in ("id", "calls", "first", "last (UTC)"):
        table.add_column(heading, no_wrap=True)
    for row in shown:
        first, last = f"{row['first_at']:%Y-%m-%d}", f"{row['last_at']:%Y-%m-%d %H:%M}"
        table.add_row(Text(row["caller"]), row["id"], str(row["calls"]), first, last)
    console.print(table if shown else "nobody has called yet")
    if page.next_cursor:
        console.print(f"more with --cursor {page.next_cursor}", markup=False)
    return 0


def show_caller(settings: Settings, given: str, *, full: bool, as_json: bool) -> int:
    """Print the profile of a caller with where everything in it comes from; return 0."""
    held = asyncio.run(_held(settings, given))
    shown = _shown(held, full=full)
    if as_json:
        print_json(shown)
    else:
        _print(shown)
    return 0


def export_caller(settings: Settings, given: str, *, to: Path | None, as_json: bool) -> int:
    """Write all that is held of a caller into one ZIP; return 1 if something could not be read."""
    held = asyncio.run(_held(settings, given))
    now = datetime.now(UTC)
    path = to or Path(f"caller-{_plain(held.keys[0])}-{now:%Y%m%d-%H%M%S}.zip")
    problems = _write(path, held, now)
    size_bytes = path.stat().st_size
    if as_json:
        print_json({"file": str(path), "size_bytes": size_bytes, "problems": problems})
    else:
        console.print(
            f"{path}: {len(held.conversations)} conversations, {len(held.memories)} memories, "
            f"{size_bytes / 1024**2:.1f} MB; index.html in it is the way in",
            markup=False,
        )
    if problems:
        print_problems("Not in it, because it could not be read:", problems)
    return 1 if problems else 0


@asynccontextmanager
async def holding(settings: Settings, given: str) -> AsyncIterator[Held]:
    """Give all that is held of a caller; raises NoSuchCaller if that is nothing."""
    require_spool(settings.payload_storage_path)
    async with (
        open_store(settings, must_exist=True) as store,  # before the index, which is made
        open_current_history(settings) as opened,
    ):
        key = await key_of(settings, opened.history, given)
        held = await held_of(settings, store, opened.history, key)
        if held.is_empty:
            raise NoSuchCaller(
                f"nothing is held of {key}: is the number complete, with + and country?"
            )
        yield held


async def _held(settings: Settings, given: str) -> Held:
    async with holding(settings, given) as held:
        return held


def _write(path: Path, held: Held, now: datetime) -> list[str]:
    """Write the ZIP whole or not at all, for its owner alone; never over another file."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            problems = write_archive(file, held, made_at=now)
            file.flush()
            os.fsync(file.fileno())
        os.link(part, path)  # unlike a rename, it never overwrites
    finally:
        part.unlink(missing_ok=True)
    return problems


def _plain(key: str) -> str:
    return "".join(char if char.isalnum() else "-" for char in key).strip("-")


def _shown(held: Held, *, full: bool) -> dict[str, Any]:
    keys = [key if full else masked(key) for key in held.keys]
    entries = [each.entry for each in held.conversations if each.entry is not None]
    return {
        "caller": keys[0],
        "lines": keys,
        "profiles": [profile_json(each) for each in held.profiles],
        "memories": memories_json(held.memories),
        "conversations": [shown_entry(each, in_full=full) for each in reversed(entries)],
        "calls_started_here": len(held.calls),
        "quarantined": len(held.quarantined),
    }


def _print(shown: dict[str, Any]) -> None:
    console.print(Text(f"{', '.join(shown['lines'])}", style="bold"))
    for profile in shown["profiles"]:
        name = profile["full_name"] or profile["name"] or "no name known"
        console.print(Text(f"{name}, {profile['call_count']} calls, {profile['language'] or '?'}"))
        for fact in profile["facts"]:
            _say(f"{fact['key']}: {fact['value']}", fact)
            for before in fact["previous"]:
                _say(f"  before: {before['value']}", before)
        for other in profile["others"]:
            console.print(Text(f"  another person on this line: {other['name']}"))
    console.print(Text(f"{len(shown['memories'])} memories:"))
    for memory in shown["memories"]:
        _say(memory["content"], memory, what=f"{memory['kind']} {memory['id']}")
    console.print(Text(f"{len(shown['conversations'])} conversations:"))
    for entry in shown["conversations"]:
        when = f"{entry['started_at']:%Y-%m-%d %H:%M}"
        console.print(Text(f"  {when}  {entry['id']}  {entry['summary'] or entry['outcome']}"))


def _say(text: str, source: dict[str, Any], *, what: str = "") -> None:
    console.print(Text(f"  {text}"))
    where = f"{source['occurred_at'][:16].replace('T', ' ')}  {source['conversation_id']}"
    console.print(Text(f"      {where}  {what}".rstrip(), style="dim"))
