"""The one request that dials, and what its answer, or none, means."""

import asyncio
from typing import TYPE_CHECKING, Any

import httpx
from elevenlabs.core.parse_error import ParsingError
from elevenlabs.core.request_options import RequestOptions

from cloud.calling.briefing import TWILIO, Briefing
from cloud.calling.call_log import CallRecord
from cloud.calling.result import Result, answered, failed, lost, not_sent
from cloud.client import translated
from cloud.errors import Refused, Unreachable

if TYPE_CHECKING:
    from elevenlabs.client import AsyncElevenLabs

_GRACE_SECONDS = 5.0  # the client limits only the pauses between bytes


async def ring(
    client: "AsyncElevenLabs", call: CallRecord, briefing: Briefing, *, seconds: int
) -> Result:
    """Ask for the call, once; return what is known after at most about `seconds`."""
    try:
        with translated():
            async with asyncio.timeout(seconds + _GRACE_SECONDS):
                return await _request(client, call, briefing, seconds=seconds)
    except Refused as error:
        return failed(error)
    except Unreachable as error:
        cause = error.__cause__ or error.__context__
        if isinstance(cause, httpx.ConnectError | httpx.ConnectTimeout):
            return not_sent(type(cause).__name__)
        return lost("no answer came from ElevenLabs")
    except TimeoutError:
        return lost("no answer came from ElevenLabs")
    except (ParsingError, ValueError, TypeError, OSError):  # what the SDK lets through
        return lost("no usable answer came from ElevenLabs")


async def _request(
    client: "AsyncElevenLabs", call: CallRecord, briefing: Briefing, *, seconds: int
) -> Result:
    """Send the one request that dials: never repeated, by the SDK neither."""
    once: RequestOptions = {"max_retries": 0, "timeout_in_seconds": seconds}
    ai, data = client.conversational_ai, _initiation(briefing)
    if call.provider == TWILIO:
        twilio = await ai.twilio.outbound_call(
            agent_id=call.agent_id,
            agent_phone_number_id=call.line_id,
            to_number=call.to,
            conversation_initiation_client_data=data,
            request_options=once,
        )
        return answered(twilio, getattr(twilio, "call_sid", None))
    sip = await ai.sip_trunk.outbound_call(
        agent_id=call.agent_id,
        agent_phone_number_id=call.line_id,
        to_number=call.to,
        conversation_initiation_client_data=data,
        request_options=once,
    )
    return answered(sip, getattr(sip, "sip_call_id", None))


def _initiation(briefing: Briefing) -> Any:
    """Return the briefing as the SDK's model; what is not overridden is not in it."""
    from elevenlabs import (
        AgentConfigOverrideInput,
        ConversationConfigClientOverrideInput,
        ConversationInitiationClientDataRequestInput,
    )

    override: dict[str, Any] = {}
    if briefing.first_message is not None:
        override["first_message"] = briefing.first_message
    if briefing.language is not None:
        override["language"] = briefing.language
    data: dict[str, Any] = {"dynamic_variables": dict(briefing.variables)}
    if override:
        data["conversation_config_override"] = ConversationConfigClientOverrideInput(
            agent=AgentConfigOverrideInput(**override)
        )
    return ConversationInitiationClientDataRequestInput(**data)
