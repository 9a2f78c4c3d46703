"""Recall in one call: the memories of one caller that answer a question, best first."""

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from memory.port import Conversation, Memory, Part
from memory.recall.build import build_index
from memory.recall.diversify import diversify
from memory.recall.index import CallerIndex, Floats
from memory.recall.question import Question, read_question
from memory.recall.score import Scores, score, with_meaning
from memory.recall.terms import terms_of
from memory.recall.weights import WEIGHTS, Weights


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """
    A memory that was found: its place in the index, its score and what that is made of.

    `parts` are the points of each word that counted, then every factor that is not 1,
    then what is added.
    """

    place: int
    score: float
    parts: tuple[Part, ...] = ()


def find(
    index: CallerIndex,
    query: str,
    *,
    limit: int,
    now: datetime | None,
    meaning: Floats | None = None,
    explain: bool = False,
    weights: Weights = WEIGHTS,
) -> list[Hit]:
    """
    Return at most `limit` memories that answer `query`; see `MemoryStore.search`.

    `meaning` is the vector of the query, if it is to be looked for by meaning too.
    """
    if not len(index) or limit <= 0:
        return []
    question = read_question(query, index, now=now, weights=weights)
    scores = score(index, question, now=now, weights=weights)
    if meaning is not None:
        scores = with_meaning(index, scores, meaning, weights=weights)
    found = np.flatnonzero(scores.total > 0)
    # of two that are as good the newer one first
    ranked = found[np.lexsort((-found, -index.occurred_us[found], -scores.total[found]))]
    best = diversify(index, ranked, limit=limit, per_call=question.time.counts)
    return [
        Hit(
            place=place,
            score=float(scores.total[place]),
            parts=_parts(question, scores, place) if explain else (),
        )
        for place in best.tolist()
    ]


def warm_up() -> None:
    """Do now what the first question of a process would wait for: tables, stemmers, patterns."""
    at = datetime(2000, 1, 1, tzinfo=UTC)
    memory = Memory(
        id="warm/utterance/0",
        caller="nobody",
        conversation_id="warm",
        agent_id="",
        kind="utterance",
        content="Caller: It is AB-12, on Monday.",
        sector="episodic",
        salience=1.0,
        occurred_at=at,
    )
    conversation = Conversation(
        id="warm",
        kind="call",
        version=(0.0, ""),
        caller="nobody",
        channel="phone",
        direction="",
        agent_id="",
        agent_line="",
        started_at=at,
        duration_secs=0.0,
        language="en",
        outcome="",
        summary="",
        memories=(memory,),
    )
    index = build_index([terms_of(conversation)])
    find(index, "what did she say about AB 12 last monday or mondey", limit=1, now=at)


def _parts(question: Question, scores: Scores, place: int) -> tuple[Part, ...]:
    named = [*(f"the word {concept.word}" for concept in question.concepts), "when it was said"]
    points = [
        Part(what=what, effect="points", value=float(row[place]))
        for what, row in zip(named, scores.points, strict=True)
    ]
    factors = [
        Part(what=what, effect="factor", value=float(factor[place]))
        for what, factor in scores.factors.items()
    ]
    added = 0.0 if scores.added is None else float(scores.added[place])
    return (
        *(part for part in points if part.value > 0),
        *(part for part in factors if part.value != 1),
        *([Part(what="a like meaning", effect="added", value=added)] if added else []),
    )
