"""An index over a real spool, for the tests of the history."""

from contextlib import asynccontextmanager
from datetime import UTC, datetime

from history.index import History
from spool.standing_orders import Orders
from tests.factories import CALLER, STARTED_AT, transcription_payload
from voice.rules import Rules

BEA = "+15550100177"
RULES = Rules()


@asynccontextmanager
async def a_history(path, **given):
    history = await History.open(path, **given)
    try:
        yield history
    finally:
        await history.close()


@asynccontextmanager
async def indexed(folder, *, rules=RULES, **given):
    """The history of the spool in `folder`, up to date."""
    async with a_history(folder / "memory.history.db", **given) as history:
        await caught_up(history, folder, rules=rules)
        yield history


async def caught_up(history, folder, *, rules=RULES, **given):
    root = folder / "spool"
    return await history.catch_up(root, Orders(root), rules, **given)


def a_payload(number=0, **given):
    """A call of its own, a minute after the one before."""
    began = STARTED_AT + 60 * number
    values = {
        "conversation_id": f"conv_{number:05}",
        "started_at": began,
        "event_timestamp": began + 130,
        "turns": 4,
    }
    return transcription_payload(**(values | given))


def at(number=0):
    """When the call with this number began."""
    return datetime.fromtimestamp(STARTED_AT + 60 * number, UTC)


async def ids(history, filters, *, limit=100):
    """The ids of all that is found, over as many pages as it takes."""
    found, cursor = [], None
    while True:
        page = await history.page(filters, limit=limit, cursor=cursor)
        found += [entry.id for entry in page.entries]
        cursor = page.next_cursor
        if cursor is None:
            return found


__all__ = ["BEA", "CALLER", "RULES", "a_history", "a_payload", "at", "caught_up", "ids", "indexed"]
