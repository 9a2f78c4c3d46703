"""Keeping a tunnel open: it is watched, and opened again when it is lost."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar

from cloud.errors import CloudError
from cloud.tunnelling.tunnel import Check, Opener, Tunnel

logger = logging.getLogger(__name__)

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """
    When a tunnel is looked after, in seconds.

    ngrok's free plan has 20,000 requests a month: looking every 15 s would use them up in four
    days. So it is often at first, while somebody sits before it, and rarely later.
    """

    first: float = 1.0
    often: float = 15.0
    rarely: float = 300.0
    often_for: float = 600.0
    first_pause: float = 1.0
    longest_pause: float = 60.0


@dataclass(slots=True, kw_only=True)
class Keeper:
    """
    What keeps a tunnel open until `stop` is set.

    `on_open` is told the address when it is new; `on_lost` when the tunnel does not answer any
    more though the server at `local_url` does. `check` tells whether it answers at an address.
    """

    opener: Opener
    stop: asyncio.Event
    on_open: Callable[[str], None]
    on_lost: Callable[[str], None]
    check: Check
    local_url: str
    rhythm: Rhythm = field(default_factory=Rhythm)
    _unclosed: list[Tunnel] = field(default_factory=list)

    async def run(self) -> None:
        """Open, watch and open again; closed at the end. Raises CloudError of the first opening."""
        told = ""
        try:
            tunnel = await self._unless_stopped(self._open())
            while tunnel is not None:
                if tunnel.url != told:
                    told = tunnel.url
                    self.on_open(told)
                if not await self._is_lost(told):
                    return
                logger.warning(
                    "the tunnel %s is lost: opening it again", told, extra={"action": "tunnel_lost"}
                )
                self.on_lost(told)
                await self._close(but=None)
                tunnel = await self._open_again(tunnel)
        finally:
            await self._close(but=None)

    async def _open(self) -> Tunnel:
        tunnel = await self.opener()
        self._unclosed.append(tunnel)
        return tunnel

    async def _open_again(self, lost: Tunnel) -> Tunnel | None:
        """Return an open tunnel, however long it takes; None when told to stop."""
        pause = self.rhythm.first_pause
        while True:
            try:
                tunnel = await self._unless_stopped(self._open())
            except CloudError as error:
                logger.warning(
                    "the tunnel could not be opened again: %s; next try in %.0f s", error, pause,
                    extra={"action": "tunnel_not_opened"},
                )  # fmt: skip
            else:
                await self._close(but=tunnel)
                break
            if await self._is_stopped_within(pause):
                return None
            pause = min(2 * pause, self.rhythm.longest_pause)
            # One that could not be closed may come back: ngrok mends its sessions by itself.
            if lost in self._unclosed and await self._unless_stopped(self.check(lost.url)):
                tunnel = lost
                break
        if tunnel is not None:
            logger.info(
                "the tunnel is open again: %s", tunnel.url, extra={"action": "tunnel_open_again"}
            )
        return tunnel

    async def _is_lost(self, url: str) -> bool:
        """Watch until the tunnel is lost (True), or until told to stop (False)."""
        began, failures, has_answered = time.monotonic(), 0, False
        pause = self.rhythm.first
        while not await self._is_stopped_within(pause):
            if await self._unless_stopped(self.check(url)):
                failures, has_answered = 0, True
            elif await self._unless_stopped(self.check(self.local_url)):
                failures += 1
            else:
                failures = 0  # the server itself is away: the tunnel cannot be judged
            if failures > 1 and has_answered:
                return not self.stop.is_set()
            if failures == 2 and not has_answered:  # noqa: PLR2004 - said once
                # Opening another would not help where, say, a firewall hides it from this machine.
                logger.warning(
                    "%s does not answer from here; if it does not from elsewhere either, start "
                    "again", url, extra={"action": "tunnel_unseen"},
                )  # fmt: skip
            is_new = time.monotonic() - began < self.rhythm.often_for
            pause = self.rhythm.often if is_new or failures == 1 else self.rhythm.rarely
        return False

    async def _close(self, *, but: Tunnel | None) -> None:
        for tunnel in [each for each in self._unclosed if each is not but]:
            try:
                await tunnel.close()
            except CloudError as error:
                logger.info("%s", error, extra={"action": "tunnel_not_closed"})
            else:
                self._unclosed.remove(tunnel)

    async def _is_stopped_within(self, seconds: float) -> bool:
        try:
            await asyncio.wait_for(self.stop.wait(), seconds)
        except TimeoutError:
            return False
        return True

    async def _unless_stopped(self, call: Awaitable[Value]) -> Value | None:
        """Return what `call` returns; None, and `call` is cancelled, when told to stop."""
        task = asyncio.ensure_future(call)
        stopping = asyncio.ensure_future(self.stop.wait())
        try:
            await asyncio.wait({task, stopping}, return_when=asyncio.FIRST_COMPLETED)
            return task.result() if task.done() else None
        finally:
            for each in (task, stopping):
                each.cancel()
            await asyncio.gather(task, stopping, return_exceptions=True)
