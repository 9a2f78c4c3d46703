"""
What each constant of the ranking is worth: recall@10 with one of them changed at a time.

Run: uv run python -m benchmarks.curves --data FOLDER [--split tune|test|all]

The stories of the test-suite are asked as well. A constant deserves its place if its curve has a
broad top: nothing here is to be tuned to a decimal. `benchmarks/RECALL.md` has the last table.
"""

import argparse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from pathlib import Path
from statistics import fmean

from benchmarks.adapter import ASKED_AFTER, conversations_of
from benchmarks.corpora import Caller, facts, own_turns, turns
from benchmarks.quality import score
from benchmarks.recall import corpora
from memory.recall.build import build_index
from memory.recall.find import find
from memory.recall.index import CallerIndex
from memory.recall.terms import terms_of
from memory.recall.weights import WEIGHTS, Weights
from tests.stories import NOW, stories

TIMES = (0.0, 0.5, 0.75, 1.0, 1.5, 2.0)
LEAST = 1e-6  # instead of 0, by which nothing can be divided
LIMIT = 10
NEEDS_VECTORS = ("meaning", "meaning_spread", "meaning_alone")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One question to one index: the ids that answer it, a group for each piece of evidence."""

    index: CallerIndex
    ids: dict[str, str]
    text: str
    now: datetime
    evidence: Sequence[frozenset[str]]


def public_cases(callers: Sequence[Caller]) -> Iterator[Case]:
    """Yield the questions of a public corpus, asked the day after the newest memory."""
    for caller in callers:
        conversations = list(conversations_of(caller.name, caller.memories))
        memories = [memory for each in conversations for memory in each.memories]
        ids = {m.id: key for m, (key, *_) in zip(memories, caller.memories, strict=True)}
        index = build_index(map(terms_of, conversations))
        now = max(memory.occurred_at for memory in memories) + ASKED_AFTER
        for each in caller.questions:
            if each.category != "adversarial":
                yield Case(index=index, ids=ids, text=each.text, now=now, evidence=each.evidence)


def story_cases() -> Iterator[Case]:
    """Yield the questions of the test-suite's stories."""
    for story in stories():
        index = build_index(map(terms_of, story.conversations))
        ids = {entry[3]: entry[3] for entry in index.entries}
        for each in story.questions:
            if each.expected:
                yield Case(index=index, ids=ids, text=each.text, now=NOW, evidence=each.expected)


def recall(cases: Sequence[Case], weights: Weights) -> float:
    """Return recall@10 over the cases with these weights."""
    return fmean(
        score(
            [
                frozenset([case.ids[case.index.entries[hit.place][3]]])
                for hit in find(case.index, case.text, limit=LIMIT, now=case.now, weights=weights)
            ],
            case.evidence,
        )["recall@10"]
        for case in cases
    )


def main() -> None:
    """Print a row for each constant and corpus."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="as for benchmarks.recall")
    parser.add_argument("--split", choices=("tune", "test", "all"), default="tune")
    options = parser.parse_args()
    variants: dict[str, Callable[..., list[Caller]]] = {
        "turns": turns, "caller": own_turns, "facts": facts
    }  # fmt: skip
    cases = {"stories": list(story_cases())}
    for name, dialogues in corpora(options.data, options.split):
        for variant, of in variants.items():
            callers = [caller for dialogue in dialogues for caller in of(dialogue)]
            cases[f"{name} {variant}"] = list(public_cases(callers))
    cases = {name: some for name, some in cases.items() if some}
    print(f"{'constant':<18}{'corpus':<18}" + "".join(f"{f'x {t:g}':>8}" for t in TIMES))
    for field in fields(Weights):
        if field.name in NEEDS_VECTORS:
            continue
        usual = getattr(WEIGHTS, field.name)
        for name, some in cases.items():
            values = [max(usual * times, LEAST) for times in TIMES]
            row = [recall(some, replace(WEIGHTS, **{field.name: value})) for value in values]
            print(f"{field.name:<18}{name:<18}" + "".join(f"{value:8.3f}" for value in row))


if __name__ == "__main__":
    main()
