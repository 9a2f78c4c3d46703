"""A receiver in a thread of its own, for tests that are not asynchronous themselves."""

import asyncio
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager


@contextmanager
def in_a_thread(serving):
    """Enter the asynchronous context manager on a loop in a thread; yield what it yields."""
    entered = Future()

    async def run():
        stop = asyncio.Event()
        async with serving as value:
            entered.set_result((value, asyncio.get_running_loop(), stop))
            await stop.wait()

    with ThreadPoolExecutor(1) as thread:
        ended = thread.submit(asyncio.run, run())
        wait([entered, ended], timeout=30, return_when=FIRST_COMPLETED)
        if not entered.done():
            ended.result(timeout=0)
        value, loop, stop = entered.result(timeout=0)
        try:
            yield value
        finally:
            loop.call_soon_threadsafe(stop.set)
            ended.result(timeout=30)
