"""
The metrics of one process: what is counted and timed as it happens, and what is looked up.

Every label value comes from a closed set (see `metrics_labels`), so that no number, no id and no
text of a client ever becomes one, and the number of series is bounded.
"""

import platform
from collections.abc import Mapping

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.exposition import choose_encoder

from telemetry.collectors import CountsCollector, Gathered, GatheredCollector
from telemetry.metrics_labels import (
    ACKNOWLEDGED,
    ANSWERS,
    APPLIED,
    LIVE_ENDPOINTS,
    MEMORY_OUTCOMES,
    METHODS,
    word_of,
)

_REQUEST_SECONDS = (
    *(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.35, 0.5),
    *(1.0, 2.5, 5.0, 10.0, 30.0, 120.0),
)
_APPLY_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
_TO_MEMORY_SECONDS = (0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 15.0, 60.0, 300.0, 1800.0, 7200.0, 86400.0)
_OPERATION_SECONDS = (
    *(0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1),
    *(0.25, 0.5, 1.0, 5.0),
)
_MEMORIES = (0.0, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0)


class Metrics:
    """
    All metrics, in a registry of their own; every method may be called from any thread.

    `gathered` is what was last looked up in the background, shown from the first time on.
    `connections` and `uploads` are set by whoever holds those.
    """

    def __init__(self, *, version: str = "") -> None:
        # A series more for each one, which nobody asks for.
        disable_created_metrics()  # type: ignore[no-untyped-call]  # the library has no type for it
        self.registry = CollectorRegistry()
        self.gathered: Gathered | None = None
        self._counts: Mapping[str, int] = {}
        self._add_requests()
        self._add_processing()
        self.registry.register(CountsCollector(lambda: self._counts))
        self.registry.register(GatheredCollector(lambda: self.gathered))
        ProcessCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        build = self._gauge("build_info", "Always 1.", labels=["version", "python"])
        build.labels(version, platform.python_version()).set(1)

    def follow_counts(self, counts: Mapping[str, int]) -> None:
        """Show what is counted in `counts` from now on; see `metrics_labels.REFUSED`."""
        self._counts = counts

    def answered(self, *, endpoint: str, method: str, status: str, seconds: float) -> None:
        """Note a request; `endpoint` is the template of its route, "none" if there is none."""
        self._requests.labels(endpoint, word_of(method, known=METHODS), status).inc()
        self._request_seconds.labels(endpoint).observe(seconds)

    def live_answer(self, endpoint: str, answer: str) -> None:
        """Note which answer a caller's agent got; one of `ANSWERS`."""
        self._live_answers.labels(endpoint, word_of(answer, known=ANSWERS)).inc()

    def acknowledged(self, *, kind: str, outcome: str) -> None:
        """Note an event for which a 200 goes out."""
        self._events.labels(kind, outcome).inc()

    def applied(
        self, *, outcome: str, seconds: float, memories: int, since_received: float | None
    ) -> None:
        """
        Note an event with which the processor is done, one of `APPLIED`.

        Seconds since it came, and its memories, count where it is in memory now.
        """
        self._applied.labels(word_of(outcome, known=APPLIED)).inc()
        self._apply_seconds.observe(seconds)
        if outcome != "applied":
            return
        self._memories.observe(memories)
        if since_received is not None:
            self._to_memory_seconds.observe(max(since_received, 0.0))

    def memory_operation(self, operation: str, seconds: float, outcome: str) -> None:
        """Note one use of memory; `operation` is a method of the port."""
        outcome = word_of(outcome, known=MEMORY_OUTCOMES)
        self._operation_seconds.labels(operation, outcome).observe(seconds)

    def exposition(self, accepted: str) -> tuple[bytes, str]:
        """Return all of it as text, and its content type, for a client that accepts this."""
        encode, content_type = choose_encoder(accepted)
        return encode(self.registry), content_type

    def _add_requests(self) -> None:
        self._requests = self._counter(
            "requests", "Requests answered.", labels=["endpoint", "method", "status"]
        )
        self._request_seconds = self._histogram(
            "request_duration_seconds",
            "From a request's head to its answer.",
            _REQUEST_SECONDS,
            labels=["endpoint"],
        )
        self._events = self._counter(
            "events", "Events acknowledged with a 200.", labels=["kind", "outcome"]
        )
        for kind, outcome in ACKNOWLEDGED:
            self._events.labels(kind, outcome)
        self._live_answers = self._counter(
            "live_answers", "What the agents of callers were told.", labels=["endpoint", "answer"]
        )
        for endpoint in LIVE_ENDPOINTS:
            for answer in ANSWERS:
                self._live_answers.labels(endpoint, answer)
        self.connections = self._gauge("connections", "Connections open now.")
        self.connections_dropped = self._counter(
            "connections_dropped", "Connections closed by us, and why.", labels=["reason"]
        )
        self.uploads = self._gauge("uploads_in_progress", "Large bodies being received now.")

    def _add_processing(self) -> None:
        self._applied = self._counter(
            "applied_events", "Events the processor is done with.", labels=["outcome"]
        )
        for outcome in APPLIED:
            self._applied.labels(outcome)
        self._apply_seconds = self._histogram(
            "apply_duration_seconds", "Reading, deriving and storing one event.", _APPLY_SECONDS
        )
        self._to_memory_seconds = self._histogram(
            "time_to_memory_seconds", "From an event's arrival to memory.", _TO_MEMORY_SECONDS
        )
        self._memories = self._histogram(
            "memories_per_call", "Memories that one event was stored with.", _MEMORIES
        )
        self._operation_seconds = self._histogram(
            "memory_operation_duration_seconds",
            "One use of memory.",
            _OPERATION_SECONDS,
            labels=["operation", "outcome"],
        )

    def _counter(self, name: str, text: str, *, labels: list[str]) -> Counter:
        return Counter(f"callspool_{name}", text, labels, registry=self.registry)

    def _gauge(self, name: str, text: str, *, labels: list[str] | None = None) -> Gauge:
        return Gauge(f"callspool_{name}", text, labels or [], registry=self.registry)

    def _histogram(
        self, name: str, text: str, buckets: tuple[float, ...], *, labels: list[str] | None = None
    ) -> Histogram:
        return Histogram(
            f"callspool_{name}", text, labels or [], buckets=buckets, registry=self.registry
        )
