"""Comparing two canonical dumps, line by line, in constant memory."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass

MAX_LISTED = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """
    How many conversations two memories hold differently; `differences` says which, for the
    first of them.
    """

    count: int
    differences: tuple[str, ...]

    @property
    def is_equal(self) -> bool:
        """True if both hold the same."""
        return self.count == 0


async def compare(*, live: AsyncIterator[str], rebuilt: AsyncIterator[str]) -> Comparison:
    """Compare two exports (see `MemoryStore.export`): sorted, a conversation a line."""
    count = 0
    listed: list[str] = []
    left, right = await anext(live, None), await anext(rebuilt, None)
    while left is not None or right is not None:
        key_left, key_right = _key(left), _key(right)
        if left != right:
            count += 1
            if len(listed) < MAX_LISTED:
                listed.append(_difference(key_left, key_right))
        advance_left, advance_right = key_left <= key_right, key_right <= key_left
        if advance_left:
            left = await anext(live, None)
        if advance_right:
            right = await anext(rebuilt, None)
    return Comparison(count=count, differences=tuple(listed))


def _key(line: str | None) -> tuple[bool, str, str]:
    if line is None:
        return (True, "", "")  # after everything
    record = json.loads(line)
    return (False, record["id"], record["kind"])


def _difference(live: tuple[bool, str, str], rebuilt: tuple[bool, str, str]) -> str:
    _, conversation_id, kind = min(live, rebuilt)
    if live == rebuilt:
        return f"{conversation_id} ({kind}): the live memory differs from the rebuilt one"
    where = "live" if live < rebuilt else "rebuilt"
    return f"{conversation_id} ({kind}): only in the {where} memory"
