"""The owner's decisions, followed by a running processor: settled, erased, dropped."""

import asyncio
import logging
from collections.abc import Sequence
from pathlib import Path

from memory.errors import MemoryStoreError
from memory.port import MemoryStore
from processor.erasure.pacing import Pacing
from processor.errors import ProcessorError
from processor.hooks import Hooks
from processor.options import ProcessorOptions
from processor.settle import came_back, settle, shut_out
from spool.format import SpoolError
from spool.standing_orders import Orders

logger = logging.getLogger(__name__)


class Decided:
    """
    Brings memory and disk up to what the owner has decided, each time it is asked.

    What cannot be done now is logged, and tried again; it holds up no event.
    """

    def __init__(
        self,
        root: Path,
        store: MemoryStore,
        options: ProcessorOptions,
        orders: Orders,
        hooks: Hooks,
    ) -> None:
        self._root = root
        self._store = store
        self._options = options
        self._orders = orders
        self._hooks = hooks
        self._has_looked = False
        self._pacing = Pacing()

    async def obey(self, erased: Sequence[str]) -> None:
        """Settle, erase and drop what is due; `erased` came although it had been erased."""
        await asyncio.to_thread(self._orders.refresh)
        erased = [*erased, *await settle(self._root, self._store, self._orders, self._options)]
        if not self._has_looked and not self._orders.forgotten.pending():  # whose files go anyway
            erased += await asyncio.to_thread(came_back, self._root, self._orders)
            self._has_looked = True
        if erased:
            await asyncio.to_thread(
                shut_out, self._root, erased, self._orders, now=self._options.clock()
            )
            await asyncio.to_thread(self._orders.refresh)
        await self._erase()
        await self._tell_caught_up()

    async def _erase(self) -> None:
        if self._hooks.erase is None:
            return
        pending = self._orders.forgotten.pending()
        due = [tombstone for tombstone in pending if self._pacing.is_due(tombstone.id)]
        for tombstone in due:
            try:
                await self._hooks.erase(tombstone)
            except (MemoryStoreError, SpoolError, ProcessorError, OSError) as error:
                logger.warning(
                    "an erasure could not be completed yet, it is tried again",
                    extra={"action": "erasure_waits", "id": tombstone.id, "error": str(error)},
                )
        if due:
            await asyncio.to_thread(self._orders.refresh)
            left = [tombstone.id for tombstone in self._orders.forgotten.pending()]
            self._pacing.has_tried(left, tried=[tombstone.id for tombstone in due])

    async def _tell_caught_up(self) -> None:
        if self._hooks.caught_up is None:
            return
        try:
            await self._hooks.caught_up()
        except (MemoryStoreError, SpoolError, ProcessorError, OSError) as error:
            logger.warning(
                "what is not to be stored could not be dropped yet, it is tried again",
                extra={"action": "dropping_waits", "error": str(error)},
            )
