"""Where ElevenLabs is, and who asks: kept apart, so that naming it does not load the SDK."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudOptions:
    """Where ElevenLabs is, and who asks. `base_url` "" is the usual address."""

    api_key: str
    base_url: str = ""
