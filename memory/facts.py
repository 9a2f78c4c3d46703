"""Facts about a caller: the newest values of each, and the values that it had before."""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from itertools import groupby

from memory.content import fact_value
from memory.names import NAME_PARTS, NAME_STATEMENTS, NAME_TOPICS
from memory.topics import topic_of
from memory.values import Fact, Memory

MAX_FACTS = 60  # of a caller: those with the newest values, and all names
MAX_PREVIOUS = 5  # values that a fact had before
MAX_VALUE_CHARS = 500
MAX_KEY_CHARS = 100

# (order, statement): the order begins with the moment and is unique, and decides which is newer.
Placed = tuple[tuple[object, ...], Fact]


def same_value(one: str, other: str) -> bool:
    """Tell whether two values differ in case and space at most."""
    return one == other or _folded(one) == _folded(other)


def statement_of(memory: Memory) -> Fact | None:
    """Return what a memory of kind "fact" states, bounded; None if the value is empty."""
    value = fact_value(memory.content)
    if not value:
        return None
    return Fact(
        key=bounded_key(memory.key),
        value=_bounded_value(value),
        occurred_at=memory.occurred_at,
        conversation_id=memory.conversation_id,
    )


def bounded_key(key: str) -> str:
    """Return a key of a length that can be shown, still another one for another key."""
    if len(key) <= MAX_KEY_CHARS:
        return key
    return f"{key[: MAX_KEY_CHARS - 17]}~{sha256(key.encode()).hexdigest()[:16]}"


def with_history(statements: Sequence[Fact]) -> Fact:
    """
    Return the fact that these statements, newest first, come to.

    Of consecutive equal values the newest statement counts.
    """
    changes: list[Fact] = []
    for statement in statements:
        if not changes or not same_value(changes[-1].value, statement.value):
            changes.append(statement)
    newest = changes[0]
    return Fact(
        key=newest.key,
        value=newest.value,
        occurred_at=newest.occurred_at,
        conversation_id=newest.conversation_id,
        previous=tuple(changes[1 : MAX_PREVIOUS + 1]),
    )


def newest_facts(statements: Iterable[Placed]) -> list[Fact]:
    """Return the newest `MAX_FACTS` facts, and all names, of these statements."""
    facts = all_facts(statements)
    names = [fact for fact in facts[MAX_FACTS:] if topic_of(fact.key) in NAME_TOPICS]
    return facts[:MAX_FACTS] + names


def all_facts(statements: Iterable[Placed]) -> list[Fact]:
    """Return the facts that these statements come to, the newest first."""
    by_topic = sorted(statements, key=lambda pair: (topic_of(pair[1].key), pair[0]))
    facts = {
        topic: with_history([fact for _, fact in reversed(list(group))])
        for topic, group in groupby(by_topic, key=lambda pair: topic_of(pair[1].key))
    }
    return [facts[topic] for topic in newest_first(facts)]


def newest_name_parts(statements: Iterable[Placed]) -> list[Fact]:
    """Return the newest `NAME_STATEMENTS` statements of each part of a name, newest first."""
    kept: dict[str, list[Fact]] = {}
    for _, fact in sorted(statements, key=lambda pair: pair[0], reverse=True):
        if (topic := topic_of(fact.key)) in NAME_PARTS:
            kept.setdefault(topic, []).append(fact)
    return [fact for facts in kept.values() for fact in facts[:NAME_STATEMENTS]]


def newest_first(facts: Mapping[str, Fact]) -> list[str]:
    """Return the topics of `facts`, the newest fact's first, and among equals by topic."""
    return sorted(sorted(facts), key=lambda topic: facts[topic].occurred_at, reverse=True)


def _folded(value: str) -> str:
    return " ".join(value.casefold().split())


def _bounded_value(value: str) -> str:
    if len(value) <= MAX_VALUE_CHARS:
        return value
    kept = value[: MAX_VALUE_CHARS - 1]
    return f"{kept.rpartition(' ')[0] or kept}…"
