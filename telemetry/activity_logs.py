"""Warnings and errors, told to whoever looks on as they are logged."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from telemetry.activity import Activity
from telemetry.ids import current_event_id, current_request_id

MAX_CHARACTERS = 300


class _Teller(logging.Handler):
    def __init__(self, activity: Activity) -> None:
        super().__init__(logging.WARNING)
        self._activity = activity

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._activity.publish("log", _members(record))
        except Exception:  # noqa: BLE001 - a log line may not fail who writes it
            self.handleError(record)


@contextmanager
def told_of_warnings(activity: Activity) -> Iterator[None]:
    """Publish every record of WARNING and above, in a few words and without its traceback."""
    teller = _Teller(activity)
    root = logging.getLogger()
    root.addHandler(teller)
    try:
        yield
    finally:
        root.removeHandler(teller)


def _members(record: logging.LogRecord) -> dict[str, str]:
    members = {
        "level": record.levelname,
        "logger": record.name,
        "message": _cut(record.getMessage()),
        "action": str(getattr(record, "action", "")),
        "error": _cut(str(getattr(record, "error", ""))),
        "request_id": str(getattr(record, "request_id", "")) or current_request_id(),
        "event_id": str(getattr(record, "event_id", "")) or current_event_id(),
    }
    if record.exc_info and record.exc_info[0] is not None:
        members["error"] = record.exc_info[0].__name__  # its text may quote a caller
    return {name: text for name, text in members.items() if text}


def _cut(text: str) -> str:
    # Lone surrogates are no UTF-8, and a path or a header may hold some.
    clean = text.encode("utf-8", "replace").decode("utf-8")
    return clean if len(clean) <= MAX_CHARACTERS else clean[: MAX_CHARACTERS - 1] + "…"
