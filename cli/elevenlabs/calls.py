"""`call` and `calls`: start a call, and list those that were started."""

import asyncio
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.text import Text

from cli.assembly.call_desk import WITHOUT_MEMORY, open_dialler, profile_of_callee
from cli.assembly.options import receiver_options
from cli.assembly.store import open_store, require_spool
from cli.output import console, print_json, problems
from cloud.calling.became import has_ended, in_words, report
from cloud.calling.call_log import CallLog, CallRecord
from cloud.calling.request import CallError, CallRequest, Value, checked
from memory.errors import MemoryStoreError
from settings import Settings

if TYPE_CHECKING:
    from cloud.calling.dialler import Started

logger = logging.getLogger(__name__)


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


async def _start(settings: Settings, request: CallRequest) -> "Started":
    profile, notes = None, list[str]()
    if settings.openmemory_db_path.exists():
        try:
            async with open_store(settings, must_exist=True) as store:
                profile, notes = await profile_of_callee(settings, store, request.to)
        except MemoryStoreError as error:
            logger.warning("memory failed: %s", error, extra={"action": "call_without_memory"})
            notes = [WITHOUT_MEMORY]
    return await open_dialler(settings, greeting=receiver_options(settings).greeting).start(
        request, profile=profile, notes=notes
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
