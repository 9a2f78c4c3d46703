"""
Conversations with questions whose evidence is known, and what a memory may hold of them.

A loader (`locomo`, `chats`) makes `Dialogue`s; a variant makes of each the callers that an
engine is filled with and asked about.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

Item = tuple[str, str, float]  # id, text and unix seconds, as an engine takes them
Piece = frozenset[str]  # of evidence: any memory of these will do


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What one speaker said at `at` (unix seconds)."""

    id: str
    session: str
    speaker: str
    text: str
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A statement that somebody drew from these turns. Its id looks like "F3.0"."""

    id: str
    text: str
    at: float
    turns: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question; all of its `evidence` should be found."""

    id: str
    text: str
    category: str
    evidence: tuple[Piece, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialogue:
    """Everything two people said to each other; `callers` are those who may be the caller."""

    name: str
    callers: tuple[str, ...]
    turns: tuple[Turn, ...]
    facts: tuple[Fact, ...] = ()
    questions: tuple[Question, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """What an engine remembers of one caller, oldest first, and what it is asked."""

    name: str
    memories: tuple[Item, ...]
    questions: tuple[Question, ...]


def one_of_each(ids: Iterable[str]) -> tuple[Piece, ...]:
    """Return evidence that asks for every one of these memories."""
    return tuple(frozenset([each]) for each in dict.fromkeys(ids))


def turns(dialogue: Dialogue) -> list[Caller]:
    """Each turn of both speakers is a memory."""
    items = tuple(map(_item, dialogue.turns))
    return [Caller(name=dialogue.name, memories=items, questions=dialogue.questions)]


def own_turns(dialogue: Dialogue) -> list[Caller]:
    """Each speaker is a caller whose own turns alone are kept, asked about nothing else."""
    return [
        Caller(
            name=f"{dialogue.name}/{speaker}",
            memories=tuple(_item(turn) for turn in dialogue.turns if turn.speaker == speaker),
            questions=questions_about(dialogue, speaker),
        )
        for speaker in dialogue.callers
    ]


def facts(dialogue: Dialogue) -> list[Caller]:
    """Each fact is a memory; a turn is found when any fact that was drawn from it is."""
    drawn = _facts_by_turn(dialogue.facts)
    items = tuple((fact.id, fact.text, fact.at) for fact in dialogue.facts)
    questions = _with_evidence(
        dialogue.questions, lambda turn: frozenset(drawn[turn]) if turn in drawn else None
    )
    return [Caller(name=dialogue.name, memories=items, questions=questions)]


def both(dialogue: Dialogue) -> list[Caller]:
    """Turns and facts compete; a turn is found when it or a fact drawn from it is."""
    drawn = _facts_by_turn(dialogue.facts)
    said = map(_item, dialogue.turns)
    stated = ((fact.id, fact.text, fact.at) for fact in dialogue.facts)
    items = sorted([*stated, *said], key=lambda item: item[2])
    questions = _with_evidence(
        dialogue.questions, lambda turn: frozenset([turn, *drawn.get(turn, ())])
    )
    return [Caller(name=dialogue.name, memories=tuple(items), questions=questions)]


VARIANTS: dict[str, Callable[[Dialogue], list[Caller]]] = {
    "turns": turns,
    "caller": own_turns,
    "facts": facts,
    "both": both,
}


def questions_about(dialogue: Dialogue, speaker: str) -> tuple[Question, ...]:
    """Return the questions whose evidence this speaker alone has given."""
    own = {turn.id for turn in dialogue.turns if turn.speaker == speaker}
    return tuple(q for q in dialogue.questions if all(piece <= own for piece in q.evidence))


def _item(turn: Turn) -> Item:
    return turn.id, f"{turn.speaker}: {turn.text}", turn.at


def _facts_by_turn(stated: Sequence[Fact]) -> dict[str, list[str]]:
    drawn: dict[str, list[str]] = {}
    for fact in stated:
        for turn in fact.turns:
            drawn.setdefault(turn, []).append(fact.id)
    return drawn


def _with_evidence(
    questions: Sequence[Question], piece_of: Callable[[str], Piece | None]
) -> tuple[Question, ...]:
    """Return the questions that still have evidence when each turn becomes another piece."""
    kept = []
    for question in questions:
        pieces = [piece_of(turn) for piece in question.evidence for turn in sorted(piece)]
        evidence = tuple(dict.fromkeys(filter(None, pieces)))
        if evidence:
            kept.append(
                Question(
                    id=question.id,
                    text=question.text,
                    category=question.category,
                    evidence=evidence,
                )
            )
    return tuple(kept)
