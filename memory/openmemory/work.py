"""The mirror's work: who has changed, what is still to be done, and doing it in a good order."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256

from memory.openmemory.backend import Backend, BackendRefused, Examined
from memory.openmemory.carry_out import NO_ANSWER, Carrier, Source
from memory.openmemory.erase import Eraser
from memory.openmemory.ledger import Ledger
from memory.openmemory.probe import PROBE_PREFIX
from memory.openmemory.troubles import Troubles

logger = logging.getLogger(__name__)

_AT_ONCE = 1_000  # callers between two looks at what has changed
_SAMPLE = 5  # rows that are looked up to tell whether they are still there
_MAX_TOUCHED = 1_000
_SLICE = 50  # rows of one caller that are added before it is another's turn


@dataclass(frozen=True, slots=True, kw_only=True)
class MirrorOptions:
    """
    How a mirror behaves; all times are in seconds.

    After a failure the pause doubles from `first_pause` to `longest_pause`; a backend that was
    refused is examined again after `refused_pause`. A caller for whom something failed is left
    alone from `caller_pause` up to `longest_caller_pause`. Every `scan_every` all callers are
    compared, not only those that it was told of; every `sample_every` some rows are looked up;
    every `retry_every` what was refused is sent again; `late_after` an answer that got lost it is
    looked what became of it. `clock` returns aware UTC, `monotonic` seconds.
    """

    first_pause: float = 1.0
    longest_pause: float = 60.0
    refused_pause: float = 300.0
    caller_pause: float = 5.0
    longest_caller_pause: float = 600.0
    scan_every: float = 60.0
    sample_every: float = 60.0
    retry_every: float = 3600.0
    late_after: float = 60.0
    report_every: float = 15.0
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    monotonic: Callable[[], float] = time.monotonic


class Work:
    """
    What there is to do, and doing it; whatever goes wrong is raised.

    What fails for one caller is raised too, but that caller comes after all others then.
    """

    def __init__(
        self, source: Source, ledger: Ledger, backend: Backend, *, options: MirrorOptions
    ) -> None:
        self.carrier = Carrier(source, ledger, backend)
        self.eraser = Eraser(
            source, ledger, backend, clock=options.clock, monotonic=options.monotonic
        )
        self.troubles = Troubles(
            first=options.caller_pause, longest=options.longest_caller_pause, clock=_now
        )
        self._source = source
        self._ledger = ledger
        self._backend = backend
        self._options = options
        # The same at each start: what a probe that was killed has left, the next one removes.
        self._mark = sha256(str(ledger.path.absolute()).encode()).hexdigest()[:16]
        self._changed: set[str] = set()
        self._touched: set[str] = set()
        self._look_again: dict[str, float] = {}
        self._due: dict[str, float] = {}

    def note(self, callers: Iterable[str]) -> None:
        """Say that these callers have changed."""
        self._changed.update(callers)

    def note_all(self) -> None:
        """Say that anybody may have changed."""
        self._due.pop("scan", None)

    async def connect(self) -> Examined:
        """
        Examine what answers, and see whether it still holds what it held.

        Raises `BackendRefused` for one that cannot be used.
        """
        examined = await self._backend.examine(mark=self._mark)
        # A server that was killed may have lost, or have back, what was changed last.
        await self._ledger.distrust(self._touched)
        self._touched.clear()
        self._due.clear()
        return examined

    async def plan_changed(self) -> None:
        """Bring the ledger up to what is wanted, for every caller that has changed."""
        if self._is_due("scan", self._options.scan_every):
            self._changed |= await self.changed()
        for caller in list(self._changed):
            plan = f"plan {caller}"
            if self.troubles.may_try(plan):
                self._changed.discard(caller)  # before: it may be noted again meanwhile
                async with self._troubled(plan, on_failure=partial(self._changed.add, caller)):
                    await self.carrier.plan(caller)

    async def changed(self) -> set[str]:
        """Return every caller whose rows were planned for another state than there is now."""
        stamps, planned = await self._source.stamps(), await self._ledger.stamps()
        changed = {caller for caller, stamp in stamps.items() if planned.get(caller) != stamp}
        return changed | (planned.keys() - stamps.keys())

    async def catch_up(self) -> None:
        """Do all there is to do now: erase first, then remove, then add, everybody in turn."""
        await self.plan_changed()
        await self.erase_more()
        await self._look_around()
        while callers := await self._waiting():
            for caller in callers:
                await self._carry_out(caller)
                await self.erase_more()
            await self.plan_changed()

    async def erase_more(self) -> None:
        """Take every erasure as far as it can be taken now."""
        for caller, deleted_at in await self._ledger.erasures():
            erasure = f"erase {caller}"
            if self.troubles.may_try(erasure):
                async with self._troubled(erasure):
                    if await self.eraser.go_on(caller, deleted_at):
                        self._changed.add(caller)  # a new story may have begun

    async def _carry_out(self, caller: str) -> None:
        self._touch(caller)
        again = partial(self._look_again_later, caller)
        async with self._troubled(caller, on_failure=again):
            await self.carrier.carry_out(caller, at_most=_SLICE)

    async def _look_around(self) -> None:
        """Now and then look whether all is as it was left, and send again what was refused."""
        if self._is_due("sample", self._options.sample_every):
            await self._look_up_some()
        if self._is_due("refused", self._options.retry_every):
            await self._ledger.retry_refused(but=NO_ANSWER)
        if late := [each for each, at in self._look_again.items() if _now() >= at]:
            await self._ledger.distrust(late)
            for caller in late:
                del self._look_again[caller]

    def _look_again_later(self, caller: str) -> None:
        """What was sent may be stored yet: look when it must have been, if ever."""
        self._look_again[caller] = _now() + self._options.late_after

    async def _waiting(self) -> list[str]:
        callers = await self._ledger.waiting(limit=_AT_ONCE + len(self.troubles))
        return [caller for caller in callers if self.troubles.may_try(caller)]

    async def _look_up_some(self) -> None:
        """Look up some rows that are said to be there; one that never was, if there are none."""
        known = await self._ledger.sample(limit=_SAMPLE)
        for caller, row_id in known or [(f"{PROBE_PREFIX}nobody", "none")]:
            if await self._backend.get(caller, row_id) is None and known:
                logger.warning(
                    "OpenMemory does not hold what it held: everything is compared again",
                    extra={"action": "mirror_distrusts"},
                )
                await self._ledger.distrust_all()
                return

    @asynccontextmanager
    async def _troubled(
        self, what: str, *, on_failure: Callable[[], None] | None = None
    ) -> AsyncIterator[None]:
        """Leave `what` alone for a while if the block fails, unless it fails for all."""
        try:
            yield
        except BackendRefused:
            raise
        except Exception:
            self.troubles.add(what)
            if on_failure is not None:
                on_failure()
            raise
        self.troubles.end(what)

    def _touch(self, caller: str) -> None:
        if len(self._touched) >= _MAX_TOUCHED:
            self._touched.pop()
        self._touched.add(caller)

    def _is_due(self, what: str, every: float) -> bool:
        if _now() < self._due.get(what, 0.0):
            return False
        self._due[what] = _now() + every
        return True


def _now() -> float:
    return asyncio.get_running_loop().time()
