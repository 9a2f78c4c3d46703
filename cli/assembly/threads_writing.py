"""What is written in a thread, taken from the event loop while it is written."""

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import IO

from receiver.archive import TooManyExports

_BLOCK_BYTES = 256 * 1024


class ThreadsWriting:
    """
    A few threads that write for whoever takes what they write, and for nobody else.

    Who takes slowly holds one of them, and so may hold up others that wait for their turn; the
    threads that everybody shares are never used, neither to write nor to read.
    """

    def __init__(self, *, at_once: int = 4, patience_seconds: float = 20.0) -> None:
        self._pool = ThreadPoolExecutor(at_once, thread_name_prefix="export")
        self._turns = asyncio.Semaphore(at_once)
        self._patience_seconds = patience_seconds
        self._writing: set[asyncio.Future[None]] = set()
        self._pipes: set[asyncio.ReadTransport] = set()

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Have one of the threads for this block; raises TooManyExports if none gets free."""
        try:
            async with asyncio.timeout(self._patience_seconds):
                await self._turns.acquire()
        except TimeoutError as error:
            raise TooManyExports from error
        try:
            yield
        finally:
            self._turns.release()

    async def written(self, write: Callable[[IO[bytes]], object]) -> AsyncGenerator[bytes, None]:
        """
        Yield what `write`, in one of the threads, writes to a stream, no faster than it is taken.

        Raises what `write` raises. Who stops taking ends it with a BrokenPipeError, and waits
        for its end.
        """
        loop = asyncio.get_running_loop()
        source, sink = os.pipe()
        reader = asyncio.StreamReader(limit=_BLOCK_BYTES)
        try:
            pipe, _ = await loop.connect_read_pipe(
                lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(source, "rb", 0)
            )
        except BaseException:
            os.close(sink)
            raise
        writing = loop.run_in_executor(self._pool, _write, write, sink)
        self._watch(writing, pipe)
        try:
            while block := await reader.read(_BLOCK_BYTES):
                yield block
        finally:
            pipe.close()
            await asyncio.wait([writing])
        writing.result()  # whole only if this raises nothing

    def _watch(self, writing: "asyncio.Future[None]", pipe: asyncio.ReadTransport) -> None:
        def forget(done: "asyncio.Future[None]") -> None:
            self._writing.discard(done)
            self._pipes.discard(pipe)
            done.exception()  # nobody may be left who asks

        self._writing.add(writing)
        self._pipes.add(pipe)
        writing.add_done_callback(forget)

    async def close(self) -> None:
        """End what is being written, and the threads."""
        for pipe in self._pipes:
            pipe.close()
        if self._writing:
            await asyncio.wait(self._writing)
        self._pool.shutdown()


def _write(write: Callable[[IO[bytes]], object], sink: int) -> None:
    with os.fdopen(sink, "wb") as stream:
        write(stream)
