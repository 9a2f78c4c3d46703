"""Whether there are traces, and for whom: the settings decide."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

from cli.assembly.store import OpenedMemory
from memory.instrumented import InstrumentedStore
from settings import Settings, SettingsError
from telemetry.tracing import NoTracer, Tracer


@asynccontextmanager
async def open_tracing(settings: Settings) -> AsyncIterator[Tracer]:
    """
    Yield the tracer that the settings ask for; at the end it sends what waits, for seconds.

    Raises SettingsError if there is to be one, and its packages are not installed.
    """
    endpoint = settings.otel_exporter_otlp_endpoint
    if not endpoint:
        yield NoTracer()
        return
    try:
        from telemetry.opentelemetry import open_tracer
    except ImportError as error:
        raise SettingsError(
            [
                f"OTEL_EXPORTER_OTLP_ENDPOINT: needs the package {error.name}, which is not "
                "installed: `uv sync --extra otel`, or leave it empty"
            ]
        ) from error
    tracer = open_tracer(endpoint)
    try:
        yield tracer
    finally:
        await asyncio.to_thread(tracer.close)


def traced(memory: OpenedMemory, tracer: Tracer) -> OpenedMemory:
    """Return `memory`, each use of which is in the trace of what uses it, if there are traces."""
    if isinstance(tracer, NoTracer):
        return memory
    return replace(memory, store=InstrumentedStore(memory.store, memory_traced_by(tracer)))


def memory_traced_by(tracer: Tracer) -> Callable[[str, float, str], None]:
    """Return what tells `tracer` of each use of memory: operation, seconds and outcome."""

    def observe(operation: str, seconds: float, outcome: str) -> None:
        error = "" if outcome == "ok" else outcome
        tracer.ended(f"memory {operation}", seconds=seconds, error=error)

    return observe
