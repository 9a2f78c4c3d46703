"""What starts calls for the receiver, which knows nothing of ElevenLabs' SDK."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

from cli.assembly.options import cloud_options
from cloud.calling.became import report
from cloud.calling.call_log import CallLog
from cloud.calling.request import CallError, CallRequest, checked
from memory.errors import MemoryStoreError
from memory.port import MemoryStore, Profile
from receiver.call_desk import CallDesk, CallRefused, StartedCall, WantedCall
from receiver.context import ReceiverOptions
from receiver.live import SHARE_FOR_MEMORY
from settings import Settings
from spool.format import SpoolError, SpoolFull
from voice.greeting import GreetingOptions

if TYPE_CHECKING:
    from cloud.calling.dialler import Dialler, Started

logger = logging.getLogger(__name__)

MAX_DIALLING = 8  # at the same moment; further ones take turns
WITHOUT_MEMORY = "memory cannot be read, so the agent is not told who is called"
_LATE = "memory did not answer in time, so the agent is not told who is called"
_RETRY_AFTER_SECONDS = 30.0


def call_desk(
    settings: Settings, store: MemoryStore, *, read_options: Callable[[], ReceiverOptions]
) -> CallDesk:
    """
    Return what starts calls for the receiver; without an API key it says so when asked.

    `read_options` is that of the receiver: who is called is greeted like who calls.
    """
    return _Desk(settings, store, read_options)


class _Desk:
    """Starts calls in threads: the SDK alone takes seconds to import, and each call waits."""

    def __init__(
        self,
        settings: Settings,
        store: MemoryStore,
        read_options: Callable[[], ReceiverOptions],
    ) -> None:
        self._settings = settings
        self._read_options = read_options
        self._store = store
        self._log = CallLog(settings.payload_storage_path)
        self._threads = ThreadPoolExecutor(MAX_DIALLING, thread_name_prefix="call")

    async def start(self, wanted: WantedCall) -> StartedCall:
        try:
            request = checked(
                CallRequest(
                    to=wanted.to,
                    agent_id=wanted.agent_id,
                    from_=wanted.from_,
                    first_message=wanted.first_message,
                    variables=wanted.variables,
                    key=wanted.key,
                )
            )
            profile, notes = await profile_of_callee(self._settings, self._store, request.to)
            dial = partial(
                _dial_apart,
                self._settings,
                request,
                greeting=self._read_options().greeting,
                profile=profile,
                notes=notes,
            )
            started = await asyncio.get_running_loop().run_in_executor(self._threads, dial)
        except (CallError, SpoolError) as error:
            _refuse(error)
        made = started.call
        return StartedCall(
            to=made.to,
            conversation_id=made.conversation_id,
            provider=made.provider,
            call_id=made.call_id,
            key=made.key,
            warnings=made.warnings,
            is_repeated=started.is_repeated,
        )

    async def list(self, limit: int) -> "list[dict[str, Any]]":
        root = self._settings.payload_storage_path

        def read() -> "list[dict[str, Any]]":
            return [report(root, each) for each in self._log.newest(limit)]

        try:
            return await asyncio.to_thread(read)
        except SpoolError as error:
            _refuse(error)

    async def callee(self, conversation_id: str) -> str | None:
        try:
            found = await asyncio.to_thread(self._log.with_conversation, conversation_id)
        except SpoolError as error:
            # In the middle of a phone call: it goes on without this.
            logger.warning("call not found: %s", error, extra={"action": "call_not_readable"})
            return None
        return found.to if found else None


def _refuse(error: CallError | SpoolError) -> NoReturn:
    """Raise what the receiver answers for `error`."""
    if isinstance(error, CallError):
        raise CallRefused(
            str(error),
            status=error.status,
            code=error.code,
            retry_after_seconds=error.retry_after_seconds,
        ) from error
    logger.error("the record of calls failed: %s", error, extra={"action": "call_not_recorded"})
    raise CallRefused(
        f"Nothing was dialled, because the record of calls cannot be kept: {error}",
        status=503,
        code="storage_full" if isinstance(error, SpoolFull) else "storage_failed",
        retry_after_seconds=_RETRY_AFTER_SECONDS,
    ) from error


def _dial_apart(
    settings: Settings,
    request: CallRequest,
    *,
    greeting: GreetingOptions,
    profile: Profile | None,
    notes: Sequence[str],
) -> "Started":
    """Start the call on an event loop of this thread's own."""
    caller = open_dialler(settings, greeting=greeting)
    return asyncio.run(caller.start(request, profile=profile, notes=notes))


async def profile_of_callee(
    settings: Settings, store: MemoryStore, caller: str
) -> tuple[Profile | None, list[str]]:
    """Return the callee's profile in the time of a live answer, and what to say without it."""
    seconds = settings.live_deadline_ms / 1000 * SHARE_FOR_MEMORY
    try:
        return await asyncio.wait_for(store.profile(caller), seconds), []
    except TimeoutError:
        return None, [_LATE]
    except MemoryStoreError as error:
        logger.warning("memory failed: %s", error, extra={"action": "call_without_memory"})
        return None, [WITHOUT_MEMORY]


def open_dialler(settings: Settings, *, greeting: GreetingOptions) -> "Dialler":
    """Return what starts calls, with its record in the spool's folder."""
    from cloud.calling.dialler import Dialler  # the SDK: only for who calls

    return Dialler(
        options=cloud_options(settings),
        log=CallLog(settings.payload_storage_path),
        greeting=greeting,
    )
