"""Which part of a file a request wants (RFC 9110, section 14), so that a player can seek. Pure."""

import re
from dataclasses import dataclass

_RANGE = re.compile(r"bytes=\s*(?P<first>[0-9]{0,19})-(?P<last>[0-9]{0,19})\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The bytes from `start` to before `stop`."""

    start: int
    stop: int


class NotSatisfiable(Exception):
    """The file has no byte of the range."""


def part_of(header: str, *, size: int) -> Part | None:
    """
    Return the part of a file of `size` bytes that a Range header asks for; None for all of it.

    What is no range, several of them or one in other units asks for all, as the standard has it.
    Raises NotSatisfiable.
    """
    found = _RANGE.fullmatch(header.strip())
    if found is None:
        return None
    first, last = found["first"], found["last"]
    if not first:
        return _end(int(last), size=size) if last else None
    if last and int(last) < int(first):
        return None
    if int(first) >= size:
        raise NotSatisfiable
    return Part(start=int(first), stop=min(int(last) + 1, size) if last else size)


def has_tag(header: str, tag: str) -> bool:
    """Tell whether a list of entity tags, as If-None-Match has it, holds `tag` or a star."""
    tags = [each.strip().removeprefix("W/") for each in header.split(",")]
    return tag in tags or "*" in tags


def _end(wanted: int, *, size: int) -> Part:
    if not wanted or not size:
        raise NotSatisfiable
    return Part(start=max(0, size - wanted), stop=size)
