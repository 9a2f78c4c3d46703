"""The mirror: keeps OpenMemory up with the embedded store, in the background, for good."""

import asyncio
import logging
import traceback
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from memory.errors import MemoryStoreError
from memory.openmemory.backend import Backend, BackendRefused, BackendUnreachable, Examined
from memory.openmemory.carry_out import Carrier, Source
from memory.openmemory.entry import Report, Status
from memory.openmemory.erase import Eraser
from memory.openmemory.ledger import Ledger

logger = logging.getLogger(__name__)

_AT_ONCE = 100  # callers between two looks at what has changed
_SAMPLE = 5  # rows that are looked up to tell whether this is still the same database


@dataclass(frozen=True, slots=True, kw_only=True)
class MirrorOptions:
    """
    How a mirror behaves; all times are in seconds.

    After a failure the pause doubles from `first_pause` to `longest_pause`; a backend that was
    refused is examined again after `refused_pause`. Every `scan_every` all callers are compared,
    not only those that it was told of. `clock` returns aware UTC.
    """

    first_pause: float = 1.0
    longest_pause: float = 60.0
    refused_pause: float = 300.0
    scan_every: float = 60.0
    report_every: float = 15.0
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)


class Mirror:
    """
    Brings OpenMemory up to what the embedded store holds, whatever happened to either.

    It compares states and remembers no events: what is wanted follows from the embedded store,
    what is there is in the ledger, and the difference is worked off, a caller at a time. So a
    crash, a lost answer or a backend that was away for a week need nothing special.
    """

    def __init__(
        self, source: Source, ledger: Ledger, backend: Backend, *, options: MirrorOptions
    ) -> None:
        self.ledger = ledger
        self.backend = backend
        self.carrier = Carrier(source, ledger, backend)
        self._source = source
        self._options = options
        self._eraser = Eraser(source, ledger, backend, clock=options.clock)
        self._hints: set[str] = set()
        self._woken = asyncio.Event()
        self._scanned_at: float | None = None
        self._examined: Examined | None = None
        self._failures = 0
        self._try_at = 0.0
        self._said: Report | None = None
        self._said_at = 0.0

    def note(self, callers: Iterable[str | None]) -> None:
        """Say that these callers have changed; with none of them, that anybody may have."""
        known = {caller for caller in callers if caller is not None}
        if not known:
            self._scanned_at = None
        self._hints |= known
        self._woken.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Mirror until `stop` is set; what goes wrong is reported, logged once and tried again."""
        stopping = asyncio.create_task(stop.wait())
        try:
            await self._remember()
            while not stop.is_set():
                working = asyncio.create_task(self._look())
                await asyncio.wait([working, stopping], return_when=asyncio.FIRST_COMPLETED)
                if not working.done():
                    working.cancel()  # the ledger knows that it may not know all
                with suppress(asyncio.CancelledError):
                    await working
                if not stop.is_set():
                    await self._rest(stopping)
        finally:
            stopping.cancel()

    async def connect(self) -> Examined:
        """
        Examine what answers, and find out whether it is the database that the ledger is of.

        Raises `BackendRefused` for one that cannot be used.
        """
        examined = await self.backend.examine()
        if await self.ledger.claim(self.backend.identity):
            logger.info("another OpenMemory than before", extra={"action": "mirror_elsewhere"})
        for caller, row_id in await self.ledger.sample(limit=_SAMPLE):
            if await self.backend.get(caller, row_id) is None:
                logger.warning(
                    "OpenMemory does not hold what it held: everything is compared again",
                    extra={"action": "mirror_distrusts"},
                )
                await self.ledger.distrust()
                break
        return examined

    async def plan_changed(self) -> None:
        """Bring the ledger up to what is wanted, for every caller that has changed."""
        if self._scanned_at is None or self._now() >= self._scanned_at + self._options.scan_every:
            self._scanned_at = self._now()
            self._hints |= await self.changed()
        while self._hints:
            caller = next(iter(self._hints))
            await self.carrier.plan(caller)
            self._hints.discard(caller)

    async def changed(self) -> set[str]:
        """Return every caller whose rows were planned for another state than there is now."""
        stamps, planned = await self._source.stamps(), await self.ledger.stamps()
        changed = {caller for caller, stamp in stamps.items() if planned.get(caller) != stamp}
        return changed | (planned.keys() - stamps.keys())

    async def catch_up(self) -> None:
        """Do all there is to do now; raises what goes wrong."""
        if self._examined is None:
            self._examined = await self.connect()
            self._scanned_at = None  # the ledger may be another one now
            await self._report("ok")  # it may be hours until all of it is there
        await self.plan_changed()
        await self._eraser.go_on()
        while callers := await self.ledger.waiting(limit=_AT_ONCE):
            for caller in callers:
                await self.carrier.carry_out(caller)
                await self._refresh()
            await self.plan_changed()

    async def erase(self, caller: str) -> None:
        """Have everything under this caller's number deleted there; see `Eraser.begin`."""
        await self._eraser.begin(caller)
        self._woken.set()

    async def _remember(self) -> None:
        """Take up what a mirror before this one has found out about the same backend."""
        with suppress(MemoryStoreError):
            known = await self.ledger.report()
            if known is not None and known.backend == self.backend.name:
                self._said = known

    async def _look(self) -> None:
        """Do what can be done now, and report how it went; raises nothing."""
        trace = ""
        try:
            await self.plan_changed()
            if self._now() < self._try_at:
                await self._refresh()
                return
            await self.catch_up()
        except BackendRefused as error:
            await self._failed(str(error), status="refused")
        except BackendUnreachable as error:
            await self._failed(str(error), retry_after=error.retry_after_seconds)
        except MemoryStoreError as error:
            await self._failed(str(error))
        except Exception as error:  # noqa: BLE001 - its own text may quote a caller
            trace = "".join(traceback.format_tb(error.__traceback__))
            await self._failed(f"a defect: {type(error).__name__}", trace=trace)
        else:
            await self._went_well()

    async def _went_well(self) -> None:
        if self._failures:
            logger.info("OpenMemory is kept up with again", extra={"action": "mirror_back"})
        self._failures = 0
        self._try_at = 0.0
        await self._report("ok")

    async def _failed(
        self,
        problem: str,
        *,
        status: Status = "degraded",
        retry_after: float = 0.0,
        trace: str = "",
    ) -> None:
        options = self._options
        pause = min(options.first_pause * 2.0 ** min(self._failures, 30), options.longest_pause)
        if status == "refused":
            pause = options.refused_pause
        self._try_at = self._now() + max(pause, min(retry_after, options.refused_pause))
        self._failures += 1
        self._examined = None  # whatever answers next may be another one
        if self._failures == 1:
            logger.warning(
                "OpenMemory cannot be kept up with now; calls are answered in full without it: %s",
                problem,
                extra={"action": "mirror_failing", "error": problem, "trace": trace},
            )
        await self._report("refused" if status == "refused" else "degraded", detail=problem)

    async def _report(self, status: Status, *, detail: str = "") -> None:
        """Keep for /health, and for other processes, how it goes and what answers."""
        report = Report(
            status=status, backend=self.backend.name, detail=detail, at=self._options.clock()
        )
        seen = self._examined
        if seen is not None:
            report = _with(report, seen)
        elif status != "refused" and self._said is not None:
            report = replace(self._said, status=status, detail=detail, at=report.at)
        self._said = report
        self._said_at = self._now()
        try:
            await self.ledger.put_report(report)
        except MemoryStoreError as error:
            logger.warning(
                "the mirror cannot report: %s", error, extra={"action": "mirror_report_failed"}
            )

    async def _refresh(self) -> None:
        """Say the same as before now and then: whoever reads it sees that a mirror runs."""
        if self._said is not None and self._now() >= self._said_at + self._options.report_every:
            await self._report(self._said.status, detail=self._said.detail)

    async def _rest(self, stopping: "asyncio.Task[bool]") -> None:
        """Wait until there may be something to do."""
        seconds = self._options.report_every
        if self._try_at:
            seconds = min(seconds, max(self._try_at - self._now(), 0.01))
        woken = asyncio.create_task(self._woken.wait())
        await asyncio.wait([woken, stopping], timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        woken.cancel()
        self._woken.clear()

    def _now(self) -> float:
        return asyncio.get_running_loop().time()


def _with(report: Report, examined: Examined) -> Report:
    return replace(
        report,
        product=examined.product,
        keeps_users_apart=examined.keeps_users_apart,
        shortens=examined.shortens,
        is_open=examined.is_open,
        advice=examined.advice,
    )
