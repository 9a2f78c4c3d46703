"""From settings to what the receiver's owner looks back on: history, numbers and exports."""

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import IO, Any

from cli.caller_archive import write_archive
from cli.caller_held import held_of
from cli.history_index import speaker_of
from cli.stats import stats_of
from cli.store import OpenedMemory
from history.errors import HistoryUnavailable
from history.index import History
from processor.stats import as_json
from receiver.archive import Archive, Export, NothingHeld, ReadStats
from settings import Settings

_BLOCK_BYTES = 256 * 1024


@asynccontextmanager
async def open_archive(settings: Settings, memory: OpenedMemory) -> AsyncIterator[Archive]:
    """Return what the receiver looks back on; the history is opened when it is first asked."""
    opener = _Opener(settings)
    try:
        yield Archive(
            root=settings.payload_storage_path,
            memory=memory.store,
            open_history=opener.history,
            read_stats=_stats(settings, memory, opener),
            export=_export(settings, memory, opener),
        )
    finally:
        await opener.close()


class _Opener:
    """Opens the index once it is there: the processor makes it, maybe in another process."""

    def __init__(self, settings: Settings) -> None:
        self._path = settings.history_path
        self._turn = asyncio.Lock()
        self._history: History | None = None

    async def history(self) -> History:
        """Return the index; raises HistoryUnavailable as long as there is none."""
        async with self._turn:
            if self._history is None:
                self._history = await History.open(
                    self._path, must_exist=True, speaker_of=speaker_of
                )
            return self._history

    async def close(self) -> None:
        """Close what was opened."""
        if self._history is not None:
            await self._history.close()


def _stats(settings: Settings, memory: OpenedMemory, opener: _Opener) -> ReadStats:
    async def read() -> dict[str, Any]:
        try:
            return as_json(await stats_of(settings, memory.store, await opener.history()))
        except OSError as error:
            raise HistoryUnavailable(f"what is kept cannot be counted: {error}") from error

    return read


def _export(settings: Settings, memory: OpenedMemory, opener: _Opener) -> Export:
    async def export(caller: str) -> AsyncGenerator[bytes, None]:
        held = await held_of(settings, memory.store, await opener.history(), caller)
        if held.is_empty:
            raise NothingHeld
        now = datetime.now(UTC)
        async for block in written(lambda stream: write_archive(stream, held, made_at=now)):
            yield block

    return export


async def written(write: Callable[[IO[bytes]], object]) -> AsyncGenerator[bytes, None]:
    """
    Yield what `write`, in a thread of its own, writes to a stream, no faster than it is taken.

    Raises what `write` raises. Who stops taking ends it with a BrokenPipeError.
    """
    source, sink = os.pipe()

    def run() -> None:
        with os.fdopen(sink, "wb") as stream:
            write(stream)

    writing = asyncio.create_task(asyncio.to_thread(run))
    try:
        while block := await asyncio.to_thread(os.read, source, _BLOCK_BYTES):
            yield block
    finally:
        os.close(source)
        with suppress(BrokenPipeError):
            await writing
