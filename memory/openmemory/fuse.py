"""One answer from two: what the embedded store found, and what OpenMemory ranks."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate
from math import isfinite
from statistics import fmean, stdev

from memory.openmemory.backend import Match
from memory.port import Found, Memory, Part

# Both chosen with `benchmarks.mirror --recall`, so that an OpenMemory whose vectors know little
# of meaning costs no answer; a lower bar for what stands out cost a few.
BONUS = 0.1  # of our best score, for what OpenMemory ranks first
_DEVIATIONS = 2.5  # above the mean of the scores, for what stands out

MAX_ADDED = 3  # memories in an answer that only OpenMemory has found
_SAME = 1e-6  # of the largest score: differences below it are rounding

_Key = tuple[str, str, str]


def outstanding(matches: Sequence[Match]) -> list[Match]:
    """
    Return the matches that stand out in their answer, in its order.

    An OpenMemory returns as many rows for nonsense as for a good question, and its scores mean
    nothing from one answer to the next. So a match counts only where its score lies more than
    two and a half standard deviations above the mean of the answer: at most one in seven, and
    of eight or fewer none. What has no finite score or comes a second time is passed over.
    """
    unique = {each.id: each for each in reversed(matches) if isfinite(each.score)}
    heard = [each for each in matches if unique.get(each.id) is each]
    largest = max((abs(each.score) for each in heard), default=0.0)
    if len(heard) <= 1 or not largest:
        return []
    scores = [each.score / largest for each in heard]
    deviation = stdev(scores)
    if deviation < _SAME:
        return []
    least = fmean(scores) + _DEVIATIONS * deviation
    return [match for match, score in zip(heard, scores, strict=True) if score > least]


def fuse(
    found: Sequence[Found],
    matches: Sequence[tuple[Memory, int]],
    *,
    limit: int,
    explain: bool,
) -> list[Found]:
    """
    Return at most `limit` results: ours, where a memory gains by OpenMemory's rank from 0 on.

    Our scores stay, and so does our order among those that gain nothing, which is not always
    that of the scores: what repeats a better result comes behind. Scores compare with ours by
    rank alone, so what is added is a share of our best score. Of what we have not found at
    most `MAX_ADDED` memories come in.
    """
    best = max((each.score for each in found), default=1.0)
    gains: dict[_Key, tuple[Memory, int]] = {}
    for memory, rank in sorted(matches, key=lambda match: match[1]):
        gains.setdefault(_key(memory), (memory, rank))
    # How high a result stands in our order, however high its own score is.
    standing = accumulate((each.score for each in found), min)
    fused = []
    for each, stands_at in zip(found, standing, strict=True):
        gain = gains.pop(_key(each.memory), None)
        added = _part(gain[1], best) if gain else None
        fused.append(
            (stands_at + (added.value if added else 0.0), _with(each, added, explain=explain))
        )
    for memory, rank in list(gains.values())[:MAX_ADDED]:
        added = _part(rank, best)
        fused.append((added.value, _with(Found(memory=memory, score=0.0), added, explain=explain)))
    fused.sort(key=lambda result: -result[0])  # stable: ties keep our order
    return [each for _, each in fused[:limit]]


def _part(rank: int, best: float) -> Part:
    return Part(
        what=f"OpenMemory ranks it {_ordinal(rank + 1)}",
        effect="added",
        value=BONUS * best / (1 + rank),
    )


def _with(found: Found, added: Part | None, *, explain: bool) -> Found:
    if added is None:
        return found
    parts = (*found.parts, added) if explain else found.parts
    return replace(found, score=found.score + added.value, parts=parts)


def _key(memory: Memory) -> _Key:
    """Return what a memory is known by, whatever its text has become since the other read."""
    return memory.kind, memory.conversation_id, memory.id


def _ordinal(number: int) -> str:
    endings = {1: "st", 2: "nd", 3: "rd"}
    is_teen = number % 100 in {11, 12, 13}
    return f"{number}{'th' if is_teen else endings.get(number % 10, 'th')}"
