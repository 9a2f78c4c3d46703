"""
Invented callers are asked about: what is found, by kind of question.

`uv run python -m tests.test_recall_stories` prints the table, and what was missed.
"""

import asyncio
import sys
import tempfile
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean

import pytest

from memory.embedded import EmbeddedStore
from memory.in_memory import InMemoryStore
from memory.port import Found, MemoryStore
from memory.recall.build import build_index
from memory.recall.find import find
from memory.recall.terms import terms_of
from memory.recall.weights import WEIGHTS
from tests.stories import NOW, Question, Story, stories

LIMIT = 10
# What at least has to be found of each category among the first 5 and the first 10: what was found
# when this was last looked at, less one question.
FLOORS: dict[str, tuple[float, float]] = {
    "accents": (0.96, 0.96),
    "answer_only": (0.84, 0.93),
    "arabic": (0.83, 0.83),
    "code": (0.95, 0.97),
    "count": (0.70, 0.73),
    "duplicate": (0.70, 0.86),
    "email": (0.93, 0.93),
    "fact": (0.95, 0.95),
    "french": (0.72, 0.77),
    "german": (0.72, 0.77),
    "hindi": (0.86, 0.95),
    "japanese": (0.80, 0.84),
    "mishearing": (0.94, 0.94),
    "name": (0.80, 0.88),
    "now": (0.85, 0.92),
    "number": (0.88, 0.88),
    "paraphrase": (0.55, 0.62),
    "spanish": (0.71, 0.85),
    "summary": (0.81, 0.81),
    "then": (0.81, 0.90),
    "time_calendar": (0.90, 0.95),
    "time_last_call": (0.80, 0.80),
    "time_relative": (0.94, 0.94),
}
NEWER_FIRST_FLOOR = 0.76  # how often the newer statement outranks the one that it contradicts


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question and what was found for it."""

    story: Story
    question: Question
    found: tuple[Found, ...]

    def recall(self, count: int) -> float:
        """Return which part of the expected groups is among the first `count`."""
        ids = {found.memory.id for found in self.found[:count]}
        groups = self.question.expected
        return sum(not group.isdisjoint(ids) for group in groups) / len(groups)

    def is_newer_first(self) -> bool:
        """Tell whether an expected memory is found, and before every older one."""
        for found in self.found:
            if found.memory.id in self.question.older:
                return False
            if any(found.memory.id in group for group in self.question.expected):
                return True
        return False


async def _in_memory(folder):
    return InMemoryStore()


async def _embedded(folder):
    return await EmbeddedStore.open(folder / "memory.db")


BACKENDS = {"in_memory": _in_memory, "embedded": _embedded}


@pytest.fixture(params=BACKENDS)
async def store(request, tmp_path):
    store = await BACKENDS[request.param](tmp_path)
    yield store
    await store.close()


async def test_every_category_of_questions_is_answered_as_well_as_it_was(store):
    answers = await ask_all(store)
    by_category = grouped(answers)
    assert set(by_category) == set(FLOORS), "each category has a floor, and no other"
    too_low = [
        category
        for category, floors in FLOORS.items()
        if any(
            recall < floor
            for recall, floor in zip(recalls(by_category[category]), floors, strict=True)
        )
    ]
    report = "\n".join(
        [f"below the floor: {', '.join(too_low)}"]
        + [line for category in too_low for line in missed(by_category[category])]
    )
    assert not too_low, report
    wrong = [asked for asked in answers if asked.question.older and not asked.is_newer_first()]
    ordered = sum(bool(asked.question.older) for asked in answers)
    assert 1 - len(wrong) / ordered >= NEWER_FIRST_FLOOR, "\n".join(map(_miss, wrong))


@pytest.mark.parametrize(
    ("category", "off"),
    [
        ("answer_only", {"answered": 0.0, "before": 0.0}),
        ("mishearing", {"look_alike": 0.0}),
        ("paraphrase", {"near_synonym": 0.0}),
        ("time_calendar", {"date": 0.0, "exact_date": 0.0, "time_alone": 0, "exact_time_alone": 0}),
        ("time_last_call", {"exact_time_alone": 0.0}),
        ("time_relative", {"exact_time_alone": 0.0}),
    ],
)
def test_each_signal_earns_its_place(category, off):
    assert recall_of(category, replace(WEIGHTS, **off)) < recall_of(category, WEIGHTS)


def recall_of(category, weights):
    """Return recall@5 of one category, with these weights."""
    recalls = []
    for story in stories():
        questions = [each for each in story.questions if each.category == category]
        index = build_index(map(terms_of, story.conversations)) if questions else None
        for question in questions:
            hits = find(index, question.text, limit=5, now=NOW, weights=weights)
            ids = {index.entries[hit.place][3] for hit in hits}
            found = sum(not group.isdisjoint(ids) for group in question.expected)
            recalls.append(found / len(question.expected))
    return fmean(recalls)


async def test_a_question_that_nothing_answers_is_no_error(store):
    await store.apply([each for story in stories() for each in story.conversations])
    for story in stories():
        for question in story.questions:
            if not question.expected:
                found = await store.search(story.caller, question.text, limit=LIMIT, now=NOW)
                assert len(found) <= LIMIT
                assert all(each.memory.caller == story.caller for each in found)


def test_the_stories_cover_what_callers_say_and_agents_ask():
    questions = [question for story in stories() for question in story.questions]
    assert len(questions) >= 260
    assert len({story.caller for story in stories()}) == len(stories())
    assert sum(len(memories(story)) > 1_000 for story in stories()) == 2
    assert min(Counter(question.category for question in questions).values()) >= 10
    for story in stories():
        assert all(each.started_at < NOW for each in story.conversations)


def memories(story):
    return [memory for each in story.conversations for memory in each.memories]


async def ask_all(store: MemoryStore) -> list[Asked]:
    """Apply every story and return what is found for each of their answerable questions."""
    await store.apply([each for story in stories() for each in story.conversations])
    return [
        Asked(
            story=story,
            question=question,
            found=tuple(await store.search(story.caller, question.text, limit=LIMIT, now=NOW)),
        )
        for story in stories()
        for question in story.questions
        if question.expected
    ]


def grouped(answers: list[Asked]) -> dict[str, list[Asked]]:
    by_category = defaultdict(list)
    for asked in answers:
        by_category[asked.question.category].append(asked)
    return dict(sorted(by_category.items()))


def recalls(answers: list[Asked]) -> tuple[float, float]:
    """Return the mean recall among the first 5 and the first 10."""
    five, ten = (sum(asked.recall(count) for asked in answers) for count in (5, LIMIT))
    return five / len(answers), ten / len(answers)


def missed(answers: list[Asked]) -> list[str]:
    return [_miss(asked) for asked in answers if asked.recall(5) < 1]


def _miss(asked: Asked) -> str:
    question = asked.question
    wanted = " + ".join("|".join(sorted(group)) for group in question.expected)
    wanted = wanted.replace(f"conv_{asked.story.name}_", "")
    lines = [
        f"  {question.category}, {asked.story.name}: {question.text}",
        f"      recall@5 {asked.recall(5):.2f}, @10 {asked.recall(LIMIT):.2f}; wanted {wanted}",
    ]
    if question.older:
        lines[-1] += "" if asked.is_newer_first() else " (not before the older ones)"
    for found in asked.found[:3]:
        place = found.memory.id.removeprefix(f"conv_{asked.story.name}_")
        lines.append(f"      {found.score:8.3f}  {place}: {found.memory.content[:110]}")
    return "\n".join(lines)


def table(answers: list[Asked]) -> str:
    """Return the figures of each category, and over all, as lines."""
    by_category = grouped(answers)
    lines = [f"{'category':<16} {'questions':>9} {'recall@5':>9} {'recall@10':>9}"]
    for category, some in [*by_category.items(), ("all", answers)]:
        five, ten = recalls(some)
        lines.append(f"{category:<16} {len(some):>9} {five:>9.3f} {ten:>9.3f}")
    ordered = [asked for asked in answers if asked.question.older]
    share = sum(asked.is_newer_first() for asked in ordered) / len(ordered)
    lines.append(f"{'newer first':<16} {len(ordered):>9} {share:>9.3f}")
    return "\n".join(lines)


async def main() -> None:
    """Print what today's embedded store misses, and the table."""
    with tempfile.TemporaryDirectory() as folder:
        store = await _embedded(Path(folder))
        answers = await ask_all(store)
        await store.close()
    wrong = [
        asked
        for asked in answers
        if asked.recall(5) < 1 or (asked.question.older and not asked.is_newer_first())
    ]
    sys.stdout.write("\n".join([*map(_miss, wrong), "", table(answers), ""]))


if __name__ == "__main__":
    asyncio.run(main())
