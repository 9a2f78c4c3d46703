"""An event loop of its own for work that would hold up live answers."""

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, TypeVar

Result = TypeVar("Result")


async def run_apart(work: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
    """
    Return what `work()` returns, run in a thread with its own event loop.

    The SDK builds its answers for tens of milliseconds at a time: nobody whose phone rings
    should wait for that. When this is cancelled, `work` is cancelled too and waited for.
    """
    begun: Future[tuple[asyncio.AbstractEventLoop, asyncio.Task[Any]]] = Future()

    async def main() -> Result:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("no task runs this")
        begun.set_result((asyncio.get_running_loop(), task))
        return await work()

    running = asyncio.ensure_future(asyncio.to_thread(lambda: asyncio.run(main())))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        loop, task = await asyncio.wrap_future(begun)
        with suppress(RuntimeError):  # it has just ended by itself
            loop.call_soon_threadsafe(task.cancel)
        await asyncio.gather(running, return_exceptions=True)
        raise
