"""The workspace's secrets: their values are never told again."""

from aiohttp import web
from elevenlabs.conversational_ai.secrets.raw_client import AsyncRawSecretsClient

from tests.platform import usage
from tests.platform.checking import check
from tests.platform.errors import detail, invalid, not_found
from tests.platform.paging import first, page
from tests.platform.shapes import body_of

_CREATE = body_of(AsyncRawSecretsClient.create, also=("type",))
_UPDATE = body_of(AsyncRawSecretsClient.update, also=("type",))


def _list(state, asked):
    usage.refresh(state)
    search = (first(asked, "search") or "").casefold()
    found = [secret for secret in state.secrets.values() if search in secret["name"].casefold()]
    shown, cursor = page(
        found, asked, key=lambda secret: (secret["secret_id"],), default=state.options.page_size
    )
    return {"secrets": [_shown(secret) for secret in shown], "next_cursor": cursor}


def _create(state, asked):
    check(asked.json, _CREATE)
    _check_name(state, asked.json)
    secret_id = state.new_id("sec")
    state.secrets[secret_id] = {
        "secret_id": secret_id,
        "name": asked.json["name"],
        "value": asked.json["value"],
        "used_by": {},
    }
    usage.refresh(state)
    return {"type": "stored", "secret_id": secret_id, "name": asked.json["name"]}


def _get(state, asked, secret_id):
    usage.refresh(state)
    return _shown(_found(state, secret_id))


def _update(state, asked, secret_id):
    secret = _found(state, secret_id)
    check(asked.json, _UPDATE)
    _check_name(state, asked.json, own_id=secret_id)
    secret.update(name=asked.json["name"], value=asked.json["value"])
    return {"type": "stored", "secret_id": secret_id, "name": secret["name"]}


def _delete(state, asked, secret_id):
    usage.refresh(state)
    if usage.is_used(_found(state, secret_id)):
        message = "The secret is in use and cannot be deleted."
        raise detail(state.options.used_secret_status, "secret_in_use", message)
    del state.secrets[secret_id]
    return web.Response(status=204)


def _check_name(state, body, *, own_id=None):
    if not body["name"] or not body["value"]:
        raise invalid("String should have at least 1 character", "name")
    others = {each["name"] for each in state.secrets.values() if each["secret_id"] != own_id}
    if state.options.unique_secret_names and body["name"] in others:
        message = f"A secret named {body['name']} already exists."
        raise detail(409, "secret_already_exists", message)


def _found(state, secret_id):
    if secret_id not in state.secrets:
        raise not_found("Secret", secret_id)
    return state.secrets[secret_id]


def _shown(secret):
    return {
        "type": "stored",
        "secret_id": secret["secret_id"],
        "name": secret["name"],
        "used_by": secret["used_by"],
    }


ROUTES = (
    ("GET", "/v1/convai/secrets", _list),
    ("POST", "/v1/convai/secrets", _create),
    ("GET", "/v1/convai/secrets/{secret_id}", _get),
    ("PATCH", "/v1/convai/secrets/{secret_id}", _update),
    ("DELETE", "/v1/convai/secrets/{secret_id}", _delete),
)
