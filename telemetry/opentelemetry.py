"""
Traces for an OpenTelemetry collector, over OTLP and HTTP. Only who has one loads any of this.

An event's first span has the event's id, so that what is done to the event later, by another
process, knows which span it follows from.
"""

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    get_current_span,
    set_span_in_context,
    use_span,
)
from opentelemetry.trace import Span as OtelSpan

from telemetry.tracing import NONE, Attributes, Span, trace_id_of
from telemetry.version import VERSION

logger = logging.getLogger(__name__)

# A collector that does not answer holds up nothing but the end of the program, twice this long.
_EXPORT_SECONDS = 3.0
_NANOSECONDS = 1_000_000_000
_MAX_REQUESTS = 1000  # of which it is remembered which event they brought

# The ids that the next span is to have, instead of random ones.
_given_ids: ContextVar[tuple[int, int] | None] = ContextVar("given_ids", default=None)


class OtelTracer:
    """A `Tracer` (see telemetry.tracing) whose spans go to `processor`; close it at the end."""

    def __init__(
        self, processor: SpanProcessor, *, clock_ns: Callable[[], int] = time.time_ns
    ) -> None:
        """Tell `processor` of every span; `clock_ns` returns Unix time in nanoseconds."""
        resource = Resource.create({SERVICE_NAME: "callspool", SERVICE_VERSION: VERSION})
        self._provider = TracerProvider(
            resource=resource, id_generator=_Ids(), shutdown_on_exit=False
        )
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("callspool")
        self._clock_ns = clock_ns
        self._requests: OrderedDict[str, SpanContext] = OrderedDict()

    @contextmanager
    def request(self, name: str) -> Iterator[Span]:
        """Time the answer to a request, in a trace of its own."""
        with self._running(self._start(name, context=Context(), kind=SpanKind.SERVER)) as span:
            yield span

    @contextmanager
    def span(self, name: str) -> Iterator[Span]:
        """Time a step of what is being traced here; an exception marks it as gone wrong."""
        with self._running(self._start(name)) as span:
            yield span

    def ended(self, name: str, *, seconds: float, error: str = "") -> None:
        """Tell of a step of what is being traced here, if anything is, that has just ended."""
        if get_current_span().get_span_context().is_valid:
            now = self._clock_ns()
            self._end(self._start(name, began=_before(now, seconds)), now, error)

    def event(
        self,
        name: str,
        event_id: str,
        *,
        seconds: float,
        is_first: bool = False,
        error: str = "",
        attributes: Attributes = NONE,
    ) -> None:
        """Tell of what has just been done to an event, in the event's own trace."""
        trace_id, first_id = int(trace_id_of(event_id), 16), int(event_id, 16)
        here = get_current_span()
        links = self._links(event_id, here.get_span_context())
        now = self._clock_ns()
        token = _given_ids.set((trace_id, first_id) if is_first else None)
        try:
            span = self._start(
                name,
                context=Context() if is_first else _following(trace_id, first_id),
                began=_before(now, seconds),
                links=links,
            )
        finally:
            _given_ids.reset(token)
        span.set_attributes({"callspool.event_id": event_id, **attributes})
        self._end(span, now, error)
        here.add_link(span.get_span_context())  # where nothing is traced here, to nobody

    def _links(self, event_id: str, here: SpanContext) -> list[Link]:
        """Return a link to the request that this is done in, or that brought the event lately."""
        if here.is_valid:
            self._requests[event_id] = here
            self._requests.move_to_end(event_id)
            if len(self._requests) > _MAX_REQUESTS:
                self._requests.popitem(last=False)
        request = self._requests.get(event_id)
        return [] if request is None else [Link(request)]

    def close(self) -> None:
        """Send what is still to be sent; blocks for seconds if the collector does not answer."""
        self._provider.shutdown()

    def _start(
        self,
        name: str,
        *,
        context: Context | None = None,
        kind: SpanKind = SpanKind.INTERNAL,
        began: int | None = None,
        links: Sequence[Link] = (),
    ) -> OtelSpan:
        began = self._clock_ns() if began is None else began
        return self._tracer.start_span(
            name, context=context, kind=kind, start_time=began, links=links
        )

    @contextmanager
    def _running(self, span: OtelSpan) -> Iterator[Span]:
        try:
            with use_span(span, record_exception=False, set_status_on_exception=False):
                yield _Running(span)
        except BaseException as error:
            # Only what kind of error: its text may quote the caller.
            span.set_status(Status(StatusCode.ERROR, type(error).__name__))
            raise
        finally:
            span.end(self._clock_ns())

    def _end(self, span: OtelSpan, now: int, error: str) -> None:
        if error:
            span.set_status(Status(StatusCode.ERROR, error))
        span.end(now)


class _Running:
    """A span under way, as `telemetry.tracing.Span`."""

    def __init__(self, span: OtelSpan) -> None:
        self._span = span

    def set(self, attributes: Attributes) -> None:
        self._span.set_attributes(
            {name: value for name, value in attributes.items() if value != ""}  # nothing to say
        )

    def fail(self, reason: str) -> None:
        self._span.set_status(Status(StatusCode.ERROR, reason))


class _Ids(RandomIdGenerator):
    """Random ids, but for an event's first span."""

    def generate_trace_id(self) -> int:
        given = _given_ids.get()
        return super().generate_trace_id() if given is None else given[0]

    def generate_span_id(self) -> int:
        given = _given_ids.get()
        return super().generate_span_id() if given is None else given[1]


class ToCollector(SpanExporter):
    """Sends spans to a collector; says once that it cannot, and once that it can again."""

    def __init__(self, endpoint: str) -> None:
        """Send to `endpoint`, the address of a collector without the path of the signal."""
        self._exporter = OTLPSpanExporter(f"{endpoint}/v1/traces", timeout=_EXPORT_SECONDS)
        # It would repeat itself at every try, as an error: we say it, once.
        logging.getLogger("opentelemetry.exporter").setLevel(logging.CRITICAL)
        self._is_failing = False

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send, or give up after seconds: the spans are lost then, and nothing else is."""
        result = self._exporter.export(spans)
        is_failing = result is not SpanExportResult.SUCCESS
        if is_failing and not self._is_failing:
            logger.warning(
                "traces cannot be sent and are lost; look at OTEL_EXPORTER_OTLP_ENDPOINT",
                extra={"action": "traces_failing"},
            )
        if self._is_failing and not is_failing:
            logger.info("traces can be sent again", extra={"action": "traces_back"})
        self._is_failing = is_failing
        return result

    def shutdown(self) -> None:
        """Give up what is being sent."""
        self._exporter.shutdown()  # type: ignore[no-untyped-call]  # the library has no type for it


def open_tracer(endpoint: str) -> OtelTracer:
    """Return a tracer for the collector at `endpoint`, such as http://127.0.0.1:4318."""
    return OtelTracer(_Batches(ToCollector(endpoint)))


class _Batches(BatchSpanProcessor):
    """Sends in a thread; what waits when the collector does not answer at the end is given up."""

    def __init__(self, exporter: ToCollector) -> None:
        super().__init__(exporter)
        self._to = exporter

    def shutdown(self) -> None:
        giving_up = threading.Timer(_EXPORT_SECONDS, self._to.shutdown)
        giving_up.daemon = True
        giving_up.start()
        super().shutdown()  # type: ignore[no-untyped-call]  # the library has no type for it
        giving_up.cancel()


def _following(trace_id: int, first_id: int) -> Context:
    """Return the context of an event's first span, whether or not it was told of here."""
    first = SpanContext(
        trace_id, first_id, is_remote=True, trace_flags=TraceFlags(TraceFlags.SAMPLED)
    )
    return set_span_in_context(NonRecordingSpan(first), Context())


def _before(now: int, seconds: float) -> int:
    return now - int(seconds * _NANOSECONDS)
