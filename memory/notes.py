"""Which of a caller's notes a profile is made from: the newest ones, however many there are."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from memory.commitments import OPEN_FOR, TASK_NOTES
from memory.moments import EPOCH
from memory.port import Note, Noted

PREFERENCE_NOTES = 24

Placed = tuple[tuple[object, ...], Noted]  # (order, note): the order begins with the moment


def is_task(note: Note) -> bool:
    """Tell whether a note is of something to do or done: these are looked at together."""
    return note.kind != "preference"


def tasks_since(last_call_at: datetime) -> datetime:
    """Return from when on promises count, if this is when the newest call began."""
    return max(EPOCH, last_call_at - OPEN_FOR)


def newest_preferences(placed: Iterable[Placed]) -> list[Noted]:
    """Return the newest preferences, newest first."""
    kept = [each for each in placed if not is_task(each[1].note)]
    return _newest(kept)[:PREFERENCE_NOTES]


def newest_tasks(placed: Iterable[Placed], *, since: datetime) -> list[Noted]:
    """
    Return the newest promises and things done, newest first.

    One window for both: whatever settles a promise is newer, so it is there if the promise is.
    """
    kept = [each for each in placed if is_task(each[1].note) and each[1].occurred_at >= since]
    return _newest(kept)[:TASK_NOTES]


def _newest(placed: Sequence[Placed]) -> list[Noted]:
    return [noted for _, noted in sorted(placed, key=lambda pair: pair[0], reverse=True)]
