"""
The process that has the OpenMemory SDK: `python -m memory.openmemory.sdk.worker DATABASE`.

The SDK is kept apart because it blocks, has one connection for the whole process, reads the
environment and an `openmemory.toml` in its working directory, and prints. Requests come in
through standard input, answers go out through standard output, nothing else does. It does one
thing at a time, queries first. When its input ends it finishes what it is doing and ends; that
is also how it notices that its parent was killed.
"""

import asyncio
import os
import signal
import sys
import threading
import time
from pathlib import Path

import msgspec

from memory.openmemory.sdk.adapter import Sdk, SdkUnusable, begun_of, open_sdk
from memory.openmemory.sdk.protocol import (
    BEGUN_ID,
    Answered,
    Asked,
    Failure,
    Query,
    framed,
    read_frame_of,
)

_NICENESS = 10  # live answers, and the receiver, come first
_GRACE_S = 2.0  # for what is being written when the input ends
_QUERY, _OTHER, _END = 0, 1, 2

_Waiting = asyncio.PriorityQueue[tuple[int, int, Asked | None]]
_decoder = msgspec.msgpack.Decoder(Asked)


def main(database: Path) -> None:
    """Serve until the input ends."""
    os.umask(0o077)  # the database is of people's calls
    os.nice(_NICENESS)
    # A service manager signals every process of a service at once: the parent closes the pipe
    # when it is through, and a half-written memory would be left otherwise.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    requests, answers = _take_pipes()
    os.chdir(database.parent)
    asyncio.run(_serve(database, requests, answers))


def _take_pipes() -> tuple[int, int]:
    """Return descriptors of our own for the pipes, and leave the SDK none of them."""
    requests, answers = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)  # what is printed goes where errors go
    os.close(nothing)
    return requests, answers


async def _serve(database: Path, requests: int, answers: int) -> None:
    waiting: _Waiting = asyncio.PriorityQueue()
    loop = asyncio.get_running_loop()
    reader = threading.Thread(target=_read, args=(requests, waiting, loop), daemon=True)
    reader.start()  # before the SDK is imported, which may hang as well
    try:
        sdk = open_sdk(database)
    except SdkUnusable as error:
        _send(answers, Answered(id=BEGUN_ID, failure=error.failure))
        return
    _send(answers, Answered(id=BEGUN_ID, result=_encoded(begun_of(sdk))))
    while True:
        await asyncio.sleep(0)  # what came in meanwhile takes its place in the queue
        *_, asked = await waiting.get()
        if asked is None:
            return
        _send(answers, await _answer(sdk, asked))


async def _answer(sdk: Sdk, asked: Asked) -> Answered:
    try:
        return Answered(id=asked.id, result=_encoded(await sdk.do(asked.request)))
    except SdkUnusable as error:
        return Answered(id=asked.id, failure=error.failure)
    except Exception as error:  # noqa: BLE001 - the SDK may raise anything; its text quotes callers
        name = f"{type(error).__module__}.{type(error).__name__}".removeprefix("builtins.")
        verb = type(asked.request).__name__
        message = (
            f"{verb} failed in the OpenMemory SDK with {name}: see that its embedding provider "
            "is set up and reachable, and that the disk of the database is not full"
        )
        return Answered(id=asked.id, failure=Failure(kind="unreachable", message=message))


def _encoded(value: object) -> msgspec.Raw:
    return msgspec.Raw(msgspec.msgpack.encode(value))


def _send(answers: int, answered: Answered) -> None:
    frame = memoryview(framed(answered))
    try:
        while frame:
            frame = frame[os.write(answers, frame) :]
    except BrokenPipeError:  # nobody reads: the input ends as well
        return


def _read(requests: int, waiting: _Waiting, loop: asyncio.AbstractEventLoop) -> None:
    """Put what comes in into the queue; in a thread, so that the end is noticed in any case."""
    try:
        while True:
            asked = _decoder.decode(read_frame_of(requests))
            order = _QUERY if isinstance(asked.request, Query) else _OTHER
            loop.call_soon_threadsafe(waiting.put_nowait, (order, asked.id, asked))
    except (EOFError, OSError, ValueError):  # a DecodeError is a ValueError
        pass
    # What was asked for before the end is still done, in the time there is.
    try:
        loop.call_soon_threadsafe(waiting.put_nowait, (_END, 0, None))
    except RuntimeError:  # it has ended already
        return
    time.sleep(_GRACE_S)
    os._exit(1)  # it hangs, or there is much to do: nobody is waiting for it any more


if __name__ == "__main__":
    main(Path(sys.argv[1]))
