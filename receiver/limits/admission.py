"""
Which of the large bodies that wait may be read next. Pure.

Half of the places and of the disk is kept for addresses that are proven: those that sent a valid
signature lately, and those the platform publishes. Of what it could have, one address gets half.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

PLACES = 8


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


def _has_room(size: int, running: Sequence[Ask], *, places: int, budget_bytes: int) -> bool:
    if not running:
        return True  # one that is larger than the budget would never be read else
    return len(running) < places and sum(each.size for each in running) + size <= budget_bytes
