"""How well each of a caller's memories answers a question: BM25F over memory and neighbourhood."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from memory.recall.index import CallerIndex, Floats, Postings
from memory.recall.meaning import likeness
from memory.recall.question import Concept, Question, names_time
from memory.recall.weights import Weights
from memory.recall.when.read import TimeHint, date_fit

_RIVAL_SHARE = 0.35  # of the best score, from which on memories may contradict each other
_RIVAL_WORD_SHARE = 0.0  # the same, of the word that says most: a near-synonym will do
# What a memory tells by itself of the call that it is of, by the place of its kind in `KINDS`.
_TELLS = np.array([0.8, 1.0, 0.9])


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """
    The score of every memory, and what it is made of.

    `points[i]` are those of the question's concept i for each memory, and the last row those of
    being said at the time that the question names; the total is their sum
    times every factor, plus what is `added` for a like meaning.
    """

    total: Floats
    points: Floats
    factors: dict[str, Floats]
    added: Floats | None = None


def score(
    index: CallerIndex, question: Question, *, now: datetime | None, weights: Weights
) -> Scores:
    """Return the score of every memory of the index, 0 for what has nothing to do with it."""
    fit = date_fit(question.time, index.occurred_us, index.call, now=now)
    points = _points(index, question.concepts, weights)
    alone = weights.exact_time_alone if _is_exact(question.time) else weights.time_alone
    points = np.vstack([points, alone * fit * _TELLS[index.kind]]).astype(np.float32)
    factors = _factors(index, question, fit, weights)
    total = points.sum(axis=0)
    for factor in factors.values():
        total = total * factor
    newest = _newest(index, question, points, total, weights)
    if newest is not None:
        factors["the newest"] = newest
        total = total * newest
    return Scores(total=total, points=points, factors=factors)


def with_meaning(
    index: CallerIndex, scores: Scores, meaning: Floats, *, weights: Weights
) -> Scores:
    """
    Return `scores` with the meaning of the memories weighed in.

    Words and meaning are scaled to their best and added: sums of scores beat sums of ranks by
    far. A memory that has no vector yet keeps the place that its words give it.
    """
    alike, known = likeness(index, meaning, spread=weights.meaning_spread)
    if not known.any():
        return scores
    best = float(scores.total.max())
    share = np.where(known, 1 - weights.meaning, 1.0) / (best or 1.0)
    added = weights.meaning * alike
    total = scores.total * share + added
    total[(scores.total <= 0) & (alike < weights.meaning_alone)] = 0
    return Scores(
        total=total,
        points=scores.points,
        factors={**scores.factors, "the share of words": share},
        added=added,
    )


def _points(index: CallerIndex, concepts: Sequence[Concept], weights: Weights) -> Floats:
    """Return a row for each concept with its points for every memory."""
    counted = _counts(index.said, concepts, len(index))
    said = counted * _length_norm(index.said_length, weights)
    alone = np.minimum(1.0, weights.stands_alone / index.said_length).astype(np.float32)
    context = weights.exchange * _in_exchange(index, counted)
    if len(index.heard.memory):
        heard = _counts(index.heard, concepts, len(index))
        heard *= _length_norm(index.heard_length, weights)
        context += np.where(index.heard_asks, weights.answered, weights.before) * heard
        goes_on = index.exchange[1:] == index.exchange[:-1]
        context[:, :-1] += weights.after * goes_on * heard[:, 1:]
    for distance, before, after in _neighbours(index, weights):
        context[:, distance:] += before * said[:, :-distance]
        context[:, :-distance] += after * said[:, distance:]
    found = said + alone * context
    saturated = found * (weights.saturation + 1) / (found + weights.saturation)
    points: Floats = saturated * _worth(index, concepts, counted)[:, None]
    return points


def _counts(postings: Postings, concepts: Sequence[Concept], total: int) -> Floats:
    counts = np.zeros((len(concepts), total), np.float32)
    for row, concept in zip(counts, concepts, strict=True):
        for stem, share in concept.stems:
            of_stem = slice(postings.start[stem], postings.start[stem + 1])
            row[postings.memory[of_stem]] += np.float32(share) * postings.count[of_stem]
    return counts


def _length_norm(length: Floats, weights: Weights) -> Floats:
    norm: Floats = 1 / (1 - weights.length + weights.length * length / length.mean())
    return norm


def _in_exchange(index: CallerIndex, counted: Floats) -> Floats:
    """Return how densely each concept occurs in the exchange of each memory."""
    begins = np.flatnonzero(np.diff(index.exchange, prepend=-1))
    length = np.add.reduceat(index.said_length, begins)
    density = np.add.reduceat(counted, begins, axis=1) * (index.said_length.mean() / length)
    of_memories: Floats = density[:, index.exchange]
    return of_memories


def _neighbours(index: CallerIndex, weights: Weights) -> list[tuple[int, Floats, Floats]]:
    """Return (distance, what the earlier counts in the later, what the later in the earlier)."""
    found = []
    for distance in (1, 2):
        if len(index) <= distance:
            break
        earlier, later = slice(None, -distance), slice(distance, None)
        together = (
            (index.exchange[earlier] == index.exchange[later])
            & (index.kind[earlier] == index.kind[later])
            & ~index.labelled[later]
            & ~index.labelled[earlier]
        )
        same = index.speaker[earlier] == index.speaker[later]
        across = np.where(index.asks[earlier], weights.answered, weights.before), weights.after
        before, after = (
            np.where(same, weights.near, other if distance == 1 else 0.0) * together
            for other in across
        )
        found.append((distance, before.astype(np.float32), after.astype(np.float32)))
    return found


def _worth(index: CallerIndex, concepts: Sequence[Concept], counted: Floats) -> Floats:
    """Return what each concept is worth: its weight, and the more the rarer its word is."""
    total = len(index)
    start = index.said.start
    worth = np.zeros(len(concepts), np.float32)
    for place, concept in enumerate(concepts):
        own = [int(start[stem + 1] - start[stem]) for stem, share in concept.stems if share == 1]
        holding = max(own) if own else np.count_nonzero(counted[place])
        worth[place] = concept.weight * np.log1p((total - holding + 0.5) / (holding + 0.5))
    return worth


def _factors(
    index: CallerIndex, question: Question, fit: Floats, weights: Weights
) -> dict[str, Floats]:
    factors = {}
    if index.asks.any():  # fades where most memories are questions
        factors["only asked"] = 1 - weights.question * (1 - index.asks.mean()) * index.asks
    if question.speakers and len(index.speakers) > 1:
        said_by = np.isin(index.speaker, list(question.speakers))
        factors["said by whom the question names"] = 1 + weights.speaker * said_by
    if fit.any():
        lift = weights.exact_date if _is_exact(question.time) else weights.date
        factors["said at that time"] = 1 + lift * fit
    if index.superseded.any() and not names_time(question.time):
        sign = 1 if question.time.tense == "then" else -1
        factors["has a newer value"] = 1 + sign * weights.superseded * index.superseded
    return factors


def _is_exact(time: TimeHint) -> bool:
    return bool(time.calls or time.spans) or time.day is not None


def _newest(
    index: CallerIndex, question: Question, points: Floats, total: Floats, weights: Weights
) -> Floats | None:
    """
    Return the factor that puts the newer of contradicting statements first, or the older.

    Which statements contradict each other no word tells, but they answer the same question
    about as well, by the same word or one near it: among those the call decides.
    """
    if not question.time.tense or not total.any():
        return None
    best = int(total.argmax())
    rivals = total >= _RIVAL_SHARE * total[best]
    if question.concepts:
        main = points[points[:-1, best].argmax()]  # the word that says most about the best
        rivals &= main >= _RIVAL_WORD_SHARE * main[best]
    calls = np.unique(index.call[rivals])
    if len(calls) <= 1:
        return None
    age = np.searchsorted(calls, index.call).clip(0, len(calls) - 1) / (len(calls) - 1)
    if question.time.tense == "then":
        age = 1 - age
    lift = weights.present if question.time.tense == "present" else weights.newest
    return np.where(rivals, 1 + lift * age, 1.0)
