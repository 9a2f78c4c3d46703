"""
BEAM and LongMemEval: long chats of a user with an assistant; the user is the caller.

Evidence that the assistant gave is left out, and with it questions that have no other.
"""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.corpora import Dialogue, Question, Turn, one_of_each

BEAM_FOLDER = "beam"
LONGMEMEVAL_FILE = "longmemeval_s_cleaned.json"
USER = "User"
ASSISTANT = "Assistant"

# The kinds of question that something said answers; the others ask for an order, a summary, or
# whether the answer is missing.
_ANSWERED_BY_MESSAGES = frozenset(
    [
        "information_extraction",
        "knowledge_update",
        "multi_session_reasoning",
        "temporal_reasoning",
        "contradiction_resolution",
        "preference_following",
    ]
)
_NO_CALLS = frozenset(["coding", "math"])  # chats of listings and formulas
_APPENDED = re.compile(r"\s*->->.*", re.DOTALL)  # the data set's own note at a message's end
_WEEKDAY = re.compile(r"\(.*?\)\s*")
_SECONDS_A_TURN = 20.0


def load_beam(folder: Path) -> list[Dialogue]:
    """Return the chats of one size, such as `beam/500K`, in numeric order."""
    chats = sorted(folder.iterdir(), key=lambda chat: (len(chat.name), chat.name))
    return [
        _beam_dialogue(chat)
        for chat in chats
        if (chat / "chat.json").is_file() and _topic(chat) not in _NO_CALLS
    ]


def load_longmemeval(path: Path) -> list[Dialogue]:
    """Return a dialogue for each question, but for those that have no answer."""
    rows = json.loads(path.read_text("utf-8"))
    found = [_longmemeval_dialogue(row) for row in rows if not row["question_id"].endswith("_abs")]
    return [dialogue for dialogue in found if dialogue.questions]


def _topic(chat: Path) -> str:
    category = _read(chat / "topic.json").get("category", "")
    return str(category).strip().lower()


def _beam_dialogue(chat: Path) -> Dialogue:
    turns = tuple(_beam_turns(_read(chat / "chat.json")))
    said = {turn.id for turn in turns if turn.speaker == USER}
    questions = _read(chat / "probing_questions" / "probing_questions.json")
    name = f"{chat.parent.name}-{chat.name}"
    return Dialogue(
        name=name, callers=(USER,), turns=turns, questions=tuple(_beam_questions(name, questions, said))
    )  # fmt: skip


def _beam_turns(batches: list[dict[str, Any]]) -> Iterator[Turn]:
    day, place = 0.0, 0
    for batch in batches:
        for message in (message for group in batch["turns"] for message in group):
            anchor = _anchor(message.get("time_anchor"))
            if anchor is not None and anchor != day:
                day, place = anchor, 0
            place += 1
            yield Turn(
                id=str(message["id"]),
                session=str(batch["batch_number"]),
                speaker=USER if message["role"] == "user" else ASSISTANT,
                text=_APPENDED.sub("", message["content"]),
                at=day + place * _SECONDS_A_TURN,
            )


def _anchor(text: object) -> float | None:
    """Return the day in "March-15-2024", None if it is no such day."""
    try:
        return datetime.strptime(str(text), "%B-%d-%Y").replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None


def _beam_questions(name: str, by_kind: dict[str, Any], said: set[str]) -> Iterator[Question]:
    for kind, questions in by_kind.items():
        if kind not in _ANSWERED_BY_MESSAGES:
            continue
        for place, asked in enumerate(questions):
            sources = [
                each for each in map(str, _flat(asked.get("source_chat_ids"))) if each in said
            ]
            if sources:
                yield Question(
                    id=f"{name}/{kind}/{place}",
                    text=asked["question"],
                    category=kind.replace("_", "-"),
                    evidence=one_of_each(sources),
                )


def _flat(value: object) -> Iterator[object]:
    """Yield what is in lists and dictionaries, however nested: the labels come in all shapes."""
    if isinstance(value, list | dict):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _flat(each)
    elif value is not None:
        yield value


def _longmemeval_dialogue(row: dict[str, Any]) -> Dialogue:
    turns, evidence = [], []
    sessions = zip(
        map(_moment, row["haystack_dates"]),
        row["haystack_session_ids"],
        row["haystack_sessions"],
        strict=True,
    )
    for began, session, messages in sorted(sessions, key=lambda each: each[:2]):
        for place, message in enumerate(messages):
            turn = Turn(
                id=f"{session}_{place}",
                session=session,
                speaker=USER if message["role"] == "user" else ASSISTANT,
                text=message["content"],
                at=began + place,
            )
            turns.append(turn)
            if message.get("has_answer") and turn.speaker == USER:
                evidence.append(turn.id)
    question = Question(
        id=row["question_id"],
        text=row["question"],
        category=row["question_type"],
        evidence=one_of_each(evidence),
    )
    return Dialogue(
        name=row["question_id"],
        callers=(USER,),
        turns=tuple(turns),
        questions=(question,) if evidence else (),
    )


def _moment(text: str) -> float:
    plain = _WEEKDAY.sub("", text)  # "2023/05/20 (Sat) 02:21"
    return datetime.strptime(plain, "%Y/%m/%d %H:%M").replace(tzinfo=UTC).timestamp()


def _read(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))
