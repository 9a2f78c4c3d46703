"""
LoCoMo (Maharana et al., ACL 2024): ten long conversations of two friends, with questions.

The evidence of its questions was typed by hand. Joined ("D8:6; D9:17"), misspelt ("D:11:26")
and zero-padded ("D30:05") labels are read as they were meant, turns that do not exist are
dropped, and so are questions that have no evidence left.
"""

import json
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.corpora import Dialogue, Fact, Question, Turn, one_of_each

FILE = "locomo10.json"
ADVERSARIAL = "adversarial"  # about something that was not said: no answer is right
TUNING = frozenset(["conv-26", "conv-30", "conv-41"])  # on these, settings may be chosen

_CATEGORIES = {1: "multi-hop", 2: "temporal", 3: "open-domain", 4: "single-hop", 5: ADVERSARIAL}
_SECONDS_A_TURN = 20.0  # only the beginning of a session is dated
_TURN = re.compile(r"D:?(\d+):(\d+)")
_SESSION = re.compile(r"session_(\d+)")


def load(path: Path, *, split: str) -> list[Dialogue]:
    """Return the conversations of a split: "tune", "test" or "all"."""
    rows = json.loads(path.read_text("utf-8"))
    wanted = {"tune": (True,), "test": (False,), "all": (True, False)}[split]
    return [_dialogue(row) for row in rows if (row["sample_id"] in TUNING) in wanted]


def _dialogue(row: dict[str, Any]) -> Dialogue:
    conversation = row["conversation"]
    numbers = sorted(int(found[1]) for found in map(_SESSION.fullmatch, conversation) if found)
    turns = [turn for number in numbers for turn in _turns(conversation, number)]
    facts = [fact for number in numbers for fact in _facts(row, number)]
    known = {turn.id for turn in turns}
    return Dialogue(
        name=row["sample_id"],
        callers=tuple(sorted({turn.speaker for turn in turns})),
        turns=tuple(turns),
        facts=tuple(facts),
        questions=tuple(_questions(row, known)),
    )


def _turns(conversation: dict[str, Any], number: int) -> Iterator[Turn]:
    began = _began(conversation, number)
    for place, turn in enumerate(conversation[f"session_{number}"]):
        yield Turn(
            id=turn["dia_id"],
            session=str(number),
            speaker=turn["speaker"],
            text=turn["text"],
            at=began + place * _SECONDS_A_TURN,
        )


def _facts(row: dict[str, Any], number: int) -> Iterator[Fact]:
    """Yield the observations on a session, dated at its beginning as collected facts are."""
    observed = row.get("observation", {}).get(f"session_{number}_observation", {})
    began = _began(row["conversation"], number)
    statements = [statement for of_speaker in observed.values() for statement in of_speaker]
    for place, (text, turns) in enumerate(statements):
        labels = turns if isinstance(turns, list) else [turns]
        yield Fact(id=f"F{number}.{place}", text=text, at=began, turns=frozenset(_turn_ids(labels)))


def _questions(row: dict[str, Any], known: set[str]) -> Iterator[Question]:
    for place, asked in enumerate(row["qa"]):
        turns = [turn for turn in _turn_ids(asked.get("evidence") or ()) if turn in known]
        if turns:
            yield Question(
                id=f"{row['sample_id']}/{place}",
                text=asked["question"],
                category=_CATEGORIES[asked["category"]],
                evidence=one_of_each(turns),
            )


def _began(conversation: dict[str, Any], number: int) -> float:
    text = conversation[f"session_{number}_date_time"]  # "1:56 pm on 8 May, 2023"
    moment = datetime.strptime(text.strip(), "%I:%M %p on %d %B, %Y").replace(tzinfo=UTC)
    return moment.timestamp()


def _turn_ids(labels: Iterable[object]) -> list[str]:
    pairs = [pair for label in labels for pair in _TURN.findall(str(label))]
    return [f"D{int(session)}:{int(place)}" for session, place in pairs]
