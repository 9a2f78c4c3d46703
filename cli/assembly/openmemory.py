"""From settings to an OpenMemory beside the memory store: not imported in embedded mode."""

from collections.abc import AsyncIterator, Collection
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from memory.openmemory.backend import Backend
from memory.openmemory.carry_out import Source
from memory.openmemory.former import forget_former
from memory.openmemory.ledger import Ledger, ledger_beside
from memory.openmemory.mirror import Mirror, MirrorOptions
from memory.openmemory.recall import Recall
from settings import Settings, SettingsError, environment_with

_SHARE_FOR_OPENMEMORY = 0.4  # of a live answer's time; the embedded store answers meanwhile


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenMemory:
    """What belongs to one OpenMemory; `mirror` is None where this process does not mirror."""

    backend: Backend
    ledger: Ledger
    recall: Recall
    mirror: Mirror | None


@asynccontextmanager
async def open_openmemory(
    settings: Settings, source: Source, *, mirrors: bool, wait_seconds: float | None = None
) -> AsyncIterator[OpenMemory]:
    """
    Open the OpenMemory that the settings name, beside `source`, which is closed after it.

    A server that is away or refuses is no error here: that is found out when it is asked.
    Raises SettingsError in embedded mode, and BackendRefused in local mode without the SDK. A
    question waits `wait_seconds` for it; None: as long as the settings say.
    """
    async with AsyncExitStack() as stack:
        ledger = await Ledger.open(ledger_path(settings))
        stack.push_async_callback(ledger.close)
        backend = await stack.enter_async_context(open_backend(settings))
        seconds = live_wait_seconds(settings) if wait_seconds is None else wait_seconds
        recall = Recall(backend, ledger, wait_seconds=seconds)
        stack.push_async_callback(recall.close)
        mirror = None
        if mirrors:
            mirror = Mirror(source, ledger, backend, options=MirrorOptions())
        yield OpenMemory(backend=backend, ledger=ledger, recall=recall, mirror=mirror)


@asynccontextmanager
async def open_backend(settings: Settings) -> AsyncIterator[Backend]:
    """Open the backend that the settings name, and close it; see `open_openmemory`."""
    backend = await _backend(settings)
    try:
        yield backend
    finally:
        await backend.close()


async def _backend(settings: Settings) -> Backend:
    require_openmemory(settings)
    if settings.openmemory_mode == "remote":
        from memory.openmemory.server.backend import ServerBackend

        key = settings.openmemory_key.get_secret_value()
        return await ServerBackend.open(settings.openmemory_port, key)
    from memory.openmemory.sdk.backend import SdkBackend, sdk_variables

    database = sdk_database(settings).absolute()
    environment = environment_with(sdk_variables(database))
    return await SdkBackend.open(database, environment=environment)


def require_openmemory(settings: Settings) -> None:
    """Raise SettingsError in embedded mode."""
    if settings.openmemory_mode == "embedded":
        raise SettingsError(
            [
                "OPENMEMORY_MODE: is embedded, so there is no OpenMemory; set it to remote, with "
                "OPENMEMORY_PORT, for a server, or to local for its SDK"
            ]
        )


def live_wait_seconds(settings: Settings) -> float:
    """Return how long a live answer waits for OpenMemory."""
    deadline_ms = settings.live_deadline_ms
    return min(settings.openmemory_wait_ms, _SHARE_FOR_OPENMEMORY * deadline_ms) / 1000


def ledger_path(settings: Settings) -> Path:
    """
    Return where the mirror's ledger is: beside the memory file, such as memory.mirror-1a2b3c4d.db.

    Each OpenMemory has one of its own, so that nothing is lost by going from one to another.
    """
    if settings.openmemory_mode == "remote":
        from memory.openmemory.server.address import server_identity

        identity = server_identity(settings.openmemory_port)
    else:
        from memory.openmemory.sdk.backend import sdk_identity

        identity = sdk_identity(sdk_database(settings).absolute())
    return ledger_beside(settings.openmemory_db_path, identity)


async def forget_former_openmemories(settings: Settings, callers: Collection[str]) -> list[str]:
    """
    Leave nothing of `callers` in the files of OpenMemories that the settings do not name now.

    Return the names of those that may still hold something; see `forget_former`.
    """
    mode = settings.openmemory_mode
    return await forget_former(
        settings.openmemory_db_path,
        callers,
        current=None if mode == "embedded" else ledger_path(settings),
        database=None if mode == "local" else sdk_database(settings),
    )


def sdk_database(settings: Settings) -> Path:
    """Return where the SDK's database is in local mode, such as memory.openmemory.db."""
    return _beside(settings.openmemory_db_path, "openmemory")


def _beside(memory: Path, what: str) -> Path:
    return memory.with_name(f"{memory.stem}.{what}{memory.suffix}")
