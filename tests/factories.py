"""Payloads as the platform sends them, with plausible values for all that a test leaves out."""

import base64
import json
from typing import Any

from voice.signature import HEADER, sign

AGENT_ID = "agent_4f1c8a2be07d4c55"
AGENT_LINE = "+15550100900"
CALLER = "+15550100142"
STARTED_AT = 1_790_000_000  # 21 September 2026, 14:13:20 UTC

_QUESTIONS = (
    "Thank you for calling Harbour Bikes. How can I help you today?",
    "I can look that up for you. Which model is it?",
    "Let me check the calendar. Would Tuesday or Thursday suit you better?",
    "And what is the best number to reach you on if something changes?",
    "Is there anything else that the workshop should know about the bike?",
)
_ANSWERS = (
    "Hello, my bike needs a service, the rear brake has been squealing for a week",
    "It is the green touring bike that I bought from you two years ago",
    "Tuesday would be better, I usually work from home on that day",
    "This number is fine, but please send a message instead of calling in the morning",
    "The gears jump when I ride uphill, and I am a bit worried about the chain",
)


def transcription_payload(
    *,
    conversation_id: str = "conv_7401k2q9x4wfe8ntr2v0bd6s5a",
    caller: str | None = CALLER,
    summary: str | None = "The caller booked a service for a green touring bike on Tuesday.",
    collected: dict[str, Any] | None = None,
    messages: list[tuple[str, str]] | None = None,
    turns: int = 6,
    event_timestamp: float | None = STARTED_AT + 130,
    started_at: float = STARTED_AT,
    duration_secs: float = 120,
    direction: str = "inbound",
    agent_line: str = AGENT_LINE,
    language: str = "en",
    user_id: str | None = None,
) -> dict[str, Any]:
    """
    A phone call in the platform's full shape; about 12 KB of JSON with turns=20.

    `messages` are (role, message) pairs; without them, `turns` of a conversation about a bike.
    `collected` are data collection results by name; `caller` None is a web conversation.
    """
    said = _conversation(turns) if messages is None else messages
    payload = {
        "type": "post_call_transcription",
        "event_timestamp": event_timestamp,
        "data": {
            "agent_id": AGENT_ID,
            "agent_name": "Harbour Bikes reception",
            "conversation_id": conversation_id,
            "status": "done",
            "user_id": user_id,
            "branch_id": None,
            "version_id": None,
            "environment": "production",
            "transcript": [_turn(index, *pair) for index, pair in enumerate(said)],
            "metadata": _metadata(
                caller=caller,
                direction=direction,
                agent_line=agent_line,
                language=language,
                started_at=started_at,
                duration_secs=duration_secs,
            ),
            "analysis": _analysis(summary, collected or {}),
            "conversation_initiation_client_data": _initiation(
                conversation_id, caller, direction, agent_line, user_id
            ),
            "has_audio": True,
            "has_user_audio": True,
            "has_response_audio": True,
        },
    }
    if event_timestamp is None:
        del payload["event_timestamp"]
    return payload


def audio_payload(
    *,
    conversation_id: str = "conv_7401k2q9x4wfe8ntr2v0bd6s5a",
    mp3: bytes = b"ID3\x04\x00\x00\x00\x00\x00\x00 a recording",
    event_timestamp: float = STARTED_AT + 131,
) -> dict[str, Any]:
    """The recording of a call."""
    return {
        "type": "post_call_audio",
        "event_timestamp": event_timestamp,
        "data": {
            "agent_id": AGENT_ID,
            "conversation_id": conversation_id,
            "full_audio": base64.b64encode(mp3).decode(),
        },
    }


def failure_payload(
    *,
    conversation_id: str = "conv_0901k2r1y7tmdvk3c8q4zj5hpe",
    caller: str = CALLER,
    agent_line: str = AGENT_LINE,
    reason: str = "no-answer",
    event_timestamp: float = STARTED_AT + 30,
) -> dict[str, Any]:
    """An outbound call over SIP that nobody took."""
    return {
        "type": "call_initiation_failure",
        "event_timestamp": event_timestamp,
        "data": {
            "agent_id": AGENT_ID,
            "conversation_id": conversation_id,
            "failure_reason": reason,
            "metadata": {
                "type": "sip",
                "body": {
                    "from_number": agent_line,
                    "to_number": caller,
                    "sip_status_code": 480,
                    "error_reason": "Temporarily Unavailable",
                    "call_sid": "SIP-5d1f",
                },
            },
        },
    }


def encoded(payload: dict[str, Any]) -> bytes:
    """The body as the platform encodes it."""
    return json.dumps(payload).encode()


def signed(body: bytes, secret: str, now: float) -> dict[str, str]:
    """The headers with which the platform would send `body` at unix time `now`."""
    return {
        "content-type": "application/json",
        HEADER: sign(body, secret, timestamp=int(now)),
    }


def _conversation(turns: int) -> list[tuple[str, str]]:
    said = []
    for index in range(turns):
        texts = _ANSWERS if index % 2 else _QUESTIONS
        again = f" (as I said, point {index // 10})" if index >= len(texts) * 2 else ""
        said.append(("user" if index % 2 else "agent", texts[index // 2 % len(texts)] + again))
    return said


def _turn(index: int, role: str, message: str) -> dict[str, Any]:
    is_agent = role == "agent"
    return {
        "role": role,
        "agent_metadata": {"agent_id": AGENT_ID, "workflow_node_id": None} if is_agent else None,
        "message": message,
        "multivoice_message": None,
        "tool_calls": [],
        "tool_results": [],
        "feedback": None,
        "llm_override": None,
        "time_in_call_secs": index * 5,
        "conversation_turn_metrics": _turn_metrics() if is_agent else None,
        "rag_retrieval_info": None,
        "llm_usage": None,
        "interrupted": False,
        "original_message": None,
        "source_medium": None if is_agent else "audio",
    }


def _turn_metrics() -> dict[str, Any]:
    return {
        "metrics": {
            "convai_llm_service_ttfb": {"elapsed_time": 0.3628892310080118},
            "convai_tts_service_ttfb": {"elapsed_time": 0.1412508099920116},
        }
    }


def _metadata(
    *,
    caller: str | None,
    direction: str,
    agent_line: str,
    language: str,
    started_at: float,
    duration_secs: float,
) -> dict[str, Any]:
    phone_call = {
        "type": "twilio",
        "direction": direction,
        "phone_number_id": "phnum_2c9e7d31",
        "agent_number": agent_line,
        "external_number": caller,
        "call_result": "answered",
        "stream_sid": "MZ0f64c6a2d7",
        "call_sid": "CA5b1e90d3f2",
    }
    return {
        "start_time_unix_secs": started_at,
        "accepted_time_unix_secs": started_at + 1,
        "call_duration_secs": duration_secs,
        "cost": 412,
        "deletion_settings": {"delete_transcript_and_pii": False, "delete_audio": False},
        "feedback": {"overall_score": None, "likes": 0, "dislikes": 0},
        "authorization_method": "authorization_header",
        "charging": {"dev_discount": False, "tier": "creator", "llm_price": 0.00382},
        "phone_call": None if caller is None else phone_call,
        "batch_call": None,
        "termination_reason": "Call ended by remote party",
        "error": None,
        "warnings": [],
        "main_language": language,
        "rag_usage": None,
        "text_only": False,
        "features_usage": {"language_detection": {"enabled": True, "used": False}},
        "conversation_initiation_source": "widget" if caller is None else "twilio",
        "timezone": None,
    }


def _analysis(summary: str | None, collected: dict[str, Any]) -> dict[str, Any]:
    return {
        "evaluation_criteria_results": {},
        "data_collection_results": {
            name: {
                "data_collection_id": name,
                "value": value,
                "json_schema": {"type": "string", "description": name.replace("_", " ")},
                "rationale": "The caller said so.",
            }
            for name, value in collected.items()
        },
        "call_successful": "success",
        "transcript_summary": summary,
        "call_summary_title": "Bike service",
    }


def _initiation(
    conversation_id: str, caller: str | None, direction: str, agent_line: str, user_id: str | None
) -> dict[str, Any]:
    variables: dict[str, Any] = {
        "user_name": "",
        "is_returning_caller": False,
        "system__agent_id": AGENT_ID,
        "system__conversation_id": conversation_id,
        "system__time_utc": "2026-09-21T14:13:20.114210+00:00",
    }
    if caller is not None:
        is_outbound = direction == "outbound"
        variables["system__caller_id"] = agent_line if is_outbound else caller
        variables["system__called_number"] = caller if is_outbound else agent_line
    return {
        "conversation_config_override": {"agent": None, "tts": None, "conversation": None},
        "custom_llm_extra_body": {},
        "user_id": user_id,
        "dynamic_variables": variables,
    }
