"""The vector of a question, within a budget: the answer never waits for a model any longer."""

import asyncio
import logging
from collections import Counter, OrderedDict

import numpy as np
from numpy.typing import NDArray

from memory.embedding.encoder import Encoder, EncoderError

logger = logging.getLogger(__name__)

Vector = NDArray[np.float32]

_REMEMBERED = 256
_MAX_AT_ONCE = 8
_GRACE_S = 10.0  # for a late call to end by itself: a server may just be loading its model


class QueryEncoder:
    """
    Encodes questions, as quickly as is asked for or not at all.

    `counts` says how often which happened: encoded, remembered, late, failed, skipped,
    defects. While a call that came too late is still running no other one is begun, so that
    none of them pile up in front of a model that hangs.
    """

    def __init__(self, encoder: Encoder, *, grace_seconds: float = _GRACE_S) -> None:
        self.counts: Counter[str] = Counter()
        self._encoder = encoder
        self._grace_seconds = grace_seconds
        self._remembered: OrderedDict[str, Vector] = OrderedDict()
        self._running: dict[str, asyncio.Task[Vector | None]] = {}
        self._late: set[asyncio.Task[Vector | None]] = set()
        self._is_failing = False

    async def query_vector(self, text: str, *, seconds: float) -> Vector | None:
        """Return the vector of `text`; None, within `seconds`, if it cannot be had by then."""
        if (known := self._remembered.get(text)) is not None:
            self._remembered.move_to_end(text)
            self.counts["remembered"] += 1
            return known
        task = self._running.get(text)
        if self._late or (task is None and len(self._running) >= _MAX_AT_ONCE):
            self.counts["skipped"] += 1
            return None
        if task is None:
            task = self._begin(text)
        await asyncio.wait([task], timeout=seconds)
        if task.done():
            return None if task.cancelled() else task.result()
        self.counts["late"] += 1
        self._note_failure(f"it took longer than {seconds * 1000:.0f} ms")
        self._leave_to_finish(task)
        return None

    async def close(self) -> None:
        """Give up what is running; call it before the encoder is closed."""
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _begin(self, text: str) -> asyncio.Task[Vector | None]:
        task = asyncio.create_task(self._encode(text), name="query vector")
        self._running[text] = task
        task.add_done_callback(lambda _: self._running.pop(text))
        return task

    async def _encode(self, text: str) -> Vector | None:
        try:
            vector: Vector = (await self._encoder.encode([text]))[0]
        except EncoderError as error:
            self.counts["failed"] += 1
            self._note_failure(str(error))
            return None
        except Exception as error:  # noqa: BLE001 - the answer in words must not be lost to a defect
            self.counts["defects"] += 1
            self._note_failure(type(error).__name__)  # its own text may quote the question
            return None
        self.counts["encoded"] += 1
        self._remembered[text] = vector
        if len(self._remembered) > _REMEMBERED:
            self._remembered.popitem(last=False)
        self._note_success()
        return vector

    def _leave_to_finish(self, task: asyncio.Task[Vector | None]) -> None:
        if task in self._late:
            return
        self._late.add(task)
        timer = asyncio.get_running_loop().call_later(self._grace_seconds, task.cancel)
        task.add_done_callback(self._late.discard)
        task.add_done_callback(lambda _: timer.cancel())

    def _note_failure(self, reason: str) -> None:
        if not self._is_failing:
            logger.warning(
                "questions are answered by words alone: their vectors cannot be had in time",
                extra={"action": "query_vectors_failing", "error": reason},
            )
        self._is_failing = True

    def _note_success(self) -> None:
        if self._is_failing and not self._late:
            logger.info(
                "questions are answered by meaning again", extra={"action": "query_vectors_back"}
            )
            self._is_failing = False
