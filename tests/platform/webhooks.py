"""The workspace's webhooks: a secret that is told once, and an address that never changes."""

import time

from elevenlabs.webhooks.raw_client import AsyncRawWebhooksClient

from tests.platform import usage, validation
from tests.platform.checking import check
from tests.platform.errors import invalid, not_found
from tests.platform.paging import is_set
from tests.platform.shapes import body_of

_CREATE = body_of(AsyncRawWebhooksClient.create)
_UPDATE = body_of(AsyncRawWebhooksClient.update)
_HIDDEN = ("secret", "retry_enabled", "request_headers")


def _list(state, asked):
    usage.refresh(state)
    with_usages = is_set(asked, "include_usages")
    shown = []
    for webhook in state.webhooks.values():
        row = {key: value for key, value in webhook.items() if key not in _HIDDEN}
        if not with_usages:
            row |= {"usage": None, "events": None}
        shown.append(row)
    return {"webhooks": shown}


def _create(state, asked):
    check(asked.json, _CREATE)
    settings = asked.json["settings"]
    if not settings["name"].strip():
        raise invalid("name must not be empty", "settings", "name")
    validation.web_address(settings["webhook_url"], "settings", "webhook_url")
    webhook_id = state.new_id("wh")
    secret = f"wsec_{webhook_id}_{state.new_id('secret')}"
    state.webhooks[webhook_id] = {
        "name": settings["name"],
        "webhook_id": webhook_id,
        "webhook_url": settings["webhook_url"],
        "is_disabled": False,
        "is_auto_disabled": False,
        "created_at_unix": int(time.time()),
        "auth_type": "hmac",
        "usage": [],
        "events": [],
        "most_recent_failure_error_code": None,
        "most_recent_failure_timestamp": None,
        "secret": secret,
        "retry_enabled": False,
        "request_headers": settings.get("request_headers") or {},
    }
    return {"webhook_id": webhook_id, "webhook_secret": secret}


def _update(state, asked, webhook_id):
    webhook = _found(state, webhook_id)
    check(asked.json, _UPDATE)
    change = dict(asked.json)
    headers = change.pop("request_headers", None)
    if headers is not None:
        kept = {**webhook["request_headers"], **headers}
        webhook["request_headers"] = {key: text for key, text in kept.items() if text is not None}
    if change["is_disabled"] is False:
        webhook["is_auto_disabled"] = False
    webhook.update({key: value for key, value in change.items() if value is not None})
    return {"status": "ok"}


def _delete(state, asked, webhook_id):
    _found(state, webhook_id)
    for _, who in usage.bindings(state, webhook_id):
        state.complaints.append(f"{webhook_id} was deleted while {who} was bound to it")
    del state.webhooks[webhook_id]
    return {"status": "ok"}


def _found(state, webhook_id):
    if webhook_id not in state.webhooks:
        raise not_found("Webhook", webhook_id)
    return state.webhooks[webhook_id]


ROUTES = (
    ("GET", "/v1/workspace/webhooks", _list),
    ("POST", "/v1/workspace/webhooks", _create),
    ("PATCH", "/v1/workspace/webhooks/{webhook_id}", _update),
    ("DELETE", "/v1/workspace/webhooks/{webhook_id}", _delete),
)
