"""
Invented callers, and what an agent asks of their memory in a later call.

Each file in samples/stories is one caller: calls as they were spoken, and questions that name
the memories which answer them. A memory is named by the label of its turn ("allergy"), or by
the number of its call ("3/summary", "1/fact/address"). `expect` is a list of groups: of each
group at least one has to be found. `older` are memories that have to rank below the first of those.
A `tail` is how everyday calls are made up between the told ones: of each turn one wording, with
one value for each {slot} of the call; "#" in a value is any digit, "%" in a wording a spoken one.
"""

import hashlib
import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from memory.port import Conversation
from processor.derive import derive
from tests.factories import encoded, transcription_payload
from voice.payload import parse_event

FOLDER = Path(__file__).parent / "samples" / "stories"
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)  # a Friday: the moment of every question

_SECONDS_PER_TURN = 5
_OPEN_MINUTES = 9 * 60
_DIGITS = ("oh", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked, and the ids of the memories that answer it."""

    text: str
    category: str
    expected: tuple[frozenset[str], ...]  # of each group at least one
    older: frozenset[str]  # what the expected ones have to outrank


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One caller: everything that was said, and the questions about it."""

    name: str
    caller: str
    conversations: tuple[Conversation, ...]
    questions: tuple[Question, ...]


@cache
def stories() -> tuple[Story, ...]:
    """Return every story. A question whose answer is not remembered is a `ValueError`."""
    return tuple(_story(path) for path in sorted(FOLDER.glob("*.json")))


def _story(path: Path) -> Story:
    told = json.loads(path.read_text("utf-8"))
    name = path.stem
    conversations = [
        _conversation(told, f"conv_{name}_{number:02}", call)
        for number, call in enumerate(told["calls"], start=1)
    ]
    ids = {
        reference: memory_id
        for number, pair in enumerate(zip(told["calls"], conversations, strict=True), start=1)
        for reference, memory_id in _references(number, *pair)
    }

    def named(references: list[str]) -> frozenset[str]:
        if unknown := set(references) - set(ids):
            raise ValueError(f"{name}: no memory is called {', '.join(sorted(unknown))}")
        return frozenset(ids[reference] for reference in references)

    questions = [
        Question(
            text=asked["ask"],
            category=asked["category"],
            expected=tuple(named(group) for group in asked["expect"]),
            older=named(asked.get("older", [])),
        )
        for asked in told["questions"]
    ]
    everyday = [
        _conversation(told, f"conv_{name}_tail_{number:03}", call)
        for number, call in enumerate(_tail(name, told.get("tail")), start=1)
    ]
    return Story(
        name=name,
        caller=told["caller"],
        conversations=(*conversations, *everyday),
        questions=tuple(questions),
    )


def _references(number: int, call: dict, conversation: Conversation) -> Iterator[tuple[str, str]]:
    """Yield what the questions call the memories of a call, and the ids of those."""
    for memory in conversation.memories:
        if memory.kind == "fact":
            yield f"{number}/fact/{memory.key}", memory.id
        elif memory.kind == "summary":
            yield f"{number}/summary", memory.id
        else:
            _role, _message, *label = call["turns"][int(memory.id.rpartition("/")[2])]
            if label:
                yield label[0], memory.id


def _conversation(told: dict, conversation_id: str, call: dict) -> Conversation:
    """Return what a call becomes on its way through the pipeline, from the platform's bytes on."""
    started_at = datetime.fromisoformat(call["at"]).timestamp()
    duration_secs = len(call["turns"]) * _SECONDS_PER_TURN
    payload = transcription_payload(
        conversation_id=conversation_id,
        caller=told["caller"],
        summary=call.get("summary"),
        collected=call.get("facts"),
        messages=[(turn[0], turn[1]) for turn in call["turns"]],
        event_timestamp=started_at + duration_secs + 10,
        started_at=started_at,
        duration_secs=duration_secs,
        direction=call.get("direction", "inbound"),
        language=told["language"],
    )
    body = encoded(payload)
    sha256 = hashlib.sha256(body).hexdigest()
    return derive(parse_event("transcription", body), sha256=sha256)


def _tail(name: str, tail: dict | None) -> list[dict]:
    """Return the everyday calls between the told ones: the same ones in every run."""
    if tail is None:
        return []
    chance = random.Random(name)
    first, last = (datetime.fromisoformat(tail[key]) for key in ("first", "last"))
    step = (last - first) / tail["calls"]
    days = [first + number * step for number in range(tail["calls"])]
    opened = [day.replace(hour=8, minute=0, second=0, microsecond=0) for day in days]
    times = [at + timedelta(minutes=chance.randrange(_OPEN_MINUTES)) for at in opened]
    return [_everyday_call(tail, chance, at) for at in times]


def _everyday_call(tail: dict, chance: random.Random, at: datetime) -> dict:
    topic = chance.choice(tail["topics"])
    slots = {slot: chance.choice(values) for slot, values in tail["slots"].items()}
    slots = {slot: re.sub("#", lambda _: str(chance.randrange(10)), slots[slot]) for slot in slots}

    def filled(wordings: str | list[str]) -> str:
        wording = wordings if isinstance(wordings, str) else chance.choice(wordings)
        text = wording.format_map(slots)
        text = re.sub("%+", lambda found: " ".join(chance.choices(_DIGITS, k=len(found[0]))), text)
        return text[:1].upper() + text[1:]

    return {
        "at": at.isoformat(),
        "facts": {key: filled(value) for key, value in topic.get("facts", {}).items()},
        "summary": filled(topic["summary"]) if "summary" in topic else None,
        "turns": [(role, filled(wordings)) for role, wordings in topic["turns"]],
    }
