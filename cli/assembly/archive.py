"""From settings to what the receiver's owner looks back on: history, numbers and exports."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from cli.assembly.history_index import speaker_of
from cli.assembly.store import OpenedMemory
from cli.assembly.threads_writing import ThreadsWriting
from cli.callers.archive import write_archive
from cli.callers.held import held_of
from cli.keeping.stats import stats_of
from history.errors import HistoryUnavailable
from history.index import History
from processor.stats import as_json
from receiver.archive import Archive, Export, NothingHeld, ReadStats
from settings import Settings


@asynccontextmanager
async def open_archive(settings: Settings, memory: OpenedMemory) -> AsyncIterator[Archive]:
    """Return what the receiver looks back on; the history is opened when it is first asked."""
    opener, threads = _Opener(settings), ThreadsWriting()
    try:
        yield Archive(
            root=settings.payload_storage_path,
            memory=memory.store,
            open_history=opener.history,
            read_stats=_stats(settings, memory, opener),
            export=_export(settings, memory, opener, threads),
        )
    finally:
        await threads.close()
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


def _export(
    settings: Settings, memory: OpenedMemory, opener: _Opener, threads: ThreadsWriting
) -> Export:
    async def export(caller: str) -> AsyncGenerator[bytes, None]:
        async with threads.turn():  # before all of it is read into memory
            held = await held_of(settings, memory.store, await opener.history(), caller)
            if held.is_empty:
                raise NothingHeld
            now = datetime.now(UTC)
            blocks = threads.written(lambda stream: write_archive(stream, held, made_at=now))
            async with aclosing(blocks):
                async for block in blocks:
                    yield block

    return export
