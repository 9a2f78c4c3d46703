"""Handing over what was fetched: to the spool itself, or to the server that owns it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Literal, Protocol, TypeVar

from cloud.errors import CloudError
from spool.committer import Committer
from spool.format import Kind, SpoolError, SpoolFull, UnsuitableFolder
from spool.staging import StagedFile
from spool.writer import Arrival, Spool
from voice.retrieved import Retrieved
from voice.whose import whose

Result = TypeVar("Result")

# "forgotten": its conversation or its caller was erased, and nothing of it is to be stored.
Status = Literal["stored", "duplicate", "forgotten"]


class NotTaken(CloudError):
    """Nothing can be handed over at the moment: this event was not stored, nor will others be."""


class NotStorable(CloudError):
    """This event cannot be stored; others can."""


class Sink(Protocol):
    """One recording on its way to the spool; `size` is what was written so far, in bytes."""

    size: int

    async def write(self, block: bytes) -> None:
        """Append `block`; raises NotTaken."""

    async def store(self) -> Status:
        """Store what was written as the whole recording; raises NotTaken, NotStorable."""


class Intake(Protocol):
    """Where events go. What is there already is never changed, and no event is stored twice."""

    async def store(self, event: Retrieved) -> Status:
        """Store `event`; when this returns, it is durable. Raises NotTaken, NotStorable."""

    def recording(self, conversation_id: str, agent_id: str) -> AbstractAsyncContextManager[Sink]:
        """Open a sink for a recording; without its `store`, nothing is left of it."""


class SpoolIntake:
    """
    Stores into a spool that this process owns.

    To be made in the committer's event loop; the rest may be called from another loop, in
    another thread.
    """

    def __init__(
        self,
        spool: Spool,
        committer: Committer,
        *,
        region: str | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._spool = spool
        self._committer = committer
        self._region = region
        self._clock = clock
        self._loop = asyncio.get_running_loop()

    async def store(self, event: Retrieved) -> Status:
        """Store `event`; when this returns, it is durable. Raises NotTaken, NotStorable."""
        return await self.append(event.kind, event.conversation_id, event.body)

    @asynccontextmanager
    async def recording(self, conversation_id: str, agent_id: str) -> AsyncIterator[Sink]:
        """Open a sink for a recording; without its `store`, nothing is left of it."""
        del agent_id  # a recording in the spool is the recording alone
        with _translated():
            staged = self._spool.stage()  # at once: cancelled in between, nobody would own it
        sink = _StagedSink(staged, self, conversation_id)
        try:
            yield sink
        finally:
            if not sink.is_given:  # else the commit consumes it, and may be at it now
                await in_thread(staged.discard)

    async def append(self, kind: Kind, conversation_id: str, content: bytes | StagedFile) -> Status:
        """Store what was fetched; raises NotTaken, NotStorable."""
        arrival = Arrival(
            kind=kind,
            conversation_id=conversation_id,
            content=content,
            event_timestamp=None,
            signature="",
            source="backfill",
            received_at=self._clock(),
            of_whom=None if kind == "audio" else partial(whose, kind, region=self._region),
        )
        committing = asyncio.run_coroutine_threadsafe(self._committer.append(arrival), self._loop)
        with _translated():
            outcome = await _to_its_end(asyncio.wrap_future(committing))
        return "duplicate" if outcome.status == "quarantined" else outcome.status


class _StagedSink:
    def __init__(self, staged: StagedFile, intake: SpoolIntake, conversation_id: str) -> None:
        self._staged = staged
        self._intake = intake
        self._conversation_id = conversation_id
        self.size = 0
        self.is_given = False

    async def write(self, block: bytes) -> None:
        with _translated():
            await in_thread(lambda: self._staged.write(block))
        self.size += len(block)

    async def store(self) -> Status:
        with _translated():
            await in_thread(self._staged.finish)
        self.is_given = True
        return await self._intake.append("audio", self._conversation_id, self._staged)


@contextmanager
def _translated() -> Iterator[None]:
    """Raise NotTaken or NotStorable for what the spool raises."""
    try:
        yield
    except UnsuitableFolder as error:
        raise NotStorable(f"{error}") from error
    except SpoolFull as error:
        raise NotTaken(no_room(error)) from error
    except SpoolError as error:
        raise NotTaken(f"{error}") from error


def no_room(error: SpoolFull) -> str:
    """Return what is full and what to do, for those who fetch: they do not go on by themselves."""
    problem, _, _ = str(error).rpartition("; ")
    return f"{problem or error}; free some space"


async def in_thread(function: Callable[[], Result]) -> Result:
    """Run in a thread; when cancelled, wait for it all the same: it holds an open file."""
    return await _to_its_end(asyncio.get_running_loop().run_in_executor(None, function))


async def _to_its_end(running: "asyncio.Future[Result]") -> Result:
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        if not running.cancelled():
            running.exception()  # looked at, as nobody else will: else asyncio logs a traceback
        raise
