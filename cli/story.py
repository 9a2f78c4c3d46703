"""The invented call that `simulate` plays, in the shape the platform sends."""

import base64
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

AGENT_ID = "agent_simulated"
AGENT_LINE = "+15005550006"
NAME = "Ana"
SUMMARY = (
    "Ana ordered two olive trees and wants them delivered on Tuesday before ten. "
    "The agent promised to call back on Monday to confirm the delivery."
)
QUESTION = "When should the olive trees be delivered?"
ANSWER = "Tuesday morning, before ten, please."

TURNS = (
    ("agent", "Green Corner nursery, how can I help you?"),
    ("user", "Hello, my name is Ana. I would like two olive trees for my terrace."),
    ("agent", "Lovely, Ana. When should we deliver the olive trees?"),
    ("user", ANSWER),
    ("agent", "Tuesday before ten it is. Anything else?"),
    ("user", "Please ring at the side gate, the front bell is broken."),
    ("agent", "I have noted that, and we will call you on Monday to confirm. Goodbye, Ana!"),
)

# One frame of silence: MPEG-1 layer III, 128 kbit/s, 44.1 kHz. Any player plays it.
SILENT_FRAME = bytes.fromhex("fffb9000") + bytes(413)
RECORDING = SILENT_FRAME * 3000


def invented_number() -> str:
    """Return a number from the range kept for fiction, another one each time."""
    area = 201 + secrets.randbelow(780)
    return f"+1{area}5550{100 + secrets.randbelow(100)}"


def invented_conversation() -> str:
    """Return a new conversation id in the platform's form."""
    return f"conv_simulated{secrets.token_hex(10)}"


def ring(caller: str, conversation_id: str) -> dict[str, Any]:
    """Return what the platform sends when the phone rings."""
    return {
        "caller_id": caller,
        "called_number": AGENT_LINE,
        "agent_id": AGENT_ID,
        "call_sid": f"CA{secrets.token_hex(16)}",
        "conversation_id": conversation_id,
    }


def transcription(caller: str, conversation_id: str, *, now: datetime) -> dict[str, Any]:
    """Return the post-call event of yesterday's call."""
    began = now.astimezone(UTC) - timedelta(days=1)
    return {
        "type": "post_call_transcription",
        "event_timestamp": int(began.timestamp()) + 35,
        "data": {
            "agent_id": AGENT_ID,
            "conversation_id": conversation_id,
            "status": "done",
            "user_id": None,
            "transcript": _transcript(),
            "metadata": _metadata(caller, int(began.timestamp())),
            "analysis": _analysis(),
            "conversation_initiation_client_data": {"dynamic_variables": {}},
            "has_audio": True,
        },
    }


def _transcript() -> list[dict[str, Any]]:
    return [
        {
            "role": role,
            "message": message,
            "time_in_call_secs": 4 * index,
            "tool_calls": None,
            "tool_results": None,
            "interrupted": False,
        }
        for index, (role, message) in enumerate(TURNS)
    ]


def _metadata(caller: str, began: int) -> dict[str, Any]:
    return {
        "start_time_unix_secs": began,
        "call_duration_secs": 31,
        "main_language": "en",
        "termination_reason": "",
        "phone_call": {
            "type": "twilio",
            "direction": "inbound",
            "phone_number_id": "phnum_simulated",
            "agent_number": AGENT_LINE,
            "external_number": caller,
        },
    }


def _analysis() -> dict[str, Any]:
    collected = {"first_name": NAME, "delivery_preference": "ring at the side gate"}
    return {
        "call_successful": "success",
        "transcript_summary": SUMMARY,
        "evaluation_criteria_results": {
            "order_taken": {
                "criteria_id": "order_taken",
                "result": "success",
                "rationale": "The caller ordered two olive trees and named a day.",
            }
        },
        "data_collection_results": {
            key: {"data_collection_id": key, "value": value} for key, value in collected.items()
        },
    }


def audio_blocks(conversation_id: str) -> Iterator[bytes]:
    """Yield the body of the post-call audio event as the platform does: in pieces."""
    start = (
        f'{{"type":"post_call_audio","event_timestamp":0,"data":{{"agent_id":"{AGENT_ID}",'
        f'"conversation_id":"{conversation_id}","full_audio":"'
    )
    body = start.encode() + base64.b64encode(RECORDING) + b'"}}'
    for offset in range(0, len(body), 64 * 1024):
        yield body[offset : offset + 64 * 1024]
