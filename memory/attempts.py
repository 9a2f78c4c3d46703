"""Calls to somebody that came to nothing: which of them a profile tells, and which are settled."""

from collections.abc import Iterable

from memory.port import Attempt, Conversation, Profile

MAX_ATTEMPTS = 5
# The newest: so many at most are read, however many were answered after all.
ATTEMPTS_LOOKED_AT = 20
MAX_REASON_CHARS = 100


def attempt_of(record: Conversation) -> Attempt:
    """Return what a record of a call that nobody answered says."""
    return Attempt(
        at=record.started_at, reason=bounded_reason(record.outcome), conversation_id=record.id
    )


def bounded_reason(reason: str) -> str:
    """Return as much of the platform's reason as a profile keeps."""
    return reason[:MAX_REASON_CHARS]


def newest_attempts(records: Iterable[Conversation]) -> list[Attempt]:
    """
    Return the newest attempts among a caller's records, newest first.

    An attempt whose conversation has a call as well was answered after all, and is none.
    """
    records = list(records)
    made = {record.id for record in records if record.kind == "call"}
    tried = [record for record in records if record.kind == "failure"]
    tried.sort(key=lambda record: (record.started_at, record.id), reverse=True)
    missed = [record for record in tried[:ATTEMPTS_LOOKED_AT] if record.id not in made]
    return [attempt_of(record) for record in missed[:MAX_ATTEMPTS]]


def unsettled_attempts(profile: Profile) -> tuple[Attempt, ...]:
    """
    Return the attempts since the last call, newest first: a later call settles what was before.

    For somebody who was never reached these are all of them, dated or not.
    """
    if not profile.call_count:
        return profile.attempts
    return tuple(each for each in profile.attempts if each.at > profile.last_call_at)
