"""From settings to a working receiver, and to what looks for the calls it missed."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any

from cli.assembly.archive import open_archive
from cli.assembly.call_desk import call_desk
from cli.assembly.options import receiver_options
from cli.assembly.people import by_person
from cli.assembly.reload import Reloading
from cli.assembly.store import OpenedMemory, processor_options
from processor.status import count_backlog
from receiver.context import Receiver
from receiver.payload_log import PayloadLog
from settings import Settings
from spool.committer import Committer
from spool.format import SpoolFull
from spool.version import note_format
from spool.writer import Spool
from telemetry.metrics import Metrics
from telemetry.tracing import NoTracer, Tracer
from voice.redaction import redact_body


@asynccontextmanager
async def open_receiver(
    settings: Settings,
    memory: OpenedMemory,
    *,
    metrics: Metrics | None = None,
    tracer: Tracer | None = None,
) -> AsyncIterator[Receiver]:
    """Open the spool for writing and assemble the receiver; at the end everything is on disk."""
    root, store = settings.payload_storage_path, memory.store
    people = await by_person(store, root)
    async with (
        open_spool(settings) as (spool, committer),
        open_archive(settings, memory) as archive,
    ):
        read_options = Reloading(settings, derive=receiver_options).options
        yield Receiver(
            read_options=read_options,
            spool=spool,
            committer=committer,
            memory=people,
            metrics=metrics or Metrics(),
            tracer=tracer or NoTracer(),
            backlog=lambda: count_backlog(root, store, rules=processor_options(settings).rules),
            payload_log=_payload_log(settings),
            reconciliation=reconciliation_state(settings),
            mirror=_mirror_state(memory),
            calls=call_desk(settings, people, read_options=read_options),
            archive=archive,
        )


@asynccontextmanager
async def open_spool(settings: Settings) -> AsyncIterator[tuple[Spool, Committer]]:
    """Open the spool for writing; at the end everything is on disk. Raises SpoolError."""
    root = settings.payload_storage_path
    spool = await asyncio.to_thread(Spool.open, root, sync=settings.spool_sync)
    committer = Committer(spool)
    try:
        with suppress(SpoolFull):  # without the note it is version 1, which it is
            await asyncio.to_thread(note_format, root)
        yield spool, committer
    finally:
        await committer.close()
        spool.close()


def _payload_log(settings: Settings) -> PayloadLog | None:
    if settings.payload_log_path is None:
        return None
    kinds = settings.redacted_kinds
    redact = partial(redact_body, kinds=kinds) if kinds else None
    return PayloadLog(settings.payload_log_path, redact=redact)


def _mirror_state(memory: OpenedMemory) -> Callable[[], Awaitable[dict[str, Any]]] | None:
    if memory.openmemory is None:
        return None
    from cli.assembly.openmemory_state import mirror_state

    return mirror_state(memory.openmemory)


def reconciliation_state(settings: Settings) -> Callable[[], dict[str, Any]]:
    """
    Return what tells /health of the last look for missed calls, whichever process took it.

    Everybody may ask for it, so the platform's own words are not in it: the log has them.
    """
    every_seconds = settings.reconcile_every_seconds
    root = settings.payload_storage_path

    def state() -> dict[str, Any]:
        if not every_seconds:
            return {"status": "off"}
        from cloud.fetching.last_run import read_last_run

        run = read_last_run(root)
        if run is None:
            return {"status": "not run yet", "every_seconds": every_seconds}
        return {
            "status": run.status,
            "last_run_at": run.started_at.isoformat(),
            "stored": run.stored,
            "failed": run.failed,
            "every_seconds": every_seconds,
        }

    return state
