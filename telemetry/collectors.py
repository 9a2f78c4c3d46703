"""What the metrics show that is not counted as it happens: the receiver's tally, and the spool."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from telemetry.metrics_labels import CALLS, DEFECTS, REFUSED


@dataclass(frozen=True, slots=True, kw_only=True)
class LastLook:
    """The last look for missed calls, whichever process took it."""

    at: datetime
    is_ok: bool  # it could look at everything, and fetch what was missing
    stored: int
    failed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Mirrored:
    """How OpenMemory is doing: how many memories wait for it, and whether it is being spared."""

    pending: int
    is_breaker_open: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """
    What was found at one moment; None is what could not be found out, and is not shown.

    `oldest_pending_seconds` is 0 when nothing is pending. `spool_bytes` is by kind of event.
    """

    at: datetime
    pending: int | None = None
    oldest_pending_seconds: float | None = None
    retrying: int | None = None
    parked: int | None = None
    quarantined: int | None = None
    spool_bytes: Mapping[str, int] = field(default_factory=dict)
    disk_free_bytes: int | None = None
    disk_size_bytes: int | None = None
    reconcile_every_seconds: float = 0.0  # 0: missed calls are not looked for
    reconciled: LastLook | None = None
    backed_up_at: datetime | None = None  # None: never
    mirrored: Mirrored | None = None


class CountsCollector(Collector):
    """The receiver's own tally, as /health shows it, in the metrics' words."""

    def __init__(self, counts: Callable[[], Mapping[str, int]]) -> None:
        self._counts = counts

    def collect(self) -> Iterable[Metric]:
        """Yield the families; all of their label values, those that are zero too."""
        counts = self._counts()
        refused = CounterMetricFamily(
            "callspool_refused", "Requests refused, and why.", labels=["reason"]
        )
        for key, reason in REFUSED.items():
            refused.add_metric([reason], counts.get(key, 0))
        yield refused
        calls = CounterMetricFamily(
            "callspool_outbound_calls", "Calls asked for at /calls.", labels=["outcome"]
        )
        for key, outcome in CALLS.items():
            calls.add_metric([outcome], counts.get(key, 0))
        yield calls
        yield CounterMetricFamily(
            "callspool_defects", "Requests that met a defect.", value=counts.get(DEFECTS, 0)
        )


class GatheredCollector(Collector):
    """What was gathered last; nothing before the first time."""

    def __init__(self, gathered: Callable[[], Gathered | None]) -> None:
        self._gathered = gathered

    def collect(self) -> Iterable[Metric]:
        """Yield a family for each thing that is known."""
        found = self._gathered()
        if found is None:
            return
        for name, text, value in _values(found):
            if value is not None:
                yield GaugeMetricFamily(f"callspool_{name}", text, value=value)
        if found.spool_bytes:
            spool = GaugeMetricFamily(
                "callspool_spool_bytes", "What stands in the spool, in bytes.", labels=["kind"]
            )
            for kind, size in found.spool_bytes.items():
                spool.add_metric([kind], size)
            yield spool


def _values(found: Gathered) -> Iterable[tuple[str, str, float | None]]:
    yield "gathered_timestamp_seconds", "When this was looked up.", found.at.timestamp()
    yield "pending_events", "Events that are not in memory yet.", found.pending
    text = "How long ago the oldest pending event came."
    yield "oldest_pending_age_seconds", text, found.oldest_pending_seconds
    yield "retrying_events", "Failed events that are tried again.", found.retrying
    yield "parked_events", "Failed events that are not tried again.", found.parked
    yield "quarantined_events", "Signed bodies that nobody understood.", found.quarantined
    yield "disk_free_bytes", "Room left on the spool's disk.", found.disk_free_bytes
    yield "disk_size_bytes", "Size of the spool's disk.", found.disk_size_bytes
    every_seconds = found.reconcile_every_seconds
    text = "1 if missed calls are looked for."
    yield "reconciliation_enabled", text, int(every_seconds > 0)
    text = "How often that is to be done; 0: never."
    yield "reconciliation_interval_seconds", text, every_seconds
    if (look := found.reconciled) is not None:
        text = "When missed calls were last looked for."
        yield "reconciliation_last_run_timestamp_seconds", text, look.at.timestamp()
        text = "1 if it saw and fetched all that it should."
        yield "reconciliation_last_run_ok", text, int(look.is_ok)
        yield "reconciliation_last_run_stored", "Calls that it found.", look.stored
        yield "reconciliation_last_run_failed", "Calls it could not fetch.", look.failed
    if found.backed_up_at is not None:
        text = "When the newest backup was complete."
        yield "backup_last_timestamp_seconds", text, found.backed_up_at.timestamp()
    if (mirrored := found.mirrored) is not None:
        yield "openmemory_pending", "Memories that OpenMemory lacks.", mirrored.pending
        text = "1 while OpenMemory fails and is not asked."
        yield "openmemory_breaker_open", text, int(mirrored.is_breaker_open)
