"""Choosing results: the best first, and what says the same again after what says more."""

import numpy as np

from memory.recall.index import CallerIndex, Flags, Floats, Ints

# What part of a memory, by the rarity of its words, may have been said by a better result before
# it only repeats: "Yes, 12 Elm Road, that is right" repeats "12 Elm Road, by the side gate".
SAME_SHARE = 0.7
# How many candidates are compared: an address may have been confirmed in every other call.
_LOOKED_AT = 30
_LOOKED_AT_TIMES = 3  # as many as results are wanted, if that is more


def diversify(index: CallerIndex, ranked: Ints, *, limit: int, per_call: bool) -> Ints:
    """
    Return at most `limit` of `ranked`, near-duplicates of better ones put behind the others.

    With `per_call` only what is said again in the same call is a duplicate: for questions that
    ask how often.
    """
    count = max(_LOOKED_AT, limit * _LOOKED_AT_TIMES)
    looked_at, rest = ranked[:count], ranked[count:]
    if len(looked_at) <= 1:
        return ranked[:limit]
    alike = _alike(index, looked_at)
    if per_call:
        calls = index.call[looked_at]
        alike &= calls[:, None] == calls[None, :]
    kept: list[int] = []
    repeated: list[int] = []
    for place in range(len(looked_at)):
        (repeated if alike[place, kept].any() else kept).append(place)
    return np.concatenate([looked_at[[*kept, *repeated]], rest])[:limit]


def _alike(index: CallerIndex, memories: Ints) -> Flags:
    """Return for each pair whether the first is mostly contained in the second."""
    start, stems = index.said_stems
    held = [stems[start[memory] : start[memory + 1]] for memory in memories]
    columns, places = np.unique(np.concatenate(held), return_inverse=True)
    holds = np.zeros((len(held), len(columns)), np.float32)
    holds[np.repeat(np.arange(len(held)), [len(each) for each in held]), places] = 1
    holding = index.said.start[columns + 1] - index.said.start[columns]
    rarity = np.log(len(index) / holding).astype(np.float32)
    # not `@`: its threads wait for a busy core, ten times as long as this takes
    common: Floats = np.einsum("ik,jk->ij", holds * rarity, holds)
    own = np.diag(common)
    return common >= SAME_SHARE * np.maximum(own, 1e-6)[:, None]
