"""The mirror's work: who has changed, what is still to be done, and doing it in a good order."""

import asyncio
import logging
import math
import time
import traceback
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256

from memory.errors import MemoryStoreError
from memory.openmemory.backend import Backend, BackendRefused, BackendUnreachable, Examined
from memory.openmemory.carry_out import NO_ANSWER, Carrier, Source
from memory.openmemory.erase import Eraser
from memory.openmemory.ledger import Ledger
from memory.openmemory.probe import PROBE_PREFIX
from memory.openmemory.troubles import Troubles

logger = logging.getLogger(__name__)

_AT_ONCE = 1_000  # callers between two looks at what has changed
_SAMPLE = 5  # rows that are looked up to tell whether they are still there
_MAX_TOUCHED = 1_000
_LATELY_S = 60.0
_DAY_S = 86_400.0
_IN_A_ROW = 3  # failures of different callers, after which it is the backend's
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
    What there is to do, and doing it.

    What fails for one caller is put off, and the others go on; it is raised when it fails for
    several in a row, because then it is nobody's trouble but the backend's. `done` counts what
    went well; `problem` is the last thing that did not.
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
        self.done = 0
        self.problem = ""
        self._failures_in_a_row = 0
        self._noted_at = -math.inf
        self._changed: set[str] = set()
        self._touched: dict[str, float] = {}
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
        self._failures_in_a_row = 0
        # A server that was killed may have lost, or have back, what was changed last.
        since = _now() - _LATELY_S
        await self._ledger.distrust([who for who, at in self._touched.items() if at >= since])
        self._touched.clear()
        for what in ("scan", "sample"):
            self._due.pop(what, None)
        return examined

    async def plan_changed(self) -> None:
        """Bring the ledger up to what is wanted, for every caller that has changed."""
        if self._is_due("scan", self._options.scan_every):
            self._changed |= await self.changed()
        for caller in list(self._changed):
            plan = f"plan {caller}"
            if self.troubles.may_try(plan):
                self._changed.discard(caller)  # before: it may be noted again meanwhile
                async with self._put_off(plan, on_failure=partial(self._changed.add, caller)):
                    await self.carrier.plan(caller)

    async def changed(self) -> set[str]:
        """Return every caller whose rows were planned for another state than there is now."""
        stamps, planned = await self._source.stamps(), await self._ledger.stamps()
        changed = {caller for caller, stamp in stamps.items() if planned.get(caller) != stamp}
        return changed | (planned.keys() - stamps.keys())

    async def catch_up(self) -> None:
        """Do all there is to do now: erase first, then remove, then add, everybody in turn."""
        await self.erase_more()
        await self.plan_changed()
        await self._look_around()
        while callers := await self._waiting():
            for caller in callers:
                await self._carry_out(caller)
                await self.erase_more()
            await self.plan_changed()

    async def erase_more(self) -> None:
        """Take every erasure as far as it can be taken now."""
        erasures = {f"erase {caller}": (caller, at) for caller, at in await self._ledger.erasures()}
        self.troubles.only("erase ", erasures)  # another process may have ended it
        for erasure, (caller, deleted_at) in erasures.items():
            if self.troubles.may_try(erasure):
                async with self._put_off(erasure):
                    if await self.eraser.go_on(caller, deleted_at):
                        self._changed.add(caller)  # a new story may have begun

    async def _carry_out(self, caller: str) -> None:
        self._touch(caller)
        again = partial(self._look_again_later, caller, settled=self.carrier.settled)
        async with self._put_off(caller, on_failure=again):
            await self.carrier.carry_out(caller, at_most=_SLICE)
            self.done += 1

    async def _look_around(self) -> None:
        """Now and then look whether all is as it was left, and send again what was refused."""
        if self._is_due("sample", self._options.sample_every):
            await self._look_up_some()
        if self._is_due("refused", self._options.retry_every):
            await self._ledger.retry_refused(but=NO_ANSWER)
        if self._is_due("refused without an answer", _DAY_S):
            await self._ledger.retry_refused(but="")
        if late := [each for each, at in self._look_again.items() if _now() >= at]:
            await self._ledger.distrust(late)
            for caller in late:
                del self._look_again[caller]

    def _look_again_later(self, caller: str, *, settled: int) -> None:
        """What was sent may be stored yet: look when it must have been, if ever."""
        self._look_again[caller] = _now() + self._options.late_after
        if self.carrier.settled > settled:  # some of it went well: this is a first failure
            self.troubles.end(caller)
            self._failures_in_a_row = 0

    async def _waiting(self) -> list[str]:
        callers = await self._ledger.waiting(limit=_AT_ONCE + len(self.troubles))
        may_go = [caller for caller in callers if self.troubles.may_try(caller)]
        return sorted(may_go, key=self.troubles.__contains__)  # stable: those in trouble last

    async def _look_up_some(self) -> None:
        """Look up some rows that are said to be there."""
        await self._look_up_nobody()
        for caller, row_id in await self._ledger.sample(limit=_SAMPLE):
            if await self._backend.get(caller, row_id) is None:
                logger.warning(
                    "OpenMemory does not hold what it held: everything is compared again",
                    extra={"action": "mirror_distrusts"},
                )
                await self._ledger.distrust_all()
                return

    async def _look_up_nobody(self) -> None:
        """Ask for a row that never was: raises if OpenMemory is away, or another one."""
        await self._backend.get(f"{PROBE_PREFIX}nobody", "none")

    @asynccontextmanager
    async def _put_off(
        self, what: str, *, on_failure: Callable[[], None] | None = None
    ) -> AsyncIterator[None]:
        """Leave `what` alone for a while if the block fails, unless it fails for everybody."""
        try:
            yield
        except BackendRefused:
            raise
        except Exception as error:
            if on_failure is not None:
                on_failure()
            if isinstance(error, BackendUnreachable):
                if error.retry_after_seconds:
                    raise
                await self._look_up_nobody()  # raises, too, if it is away
            self.troubles.add(what)
            self._failures_in_a_row += 1
            if self._failures_in_a_row >= _IN_A_ROW:
                raise
            self._note(error)
        else:
            self.troubles.end(what)
            self._failures_in_a_row = 0

    def _note(self, error: Exception) -> None:
        is_known = isinstance(error, MemoryStoreError)
        self.problem = str(error) if is_known else f"a defect: {type(error).__name__}"
        is_new = _now() >= self._noted_at + _LATELY_S
        self._noted_at = _now() if is_new else self._noted_at
        logger.log(
            logging.WARNING if is_new else logging.DEBUG,
            "something fails for one caller at OpenMemory, and is put off: %s",
            self.problem,
            extra={
                "action": "mirror_puts_off",
                "trace": "" if is_known else "".join(traceback.format_tb(error.__traceback__)),
            },
        )

    def _touch(self, caller: str) -> None:
        self._touched.pop(caller, None)
        self._touched[caller] = _now()
        if len(self._touched) > _MAX_TOUCHED:
            del self._touched[next(iter(self._touched))]

    def _is_due(self, what: str, every: float) -> bool:
        if _now() < self._due.get(what, 0.0):
            return False
        self._due[what] = _now() + every
        return True


def _now() -> float:
    return asyncio.get_running_loop().time()
