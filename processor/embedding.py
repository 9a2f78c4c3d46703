"""The vectors that memory lacks are computed here, beside everything else and behind it."""

import asyncio
import logging
import traceback

from memory.errors import MemoryStoreError
from memory.port import MemoryStore
from processor.errors import type_and_place
from processor.options import ProcessorOptions

logger = logging.getLogger(__name__)

_BATCH = 64  # memories in a transaction


class Embedding:
    """
    A task that has `store` compute its missing vectors, a batch at a time, whenever it is woken.

    It holds nothing up: until a memory has its vector it is found by its words. While the model
    fails, it is tried again after a pause that doubles, as the retry options say, and that is
    logged once. What there is to do is read from the store each time.
    """

    def __init__(self, store: MemoryStore, options: ProcessorOptions) -> None:
        self._store = store
        self._options = options
        self._woken = asyncio.Event()
        self._failures = 0
        self._task = asyncio.create_task(self._run(), name="embedding")

    def wake(self) -> None:
        """Look now whether there is something to do; call it whenever there may be."""
        self._woken.set()

    async def close(self) -> None:
        """Stop at once; what was being computed is computed again after the next start."""
        self._task.cancel()
        await asyncio.wait([self._task])

    async def _run(self) -> None:
        while True:
            await self._woken.wait()
            self._woken.clear()
            while not await self._catch_up():  # noqa: ASYNC110 - a pause, not a poll
                await asyncio.sleep(self._pause_seconds())

    async def _catch_up(self) -> bool:
        """Compute all there is to compute; False if it has to be tried again."""
        trace = ""
        try:
            while count := await self._store.embed_pending(limit=_BATCH):
                logger.debug("vectors computed", extra={"action": "embedded", "count": count})
                self._note_success()
        except MemoryStoreError as error:
            problem = str(error)
        except Exception as error:  # noqa: BLE001 - its own text may quote a caller
            problem = type_and_place(error)
            trace = "".join(traceback.format_tb(error.__traceback__))
        else:
            self._note_success()
            return True
        self._failures += 1
        if self._failures == 1:
            logger.warning(
                "vectors cannot be computed now; memories are found by their words, trying again",
                extra={"action": "embedding_failing", "error": problem, "trace": trace},
            )
        return False

    def _note_success(self) -> None:
        if self._failures:
            logger.info("vectors are computed again", extra={"action": "embedding_back"})
        self._failures = 0

    def _pause_seconds(self) -> float:
        policy = self._options.retry
        pause = min(policy.base_seconds * 2.0 ** min(self._failures - 1, 60), policy.max_seconds)
        return pause * (0.5 + self._options.jitter())
