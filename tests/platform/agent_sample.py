"""An agent that a user has made in the dashboard, with all of his own settings."""

from tests.platform.filling import data_collection_item, tool_config
from tests.platform.tools import access_info

PROMPT = """You are the receptionist of Harbour Bikes. Speak plainly, one question at a time.

The shop is open from {{opening_hour}} on. Caller's plan: {{plan}}.
"""


def agent_of_a_user(agent_id):
    """Return (the agent as GET answers it, the tools it has)."""
    tools = [
        _tool("tool_user_stock", "check_stock", "https://shop.bikes.example/stock"),
        _tool("tool_user_booking", "book_slot", "https://shop.bikes.example/slots"),
    ]
    agent = {
        "agent_id": agent_id,
        "name": "Harbour Bikes reception",
        "conversation_config": _conversation_config([tool["id"] for tool in tools]),
        "metadata": {"created_at_unix_secs": 1_780_000_000, "updated_at_unix_secs": 1_785_000_000},
        "platform_settings": _platform_settings(),
        "phone_numbers": [],
        "whatsapp_accounts": [],
        "workflow": {
            "edges": {},
            "nodes": {"start_node": _start_node()},
        },
        "access_info": access_info(),
        "tags": ["bikes", "production"],
        "version_id": None,
        "branch_id": None,
        "main_branch_id": None,
        "procedures": {},
        "default_hold_audio_url": None,
        "a_field_of_the_future": {"kept": ["as", "it", "is"]},
    }
    return agent, tools


def _start_node():
    return {"type": "start", "position": {"x": 0.0, "y": 0.0}, "edge_order": []}


def _conversation_config(tool_ids):
    return {
        "asr": {
            "quality": "high",
            "provider": "elevenlabs",
            "user_input_audio_format": "ulaw_8000",
            "keywords": ["Harbour", "derailleur"],
        },
        "turn": {"turn_timeout": 7.0, "silence_end_call_timeout": -1.0, "turn_eagerness": "normal"},
        "tts": {
            "model_id": "eleven_flash_v2",
            "voice_id": "voice_of_the_user",
            "supported_voices": [],
            "agent_output_audio_format": "ulaw_8000",
            "optimize_streaming_latency": 3,
            "stability": 0.5,
            "speed": 1.0,
            "similarity_boost": 0.8,
            "pronunciation_dictionary_locators": [],
            "a_voice_setting_of_the_future": 0.25,
        },
        "conversation": {
            "text_only": False,
            "max_duration_seconds": 600,
            "client_events": ["audio", "interruption"],
        },
        "language_presets": {},
        "vad": {"background_voice_detection": False},
        "agent": {
            "first_message": "Hello, this is Harbour Bikes.",
            "language": "en",
            "dynamic_variables": {
                "dynamic_variable_placeholders": {"opening_hour": "nine", "plan": "none"}
            },
            "disable_first_message_interruptions": False,
            "prompt": _prompt(tool_ids),
        },
    }


def _prompt(tool_ids):
    end_call = {
        "type": "system",
        "name": "end_call",
        "description": "",
        "response_timeout_secs": 20,
        "params": {"system_tool_type": "end_call"},
    }
    return {
        "prompt": PROMPT,
        "llm": "gemini-2.5-flash",
        "temperature": 0.2,
        "max_tokens": -1,
        "tool_ids": tool_ids,
        "built_in_tools": {"end_call": end_call, "language_detection": None},
        "mcp_server_ids": [],
        "native_mcp_server_ids": [],
        "knowledge_base": [
            {"type": "file", "name": "prices.pdf", "id": "doc_prices", "usage_mode": "auto"}
        ],
        "custom_llm": None,
        "ignore_default_personality": False,
        "rag": {"enabled": False, "embedding_model": "e5_mistral_7b_instruct"},
        "timezone": "Europe/London",
        "tools": [],
    }


def _platform_settings():
    return {
        **_shown_and_judged(),
        "data_collection": _data_collection(),
        "data_collection_scopes": {},
        "analysis_items": None,
        "overrides": _overrides(),
        "workspace_overrides": {
            "conversation_initiation_client_data_webhook": None,
            "webhooks": {
                "post_call_webhook_id": None,
                "events": ["transcript"],
                "transcript_format": "json",
                "exclude_transcript": None,
                "send_audio": None,
            },
        },
        "testing": {"attached_tests": []},
        "archived": False,
        "guardrails": {"version": "1"},
        "summary_language": "en",
        "auth": {"enable_auth": True, "allowlist": [], "shareable_token": None},
        "call_limits": {
            "agent_concurrency_limit": 5,
            "daily_limit": 1000,
            "bursting_enabled": True,
        },
        "privacy": {"record_voice": True, "retention_days": 90, "zero_retention_mode": False},
        "safety": {"is_blocked_ivc": False, "is_blocked_non_ivc": False},
    }


def _shown_and_judged():
    return {
        "evaluation": {
            "criteria": [
                {
                    "id": "booked",
                    "name": "booked",
                    "type": "prompt",
                    "conversation_goal_prompt": "The caller has an appointment.",
                    "use_knowledge_base": False,
                }
            ]
        },
        "widget": {
            "variant": "full",
            "placement": "bottom-right",
            "avatar": {"type": "orb", "color_1": "#2792dc", "color_2": "#9ce6e6"},
            "bg_color": "#ffffff",
            "text_contents": {"start_call": "Call the shop"},
            "language_presets": {},
        },
    }


def _data_collection():
    return {
        "bike_model": data_collection_item(
            {"type": "string", "description": "The model of the caller's bike"}
        ),
        "is_urgent": data_collection_item(
            {"type": "boolean", "description": "True if it cannot wait until next week"}
        ),
    }


def _overrides():
    agent = dict.fromkeys(("first_message", "language", "max_conversation_duration_message"), False)
    prompt = ("prompt", "llm", "reasoning_effort", "tool_ids", "tool_ids_strict")
    more = ("native_mcp_server_ids", "knowledge_base")
    tts = ("model_id", "voice_id", "supported_voices", "stability", "speed", "similarity_boost")
    return {
        "conversation_config_override": {
            "asr": {"keywords": False},
            "turn": {"soft_timeout_config": {"message": False}},
            # The user's own: his website chooses the voice.
            "tts": dict.fromkeys(tts, False) | {"voice_id": True},
            "conversation": {"text_only": True},
            "agent": {**agent, "prompt": dict.fromkeys(prompt + more, False)},
        },
        "custom_llm_extra_body": False,
        "enable_conversation_initiation_client_data_from_webhook": False,
        "enable_starting_workflow_node_id_from_client": False,
        "an_override_of_the_future": True,
    }


def _tool(tool_id, name, url):
    return {
        "id": tool_id,
        "tool_config": tool_config(
            {
                "type": "webhook",
                "name": name,
                "description": f"The shop's own: {name}",
                "response_timeout_secs": 12,
                "api_schema": {
                    "url": url,
                    "method": "POST",
                    "request_headers": {"X-Shop": "harbour"},
                    "request_body_schema": {
                        "type": "object",
                        "required": ["item"],
                        "properties": {"item": {"type": "string", "description": "What to find"}},
                    },
                    "a_tool_field_of_the_future": 1,
                },
            }
        ),
        "access_info": access_info(),
        "usage_stats": {"total_calls": 42, "avg_latency_secs": 0.4},
        "response_mocks": [],
    }
