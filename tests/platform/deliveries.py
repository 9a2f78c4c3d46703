"""The webhooks that the platform sends: nearly what GET answers, but never quite."""

import base64
import copy
import json
import zlib
from email.utils import formatdate

from tests.platform.samples import failure_of


def conversation(body):
    """
    Return the webhook body that tells of this conversation.

    It says what GET says, in other words: other key order, whole numbers with a fraction,
    fields more and fields less. The same conversation always gives the same bytes: the
    platform repeats a webhook as it was.
    """
    ended = body["metadata"]["start_time_unix_secs"] + body["metadata"]["call_duration_secs"]
    variant = zlib.crc32(body["conversation_id"].encode())
    failure = failure_of(body)
    if failure is not None:
        data = _failure(body, *failure)
        return _encoded("call_initiation_failure", ended + 30, data)
    return _encoded("post_call_transcription", ended + 9, _retold(body, variant))


def recording(body, audio):
    """Return the webhook body that brings the recording."""
    data = {
        "agent_id": body["agent_id"],
        "conversation_id": body["conversation_id"],
        "full_audio": base64.b64encode(audio).decode(),
    }
    ended = body["metadata"]["start_time_unix_secs"] + body["metadata"]["call_duration_secs"]
    return _encoded("post_call_audio", ended + 11, data)


def _encoded(kind, timestamp, data):
    body = {"type": kind, "event_timestamp": timestamp, "data": data}
    return json.dumps(body, ensure_ascii=False).encode()


def _retold(body, variant):
    data = copy.deepcopy(body)
    for name in ("has_audio", "has_user_audio", "has_response_audio", "has_auxiliary_audio"):
        if variant & 1:
            del data[name]
    if variant & 2:
        for name in ("agent_name", "version_id", "environment", "tag_ids", "visited_agents"):
            data.pop(name, None)
    metadata = data["metadata"]
    metadata["initiation_trigger"] = {"trigger_type": "default"}  # the SDK does not know it
    if variant & 4:
        metadata["termination_reason"] = ""
        metadata["cost"] = (metadata.get("cost") or 0) + 1  # settled after the call
    for turn in data["transcript"]:
        if variant & 8:
            turn["tool_calls"] = turn["tool_calls"] or None
            turn["tool_results"] = turn["tool_results"] or None
        turn["time_in_call_secs"] = _fractional(turn["time_in_call_secs"])
        turn.pop("llm_usage", None)
    metadata["call_duration_secs"] = _fractional(metadata["call_duration_secs"])
    if variant & 16:
        metadata["start_time_unix_secs"] = _fractional(metadata["start_time_unix_secs"])
    _retell_analysis(data.get("analysis"))
    return _reordered(data, backwards=bool(variant & 32))


def _retell_analysis(analysis):
    if analysis is None:
        return
    for kind, key in (("data_collection", "data_collection_id"), ("evaluation_criteria", None)):
        results = analysis.get(f"{kind}_results") or {}
        for result in results.values():
            if key is not None:
                result["value"] = _fractional(result["value"])
        analysis[f"{kind}_results_list"] = list(results.values())


def _fractional(value):
    return float(value) if type(value) is int else value


def _reordered(value, *, backwards):
    if isinstance(value, dict):
        keys = sorted(value, reverse=backwards)
        return {key: _reordered(value[key], backwards=backwards) for key in keys}
    if isinstance(value, list):
        return [_reordered(item, backwards=backwards) for item in value]
    return value


def _failure(body, reason, code, phrase):
    phone_call = body["metadata"]["phone_call"]
    ours, theirs = phone_call["agent_number"], phone_call["external_number"]
    if phone_call["type"] == "twilio":
        metadata = {"type": "twilio", "body": _twilio_form(body, reason, code, ours, theirs)}
    else:
        metadata = {
            "type": "sip",
            "body": {
                "from_number": ours,
                "to_number": theirs,
                "sip_status_code": code,
                "error_reason": phrase,
                "call_sid": phone_call["call_sid"],
                "sip_status": phrase,
            },
        }
    return {
        "agent_id": body["agent_id"],
        "conversation_id": body["conversation_id"],
        "failure_reason": reason,
        "metadata": metadata,
    }


def _twilio_form(body, reason, code, ours, theirs):
    status = {"no-answer": "no-answer", "busy": "busy"}.get(reason, "failed")
    places = {
        f"{who}{what}": ""
        for who in ("From", "To", "Caller", "Called")
        for what in ("City", "State", "Zip", "Country")
    }
    return {
        **places,
        "CallSid": body["metadata"]["phone_call"]["call_sid"],
        "AccountSid": "AC00000000000000000000000000000000",
        "ApiVersion": "2010-04-01",
        "CallStatus": status,
        "Direction": "outbound-api",
        "From": ours,
        "Caller": ours,
        "To": theirs,
        "Called": theirs,
        "Timestamp": formatdate(body["metadata"]["start_time_unix_secs"] + 30),
        "CallbackSource": "call-progress-events",
        "SequenceNumber": "0",
        "SipResponseCode": str(code),
        "Duration": "0",
        "CallDuration": "0",
    }
