"""How much of the evidence a search returns: scores of a question, means, and differences."""

import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.corpora import Caller, Piece
from benchmarks.load import percentile

WANTED = 20  # memories that are asked for
METRICS = ("recall@5", "recall@10", "recall@20", "hit@10", "MRR")
COMPARED = "recall@10"

_ROUNDS = 2000  # of resampling

# Asks (caller, question) for `WANTED` memories. Returns for each, best first, the ids of the
# evidence it stands for (its own, nearly always), and the seconds that the search took.
Search = Callable[[str, str], tuple[Sequence[frozenset[str]], float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question that was asked, and how well its answer served, by metric."""

    category: str
    scores: dict[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """One engine's answers to all questions, and medians over the runs of its latency."""

    asked: tuple[Asked, ...]
    p50_ms: float
    p99_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A mean difference, and the interval it lies in with 95 % confidence."""

    mean: float
    low: float
    high: float


def score(ranked: Sequence[frozenset[str]], evidence: Sequence[Piece]) -> dict[str, float]:
    """
    Return each metric of one answer.

    recall@k is the share of the evidence among the first k memories, hit@k whether any is,
    and MRR one over the place of the first.
    """
    places = [
        next((place for place, ids in enumerate(ranked, 1) if not piece.isdisjoint(ids)), None)
        for piece in evidence
    ]
    found = [place for place in places if place is not None]
    scores = {
        f"recall@{k}": sum(place <= k for place in found) / len(evidence) for k in (5, 10, 20)
    }
    scores["hit@10"] = float(any(place <= 10 for place in found))
    scores["MRR"] = 1 / min(found) if found else 0.0
    return scores


def ask_all(search: Search, callers: Sequence[Caller], *, runs: int) -> Answers:
    """Ask every caller's questions, `runs` times over; the answers of the first run count."""
    asked: list[Asked] = []
    latencies = []
    for run in range(runs):
        milliseconds = []
        for caller in callers:
            for question in caller.questions:
                ranked, seconds = search(caller.name, question.text)
                milliseconds.append(seconds * 1000)
                if run == 0:
                    scores = score(ranked, question.evidence)
                    asked.append(Asked(category=question.category, scores=scores))
        latencies.append(sorted(milliseconds))
    return Answers(
        asked=tuple(asked),
        p50_ms=statistics.median(percentile(run, 50) for run in latencies),
        p99_ms=statistics.median(percentile(run, 99) for run in latencies),
    )


def timed(find: Callable[[str, str, int], Iterable[str]]) -> Search:
    """Return the search of an engine whose `find(caller, query, limit)` returns ids."""

    def search(caller: str, query: str) -> tuple[Sequence[frozenset[str]], float]:
        began = time.perf_counter()
        ids = find(caller, query, WANTED)
        seconds = time.perf_counter() - began
        return [frozenset([each]) for each in ids], seconds

    return search


def means(asked: Sequence[Asked]) -> dict[str, float]:
    """Return the mean of each metric over the questions."""
    return {metric: statistics.fmean(each.scores[metric] for each in asked) for metric in METRICS}


def paired_difference(ours: Sequence[Asked], theirs: Sequence[Asked]) -> Difference:
    """
    Return how much more of the evidence we find than they do, in the first ten.

    Both are answers to the same questions in the same order. The interval comes from drawing as many questions again and again (a paired bootstrap), by
    a fixed seed: the same answers give the same interval.
    """
    pairs = zip(ours, theirs, strict=True)
    gains = np.array([our.scores[COMPARED] - their.scores[COMPARED] for our, their in pairs])
    random = np.random.default_rng(1)
    drawn = [gains[random.integers(0, len(gains), len(gains))].mean() for _ in range(_ROUNDS)]
    low, high = np.percentile(drawn, [2.5, 97.5])
    return Difference(mean=float(gains.mean()), low=float(low), high=float(high))
