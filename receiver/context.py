"""What every handler needs: the options, the spool's committer, memory, and running counts."""

from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import IPv4Network, IPv6Network
from typing import Any

from aiohttp import web

from memory.port import MemoryStore
from receiver.archive import Archive
from receiver.call_desk import CallDesk
from receiver.limits.limiter import Limits
from receiver.payload_log import PayloadLog
from spool.committer import Committer
from spool.writer import Spool
from telemetry.activity import Activity
from telemetry.ids import new_request_id
from telemetry.metrics import Metrics
from telemetry.tracing import NoTracer, Tracer
from voice.greeting import GreetingOptions


@dataclass(slots=True, kw_only=True)
class Requests:
    """How many requests are being answered, and whether no further ones are wanted."""

    in_flight: int = 0
    is_stopping: bool = False


MAX_UPLOADS = 4  # large bodies written at the same moment; further ones take turns


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiverOptions:
    """
    How the receiver behaves.

    An empty key of an endpoint leaves it open; without an admin key nobody is the admin.
    `allow_from` None lets anyone send to the webhooks. The limits are requests a second of an
    address to one endpoint, live requests a minute about a caller, and wrong keys a minute of an
    address; 0 is none.
    """

    post_call_secrets: tuple[str, ...]
    client_data_key: str = ""
    search_data_key: str = ""
    admin_key: str = ""
    max_body_bytes: int = 256 * 1024 * 1024
    live_deadline_seconds: float = 1.0
    greeting: GreetingOptions = field(default_factory=GreetingOptions)
    phone_region: str = ""
    cors_origins: tuple[str, ...] = ()
    metrics_from: tuple[IPv4Network | IPv6Network, ...] = ()
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    allow_from: tuple[IPv4Network | IPv6Network, ...] | None = None
    limit_per_address: int = 0
    limit_per_caller: int = 0
    failures_per_minute: int = 10
    upload_budget_bytes: int = 1024 * 1024 * 1024


class RecentCalls:
    """
    Who is on the line in the calls that rang lately, by conversation id.

    A tool call names a conversation; on an outbound call the `caller_id` it may bring is the
    agent's own number, and the human is known only from the ring.
    """

    def __init__(self, *, limit: int = 10_000) -> None:
        self._callers: OrderedDict[str, str] = OrderedDict()
        self._limit = limit

    def note(self, conversation_id: str, caller: str) -> None:
        """Remember that `caller` is the human in this conversation."""
        self._callers[conversation_id] = caller
        self._callers.move_to_end(conversation_id)
        while len(self._callers) > self._limit:
            self._callers.popitem(last=False)

    def caller(self, conversation_id: str) -> str | None:
        """Return the human in this conversation, None if it did not ring here lately."""
        return self._callers.get(conversation_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """
    The parts a handler works with. `clock` returns aware UTC.

    `read_options` is asked for each request, so that a new key counts at once; it must be quick.
    `reconciliation` returns what /health says of the last look for missed calls, quickly too;
    `mirror`, if there is one, what it says of the OpenMemory beside memory.
    """

    read_options: Callable[[], ReceiverOptions]
    spool: Spool
    committer: Committer
    memory: MemoryStore
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    backlog: Callable[[], Awaitable[int]]
    payload_log: PayloadLog | None = None
    calls: CallDesk | None = None
    archive: Archive | None = None
    recent_calls: RecentCalls = field(default_factory=RecentCalls)
    requests: Requests = field(default_factory=Requests)
    counts: Counter[str] = field(default_factory=Counter)
    metrics: Metrics = field(default_factory=Metrics)
    tracer: Tracer = field(default_factory=NoTracer)
    activity: Activity = field(default_factory=Activity)
    limits: Limits = field(default_factory=Limits)
    new_request_id: Callable[[], str] = new_request_id
    reconciliation: Callable[[], dict[str, Any]] = lambda: {"status": "off"}
    mirror: Callable[[], Awaitable[dict[str, Any]]] | None = None
    # Uploads write to disk for seconds: in the shared pool they would hold up everything else.
    uploads: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(MAX_UPLOADS, thread_name_prefix="upload")
    )

    @property
    def options(self) -> ReceiverOptions:
        """Return how the receiver is to behave now."""
        return self.read_options()

    def close(self) -> None:
        """End the threads, after what they are doing."""
        self.uploads.shutdown()
        if self.payload_log is not None:
            self.payload_log.close()


RECEIVER = web.AppKey("receiver", Receiver)
