"""What the operator reads after the start: what is there, what is on, and what is unsafe."""

import asyncio
import logging
import platform
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from ipaddress import ip_address
from typing import Any

from pydantic import SecretStr

from cli.assembly.store import processor_options
from cli.output import console, for_whoever_reads
from memory.errors import MemoryStoreError
from memory.port import MemoryStore
from processor.status import count_backlog
from settings import Settings
from spool.format import SpoolError
from spool.reader import count_lines
from telemetry.version import VERSION

logger = logging.getLogger(__name__)

_LOGIN = re.compile(r"^(\w+://)?[^/]*@|\?.*$")  # a URL may have a password or a token in it
_ADDRESSES = (
    *("openmemory_port", "openai_base_url", "ollama_host", "elevenlabs_base_url"),
    "otel_exporter_otlp_endpoint",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What there is when the program starts."""

    events: int
    backlog: int
    callers: int
    conversations: int
    memories: int


async def summarise(
    settings: Settings,
    store: MemoryStore,
    *,
    ready: "asyncio.Future[int] | None",
    stop: asyncio.Event,
) -> None:
    """
    Print and log the summary, then wait for `stop`: a service that ends ends the others.

    That is done once the receiver is `ready`, which a processor alone does not wait for.
    """
    stopping = asyncio.ensure_future(stop.wait())
    if ready is not None:
        either: set[asyncio.Future[Any]] = {ready, stopping}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
    if not stop.is_set():
        held = await read_held(settings, store)
        with for_whoever_reads():
            _print(settings, held, serves=ready is not None)
        _log(settings, held, serves=ready is not None)
    await stopping


async def read_held(settings: Settings, store: MemoryStore) -> Held | None:
    """Return what spool and memory hold; None, logged, if that cannot be read now."""
    root = settings.payload_storage_path
    try:
        counts = await store.counts()
        return Held(
            events=await asyncio.to_thread(count_lines, root, offset=0),
            backlog=await count_backlog(root, store, rules=processor_options(settings).rules),
            callers=counts.callers,
            conversations=counts.conversations,
            memories=counts.memories,
        )
    except (MemoryStoreError, SpoolError, OSError) as error:
        logger.warning(
            "what spool and memory hold cannot be read now: %s",
            error,
            extra={"action": "summary_incomplete"},
        )
        return None


def _log(settings: Settings, held: Held | None, *, serves: bool) -> None:
    """Log one line that says which program runs, and with which settings; and what is unsafe."""
    logger.info(
        "callspool %s has started",
        VERSION,
        extra={
            "action": "started",
            "version": VERSION,
            "python": platform.python_version(),
            "held": held and asdict(held),
            "settings": plain_settings(settings),
        },
    )
    if serves:
        for action, sentence in dangers(settings):
            logger.warning(sentence, extra={"action": action})


def plain_settings(settings: Settings) -> dict[str, Any]:
    """Return every setting by its name, without any secret: of those only whether they are set."""
    plain: dict[str, Any] = {}
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        if isinstance(value, SecretStr):
            value = "set" if value.get_secret_value() else ""
        elif name in _ADDRESSES:
            value = _LOGIN.sub(r"\1", value)
        plain[name.upper()] = value if isinstance(value, bool | int | float | None) else str(value)
    return plain


def switches(settings: Settings, *, serves: bool) -> Iterator[tuple[str, str]]:
    """Yield what can be on or off, and how it stands; `serves` where there is a receiver."""
    yield "missed calls", _reconciliation(settings)
    is_alone = settings.openmemory_mode == "embedded"
    yield "OpenMemory", "off" if is_alone else settings.openmemory_mode
    model = settings.memory_embeddings
    yield "model", model if model != "off" else "off: memories are found by their words"
    yield "kept", _kept(settings)
    yield "redacted", ", ".join(settings.redacted_kinds) or "nothing"
    endpoint = _LOGIN.sub(r"\1", settings.otel_exporter_otlp_endpoint)
    yield "traces", f"to {endpoint}" if endpoint else "off"
    if not serves:
        port = settings.metrics_port
        yield "metrics", f"on port {port}" if port else "off: no METRICS_PORT"
        return
    sources = settings.metrics_from.replace(",", ", ")
    yield "metrics", f"/metrics, for {sources}" if sources != "none" else "/metrics, by ADMIN_KEY"
    yield "limits", _limits(settings)
    has_owner = bool(settings.admin_key.get_secret_value())
    yield "owner's API", "on" if has_owner else "off: no ADMIN_KEY"


def dangers(settings: Settings) -> Iterator[tuple[str, str]]:
    """Yield what makes the receiver less safe than it could be: the log's action, and why."""
    for name in ("client_data", "search_data"):
        if not getattr(settings, f"elevenlabs_{name}_key").get_secret_value():
            path, setting = name.replace("_", "-"), f"ELEVENLABS_{name.upper()}_KEY"
            yield "endpoint_open", f"/webhook/{path} is open to everybody: set {setting}"
    has_proxy = any(not network.is_loopback for network in settings.trusted_networks)
    if not _is_loopback(settings.host) and not has_proxy:
        yield (
            "host_open",
            f"HOST={settings.host} lets other machines in, and nothing is encrypted: set it to "
            "127.0.0.1 behind a proxy of this machine, or name the proxy in TRUSTED_PROXIES",
        )
    if any(network.prefixlen == 0 for network in settings.trusted_networks):
        yield (
            "proxies_open",
            "TRUSTED_PROXIES names everybody, so anybody can say to be any address: name your "
            "proxies",
        )
    if settings.payload_log_path is not None:
        yield (
            "payload_log_on",
            f"{settings.payload_log_path} gets what callers say: empty PAYLOAD_LOG_PATH when you "
            "have seen enough",
        )


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _reconciliation(settings: Settings) -> str:
    if settings.reconcile_every_seconds:
        return f"looked for every {settings.reconcile_every}"
    has_key = bool(settings.elevenlabs_api_key.get_secret_value())
    return "not looked for" + ("" if has_key else ": no ELEVENLABS_API_KEY")


def _kept(settings: Settings) -> str:
    limited = [
        f"{what} {days} days"
        for what, days in (
            ("recordings", settings.retain_audio_days if settings.store_audio else None),
            ("transcripts", settings.retain_transcripts_days),
            ("memories", settings.retain_memories_days),
        )
        if days
    ]
    if not settings.store_audio:
        limited.append("no recordings")
    if not settings.store_transcripts:
        limited.append("no transcripts")
    if settings.max_spool_gb:
        limited.append(f"at most {settings.max_spool_gb:g} GB")
    return ", ".join(limited) or "everything, for ever"


def _limits(settings: Settings) -> str:
    parts = [
        f"{settings.limit_per_address}/s an address" if settings.limit_per_address else "",
        f"{settings.limit_per_caller}/min a caller" if settings.limit_per_caller else "",
        f"{settings.max_connections} connections",
        "" if settings.allow_from == "anyone" else f"only from {settings.allow_from}",
    ]
    return ", ".join(part for part in parts if part)


def _print(settings: Settings, held: Held | None, *, serves: bool) -> None:
    if held is not None:
        behind = f", {held.backlog:,} not yet in memory" if held.backlog else ""
        _line("in the spool", f"{held.events:,} events{behind}")
        remembered = f"{held.memories:,} memories of {held.callers:,} callers"
        _line("in memory", f"{remembered} in {held.conversations:,} conversations")
    for name, state in switches(settings, serves=serves):
        _line(name, state)
    is_logged = settings.log_format == "console" and logger.isEnabledFor(logging.WARNING)
    if serves and not is_logged:  # else the log says it, right below
        for _, sentence in dangers(settings):
            _line("unsafe", sentence, style="yellow")
    console.print()


def _line(name: str, text: str, *, style: str | None = None) -> None:
    console.print(f"  {name:<15} {text}", markup=False, style=style)
