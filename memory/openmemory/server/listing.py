"""Every row of an OpenMemory server's listing, which comes in pages counted from the newest."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from memory.openmemory.backend import BackendUnreachable
from memory.openmemory.server.answers import Item
from memory.openmemory.server.http import AnswerTooLarge

_PAGE = 250  # rows: reading more at once would keep a live answer waiting
_SMALLER = 8
_SMALLEST = 2  # a page begins with a row that is known
_MAX_REQUESTS = 10_000
_MAX_RESTARTS = 3

# Returns so many rows from that offset on: (limit, offset).
AskPage = Callable[[int, int], Awaitable[list[Item]]]

_Kept = TypeVar("_Kept")


async def list_all(
    ask: AskPage, keep: Callable[[Item], _Kept], *, name: str, is_exact: bool
) -> list[_Kept]:
    """
    Return what `keep` makes of each row, newest first, each row once.

    A row that is deleted meanwhile moves the others up, and one that is added moves them down.
    So a page begins with a row that is known; where it does not, all begins again, or, if it
    need not be exact, the page is asked for from further up: rows that are gone are among those
    returned then. Raises BackendUnreachable, with `name`, if that does not end: also for a
    server that repeats the same page for ever.
    """
    for _ in range(1 + _MAX_RESTARTS):
        kept = await _listed(ask, keep, is_exact=is_exact)
        if kept is not None:
            return list(kept.values())
    raise BackendUnreachable(f"{name} lists other rows each time it is asked: try again later")


async def _listed(
    ask: AskPage, keep: Callable[[Item], _Kept], *, is_exact: bool
) -> dict[str, _Kept] | None:
    """Return it by id; None if it changed too much meanwhile, or does not end."""
    kept: dict[str, _Kept] = {}
    offset, limit = 0, _PAGE
    for _ in range(_MAX_REQUESTS):
        try:
            page = await ask(limit, offset)
        except AnswerTooLarge:
            if limit == _SMALLEST:
                raise
            limit = max(_SMALLEST, limit // _SMALLER)
            continue
        if offset and (not page or page[0].id not in kept):
            if is_exact:
                return None
            offset = max(0, offset - limit // 2)  # rows above have been deleted
            continue
        fresh = {item.id: keep(item) for item in page if item.id not in kept}
        if not fresh:
            # A full page of what is known is the same page once more.
            return kept if len(page) < limit else None
        kept |= fresh
        offset += len(page) - 1
    return None
