"""Calling somebody: what to say is worked out, the key is taken, and then it rings, once."""

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from cloud.calling.briefing import Briefing, Line, brief, choose_line
from cloud.calling.call_log import CallLog, CallRecord, Reservation
from cloud.calling.request import CallError, CallRequest, checked, fingerprint
from cloud.calling.result import (
    Result,
    error_of_earlier,
    error_of_other,
    error_of_read,
    error_of_result,
    error_of_reuse,
    lost,
)
from cloud.calling.ring import ring
from cloud.client import ONCE, as_json, open_client, translated
from cloud.errors import CloudError, Refused, Unreachable
from cloud.options import CloudOptions
from cloud.retrying import Patience
from memory.port import Profile
from spool.format import SpoolError
from voice.document import section, text
from voice.greeting import GreetingOptions
from voice.identity import mask

if TYPE_CHECKING:
    from elevenlabs.client import AsyncElevenLabs

logger = logging.getLogger(__name__)

Answer = TypeVar("Answer")

DIAL_SECONDS = 30
# Before anything is dialled: who asked is waiting, and can ask again.
READ_SECONDS = 15.0
# Who asks twice without a key means one call.
QUIET = timedelta(seconds=60)

_READ_ATTEMPTS = 4
_FIRST_PAUSE_SECONDS = 0.3
_NOT_FOUND = 404


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """A call that was started; `is_repeated`: earlier, under the same key."""

    call: CallRecord
    is_repeated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialler:
    """
    What starts calls. It waits for the disk, so it wants an event loop that may wait.

    `clock` returns aware UTC, `make_key` a key that nobody has. `dial_seconds` is how long the
    platform has for its answer once a call was asked for.
    """

    options: CloudOptions
    log: CallLog
    greeting: GreetingOptions
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    make_key: Callable[[], str] = lambda: f"call-{secrets.token_hex(16)}"
    dial_seconds: int = DIAL_SECONDS

    async def start(
        self, request: CallRequest, *, profile: Profile | None, notes: Sequence[str] = ()
    ) -> Started:
        """
        Start the call; under a key that has one already, return that one and dial nothing.

        `profile` is the callee's, None for a stranger; `notes` join the warnings. Raises
        CallError, and SpoolError if the key cannot be kept: then nothing was dialled either.
        """
        asked = checked(request)
        earlier = self.log.find(asked.key) if asked.key is not None else None
        if earlier is not None and (repeated := _repeated(earlier, asked)):
            return repeated
        try:
            async with open_client(self.options) as client:
                line, briefing = await self._prepare(client, asked, profile)
                call = self._record(asked, line, (*notes, *briefing.warnings))
                reserved = self.log.reserve(call, quiet=None if asked.key else QUIET)
                if isinstance(reserved, CallRecord):
                    return _in_the_way(reserved, call)
                with reserved:
                    return await self._dial(client, reserved, briefing)
        except CallError:
            raise
        except CloudError as error:
            raise error_of_read(error) from error

    async def _prepare(
        self, client: "AsyncElevenLabs", asked: CallRequest, profile: Profile | None
    ) -> tuple[Line, Briefing]:
        """Return from where to call and what to tell the agent: everything but the dialling."""
        patience = Patience(attempts=_READ_ATTEMPTS, first_pause_seconds=_FIRST_PAUSE_SECONDS)
        ai = client.conversational_ai
        try:
            agent = await _read(
                patience, lambda: ai.agents.get(asked.agent_id, request_options=ONCE)
            )
        except Refused as error:
            if error.status != _NOT_FOUND:
                raise
            raise CallError(
                f"there is no agent {asked.agent_id} in this workspace: check the id, and that "
                "the API key belongs to the same workspace",
                status=404,
                code="unknown_agent",
            ) from error
        lines = await _read(patience, lambda: ai.phone_numbers.list(request_options=ONCE))
        line = choose_line(map(_line, lines), asked)
        return line, brief(as_json(agent), asked, profile, greeting=self.greeting)

    def _record(self, asked: CallRequest, line: Line, warnings: tuple[str, ...]) -> CallRecord:
        return CallRecord(
            key=asked.key or self.make_key(),
            state="dialling",
            to=asked.to,
            agent_id=asked.agent_id,
            line_id=line.id,
            provider=line.provider,
            started_at=self.clock(),
            fingerprint=fingerprint(asked),
            warnings=warnings,
        )

    async def _dial(
        self, client: "AsyncElevenLabs", reserved: Reservation, briefing: Briefing
    ) -> Started:
        """Ask for the call, once, and note what is known of it, whatever happens."""
        try:
            result = await ring(client, reserved.record, briefing, seconds=self.dial_seconds)
        except BaseException:
            _settle(reserved, lost("the program was interrupted while it was dialling"))
            raise
        call = _settle(reserved, result)
        if result.state != "started":
            raise error_of_result(result, call.key)
        return Started(call=call)


def _settle(reserved: Reservation, result: Result) -> CallRecord:
    """
    Note what became of the call, and return its record.

    What cannot be noted is still true: it is only that the key then says "not known".
    """
    call = msgspec.structs.replace(
        reserved.record,
        state=result.state,
        conversation_id=result.conversation_id,
        call_id=result.call_id,
        code=result.code,
        message=result.message,
    )
    logger.log(
        logging.INFO if result.state == "started" else logging.WARNING,
        "call to %s: %s %s",
        mask(call.to),
        result.state,
        result.conversation_id or result.code,
        extra={
            "action": f"call_{result.state}",
            "caller": mask(call.to),
            "agent_id": call.agent_id,
            "conversation_id": result.conversation_id,
            "code": result.code,
        },
    )
    try:
        reserved.settle(call)
    except SpoolError as error:
        logger.error("call not noted: %s", error, extra={"action": "call_not_noted"})
        warning = "this answer could not be stored: asked again, the key will say it is not known"
        return msgspec.structs.replace(call, warnings=(*call.warnings, warning))
    return call


def _repeated(earlier: CallRecord, asked: CallRequest) -> Started | None:
    """Return the call that the key has already, None if it may be dialled; raises CallError."""
    return _judged(earlier, fingerprint(asked))


def _in_the_way(earlier: CallRecord, call: CallRecord) -> Started:
    """Return the call that was quicker under this key; raises CallError for any other."""
    if earlier.key == call.key and (repeated := _judged(earlier, call.fingerprint)):
        return repeated
    after = (earlier.started_at + QUIET - call.started_at).total_seconds()
    raise error_of_other(earlier, after_seconds=after)


def _judged(earlier: CallRecord, wanted: str) -> Started | None:
    if earlier.fingerprint != wanted:
        raise error_of_reuse()
    if earlier.state == "refused":
        return None
    if earlier.state == "started":
        return Started(call=earlier, is_repeated=True)
    raise error_of_earlier(earlier)


async def _read(patience: Patience, request: Callable[[], Awaitable[Answer]]) -> Answer:
    """Return what the platform answers within READ_SECONDS, else the last error it gave."""
    last: CloudError | None = None

    async def noted() -> Answer:
        nonlocal last
        try:
            with translated():
                return await request()
        except CloudError as error:
            last = error
            raise

    try:
        async with asyncio.timeout(READ_SECONDS):
            return await patience.read(noted)
    except TimeoutError:
        raise last or Unreachable(
            f"ElevenLabs did not answer within {READ_SECONDS:.0f} s, nothing was dialled; ask again"
        ) from None


def _line(item: Any) -> Line:
    found = item if isinstance(item, dict) else as_json(item)
    return Line(
        id=text(found.get("phone_number_id")),
        number=text(found.get("phone_number")),
        provider=text(found.get("provider")),
        agent_id=text(section(found, "assigned_agent").get("agent_id")),
    )
