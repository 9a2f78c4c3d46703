"""From settings to a working processor, and what works beside it: history, retention, erasure."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any

from cli.assembly.erasing import eraser
from cli.assembly.history_index import open_history
from cli.assembly.store import OpenedMemory, processor_options
from cli.keeping.retention import retention_job
from history.follow import follow_history
from processor.hooks import Hooks
from processor.outcomes import EventOutcome
from processor.retention.nightly import run_nightly
from processor.retention.upkeep import Upkeep
from processor.service import run_processor
from settings import Settings
from spool.standing_orders import Orders

Services = Sequence[Coroutine[Any, Any, None]]


@asynccontextmanager
async def open_processing(
    settings: Settings,
    memory: OpenedMemory,
    stop: asyncio.Event,
    *,
    observers: Sequence[Callable[[EventOutcome], None]] = (),
) -> AsyncIterator[Services]:
    """
    Open what the processor works on; yield its services, each of which runs until `stop`.

    `observers` are told of each event that has been dealt with: see `Hooks.observe`.
    """
    root, options = settings.payload_storage_path, processor_options(settings)
    async with open_history(settings) as history:
        job = retention_job(settings, memory.store, history)
        hooks = Hooks(
            erase=await asyncio.to_thread(eraser, settings, memory, history),
            caught_up=Upkeep(job).after_catching_up,
            observe=observe_all(observers),
        )
        orders = await asyncio.to_thread(Orders, root)  # the history's own
        services = [
            run_processor(root, memory.store, options=options, stop=stop, hooks=hooks),
            follow_history(history, orders, options.rules, stop=stop),
            run_nightly(job, stop=stop),
        ]
        if memory.openmemory is not None and memory.openmemory.mirror is not None:
            services.append(memory.openmemory.mirror.run(stop))
        yield services


def observe_all(
    observers: Sequence[Callable[[EventOutcome], None]],
) -> Callable[[EventOutcome], None]:
    """Return what tells each of `observers`, in this order."""

    def observe(applied: EventOutcome) -> None:
        for each in observers:
            each(applied)

    return observe
