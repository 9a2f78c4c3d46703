"""What the platform adds to what it is given: every field that has a default."""

_LITERAL = {
    "description": "",
    "enum": None,
    "is_system_provided": False,
    "dynamic_variable": "",
    "constant_value": "",
    "is_omitted": False,
}
_OBJECT = {"type": "object", "required": [], "description": "", "required_constraints": None}
_API_SCHEMA = {
    "request_headers": {},
    "method": "GET",
    "path_params_schema": {},
    "query_params_schema": None,
    "request_body_schema": None,
    "response_body_schema": None,
    "response_filter": None,
    "content_type": "application/json",
    "auth_connection": None,
}
_TOOL = {
    "response_timeout_secs": 20,
    "disable_interruptions": False,
    "interruption_mode": "allow",
    "force_pre_tool_speech": False,
    "pre_tool_speech": "auto",
    "assignments": [],
    "tool_call_sound": None,
    "tool_call_sound_behavior": "auto",
    "tool_error_handling_mode": "auto",
    "dynamic_variables": {"dynamic_variable_placeholders": {}},
    "execution_mode": "immediate",
}
_WEBHOOKS = {
    "post_call_webhook_id": None,
    "events": ["transcript"],
    "transcript_format": "json",
    "exclude_transcript": False,
    "send_audio": None,
}


def data_collection_item(item):
    """Return a data collection field as GET shows it."""
    return {**_LITERAL, "llm": None, **item}


def tool_config(config):
    """Return a tool's configuration as GET shows it."""
    if config["type"] != "webhook":
        return config
    schema = {**_API_SCHEMA, **config["api_schema"]}
    if schema["request_body_schema"] is not None:
        schema["request_body_schema"] = _schema(schema["request_body_schema"])
    for name in ("path_params_schema",):
        schema[name] = {key: {**_LITERAL, **item} for key, item in (schema[name] or {}).items()}
    return {**_TOOL, **config, "api_schema": schema}


def webhooks(settings):
    """Return the binding of the post-call webhook as GET shows it."""
    return None if settings is None else {**_WEBHOOKS, **settings}


def _schema(item):
    if item.get("type") == "object":
        properties = {name: _schema(each) for name, each in (item.get("properties") or {}).items()}
        return {**_OBJECT, **item, "properties": properties}
    return item if item.get("type") == "array" else {**_LITERAL, **item}
