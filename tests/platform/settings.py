"""The workspace's settings for all agents."""

from elevenlabs.conversational_ai.settings.raw_client import AsyncRawSettingsClient

from tests.platform import filling, validation
from tests.platform.checking import check
from tests.platform.merging import patched
from tests.platform.shapes import body_of

_UPDATE = body_of(AsyncRawSettingsClient.update)
_INITIATION = "conversation_initiation_client_data_webhook"


def _get(state, asked):
    return state.settings


def _update(state, asked):
    merges = state.options.settings_merge == "deep"
    before = state.settings
    check(asked.json, _UPDATE, stored=before, merges=merges)
    after = patched(before, asked.json, _UPDATE) if merges else {**before, **asked.json}
    if _INITIATION in asked.json:
        validation.initiation_webhook(
            state, after[_INITIATION], _INITIATION, stored=before.get(_INITIATION)
        )
    if "webhooks" in asked.json:
        validation.post_call_webhook(
            state, after["webhooks"], "webhooks", stored=before.get("webhooks")
        )
        if state.options.fills_in_defaults:
            after["webhooks"] = filling.webhooks(after["webhooks"])
    state.settings = after
    return after


ROUTES = (
    ("GET", "/v1/convai/settings", _get),
    ("PATCH", "/v1/convai/settings", _update),
)
