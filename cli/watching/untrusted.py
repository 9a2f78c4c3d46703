"""What another program sent, read so that nothing of it does harm: missing, wrong, or hostile."""

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

MAX_CHARACTERS = 400


def text(event: Mapping[str, Any], name: str) -> str:
    """Return a short text that a terminal only prints: it obeys nothing that is in it."""
    value = event.get(name)
    return printable(value) if isinstance(value, str) else ""


def printable(value: str) -> str:
    """Return `value` without control characters, such as a terminal's escape sequences."""
    cut = value[:MAX_CHARACTERS]
    return "".join(each if each.isprintable() else "\N{MIDDLE DOT}" for each in cut)


def number(event: Mapping[str, Any], name: str) -> float | None:
    """Return a finite number, None if there is none."""
    value = event.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        found = float(value)
    except OverflowError:
        return None
    return found if math.isfinite(found) else None


def count(event: Mapping[str, Any], name: str) -> int:
    """Return a number as a count, 0 if there is none."""
    return max(0, int(number(event, name) or 0))


def member(event: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return the object under `name`, an empty one if there is none."""
    value = event.get(name)
    return value if isinstance(value, dict) else {}


def moment(value: object) -> datetime | None:
    """Return the aware time in ISO 8601 that `value` is, else None."""
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    return found if found.tzinfo is not None else None
