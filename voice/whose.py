"""Whose call a stored body is of, and when it began: all that an erasure asks."""

from datetime import UTC, datetime

from voice.errors import NotUnderstood
from voice.events import CallEnded
from voice.payload import parse_event

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def whose(kind: str, body: bytes, *, region: str | None) -> tuple[str | None, datetime]:
    """
    Return the memory key of the human in a transcription or a failure, and when it began.

    The key is None for nobody known; so it is for a body that cannot be understood.
    """
    try:
        event = parse_event(kind, body, region=region)
    except NotUnderstood:
        return None, _EPOCH
    return event.caller, event.started_at if isinstance(event, CallEnded) else event.failed_at
