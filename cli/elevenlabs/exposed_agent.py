"""Connecting an agent to each new address of the tunnel, while everything else goes on."""

import asyncio
import logging
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from cli.output import problems

logger = logging.getLogger(__name__)

RUN = Path(__file__).parent.parent / "run.py"

# What connect is in the middle of may be finished at the end; somebody who is being asked for a
# yes or no, and wants out, is not kept.
_LAST_MOMENTS_SECONDS = 3.0


class ExposedAgent:
    """
    An agent that is connected to an address, and to the next one when that changes.

    It is done by `command` (the usual one is our own `connect`) in a process of its own: a thread
    that waits for somebody to type cannot be ended, and the SDK takes more memory than the server.
    Who has said yes once, is not asked again: nobody may be there when the address changes.
    """

    def __init__(
        self,
        agent: str,
        *,
        yes: bool,
        command: tuple[str, ...] = (sys.executable, str(RUN), "connect"),
        last_moments_seconds: float = _LAST_MOMENTS_SECONDS,
    ) -> None:
        self._agent = agent
        self._yes = yes
        self._command = command
        self._last_moments_seconds = last_moments_seconds
        self._urls: asyncio.Queue[str] = asyncio.Queue()
        self._is_idle = asyncio.Event()
        self._is_ending = False

    @asynccontextmanager
    async def connecting(self) -> AsyncIterator[Callable[[str], None]]:
        """Give a function that has the agent connected to an address, without waiting for it."""
        self._is_idle.set()
        running = asyncio.create_task(self._run())
        try:
            yield self._want
        finally:
            self._is_ending = True
            with suppress(TimeoutError):  # connecting that is broken off can be taken up again
                await asyncio.wait_for(self._is_idle.wait(), self._last_moments_seconds)
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running

    def _want(self, url: str) -> None:
        self._is_idle.clear()
        self._urls.put_nowait(url)

    async def _run(self) -> None:
        while True:
            url = await self._urls.get()
            while not self._urls.empty():
                url = self._urls.get_nowait()  # only the newest still leads here
            code = await self._connect(url)
            if code and not self._is_ending:
                self._report(url)
            self._yes = self._yes or code == 0
            if self._urls.empty():
                self._is_idle.set()

    async def _connect(self, url: str) -> int:
        """Return the exit code of connecting; what is wrong, it has told the user itself."""
        arguments = ["--agent", self._agent, "--url", url, *(["--yes"] if self._yes else [])]
        try:
            process = await asyncio.create_subprocess_exec(*self._command, *arguments)
        except OSError as error:
            problems.print(f"{self._command[0]} cannot be started: {error}", markup=False)
            return 1
        try:
            return await process.wait()
        finally:
            if process.returncode is None:
                process.terminate()
                await process.wait()

    def _report(self, url: str) -> None:
        logger.warning(
            "agent %s is not connected to %s", self._agent, url,
            extra={"action": "agent_not_connected"},
        )  # fmt: skip
        command = f"uv run run.py connect --agent {self._agent} --url {url}"
        problems.print(
            f"The agent is not connected (the reason is above). The tunnel stays open; try: "
            f"{command}",
            style="bold red", markup=False,
        )  # fmt: skip
