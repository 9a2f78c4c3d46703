"""Phone numbers, and calls from them; and who the key belongs to."""

import re
import time

from elevenlabs.conversational_ai.sip_trunk.raw_client import AsyncRawSipTrunkClient
from elevenlabs.conversational_ai.twilio.raw_client import AsyncRawTwilioClient

from tests.platform import samples
from tests.platform.agents import found_agent, variables_needed
from tests.platform.checking import check
from tests.platform.errors import detail, invalid, not_found
from tests.platform.paging import first, page
from tests.platform.shapes import body_of

_TWILIO = body_of(AsyncRawTwilioClient.outbound_call)
_SIP = body_of(AsyncRawSipTrunkClient.outbound_call)
OUTCOMES = {
    "busy": "The number is busy.",
    "invalid": "The number you are calling is not a valid phone number.",
    "blocked": "Account not authorized to call this number.",
}


def _numbers(state, asked):
    return _matching(state, asked)


def _numbers_page(state, asked):
    shown, cursor = page(
        _matching(state, asked),
        asked,
        key=lambda number: (number["phone_number_id"],),
        default=state.options.page_size,
    )
    return {"phone_numbers": shown, "next_cursor": cursor, "has_more": cursor is not None}


def _matching(state, asked):
    provider, agent_id = first(asked, "provider"), first(asked, "agent_id")
    return [
        number
        for number in state.phone_numbers
        if (provider is None or number["provider"] == provider)
        and (agent_id is None or (number.get("assigned_agent") or {}).get("agent_id") == agent_id)
    ]


def _number(state, asked, phone_number_id):
    for number in state.phone_numbers:
        if number["phone_number_id"] == phone_number_id:
            return number
    raise not_found("Phone number", phone_number_id)


def _twilio(state, asked):
    check(asked.json, _TWILIO)
    return _dial(state, asked, "twilio")


def _sip(state, asked):
    check(asked.json, _SIP)
    return _dial(state, asked, "sip_trunk")


def _dial(state, asked, provider):
    body = asked.json
    if not state.options.may_dial:
        message = "The API key you used is missing the permission convai_write."
        raise detail(403, "missing_permissions", message)
    agent = found_agent(state, body["agent_id"])
    number = _number(state, asked, body["agent_phone_number_id"])
    if number["provider"] != provider:
        message = f"{number['phone_number_id']} is no number of {provider}"
        raise detail(400, "invalid_phone_number_provider", message)
    if not re.fullmatch(r"\+[1-9]\d{6,14}", body["to_number"]):
        raise invalid("to_number must be E.164", "to_number")
    outcome = state.outcomes.get(body["to_number"])
    if isinstance(outcome, str):
        outcome = {"success": False, "message": OUTCOMES[outcome]}
    if outcome is not None and not outcome["success"]:
        return {"conversation_id": None, **_call_id(provider, None), **outcome}
    conversation_id = state.new_id("conv")
    _complain(state, agent, body.get("conversation_initiation_client_data"))
    state.dialled.append({**body, "provider": provider, "conversation_id": conversation_id})
    state.conversations[conversation_id] = samples.initiated_call(
        conversation_id, body=body, number=number, started_at=int(time.time())
    )
    return {
        "success": True,
        "message": "Success",
        "conversation_id": conversation_id,
        **_call_id(provider, state.new_id("CA" if provider == "twilio" else "SCL")),
    }


def _call_id(provider, call_id):
    return {"callSid" if provider == "twilio" else "sip_call_id": call_id}


def _complain(state, agent, data):
    """Note what the platform does not answer: the phone rings, and then the call drops."""
    if data is None:
        return  # then it asks the initiation webhook
    missing = variables_needed(state, agent) - set(data.get("dynamic_variables") or {})
    if missing:
        state.complaints.append(f"Missing required dynamic variables: {sorted(missing)}")
    flags = (agent.get("platform_settings") or {}).get("overrides") or {}
    allowed = flags.get("conversation_config_override") or {}
    for path in _leaves(data.get("conversation_config_override") or {}):
        at = allowed
        for key in path:
            at = at.get(key) if isinstance(at, dict) else None
        if at is not True:
            state.complaints.append(
                f"Override for field '{'.'.join(path)}' is not allowed by config"
            )


def _leaves(value, path=()):
    if isinstance(value, dict):
        return [leaf for key, item in value.items() for leaf in _leaves(item, (*path, key))]
    return [] if value is None else [path]


def _user(state, asked):
    return samples.user()


ROUTES = (
    ("GET", "/v1/convai/phone-numbers", _numbers),
    ("GET", "/v1/convai/v2/phone-numbers", _numbers_page),
    ("GET", "/v1/convai/phone-numbers/{phone_number_id}", _number),
    ("POST", "/v1/convai/twilio/outbound-call", _twilio),
    ("POST", "/v1/convai/sip-trunk/outbound-call", _sip),
    ("GET", "/v1/user", _user),
)
