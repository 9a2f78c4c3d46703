"""The process that has the SDK, seen from ours: started when needed, and again after it died."""

import asyncio
import logging
import sys
from collections.abc import Mapping
from pathlib import Path

import msgspec

from memory.openmemory.backend import BackendError, BackendRefused, BackendUnreachable
from memory.openmemory.sdk.child import Child
from memory.openmemory.sdk.protocol import Begun, Failure, Query, Request

logger = logging.getLogger(__name__)

_PROJECT = Path(__file__).resolve().parents[3]
_PIPE_BYTES = 1 << 20
_MAX_BACK_OFF_S = 60.0
_MAX_OWED = 32  # whoever asked may have given up: what is written must not wait for all of that


class SdkProcess:
    """
    Asks the process, and keeps it running.

    It is started by the first request, and by the first one after it died, at once the first
    time, later after 1, 2, 4 … 60 s. It is killed when it owes answers and has given none for
    `silence_seconds`. `begun` is what it said of itself, None before that. Used by one event
    loop.
    """

    def __init__(
        self, database: Path, *, environment: Mapping[str, str], silence_seconds: float, name: str
    ) -> None:
        self.begun: Begun | None = None
        self.silence_seconds = silence_seconds
        self._database = database
        self._environment = dict(environment)
        self._name = name
        self._child: Child | None = None
        self._starting = asyncio.Lock()
        self._is_closed = False
        self._failures = 0
        self._not_before = 0.0
        self._refusal = ""

    async def ask(self, request: Request, *, seconds: float) -> msgspec.Raw:
        """
        Return the result of one request.

        Raises `BackendUnreachable` after `seconds` or if the process dies, `BackendRefused` if
        it cannot work, `RowRefused` for what cannot be sent.
        """
        try:
            async with asyncio.timeout(seconds):
                child = await self._running()
                if isinstance(request, Query) and child.owes >= _MAX_OWED:
                    raise BackendUnreachable(f"{self._name} is busy with earlier questions")
                answered = await child.ask(request)
        except TimeoutError:
            raise BackendUnreachable(
                f"{self._name} did not answer within {seconds:g} s: it is slow or hangs"
            ) from None
        if answered.failure is not None:
            raise _error_of(answered.failure)
        self._note_success()
        return answered.result

    async def close(self) -> None:
        """End the process, after what it is doing, and wait until it is gone."""
        self._is_closed = True
        async with self._starting:
            if self._child is not None:
                await self._child.close()

    async def _running(self) -> Child:
        async with self._starting:
            if self._is_closed:
                raise BackendUnreachable(f"{self._name} was closed")
            if self._child is not None and self._child.is_over:
                await self._child.close()  # it is quick, and then we know why it ended
                self._child = None
            if self._child is None:
                self._check_back_off()
                self._child = await self._start()
            return self._child

    def _check_back_off(self) -> None:
        left = self._not_before - asyncio.get_running_loop().time()
        if left <= 0:
            return
        if self._refusal:
            raise BackendRefused(self._refusal)
        raise BackendUnreachable(
            f"{self._name} keeps failing; it is started again in {left:.0f} s",
            retry_after_seconds=left,
        )

    async def _start(self) -> Child:
        try:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "memory.openmemory.sdk.worker", str(self._database)),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,  # the SDK's own messages quote callers
                cwd=_PROJECT,  # so that it finds us; it goes to the database's folder by itself
                env=self._environment,
                limit=_PIPE_BYTES,
                start_new_session=True,  # Ctrl-C is for us, who then close the pipes
            )
        except OSError as error:
            self._note_failure(f"it cannot be started: {error.strerror}", "")
            raise BackendUnreachable(
                f"{self._name}: its process cannot be started: {error.strerror}"
            ) from error
        return Child(process, owner=self)

    def over(self, reason: str, refusal: str) -> None:
        """Take notice of the end of the process."""
        if not self._is_closed:
            self._note_failure(reason, refusal)

    def error(self, reason: str, refusal: str) -> BackendError:
        """Return the error for what the process still owed at its end."""
        if self._is_closed:
            return BackendUnreachable(f"{self._name} was closed")
        if refusal:
            return BackendRefused(refusal)
        return BackendUnreachable(f"the process of {self._name} is gone: {reason}")

    def _note_failure(self, reason: str, refusal: str) -> None:
        self._failures += 1
        self._refusal = refusal
        if self._failures > 1:
            wait = min(2.0 ** (self._failures - 2), _MAX_BACK_OFF_S)
            self._not_before = asyncio.get_running_loop().time() + wait
        if self._failures == 1 and not refusal:  # whoever asked is told of a refusal
            logger.warning(
                "the process of the OpenMemory SDK is gone; it is started again when needed",
                extra={"action": "openmemory_process_failed", "error": reason},
            )

    def _note_success(self) -> None:
        if self._failures and not self._refusal:
            logger.info(
                "the process of the OpenMemory SDK answers again",
                extra={"action": "openmemory_process_back"},
            )
        self._failures = 0
        self._not_before = 0.0
        self._refusal = ""


def _error_of(failure: Failure) -> BackendError:
    if failure.kind == "refused":
        return BackendRefused(failure.message)
    return BackendUnreachable(failure.message)
