"""Building the index of one caller from the terms of that caller's memories."""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain, pairwise
from typing import NamedTuple

import numpy as np

from memory.recall.index import (
    KINDS,
    SILENCE_US,
    YEAR_US,
    CallerIndex,
    Flags,
    Floats,
    Ints,
    Postings,
)
from memory.recall.terms import ConversationTerms, Terms, Text

_DEFAULT_LANGUAGE = "en"
_PLACE_OF_KIND = {kind: place for place, kind in enumerate(KINDS)}
# The agent addresses a caller by name again and again, and the caller hardly ever says it.
_NAME_LEAST_TIMES = 3
_NAME_MOST_SAID = 0.2  # of the times it is heard

_NUMBER = np.dtype("<u4")


class _Entry(NamedTuple):
    conversation: ConversationTerms
    terms: Terms


def build_index(conversations: Iterable[ConversationTerms]) -> CallerIndex:
    """Return the index of these conversations of one caller; the same for any order of them."""
    conversations = sorted(conversations, key=lambda c: (c.conversation_id, c.source))
    unordered = [_Entry(c, terms) for c in conversations for terms in c.memories]
    order, exchange = _in_order(unordered)
    entries = [unordered[place] for place in order]
    vocabulary, numbers = _vocabulary(conversations)
    said_start, said = _in_new_order([c.said for c in conversations], numbers, order)
    heard_start, heard = _in_new_order([c.heard for c in conversations], numbers, order)
    said_postings = _postings(said_start, said, len(vocabulary))
    speakers = tuple(dict.fromkeys(entry.terms.speaker for entry in entries))
    return CallerIndex(
        entries=tuple((t.kind, c.conversation_id, c.source, t.id) for c, t in entries),
        vocabulary=vocabulary,
        languages=_languages(conversations),
        said=said_postings,
        heard=_postings(heard_start, heard, len(vocabulary)),
        said_length=_lengths(said_start),
        heard_length=_lengths(heard_start),
        said_stems=(said_start, said),
        occurred_us=_numbers(terms.occurred_us for _, terms in entries),
        exchange=exchange,
        call=_calls(entries),
        kind=_numbers(_PLACE_OF_KIND[terms.kind] for _, terms in entries),
        speaker=_places((terms.speaker for _, terms in entries), speakers),
        speakers=speakers,
        names=_names(entries, vocabulary, said_postings),
        labelled=np.array([t.kind == "fact" and t.key != "" for _, t in entries], bool),
        superseded=_superseded(entries),
        asks=np.array([terms.asks for _, terms in entries], bool),
        heard_asks=np.array([terms.heard_asks for _, terms in entries], bool),
    )


def _in_order(entries: Sequence[_Entry]) -> tuple[Ints, Ints]:
    """Return the places of the entries by exchange, kind and time, and the exchange of each."""
    # stable: those of one moment keep the order of the transcript
    moments = [terms.occurred_us for _, terms in entries]
    by_time = sorted(range(len(entries)), key=moments.__getitem__)
    exchange, exchanges = 0, [0] * len(entries)
    for last, place in pairwise(by_time):
        exchange += _is_new_exchange(entries[last], entries[place])
        exchanges[place] = exchange
    keys = [(number, terms.kind) for number, (_, terms) in zip(exchanges, entries, strict=True)]
    order = _numbers(sorted(by_time, key=keys.__getitem__))
    return order, np.array(exchanges, np.int64)[order]


def _vocabulary(conversations: Sequence[ConversationTerms]) -> tuple[dict[str, int], list[Ints]]:
    """Return all different stems, numbered, and for each conversation the numbers of its own."""
    stems = [c.stems.split() for c in conversations]
    known = {stem: n for n, stem in enumerate(dict.fromkeys(chain.from_iterable(stems)))}
    return known, [_numbers(map(known.__getitem__, some)) for some in stems]


def _in_new_order(texts: Sequence[Text], numbers: list[Ints], order: Ints) -> tuple[Ints, Ints]:
    """Return where each text begins among all stems, and all stems as numbers, in that order."""
    lengths = np.frombuffer(b"".join([text.lengths for text in texts]), _NUMBER).astype(np.int64)
    parts = [
        own[np.frombuffer(text.numbers, _NUMBER)]
        for own, text in zip(numbers, texts, strict=True)
        if text.numbers
    ]
    stems = np.concatenate(parts) if parts else np.zeros(0, np.int64)
    old_start = np.cumsum(lengths) - lengths
    start = np.zeros(len(order) + 1, np.int64)
    np.cumsum(lengths[order], out=start[1:])
    moved = np.repeat(old_start[order] - start[:-1], lengths[order])
    return start, stems[moved + np.arange(len(moved))]


def _is_new_exchange(last: _Entry, entry: _Entry) -> bool:
    if entry.terms.occurred_us < YEAR_US:  # undated: nothing tells when it was
        return entry.conversation is not last.conversation
    return entry.terms.occurred_us - last.terms.occurred_us > SILENCE_US


def _postings(start: Ints, stems: Ints, vocabulary_size: int) -> Postings:
    total = max(len(start) - 1, 1)
    memory = np.repeat(np.arange(len(start) - 1), np.diff(start))
    pairs, counts = np.unique(stems * total + memory, return_counts=True)
    return Postings(
        start=np.searchsorted(pairs, np.arange(vocabulary_size + 1) * total),
        memory=pairs % total,
        count=counts.astype(np.float32),
    )


def _lengths(start: Ints) -> Floats:
    return np.maximum(np.diff(start), 1).astype(np.float32)


def _languages(conversations: Iterable[ConversationTerms]) -> tuple[str, ...]:
    found = Counter(c.language or _DEFAULT_LANGUAGE for c in conversations for _ in c.memories)
    return tuple(language for language, _ in found.most_common())


def _calls(entries: Sequence[_Entry]) -> Ints:
    begins: dict[str, int] = {}
    for conversation, terms in entries:
        known = begins.get(conversation.conversation_id, terms.occurred_us)
        begins[conversation.conversation_id] = min(known, terms.occurred_us)
    by_time = sorted(begins, key=lambda conversation_id: (begins[conversation_id], conversation_id))
    return _places((conversation.conversation_id for conversation, _ in entries), by_time)


def _names(entries: Sequence[_Entry], vocabulary: dict[str, int], said: Postings) -> frozenset[str]:
    """Return the stems of what the caller is called, by facts and by the agent."""
    facts = (terms.names for _, terms in entries if terms.kind == "fact" and terms.names)
    collected = set(" ".join(facts).split())
    lines = (terms.names for _, terms in entries if terms.kind != "fact" and terms.names)
    times = Counter(" ".join(lines).split())
    for stem, count in times.items():
        place = vocabulary.get(stem)
        own = (
            said.count[said.start[place] : said.start[place + 1]].sum() if place is not None else 0
        )
        if count >= _NAME_LEAST_TIMES and own <= _NAME_MOST_SAID * count:
            collected.add(stem)
    return frozenset(collected)


def _superseded(entries: Sequence[_Entry]) -> Flags:
    newest: dict[str, Terms] = {}
    labelled = [terms for _, terms in entries if terms.kind == "fact" and terms.key]
    for terms in sorted(labelled, key=lambda terms: terms.occurred_us):
        newest[terms.key] = terms
    return np.array(
        [
            terms.kind == "fact"
            and terms.key != ""
            and terms.occurred_us < newest[terms.key].occurred_us
            and terms.value != newest[terms.key].value
            for _, terms in entries
        ],
        bool,
    )


def _places(values: Iterable[str], known: Sequence[str]) -> Ints:
    place = {value: number for number, value in enumerate(known)}
    return _numbers(place[value] for value in values)


def _numbers(values: Iterable[int]) -> Ints:
    return np.fromiter(values, np.int64)
