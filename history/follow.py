"""Following the spool: the index kept up with it, a second behind at most, until told to stop."""

import asyncio
import logging
from contextlib import suppress

from history.errors import HistoryError
from history.index import History
from spool.format import STATE_FOLDER, SpoolError
from spool.standing_orders import Orders
from voice.rules import Rules

logger = logging.getLogger(__name__)

_LOOK_EVERY_S = 1.0
_MAX_PAUSE_S = 60.0
_WORTH_A_LINE = 500  # conversations: fewer are read before anybody wonders


async def follow_history(
    history: History, orders: Orders, rules: Rules, *, stop: asyncio.Event
) -> None:
    """
    Keep `history` up with the spool that `orders` are of until `stop` is set.

    What goes wrong is logged and tried again: the history is derived, and stops nothing else.
    `orders` are this task's alone.
    """
    pause_s = _LOOK_EVERY_S
    while not stop.is_set():
        try:
            if (orders.root / STATE_FOLDER).is_dir():
                await _catch_up(history, orders, rules, stop)
        except (HistoryError, SpoolError, OSError) as error:
            logger.warning(
                "the history cannot be kept up now; trying again",
                extra={"action": "history_waits", "error": str(error)},
            )
            pause_s = min(2 * pause_s, _MAX_PAUSE_S)
        except Exception:
            logger.exception("the history failed", extra={"action": "history_failed"})
            pause_s = _MAX_PAUSE_S
        else:
            pause_s = _LOOK_EVERY_S
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), pause_s)


async def _catch_up(history: History, orders: Orders, rules: Rules, stop: asyncio.Event) -> None:
    count = await history.catch_up(orders.root, orders, rules, stop=stop)
    if count >= _WORTH_A_LINE:
        logger.info(
            "the history is up to date",
            extra={"action": "history_caught_up", "conversations": count},
        )
