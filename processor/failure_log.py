"""The log lines of events that could not be applied: what failed, and whether it is given up."""

import logging
from collections.abc import Sequence

from memory.port import Failure
from processor.reporting import Tried

logger = logging.getLogger(__name__)


def log_failures(failed: Sequence[Failure], tried: Sequence[Tried]) -> None:
    """Log each of `failed`; `tried` knows the ids of the events they are of."""
    event_ids = {each.file: each.event_id for each in tried}
    for failure in failed:
        level, action, sentence = _said_of(failure)
        logger.log(
            level,
            sentence,
            extra={
                "action": action,
                "event_id": event_ids.get(failure.file, ""),
                "file": failure.file,
                "attempts": failure.attempts,
                "error": failure.error,
            },
        )


def _said_of(failure: Failure) -> tuple[int, str, str]:
    if failure.next_attempt_at is None:  # nothing more happens by itself
        return logging.ERROR, "event_parked", "a failed event is parked; see `processor status`"
    if failure.attempts == 1:
        return logging.WARNING, "event_failed", "an event could not be applied, it is tried again"
    return logging.WARNING, "retry_failed", "a failed event failed again"
