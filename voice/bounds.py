"""Lists and times as they go into an answer, within its bounds."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from memory.profile import is_known_moment
from voice.clean import clean

_SEPARATOR = "; "


def joined(items: Iterable[str], *, limit: int) -> str:
    """Return the items, cleaned, that fit into `limit` characters, the first before others."""
    told = ""
    for item in items:
        whole = clean(item, limit=len(item) + 1)  # none is cut: what does not fit is left out
        longer = _SEPARATOR.join(filter(None, (told, whole)))
        if len(longer) <= limit:
            told = longer
    return told


def within(items: Iterable[dict[str, Any]], *, max_bytes: int) -> list[dict[str, Any]]:
    """Return the first items whose JSON together has at most `max_bytes`."""
    kept = []
    for item in items:
        max_bytes -= len(json.dumps(item))
        if max_bytes < 0:
            break
        kept.append(item)
    return kept


def iso_date(moment: datetime) -> str:
    """Return the day, "" for a moment that is none."""
    return moment.astimezone(UTC).date().isoformat() if is_known_moment(moment) else ""


def iso(moment: datetime) -> str:
    """Return the moment as ISO text in UTC, "" for a moment that is none."""
    if not is_known_moment(moment):
        return ""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
