"""How the history is told: numbers masked, unless they are asked for in full."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from history.values import CallerRow, Entry, Stored
from voice.identity import mask


def shown_entry(entry: Entry, *, in_full: bool) -> dict[str, Any]:
    """Return `entry` as members of a JSON object; a withheld number is null."""
    members = asdict(entry)
    if not in_full:
        for name in ("caller", "line"):
            members[name] = masked(members[name])
    return members


def shown_caller(row: CallerRow, *, in_full: bool) -> dict[str, Any]:
    """Return `row` as members of a JSON object."""
    members = asdict(row)
    return members if in_full else {**members, "caller": masked(row.caller)}


def shown_files(files: Iterable[Stored]) -> list[dict[str, Any]]:
    """Return receipts as JSON objects."""
    return [asdict(stored) for stored in files]


def masked(caller: str | None) -> str | None:
    """Return enough of a caller to tell two apart, too little to call; None for None."""
    if caller is None:
        return None
    line, mark, number = caller.partition("~")  # the second person of a line
    return f"{mask(line)}{mark}{number}" if number.isdecimal() else mask(caller)
