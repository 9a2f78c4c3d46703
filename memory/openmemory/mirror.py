"""The mirror: keeps OpenMemory up with the embedded store, in the background, for good."""

import asyncio
import logging
import traceback
from collections.abc import Collection, Iterable
from contextlib import suppress
from dataclasses import replace

from memory.errors import MemoryStoreError
from memory.openmemory.backend import Backend, BackendRefused, BackendUnreachable, Examined
from memory.openmemory.carry_out import Carrier, Source
from memory.openmemory.entry import Report, Status
from memory.openmemory.erase import ErasureState
from memory.openmemory.ledger import Ledger
from memory.openmemory.work import MirrorOptions, Work

__all__ = ["Mirror", "MirrorOptions"]

logger = logging.getLogger(__name__)


class Mirror:
    """
    Brings OpenMemory up to what the embedded store holds, whatever happened to either.

    It compares states and remembers no events: what is wanted follows from the embedded store,
    what is there is in the ledger, and the difference is worked off. So a crash, a lost answer
    or a backend that was away for a week need nothing special. This class runs the work, pauses
    after a failure, and says how it goes; `Work` knows what there is to do.
    """

    def __init__(
        self, source: Source, ledger: Ledger, backend: Backend, *, options: MirrorOptions
    ) -> None:
        self.ledger = ledger
        self.backend = backend
        self._options = options
        self._work = Work(source, ledger, backend, options=options)
        self._woken = asyncio.Event()
        self._examined: Examined | None = None
        self._failures = 0
        self._done = 0
        self._try_at = 0.0
        self._said: Report | None = None

    @property
    def carrier(self) -> Carrier:
        """Return what carries out the work for one caller."""
        return self._work.carrier

    def note(self, callers: Iterable[str]) -> None:
        """Say that these callers have changed."""
        self._work.note(callers)
        self._woken.set()

    def note_all(self) -> None:
        """Say that anybody may have changed."""
        self._work.note_all()
        self._woken.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Mirror until `stop` is set; what goes wrong is reported, logged once and tried again."""
        stopping = asyncio.create_task(stop.wait())
        beating = asyncio.create_task(self._beat())
        try:
            await self._remember()
            while not stop.is_set():
                await self._round_until(stopping)
                if not stop.is_set():
                    await self._rest(stopping)
        finally:
            for task in (stopping, beating):
                task.cancel()
            await asyncio.gather(stopping, beating, return_exceptions=True)

    async def connect(self) -> Examined:
        """Examine what answers, and distrust what was changed last; see `Work.connect`."""
        return await self._work.connect()

    async def catch_up(self) -> None:
        """Do all there is to do now; raises what goes wrong."""
        if self._examined is None:
            self._examined = await self.connect()
            await self._report("ok")  # it may be hours until all of it is there
        await self._work.catch_up()

    async def erase(self, caller: str, *, conversations: Collection[str] | None = None) -> None:
        """
        Have everything under this caller's number deleted there; see `Eraser.begin`.

        Ask before memory forgets the caller: so it is done whatever comes in between.
        """
        await self._work.eraser.begin(caller, conversations=conversations)
        self._woken.set()

    async def erasure_state(self, caller: str) -> ErasureState:
        """Return how far the erasure of a caller is; see `Eraser.state`."""
        return await self._work.eraser.state(caller)

    async def purge(self, caller: str, conversations: Collection[str]) -> None:
        """Delete now what is there of these conversations, which memory does not hold any more."""
        await self._work.carrier.purge(caller, conversations)
        self.note([caller])

    async def is_up_to_date(self, caller: str) -> bool:
        """Tell whether nothing of this caller is still to be added or removed there."""
        return await self._work.carrier.is_up_to_date(caller)

    async def scrub(self) -> None:
        """Leave nothing of what was deleted in the files of the ledger and a local OpenMemory."""
        await self.ledger.scrub()
        await self.backend.scrub()

    async def erase_more(self) -> None:
        """Take every erasure as far as it can be taken now."""
        await self._work.erase_more()

    async def _round_until(self, stopping: "asyncio.Task[bool]") -> None:
        """Do a round, and break it off when it is to stop: the ledger knows what it may not."""
        working = asyncio.create_task(self._round())
        try:
            await asyncio.wait([working, stopping], return_when=asyncio.FIRST_COMPLETED)
        finally:
            working.cancel()
            with suppress(asyncio.CancelledError):
                await working

    async def _remember(self) -> None:
        """Take up what a mirror before this one has found out about the same backend."""
        with suppress(MemoryStoreError):
            self._said = await self.ledger.report()

    async def _round(self) -> None:
        """Do what can be done now, and report how it went; raises nothing."""
        trace = ""
        try:
            await self._work.plan_changed()  # also while it is away: the backlog is to be known
            if self._now() >= self._try_at:
                await self.catch_up()
                await self._went_well()
        except BackendRefused as error:
            await self._failed(str(error), status="refused")
        except BackendUnreachable as error:
            await self._failed(str(error), retry_after=error.retry_after_seconds)
        except MemoryStoreError as error:
            await self._failed(str(error))
        except Exception as error:  # noqa: BLE001 - its own text may quote a caller
            trace = "".join(traceback.format_tb(error.__traceback__))
            await self._failed(f"a defect: {type(error).__name__}", trace=trace)

    async def _went_well(self) -> None:
        self._try_at = 0.0
        if count := len(self._work.troubles):
            detail = f"put off for now, {count} in all: {self._work.problem}"
            await self._report("degraded", detail=detail)
            return
        if self._failures:
            logger.info("OpenMemory is kept up with again", extra={"action": "mirror_back"})
        self._failures = 0
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
        if self._work.done != self._done:  # it is not the same failure still
            self._done, self._failures = self._work.done, 0
        longest = options.refused_pause if status == "refused" else options.longest_pause
        pause = min(options.first_pause * 2.0 ** min(self._failures, 30), longest)
        self._try_at = self._now() + max(pause, min(retry_after, options.refused_pause))
        self._failures += 1
        if not retry_after:  # then it is well, and only asks for patience
            self._examined = None  # whatever answers next may be another one
        if self._failures == 1:
            logger.warning(
                "OpenMemory cannot be kept up with now; calls are answered in full without it: %s",
                problem,
                extra={"action": "mirror_failing", "error": problem, "trace": trace},
            )
        await self._report(status, detail=problem)

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
        try:
            await self.ledger.put_report(report)
        except MemoryStoreError as error:
            logger.warning(
                "the mirror cannot report: %s", error, extra={"action": "mirror_report_failed"}
            )

    async def _beat(self) -> None:
        """Say the same as before now and then: whoever reads it sees that a mirror runs."""
        while True:
            await asyncio.sleep(self._options.report_every)
            if self._said is not None:
                await self._report(self._said.status, detail=self._said.detail)

    async def _rest(self, stopping: "asyncio.Task[bool]") -> None:
        """Wait until there may be something to do."""
        seconds = self._options.report_every
        times = [at for at in (self._try_at, self._work.troubles.next_at()) if at]
        if times:
            seconds = min(seconds, max(max(self._try_at, min(times)) - self._now(), 0.01))
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
