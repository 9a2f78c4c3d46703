"""Facts about a caller: the newest values of each, and the values that it had before."""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from itertools import groupby

from memory.content import fact_value
from memory.names import NAME_PARTS, NAME_STATEMENTS, NAME_TOPICS
from memory.port import Fact, Memory
from memory.topics import topic_of

MAX_FACTS = 60  # of a caller: those with the newest values, and all names
MAX_PREVIOUS = 5  # values that a fact had before
MAX_VALUE_CHARS = 500
MAX_KEY_CHARS = 100


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


def newest_facts(statements: Iterable[tuple[tuple[object, ...], Fact]]) -> list[Fact]:
    """
    Return the newest `MAX_FACTS` facts, and all names, of (order, statement) pairs.

    `order` begins with the moment and is unique: it decides which statement is the newer one.
    """
    by_topic = sorted(statements, key=lambda pair: (topic_of(pair[1].key), pair[0]))
    facts = {
        topic: with_history([fact for _, fact in reversed(list(group))])
        for topic, group in groupby(by_topic, key=lambda pair: topic_of(pair[1].key))
    }
    topics = newest_first(facts)
    names = [topic for topic in topics[MAX_FACTS:] if topic in NAME_TOPICS]
    return [facts[topic] for topic in topics[:MAX_FACTS] + names]


def newest_name_parts(statements: Iterable[tuple[tuple[object, ...], Fact]]) -> list[Fact]:
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
