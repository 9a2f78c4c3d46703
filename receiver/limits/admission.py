"""
Which of the large bodies that wait may be read next. Pure.

Half of the places and of the disk is kept for addresses that are proven: those that sent a valid
signature lately, and those the platform publishes. Of what it could have, one address gets half.
Whoever takes long over a body gives way once another has waited for long.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

PLACES = 8
# Slower than this (bytes a second), a body gives way; the second is for what is likely unsigned.
PACE_OF_PROVEN = 64 * 1024
PACE_OF_OTHERS = 1024 * 1024
# Who owes more than this for bodies that were not signed is taken for one that is not proven.
MAY_OWE_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ask:
    """
    A large body that wants to be read. `size` is in bytes: what it may come to at most.

    `number` counts up in the order in which they came.
    """

    key: str
    size: int
    is_proven: bool
    number: int


def fits(ask: Ask, running: Sequence[Ask], *, budget_bytes: int) -> bool:
    """Tell whether `ask` may be read beside `running`, but for the share of its address."""
    if not _has_room(ask.size, running, places=PLACES, budget_bytes=budget_bytes):
        return False
    if ask.is_proven:
        return True
    others = [each for each in running if not each.is_proven]
    return _has_room(ask.size, others, places=PLACES // 2, budget_bytes=budget_bytes // 2)


def is_within_share(ask: Ask, running: Sequence[Ask]) -> bool:
    """Tell whether the address of `ask` may have one more under way."""
    share = PLACES // 2 if ask.is_proven else PLACES // 4
    return sum(each.key == ask.key for each in running) < share


def next_admitted(
    waiting: Sequence[Ask],
    running: Sequence[Ask],
    *,
    budget_bytes: int,
    owed: Callable[[str], float],
) -> Ask | None:
    """
    Return whose turn it is, None while there is no room.

    Proven addresses come first, then those that owe least (for bodies that were not signed), then
    those that came first. Nobody is overtaken by who needs less room, or a large one would starve.
    """
    order = sorted(waiting, key=lambda ask: (not ask.is_proven, owed(ask.key), ask.number))
    for ask in order:
        if is_within_share(ask, running):
            return ask if fits(ask, running, budget_bytes=budget_bytes) else None
    return None


def gives_way(
    ask: Ask, running: Mapping[Ask, float], *, owed: Callable[[str], float]
) -> Ask | None:
    """
    Return the running body that is to give way to `ask`, None if none is slow enough.

    `running` has the bytes a second of each so far, infinite for those that have just begun. Where
    the share of its own address is taken, that is one of its own.
    """
    if not is_within_share(ask, list(running)):
        rivals = [each for each in running if each.key == ask.key]
    else:
        rivals = [each for each in running if ask.is_proven or not each.is_proven]
    slow = [each for each in rivals if running[each] < _least_pace(each, owed)]
    return min(slow, key=lambda each: running[each], default=None)


def _least_pace(ask: Ask, owed: Callable[[str], float]) -> int:
    is_trusted = ask.is_proven and owed(ask.key) <= MAY_OWE_BYTES
    return PACE_OF_PROVEN if is_trusted else PACE_OF_OTHERS


def _has_room(size: int, running: Sequence[Ask], *, places: int, budget_bytes: int) -> bool:
    if not running:
        return True  # one that is larger than the budget would never be read else
    return len(running) < places and sum(each.size for each in running) + size <= budget_bytes
