"""Wake-ups: look at the ledger now, because something moved there or a second has passed."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from pathlib import Path

from watchfiles import awatch

from spool.format import STATE_FOLDER

logger = logging.getLogger(__name__)

_LOOK_AGAIN_S = 1.0


async def follow(root: Path, *, stop: asyncio.Event) -> AsyncGenerator[None, None]:
    """
    Yield at once, after every change to the spool's ledger, and every second, until `stop`.

    A wake-up is a hint: file events can be lost or merged, so look each time. Where the system
    has no file events to give, the second alone remains, and a warning is logged once.
    """
    yield
    has_warned = False
    while not stop.is_set():
        try:
            async with aclosing(_changes(root / STATE_FOLDER, stop)) as changes:
                async for _ in changes:
                    yield
        except (OSError, RuntimeError) as error:  # watch limits reached, folder missing
            if not has_warned:
                logger.warning(
                    "no file events; looking once a second",
                    extra={"action": "follow_by_timer", "error": str(error)},
                )
                has_warned = True
        if not stop.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), _LOOK_AGAIN_S)
            yield


async def _changes(folder: Path, stop: asyncio.Event) -> AsyncGenerator[None, None]:
    watched = awatch(
        folder,
        recursive=False,
        watch_filter=None,
        step=5,
        debounce=20,
        rust_timeout=int(_LOOK_AGAIN_S * 1000),
        yield_on_timeout=True,
        stop_event=stop,
    )
    async with aclosing(watched):
        async for _ in watched:
            yield
