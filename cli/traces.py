"""Whether there are traces, and for whom: the settings decide."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from cli.applied_lines import memory_traced_by
from cli.store import OpenedMemory
from memory.measured import MeasuredStore
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
        from cli.tracing import open_tracer
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
    return replace(memory, store=MeasuredStore(memory.store, memory_traced_by(tracer)))
