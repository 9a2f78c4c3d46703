"""`call` and `calls`: start a call, list those that were started, and what starts them for HTTP."""

import asyncio
import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NoReturn

from rich.text import Text

from cli.output import console, print_json, problems
from cli.store import open_store, require_spool
from cloud.calling.became import has_ended, in_words, report
from cloud.calling.call_log import CallLog, CallRecord
from cloud.calling.request import CallError, CallRequest, Value, checked
from memory.errors import MemoryStoreError
from memory.port import MemoryStore, Profile
from receiver.call_desk import CallDesk, CallRefused, StartedCall, WantedCall
from receiver.live import SHARE_FOR_MEMORY
from settings import Settings
from spool.format import SpoolError, SpoolFull

if TYPE_CHECKING:
    from cloud.calling.dialler import Dialler, Started

logger = logging.getLogger(__name__)

MAX_DIALLING = 8  # at the same moment; further ones take turns
_RETRY_AFTER_SECONDS = 30.0
_LATE = "memory did not answer in time, so the agent is not told who is called"
_FAILED = "memory cannot be read, so the agent is not told who is called"


def call(
    settings: Settings,
    number: str,
    *,
    agent: str,
    from_: str | None,
    first_message: str | None,
    variables: Sequence[str],
    key: str | None,
    as_json: bool,
) -> int:
    """Start a call and print it; return 0, 1 if none was started, 2 for what cannot be asked."""
    try:
        request = checked(
            CallRequest(
                to=number,
                agent_id=agent,
                from_=from_,
                first_message=first_message,
                variables=_pairs(variables),
                key=key,
            )
        )
    except CallError as error:
        _print_problem(error)
        return 2
    started = asyncio.run(_start(settings, request))  # a CloudError is printed by who called us
    if as_json:
        print_json(_as_json(started))
        return 0
    made = started.call
    again = ", earlier, under this key" if started.is_repeated else ""
    console.print(f"call started{again}: {_names(made)}", markup=False)
    console.print(f"key: {made.key} (asked again with it, nothing is dialled)", markup=False)
    for warning in made.warnings:
        problems.print(warning, style="yellow", markup=False)
    return 0


def list_calls(settings: Settings, *, limit: int, as_json: bool) -> int:
    """Print the latest calls and what became of each; return 0."""
    root = settings.payload_storage_path
    require_spool(root)
    listed = [report(root, each) for each in CallLog(root).newest(limit)]
    if as_json:
        print_json({"calls": listed})
        return 0
    for each, when in ((each, each["started_at"][:16].replace("T", " ")) for each in listed):
        who = f"{when} UTC  {each['to']:<16}  {each['agent_id']}"
        console.print(Text(f"{who}  {each['state']}: {in_words(each)}"))
        console.print(Text(f"    key {each['key']}  {each['conversation_id'] or ''}", style="dim"))
    if not listed:
        console.print("no calls were started here")
    return 0


def cancel(settings: Settings, call: str) -> int:
    """Say how the call with this key or conversation id can be ended; return 1: none is here."""
    root = settings.payload_storage_path
    require_spool(root)
    log = CallLog(root)
    found = log.find(call) or log.with_conversation(call)
    if found is None:
        problems.print(
            f"no call {call} was started here; `run.py calls list` shows those that were",
            markup=False,
        )
    else:
        problems.print(_why_not(root, found), markup=False)
    return 1


def call_desk(settings: Settings, store: MemoryStore) -> CallDesk:
    """Return what starts calls for the receiver; without an API key it says so when asked."""
    return _Desk(settings, store)


class _Desk:
    """Starts calls in threads: the SDK alone takes seconds to import, and each call waits."""

    def __init__(self, settings: Settings, store: MemoryStore) -> None:
        self._settings = settings
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
            profile, notes = await _profile(self._settings, self._store, request.to)
            loop = asyncio.get_running_loop()
            started = await loop.run_in_executor(
                self._threads, _dial_apart, self._settings, request, profile, notes
            )
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
    settings: Settings, request: CallRequest, profile: Profile | None, notes: Sequence[str]
) -> "Started":
    """Start the call on an event loop of this thread's own."""
    return asyncio.run(_dialler(settings).start(request, profile=profile, notes=notes))


async def _start(settings: Settings, request: CallRequest) -> "Started":
    profile, notes = None, list[str]()
    if settings.openmemory_db_path.exists():
        try:
            async with open_store(settings, must_exist=True) as store:
                profile, notes = await _profile(settings, store, request.to)
        except MemoryStoreError as error:
            logger.warning("memory failed: %s", error, extra={"action": "call_without_memory"})
            notes = [_FAILED]
    return await _dialler(settings).start(request, profile=profile, notes=notes)


async def _profile(
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
        return None, [_FAILED]


def _dialler(settings: Settings) -> "Dialler":
    from cli.wiring import receiver_options  # which opens this desk
    from cloud.calling.dialler import Dialler
    from cloud.client import CloudOptions

    return Dialler(
        options=CloudOptions(
            api_key=settings.elevenlabs_api_key.get_secret_value(),
            base_url=settings.elevenlabs_base_url,
        ),
        log=CallLog(settings.payload_storage_path),
        greeting=receiver_options(settings).greeting,
    )


def _pairs(variables: Sequence[str]) -> dict[str, Value]:
    pairs: dict[str, Value] = {}
    for item in variables:
        name, equals, value = item.partition("=")
        if not equals or name in pairs:
            what = "names a variable twice" if equals else "is no name=value"
            raise CallError(f"--var {item[:80]!r} {what}", status=400, code="invalid_variable")
        pairs[name] = value
    return pairs


def _names(call: CallRecord) -> str:
    conversation = f"conversation {call.conversation_id or 'without an id'}"
    return f"{conversation}, {call.provider} call {call.call_id or 'without an id'}"


def _as_json(started: "Started") -> dict[str, Any]:
    made = started.call
    return {
        "status": "started",
        "conversation_id": made.conversation_id or None,
        "sip_call_id" if made.provider == "sip_trunk" else "call_sid": made.call_id or None,
        "provider": made.provider,
        "idempotency_key": made.key,
        "warnings": made.warnings,
        "repeated": started.is_repeated,
    }


def _why_not(root: Any, call: CallRecord) -> str:
    """Return why this call is not cancelled from here, and what can be done."""
    reported = report(root, call)
    if has_ended(reported):
        return f"nothing to cancel, the call is over: {in_words(reported)}"
    if call.state == "refused":
        return f"nothing to cancel, the call was never started: {in_words(reported)}"
    can = "ElevenLabs offers no way to cancel or to end a single call"
    if call.state != "started":
        return f"{can}, and it is not known whether this one rings: look into its dashboard"
    if call.provider == "twilio":
        return (
            f"{can}; end it at Twilio: open {call.call_id or 'it'} in its console under Monitor, "
            "Logs, Calls, or set the call's Status to completed with its API"
        )
    return f"{can}; end {call.call_id or 'it'} at your SIP trunk"


def _print_problem(error: CallError) -> None:
    problems.print(f"{error}", style="bold red", markup=False)
