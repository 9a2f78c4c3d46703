"""What a workspace holds: conversations as GET returns them, numbers, settings, a user."""

import copy
import random

from tests import factories

STARTED_AT = factories.STARTED_AT
LINES = {"twilio": "+15550100900", "sip_trunk": "+15550100901"}
_NUMBERS = {"twilio": "phnum_twilio", "sip_trunk": "phnum_sip"}
_TOPICS = (
    ("a squealing rear brake", "the green touring bike", "Tuesday"),
    ("a puncture on the front wheel", "the cargo bike", "Thursday morning"),
    ("a loose chain", "the blue city bike", "Friday at nine"),
    ("a worn saddle", "the children's bike", "next Monday"),
    ("a dead battery", "the electric bike", "Wednesday after four"),
)
_OUTCOMES = {
    "no_answer": ("no-answer", 480, "Temporarily Unavailable"),
    "busy": ("busy", 486, "Busy Here"),
    "failed": ("unknown", 503, "Service Unavailable"),
}


def conversation(
    number,
    *,
    agent_id="agent_books",
    caller="+15550100142",
    direction="inbound",
    started_at=None,
    status="done",
    collected=None,
    turns=6,
    has_audio=True,
    provider=None,
    conversation_id=None,
):
    """
    Return what GET answers for a conversation; the same `number` gives the same one.

    `caller` None is a web conversation. `provider` is by turns twilio and sip_trunk if none is
    given. A conversation that is not over ("initiated", "in-progress", "processing") has no
    analysis yet.
    """
    chance = random.Random(number)
    provider = provider or ("twilio", "sip_trunk")[number % 2]
    started_at = STARTED_AT + number * 60 if started_at is None else started_at
    duration = 20 + turns * 5 + chance.randrange(40)
    what, bike, day = _TOPICS[number % len(_TOPICS)]
    body = factories.transcription_payload(
        conversation_id=conversation_id or conversation_id_of(number),
        caller=caller,
        summary=f"The caller reported {what} on {bike} and agreed on {day}.",
        collected=collected,
        messages=_messages(number, turns),
        started_at=started_at,
        duration_secs=duration,
        direction=direction,
        agent_line=LINES[provider],
        language=("en", "en", "de", "es")[number % 4],
        user_id=f"visitor-{number}" if caller is None else None,
    )["data"]
    body = _of_agent(body, agent_id)
    body["metadata"]["cost"] = 100 + chance.randrange(900)
    _set_provider(body["metadata"], number, provider=provider)
    body["status"] = status
    if status in ("initiated", "in-progress", "processing"):
        body["analysis"] = None
    return _completed(body, has_audio=has_audio)


def failed_call(
    number,
    *,
    agent_id="agent_books",
    callee="+15550100142",
    started_at=None,
    result="no_answer",
    provider=None,
    conversation_id=None,
):
    """
    Return what GET answers for an outbound call that nobody took.

    `result` is "no_answer", "busy" or "failed".
    """
    provider = provider or ("twilio", "sip_trunk")[number % 2]
    body = conversation(
        number,
        agent_id=agent_id,
        caller=callee,
        direction="outbound",
        started_at=started_at,
        status="failed",
        turns=0,
        has_audio=False,
        provider=provider,
        conversation_id=conversation_id,
    )
    reason, code, phrase = _OUTCOMES[result]
    body["analysis"] = None
    metadata = body["metadata"]
    metadata["call_duration_secs"] = 0
    metadata["accepted_time_unix_secs"] = None
    metadata["cost"] = 0
    metadata["termination_reason"] = f"Call failed: {reason}"
    metadata["error"] = {"code": code, "reason": phrase}
    metadata["phone_call"]["call_result"] = result
    return body


def failure_of(body):
    """Return (reason, SIP status, its phrase) if this call never connected, else None."""
    phone_call = body["metadata"].get("phone_call") or {}
    is_failure = body["status"] == "failed" and phone_call.get("direction") == "outbound"
    if not is_failure or body.get("transcript"):
        return None
    return _OUTCOMES.get(phone_call.get("call_result"))


def initiated_call(conversation_id, *, body, number, started_at):
    """Return what GET answers for a call that has just been dialled."""
    found = conversation(
        1,
        agent_id=body["agent_id"],
        caller=body["to_number"],
        direction="outbound",
        started_at=started_at,
        status="initiated",
        turns=0,
        has_audio=False,
        provider=number["provider"],
        conversation_id=conversation_id,
    )
    found["metadata"]["phone_call"] |= {
        "agent_number": number["phone_number"],
        "phone_number_id": number["phone_number_id"],
        "call_result": None,
    }
    data = body.get("conversation_initiation_client_data")
    if data is not None:
        found["user_id"] = data.get("user_id")
        found["conversation_initiation_client_data"] |= copy.deepcopy(data)
    return found


def conversation_id_of(number):
    """Return the id of the conversation of this number."""
    return f"conv_{random.Random(f'conv {number}').randrange(16**16):016x}{number:06d}"


def settings():
    """Return the settings of a workspace whose user never touched them."""
    return {
        "conversation_initiation_client_data_webhook": None,
        "webhooks": {
            "post_call_webhook_id": None,
            "events": ["transcript"],
            "transcript_format": "json",
            "exclude_transcript": False,
            "send_audio": None,
        },
        "can_use_mcp_servers": True,
        "rag_retention_period_days": 10,
        "conversation_embedding_retention_days": None,
        "default_livekit_stack": "standard",
        "a_setting_of_the_future": {"level": 3},
    }


def phone_numbers():
    """Return one number of each provider that can call."""
    shared = {"supports_inbound": True, "supports_outbound": True, "assigned_agent": None}
    trunk = {
        "address": "sip.example",
        "transport": "tls",
        "media_encryption": "allowed",
        "has_auth_credentials": True,
    }
    return [
        {
            "provider": "twilio",
            "phone_number": LINES["twilio"],
            "label": "Shop",
            "phone_number_id": _NUMBERS["twilio"],
            **shared,
        },
        {
            "provider": "sip_trunk",
            "phone_number": LINES["sip_trunk"],
            "label": "Workshop",
            "phone_number_id": _NUMBERS["sip_trunk"],
            **shared,
            "provider_config": trunk,
            "outbound_trunk": trunk,
            "inbound_trunk": None,
            "livekit_stack": "standard",
            "store_sip_messages": False,
        },
    ]


def user():
    """Return the owner of the key."""
    return {
        "user_id": "user_robin",
        "workspace_id": "workspace_bikes",
        "subscription": {
            "tier": "creator",
            "character_count": 1200,
            "character_limit": 100000,
            "status": "active",
        },
        "is_new_user": False,
        "can_use_delayed_payment_methods": False,
        "is_onboarding_completed": True,
        "is_onboarding_checklist_completed": True,
        "first_name": "Robin",
        "created_at": 1_750_000_000,
        "seat_type": "workspace_admin",
    }


def _messages(number, turns):
    what, bike, day = _TOPICS[number % len(_TOPICS)]
    said = [
        ("agent", "Thank you for calling Harbour Bikes. How can I help you today?"),
        ("user", f"Hello, I have {what}, it is about order {1000 + number}."),
        ("agent", "I can look that up for you. Which bike is it?"),
        ("user", f"It is {bike} that I bought from you two years ago."),
        ("agent", f"Would {day} suit you?"),
        ("user", f"Yes, {day} is fine, please send me a message in the morning."),
    ]
    while len(said) < turns:
        role = "user" if len(said) % 2 else "agent"
        said.append((role, f"Is there anything else about point {len(said)} of {1000 + number}?"))
    return said[:turns]


def _of_agent(body, agent_id):
    body["agent_id"] = agent_id
    for turn in body["transcript"]:
        if turn["agent_metadata"] is not None:
            turn["agent_metadata"]["agent_id"] = agent_id
    body["conversation_initiation_client_data"]["dynamic_variables"]["system__agent_id"] = agent_id
    return body


def _set_provider(metadata, number, *, provider):
    phone_call = metadata["phone_call"]
    metadata["conversation_initiation_source"] = "widget" if phone_call is None else provider
    if phone_call is not None and provider == "sip_trunk":
        metadata["phone_call"] = _sip_call(
            number, phone_call["direction"], phone_call["external_number"]
        )


def _sip_call(number, direction, caller):
    return {
        "type": "sip_trunking",
        "direction": direction,
        "phone_number_id": _NUMBERS["sip_trunk"],
        "agent_number": LINES["sip_trunk"],
        "external_number": caller,
        "call_result": "answered",
        "call_id": f"call-{number}",
        "call_sid": f"SCL_{number}",
        "sip_header_dynamic_variables": {},
    }


def _completed(body, *, has_audio):
    """Add the fields that GET has and the factory's webhook has not."""
    if body["metadata"]["phone_call"] is not None:
        phone_call = body["metadata"]["phone_call"]
        if phone_call["type"] == "twilio":
            phone_call["phone_number_id"] = _NUMBERS["twilio"]
    spoken = [turn["role"] for turn in body["transcript"] if turn["message"]]
    body |= {
        "conversation_product": "agents",
        "user_message_count": spoken.count("user"),
        "agent_message_count": spoken.count("agent"),
        "visited_agents": [{"agent_id": body["agent_id"], "branch_id": None}],
        "tag_ids": [],
        "has_auxiliary_audio": False,
    }
    body |= dict.fromkeys(("has_audio", "has_user_audio", "has_response_audio"), has_audio)
    return body
