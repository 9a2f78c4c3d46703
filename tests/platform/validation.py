"""What the platform refuses although every field has the right name and type."""

import ipaddress
import re
from urllib.parse import urlsplit

from tests.platform.errors import invalid, not_found
from tests.platform.usage import secret_ids

MAX_DATA_COLLECTION = 25
_SOURCES = ("description", "dynamic_variable", "constant_value", "is_system_provided", "is_omitted")
_SYSTEM_VARIABLES = frozenset(
    f"system__{name}"
    for name in (
        *("agent_id", "current_agent_id", "caller_id", "called_number", "call_duration_secs"),
        *("time_utc", "time", "timezone", "conversation_id", "call_sid", "call_id"),
        *("agent_turns", "current_agent_turns", "is_text_only"),
        "conversation_history",
    )
)


def web_address(url, *location):
    """Refuse an address that is not https, unless it is this machine's."""
    parts = urlsplit(url if isinstance(url, str) else "")
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(parts.hostname))
    if not is_safe or not parts.hostname:
        raise invalid("URL must use https", *location)


def _is_loopback(host):
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def secrets_exist(state, value, *, stored=None):
    """Refuse a reference to a secret that is not there, unless `stored` has it already."""
    for secret_id in sorted(secret_ids(value) - secret_ids(stored)):
        if secret_id not in state.secrets:
            raise not_found("Secret", secret_id)


def initiation_webhook(state, webhook, *location, stored=None):
    """Refuse an initiation webhook that could not be called."""
    if webhook is None:
        return
    web_address(webhook.get("url"), *location, "url")
    secrets_exist(state, webhook, stored=stored)


def post_call_webhook(state, webhooks, *location, stored=None):
    """Refuse to bind a webhook that is not there."""
    webhook_id = (webhooks or {}).get("post_call_webhook_id")
    is_new = webhook_id != ((stored or {}).get("post_call_webhook_id"))
    if webhook_id is not None and is_new and webhook_id not in state.webhooks:
        raise invalid(f"Webhook {webhook_id} does not exist", *location, "post_call_webhook_id")


def data_collection(items, *location):
    """Refuse too many fields, and fields that have no single source."""
    if len(items or {}) > MAX_DATA_COLLECTION:
        raise invalid(f"At most {MAX_DATA_COLLECTION} data collection items", *location)
    for name, item in (items or {}).items():
        _one_source(item, *location, name)


def tool(state, config, *, stored=None):
    """Refuse a webhook tool that could not be called, or asks for a value from two sources."""
    where = ("tool_config",)
    if not re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", config["name"]):
        raise invalid("Tool name may have letters, digits, _ and - only", *where, "name")
    timeout = config.get("response_timeout_secs")
    if timeout is not None and not 5 <= timeout <= 300:
        raise invalid("Input should be between 5 and 300", *where, "response_timeout_secs")
    schema = config.get("api_schema")
    if config["type"] != "webhook" or not schema:
        return
    where = (*where, "api_schema")
    web_address(schema["url"], *where, "url")
    secrets_exist(state, schema, stored=stored)
    body = schema.get("request_body_schema")
    groups = {
        "path_params_schema": schema.get("path_params_schema") or {},
        "query_params_schema": (schema.get("query_params_schema") or {}).get("properties") or {},
        "request_body_schema": (body or {}).get("properties") or {},
    }
    seen = {}
    for group, properties in groups.items():
        for name in properties:
            if name in seen:
                message = f"{name} is bound twice: in {seen[name]} and in {group}"
                raise invalid(message, *where, group, name)
            seen[name] = group
    for name, item in (groups["path_params_schema"] | groups["query_params_schema"]).items():
        _one_source(item, *where, "params", name)
    placeholders = set(re.findall(r"{(\w+)}", schema["url"]))
    if placeholders != set(groups["path_params_schema"]):
        raise invalid("path_params_schema must match the URL's placeholders", *where)
    if body is not None:
        _object(body, *where, "request_body_schema")


def _object(schema, *location):
    properties = schema.get("properties") or {}
    required = schema.get("required") or []
    if len(set(required)) != len(required) or not set(required) <= set(properties):
        raise invalid("required must name each of some properties once", *location, "required")
    for name, item in properties.items():
        if item.get("type") == "object":
            _object(item, *location, "properties", name)
        elif item.get("type") != "array":
            _one_source(item, *location, "properties", name)


def _one_source(item, *location):
    sources = [name for name in _SOURCES if item.get(name) not in (None, "", False)]
    # A constant may be false or 0; only "" and null mean that there is none.
    if item.get("constant_value") is False:
        sources.append("constant_value")
    if len(sources) != 1:
        raise invalid(f"Exactly one of {', '.join(_SOURCES)} must be set: {sources}", *location)
    variable = item.get("dynamic_variable") or ""
    is_known = variable in _SYSTEM_VARIABLES or variable.startswith("system__env_")
    if variable.startswith("system__") and not is_known:
        raise invalid(f"{variable} is no system variable", *location, "dynamic_variable")
