"""The policy of retries: when a failed event is tried again, and when it is parked. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from memory.port import Failure


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """
    When a failed event is tried again.

    The pause doubles with every attempt, from `base_seconds` up to `max_seconds`; after
    `max_attempts` the event is parked.
    """

    base_seconds: float
    max_seconds: float
    max_attempts: int


def next_attempt(
    attempts: int, *, now: datetime, policy: RetryPolicy, jitter: float
) -> datetime | None:
    """
    Return when to try again after `attempts` failed ones; None: no more, park it.

    `jitter` in 0..1 spreads the pause over half to one and a half of its length, so that what
    failed together is not retried together.
    """
    if attempts >= policy.max_attempts:
        return None
    pause_seconds = min(policy.base_seconds * 2.0 ** (attempts - 1), policy.max_seconds)
    return now + timedelta(seconds=pause_seconds * (0.5 + jitter))


def failed_once_more(
    file: str,
    error: str,
    *,
    attempts_before: int,
    now: datetime,
    policy: RetryPolicy,
    jitter: float,
) -> Failure:
    """Return the note of an event that has failed again, with its next attempt or parked."""
    attempts = attempts_before + 1
    due = next_attempt(attempts, now=now, policy=policy, jitter=jitter)
    return Failure(file=file, error=error, attempts=attempts, next_attempt_at=due)
