"""One process that has the SDK, until it ends: what was asked of it, and what it still owes."""

import asyncio
import os
import signal
from contextlib import suppress
from typing import Protocol

import msgspec

from memory.openmemory.backend import BackendError, RowRefused
from memory.openmemory.sdk.protocol import (
    BEGUN_ID,
    Answered,
    Asked,
    Begun,
    Request,
    framed,
    read_frame,
)

_END_S = 3.0  # a little more than the process allows itself
_answered = msgspec.msgpack.Decoder(Answered)
_begun = msgspec.msgpack.Decoder(Begun)


class Owner(Protocol):
    """Who started the process; `silence_seconds`: how long it may owe answers and give none."""

    begun: Begun | None
    silence_seconds: float

    def over(self, reason: str, refusal: str) -> None:
        """Take notice of its end; `refusal` is why it cannot work at all, or ""."""

    def error(self, reason: str, refusal: str) -> BackendError:
        """Return the error for what it still owed."""
        ...


class Child:
    """One process, until it ends. An answer that nobody waits for any longer is dropped."""

    def __init__(self, process: asyncio.subprocess.Process, *, owner: Owner) -> None:
        self.is_over = False  # or will be in a moment
        self.process = process
        self._owner = owner
        self._last_id = BEGUN_ID
        self._owed: dict[int, asyncio.Future[Answered]] = {}
        self._watch: asyncio.TimerHandle | None = None
        self._reason = ""
        self._refusal = ""
        self._expect(BEGUN_ID)
        self._reader = asyncio.create_task(self._read(), name="OpenMemory SDK")

    @property
    def owes(self) -> int:
        """How many answers it owes, to those who gave up too."""
        return len(self._owed)

    async def ask(self, request: Request) -> Answered:
        """Return the answer to one request."""
        try:
            frame = framed(Asked(id=self._last_id + 1, request=request))
        except (ValueError, TypeError, OverflowError) as error:
            raise RowRefused("it holds what cannot be sent, such as half a character") from error
        if self.is_over or self.process.stdin is None:
            raise self._owner.error(self._reason, self._refusal)
        self._last_id += 1
        answer = self._expect(self._last_id)
        self.process.stdin.write(frame)
        with suppress(ConnectionError):  # it died: the reader sees that, and tells us
            await self.process.stdin.drain()
        return await answer

    async def close(self) -> None:
        """Close its input, wait for its end, and kill it if there is none."""
        if self.process.stdin is not None:
            self.process.stdin.close()
        try:
            async with asyncio.timeout(_END_S):
                await asyncio.shield(self._reader)
        except TimeoutError:
            self._kill("it did not end")
            await self._reader

    def _expect(self, request_id: int) -> asyncio.Future[Answered]:
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Answered] = loop.create_future()
        self._owed[request_id] = answer
        if self._watch is None:
            self._watch_silence()
        return answer

    def _watch_silence(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None
        if self._owed:
            seconds = self._owner.silence_seconds
            self._watch = asyncio.get_running_loop().call_later(
                seconds, self._kill, f"it gave no answer for {seconds:g} s"
            )

    def _kill(self, reason: str) -> None:
        self._reason = self._reason or reason
        self.is_over = True
        # Not by the process's own method: that may take the exit code away from asyncio.
        with suppress(ProcessLookupError):
            if self.process.returncode is None:
                os.kill(self.process.pid, signal.SIGKILL)

    async def _read(self) -> None:
        try:
            while self.process.stdout is not None:
                self._settle(_answered.decode(await read_frame(self.process.stdout)))
        except (EOFError, OSError):  # an IncompleteReadError is an EOFError
            pass
        except ValueError:  # a DecodeError is one
            self._reason = "it sent what nobody can read"
        finally:
            await self._end()

    def _settle(self, answered: Answered) -> None:
        answer = self._owed.pop(answered.id, None)
        self._watch_silence()
        if answered.id == BEGUN_ID:
            self._begin(answered)
        elif answer is not None and not answer.done():
            answer.set_result(answered)

    def _begin(self, answered: Answered) -> None:
        if answered.failure is None:
            self._owner.begun = _begun.decode(answered.result)
            return
        self._reason = answered.failure.message
        if answered.failure.kind == "refused":
            self._refusal = self._reason

    async def _end(self) -> None:
        self.is_over = True
        if self._watch is not None:
            self._watch.cancel()
        if self.process.stdin is not None:
            self.process.stdin.close()
        if self._reason:
            self._kill(self._reason)
        code = await self._waited()
        self._reason = self._reason or f"it ended with exit code {code}"
        self._owner.over(self._reason, self._refusal)
        for answer in self._owed.values():
            if not answer.done():
                answer.set_exception(self._owner.error(self._reason, self._refusal))
                answer.exception()  # whoever asked may have given up: no warning about that
        self._owed.clear()

    async def _waited(self) -> int:
        """Return the exit code of a process whose output has ended; it has a little time left."""
        try:
            async with asyncio.timeout(_END_S):
                return await self.process.wait()
        except TimeoutError:
            self._kill("it closed its output and did not end")
            return await self.process.wait()
