"""What is looked up for the metrics of the running program, in the background."""

import asyncio
import logging
import shutil
from collections.abc import Awaitable, Coroutine
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeVar

from cli.assembly.store import OpenedMemory, processor_options
from cloud.fetching.last_run import read_last_run
from memory.errors import MemoryStoreError
from memory.instrumented import InstrumentedStore
from processor.pending import Pending, read_pending
from settings import Settings
from spool.backup.newest import last_backup
from spool.format import SpoolError
from spool.sizes import Sizes
from telemetry.collectors import Gathered, LastLook, Mirrored
from telemetry.metrics import Metrics

logger = logging.getLogger(__name__)

GATHER_SECONDS = 15.0

_Found = TypeVar("_Found")


def measured(memory: OpenedMemory, metrics: Metrics) -> OpenedMemory:
    """Return `memory`, each use of which `metrics` are told of."""
    return replace(memory, store=InstrumentedStore(memory.store, metrics.memory_operation))


async def gather_metrics(
    settings: Settings,
    memory: OpenedMemory,
    metrics: Metrics,
    *,
    stop: asyncio.Event,
    every_seconds: float = GATHER_SECONDS,
) -> None:
    """Look up, now and then until `stop` is set, what is not counted as it happens."""
    gathering = Gathering(settings, memory)
    while not stop.is_set():
        try:
            metrics.gathered = await gathering.gather(now=datetime.now(UTC))
        except Exception:  # calls go on without figures; the alert on their age tells
            logger.exception("the metrics were not looked up", extra={"action": "metrics_failed"})
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), every_seconds)


def metrics_services(
    settings: Settings,
    memory: OpenedMemory,
    metrics: Metrics,
    stop: asyncio.Event,
    *,
    serves: bool,
) -> list[Coroutine[Any, Any, None]]:
    """Return what looks things up and, with `serves` and METRICS_PORT, what shows the metrics."""
    services = [gather_metrics(settings, memory, metrics, stop=stop)]
    if serves and settings.metrics_port:
        from cli.serving.metrics_server import serve_metrics

        services.append(serve_metrics(settings, metrics, stop=stop))
    return services


class Gathering:
    """
    Looks up what the metrics show of spool, disk and memory; what takes time in a thread.

    What cannot be found out is left out, and that is logged when it begins.
    """

    def __init__(self, settings: Settings, memory: OpenedMemory) -> None:
        self._settings = settings
        self._memory = memory
        self._root = settings.payload_storage_path
        self._sizes = Sizes(self._root)
        self._failing: set[str] = set()

    async def gather(self, *, now: datetime) -> Gathered:
        """Return how things stand at `now`; never raises for what cannot be read."""
        pending = await self._try("backlog", self._pending())
        sizes = await self._try("spool", asyncio.to_thread(self._read_sizes))
        disk = await self._try("disk", asyncio.to_thread(shutil.disk_usage, self._root))
        found = Gathered(
            at=now,
            reconcile_every_seconds=self._settings.reconcile_every_seconds,
            reconciled=await asyncio.to_thread(self._last_look),
            mirrored=await self._try("openmemory", self._mirrored()),
            backed_up_at=await self._try("backup", asyncio.to_thread(self._last_backup)),
        )
        if pending is not None:
            oldest = pending.oldest_received_at or now
            found = replace(
                found,
                pending=pending.count,
                oldest_pending_seconds=max((now - oldest).total_seconds(), 0.0),
                retrying=pending.retrying,
                parked=pending.parked,
            )
        if sizes is not None:
            quarantined = sizes.files_by_kind["quarantine"]
            found = replace(found, spool_bytes=sizes.bytes_by_kind, quarantined=quarantined)
        if disk is not None:
            found = replace(found, disk_free_bytes=disk.free, disk_size_bytes=disk.total)
        return found

    async def _try(self, what: str, looking: Awaitable[_Found]) -> _Found | None:
        try:
            found = await looking
        except (MemoryStoreError, SpoolError, OSError) as error:
            if what not in self._failing:
                logger.warning(
                    "%s: the metrics cannot tell how it stands: %s",
                    what,
                    error,
                    extra={"action": "metrics_incomplete"},
                )
            self._failing.add(what)
            return None
        self._failing.discard(what)
        return found

    async def _pending(self) -> Pending:
        rules = processor_options(self._settings).rules
        return await read_pending(self._root, self._memory.store, rules=rules)

    def _read_sizes(self) -> Sizes:
        self._sizes.refresh()
        return self._sizes

    def _last_look(self) -> LastLook | None:
        run = read_last_run(self._root)
        if run is None:
            return None
        is_ok = run.status == "ok"
        return LastLook(at=run.started_at, is_ok=is_ok, stored=run.stored, failed=run.failed)

    def _last_backup(self) -> datetime | None:
        newest = last_backup(self._root)
        return None if newest is None else newest[1]

    async def _mirrored(self) -> Mirrored | None:
        opened = self._memory.openmemory
        if opened is None:
            return None
        tally = await opened.ledger.tally()
        return Mirrored(pending=tally.waiting, is_breaker_open=opened.recall.is_sparing)
