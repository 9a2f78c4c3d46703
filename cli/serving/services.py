"""Receiver and processor, together or alone, from settings to a clean stop."""

import asyncio
import logging
import signal
import sys
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from pathlib import Path
from typing import Any

import uvloop

from cli.assembly.processor import open_processing
from cli.assembly.receiver import open_receiver
from cli.assembly.store import open_memory
from cli.assembly.tracer import open_tracing, traced
from cli.serving.banner import show_banner
from cli.serving.metrics_lookup import measured, metrics_services
from cli.serving.observers import counting, log_outcome, told_to, traced_by
from cli.serving.startup_summary import summarise
from cli.serving.supervisor import ALONE, connection_limits, reporting, sockets_of
from memory.recall.find import warm_up
from processor.errors import ProcessorLocked
from processor.lock import held_by_server
from processor.outcomes import EventOutcome
from receiver.context import Receiver
from receiver.server import serve
from settings import Settings, Supervised, take_supervised
from telemetry.metrics import Metrics
from telemetry.tracing import Tracer
from telemetry.version import VERSION
from voice.instructions import reads_as_instruction

logger = logging.getLogger(__name__)

# A supervisor signals a whole group and `uv run` passes its signal on: one wish, told twice.
ONE_WISH_SECONDS = 1.0
# How long a thread at work may hold up live answers each time they want to go on; not 5 ms.
_SWITCH_SECONDS = 0.0002


# A service that learns the receiver's port once that is ready; it ends when the event is set,
# which may be before there is a port.
ServiceBeside = Callable[["asyncio.Future[int]", asyncio.Event], Coroutine[Any, Any, None]]


def run_services(
    settings: Settings,
    *,
    receiver: bool,
    processor: bool,
    services_beside: Sequence[ServiceBeside] = (),
    connects: bool = False,
) -> None:
    """
    Run the services until SIGTERM or Ctrl-C; what is in flight is finished first.

    With `connects`, where one of `services_beside` connects an agent, missed calls are not looked
    for before it has.
    """
    sys.setswitchinterval(_SWITCH_SECONDS)
    running = _run(
        settings,
        with_receiver=receiver,
        with_processor=processor,
        services_beside=services_beside,
        connects=connects,
        supervised=take_supervised(),
    )
    try:
        uvloop.run(running)
    except asyncio.CancelledError:
        logger.warning("stopped at once, as told", extra={"action": "stopped_at_once"})
        raise SystemExit(1) from None


async def _run(
    settings: Settings,
    *,
    with_receiver: bool,
    with_processor: bool,
    services_beside: Sequence[ServiceBeside],
    connects: bool,
    supervised: Supervised = ALONE,
) -> None:
    stop = stop_at_signals()
    ready: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    async with AsyncExitStack() as stack:
        tracer = await stack.enter_async_context(open_tracing(settings))
        if with_processor:
            await stack.enter_async_context(_one_processor(settings.openmemory_db_path))
        opening = open_memory(settings, upgrade=True, mirrors=with_processor)
        memory = await stack.enter_async_context(opening)
        metrics = Metrics(version=VERSION)
        memory = traced(measured(memory, metrics), tracer)
        services: list[Coroutine[Any, Any, None]] = []
        parts = None
        if with_receiver:
            await asyncio.to_thread(_warm_up)
            parts = await stack.enter_async_context(
                open_receiver(settings, memory, metrics=metrics, tracer=tracer)
            )
            services.append(_serve(settings, parts, ready, stop, supervised))
        if with_processor:
            observers = _observers(metrics, tracer, parts)
            processing = open_processing(settings, memory, stop, observers=observers)
            services += await stack.enter_async_context(processing)
            if settings.reconcile_every_seconds:
                services.append(_reconciliation(settings, parts, stop, connects=connects))
        services += metrics_services(settings, memory, metrics, stop, serves=parts is None)
        services += [beside(ready, stop) for beside in services_beside]
        is_ready = ready if with_receiver else None
        services.append(summarise(settings, memory.store, ready=is_ready, stop=stop))
        services += reporting(supervised, ready=is_ready, stop=stop)
        await _until_all_ended(services, stop)
    logger.info("stopped", extra={"action": "stopped"})


def _warm_up() -> None:
    """Do now what the first caller would wait for, and all others with him."""
    warm_up()
    reads_as_instruction("Nobody has said this.")  # reads the phrases: 40 ms, on the loop


def _observers(
    metrics: Metrics, tracer: Tracer, receiver: Receiver | None
) -> list[Callable[[EventOutcome], None]]:
    """Return who is told of each event that the processor is done with."""
    observers = [log_outcome, counting(metrics), traced_by(tracer)]
    return observers if receiver is None else [*observers, told_to(receiver.activity)]


def _serve(
    settings: Settings,
    receiver: Receiver,
    ready: "asyncio.Future[int]",
    stop: asyncio.Event,
    supervised: Supervised,
) -> Coroutine[Any, Any, None]:
    def tell(host: str, port: int) -> None:
        show_banner(settings, host, port)
        ready.set_result(port)

    return serve(
        receiver,
        host=settings.host,
        port=settings.port,
        stop=stop,
        on_ready=tell,
        handed_over=sockets_of(supervised),
        limits=connection_limits(settings),
    )


def _reconciliation(
    settings: Settings, receiver: Receiver | None, stop: asyncio.Event, *, connects: bool
) -> Coroutine[Any, Any, None]:
    # The SDK: only for who has a key.
    from cli.assembly.reconciling import reconciliation, reconciliation_once_connected

    reconcile = reconciliation_once_connected if connects else reconciliation
    return reconcile(settings, receiver, stop=stop)


def _one_processor(memory: Path) -> AbstractAsyncContextManager[None]:
    """Hold the memory file for this processor: two over one file, of two spools, would fight."""
    memory.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = memory.with_name(f".{memory.name}.processor.lock")
    return held_by_server(lock, refusal=ProcessorLocked, holder="processor", place="memory file")


def stop_at_signals() -> asyncio.Event:
    """Return an event that SIGTERM or Ctrl-C sets; another one, later, stops at once."""
    stop = asyncio.Event()
    running = asyncio.current_task()
    loop = asyncio.get_running_loop()
    told_at = 0.0

    def stop_or_drop() -> None:
        nonlocal told_at
        if not stop.is_set():
            told_at = loop.time()
            stop.set()
        elif running is not None and loop.time() - told_at >= ONE_WISH_SECONDS:
            running.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop_or_drop)
    return stop


async def _until_all_ended(services: list[Coroutine[Any, Any, None]], stop: asyncio.Event) -> None:
    """Run all; when one ends, by itself or by an error, tell the others to end cleanly."""

    async def run_one(service: Coroutine[Any, Any, None]) -> None:
        try:
            await service
        finally:
            stop.set()

    results = await asyncio.gather(*(run_one(each) for each in services), return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
