"""`history`: look back at the conversations, from the spool by its index."""

import asyncio
import os
import shutil
import sys
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cli.assembly.history_index import bring_up_to_date, open_current_history, open_history
from cli.assembly.store import require_spool
from cli.history.filters import CALLER_ID, Typed, UnusableFilter, filters_of
from cli.history.text import print_conversation, print_page, print_totals
from cli.output import console, print_json, problems
from history.errors import NotReadable, NotStored, UnknownConversation
from history.reading import as_text, functions, open_audio, payload, transcript
from history.shown import shown_entry, shown_files
from history.values import Entry, Filters, Page, Stored, Totals
from settings import Settings
from spool.format import FileDamaged


def list_history(
    settings: Settings, typed: Typed, *, limit: int, cursor: str | None, full: bool, as_json: bool
) -> int:
    """Print the conversations that are asked for, newest first; return 2 for unusable filters."""
    region = settings.phone_region or None
    try:
        filters = filters_of(typed, region=region, now=datetime.now(UTC))
    except UnusableFilter as error:
        problems.print(f"{error}", style="bold red", markup=False)
        return 2
    page = asyncio.run(_page(settings, filters, limit=limit, cursor=cursor))
    if as_json:
        shown = [shown_entry(entry, in_full=full) for entry in page.entries]
        print_json({"conversations": shown, "next_cursor": page.next_cursor})
    else:
        print_page(page, full=full)
    return 0


def list_failures(
    settings: Settings, typed: Typed, *, limit: int, cursor: str | None, full: bool, as_json: bool
) -> int:
    """Print the calls that never came about; see `list_history`."""
    of_failures = replace(typed, kind="failure")
    return list_history(
        settings, of_failures, limit=limit, cursor=cursor, full=full, as_json=as_json
    )


def show_conversation(
    settings: Settings, conversation_id: str, *, full: bool, as_json: bool
) -> int:
    """Print all that is known of one conversation; return 0."""
    entry, files = _found(settings, conversation_id)
    try:
        calls = functions(payload(settings.payload_storage_path, files))
    except (NotStored, NotReadable, FileDamaged) as error:
        problems.print(f"{error}", style="yellow", markup=False)
        calls = []
    if as_json:
        shown: dict[str, Any] = shown_entry(entry, in_full=full)
        shown["files"] = shown_files(files)
        shown["functions"] = [asdict(call) for call in calls]
        print_json(shown)
    else:
        print_conversation(entry, files, calls, full=full)
    return 0


def show_transcript(settings: Settings, conversation_id: str, *, as_json: bool) -> int:
    """Print what was said in one conversation; return 0."""
    _, files = _found(settings, conversation_id)
    lines = transcript(payload(settings.payload_storage_path, files))
    if as_json:
        print_json({"id": conversation_id, "transcript": [asdict(line) for line in lines]})
    else:
        sys.stdout.write(as_text(lines))
    return 0


def save_audio(settings: Settings, conversation_id: str, *, to: Path | None) -> int:
    """Write the recording of a conversation to a file or to stdout; return 0."""
    _, files = _found(settings, conversation_id)
    if to is None and sys.stdout.isatty():
        problems.print("a recording is no text: say where to, with --to FILE", style="bold red")
        return 2
    with open_audio(settings.payload_storage_path, files) as recording:
        if to is None:
            shutil.copyfileobj(recording, sys.stdout.buffer)
            return 0
        descriptor = os.open(to, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            shutil.copyfileobj(recording, file)
    console.print(f"recording written to {to}", markup=False)
    return 0


def index_history(settings: Settings, *, rebuild: bool, as_json: bool) -> int:
    """Bring the index up to the spool, or make it anew; return 0."""
    totals, count = asyncio.run(_index(settings, rebuilds=rebuild))
    if as_json:
        print_json({"read": count, **asdict(totals)})
    else:
        print_totals(totals, count)
    return 0


async def _page(settings: Settings, filters: Filters, *, limit: int, cursor: str | None) -> Page:
    async with open_current_history(settings) as opened:
        history = opened.history
        if filters.caller is not None and filters.caller.startswith(CALLER_ID):
            caller = await history.caller_of(filters.caller)
            if caller is None:
                return Page(entries=(), next_cursor=None)
            filters = replace(filters, caller=caller)
        return await history.page(filters, limit=limit, cursor=cursor)


def _found(settings: Settings, conversation_id: str) -> tuple[Entry, list[Stored]]:
    """Return the entry of a conversation and its receipts; raises UnknownConversation."""

    async def look() -> tuple[Entry, list[Stored]] | None:
        async with open_current_history(settings) as opened:
            return await opened.found(conversation_id)

    found = asyncio.run(look())
    if found is None:
        raise UnknownConversation(
            f"there is no conversation {conversation_id}: `run.py history list` names those that "
            "there are"
        )
    return found


async def _index(settings: Settings, *, rebuilds: bool) -> tuple[Totals, int]:
    require_spool(settings.payload_storage_path)
    async with open_history(settings) as history:
        count = await bring_up_to_date(settings, history, rebuilds=rebuilds)
        return await history.totals(), count
