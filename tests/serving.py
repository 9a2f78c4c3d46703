"""A server of the tests in a thread with an event loop of its own, for tests that have none."""

import asyncio
import threading
from contextlib import contextmanager


@contextmanager
def in_thread(opening, *, name):
    """Enter the asynchronous context `opening` in a thread, yield what it gives, and leave it."""
    opened, shared, failure = threading.Event(), {}, []

    async def serve():
        stop = asyncio.Event()
        async with opening as given:
            shared.update(given=given, loop=asyncio.get_running_loop(), stop=stop)
            opened.set()
            await stop.wait()

    def run():
        try:
            asyncio.run(serve())
        except BaseException as error:  # noqa: BLE001 - raised where the block is
            failure.append(error)
        finally:
            opened.set()

    thread = threading.Thread(target=run, name=name, daemon=True)
    thread.start()
    opened.wait()
    try:
        if failure:
            raise failure[0]
        yield shared["given"]
    finally:
        if "loop" in shared:
            shared["loop"].call_soon_threadsafe(shared["stop"].set)
        thread.join()
    if failure:
        raise failure[0]
