"""What a question asks for: concepts to look for, people it names, and when."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from memory.recall.index import CallerIndex
from memory.recall.spelling import alike
from memory.recall.stems import near, stems, stop_stems
from memory.recall.weights import Weights
from memory.recall.when.read import TimeHint, read_time
from memory.recall.words import words

_MAX_WORDS = 32  # an agent's question is short: what is longer only costs time
_MAX_GUESSES = 8  # of what a word was meant for, each of them as long as all else

# In a question that names a time these only say that somebody called then.
_ABOUT_CALLS_TEXT = """
    about ask asked call called calling calls contact contacted conversation discuss discussed
    happen happened mention mentioned phone phoned rang reason report reported ring said say speak
    spoke spoken subject talk talked tell told topic want wanted
    angerufen anruf besprochen gesagt gesprochen grund wollte
    contó dijo hablamos llamada llamó motivo quería
    appel appelé demandé dit parlé raison voulait
"""
_ABOUT_CALLS = frozenset(_ABOUT_CALLS_TEXT.split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Concept:
    """
    One word of the question with everything that may stand for it.

    `stems` are (number in the index's vocabulary, share of the word itself: 1).
    """

    word: str
    weight: float
    stems: tuple[tuple[int, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question as ranking understands it."""

    concepts: tuple[Concept, ...]
    speakers: frozenset[int]  # whom it names, of those who speak in the index
    time: TimeHint


def read_question(
    query: str, index: CallerIndex, *, now: datetime | None, weights: Weights
) -> Question:
    """
    Return what `query` asks of this caller's memories.

    The caller's name, and words that only say when, are left out of the search, as long as
    something to look for remains, or a time. Of a long query the first words count.
    """
    time = read_time(query, now=now)
    asked = list(dict.fromkeys(words(query)))[:_MAX_WORDS]
    by_language = [stems(asked, language) for language in index.languages]
    is_timed = names_time(time)
    named = _speakers_named(index, by_language)
    names = index.names | named.keys()
    left_out = [
        word in time.words or not names.isdisjoint(forms)
        for word, *forms in zip(asked, *by_language, strict=True)
    ]
    if all(left_out) and not is_timed:
        left_out = [False] * len(asked)
    of_time = _ABOUT_CALLS | time.dates if is_timed else frozenset()
    concepts: list[Concept] = []
    guesses = _MAX_GUESSES
    for word, out, *forms in zip(asked, left_out, *by_language, strict=True):
        is_stop = _is_stop(forms, index.languages) or word in of_time
        if out:
            continue
        shares = _shares(forms, index, weights, is_stop=is_stop)
        if not shares and not is_stop and guesses:
            guesses -= 1
            shares = _guessed(word, index, weights)
        weight = weights.stop if is_stop else 1.0
        concepts.append(Concept(word=word, weight=weight, stems=tuple(shares.items())))
    return Question(
        concepts=tuple(concept for concept in _distinct(concepts) if concept.stems),
        speakers=frozenset(chain.from_iterable(named.values())),
        time=time,
    )


def _speakers_named(index: CallerIndex, asked: Iterable[Sequence[str]]) -> dict[str, set[int]]:
    """Return the stems of the question that are names, and who bears each."""
    named: dict[str, set[int]] = {}
    present = set(chain.from_iterable(asked))
    for place, speaker in enumerate(index.speakers):
        for language in index.languages:
            for stem in stems(words(speaker), language):
                if stem in present:
                    named.setdefault(stem, set()).add(place)
    return named


def names_time(time: TimeHint) -> bool:
    """Tell whether a question names any time at all."""
    return bool(time.spans or time.months or time.years or time.day is not None or time.calls)


def _is_stop(forms: Iterable[str], languages: Sequence[str]) -> bool:
    return any(form in stop_stems(name) for form, name in zip(forms, languages, strict=True))


def _shares(
    forms: Sequence[str], index: CallerIndex, weights: Weights, *, is_stop: bool
) -> dict[int, float]:
    """Return what stands for a word, given as its stem in each of the index's languages."""
    known = index.vocabulary
    shares = {known[form]: 1.0 for form in forms if form in known}
    if not is_stop:
        for form, language in zip(forms, index.languages, strict=True):
            for other in near(form, language):
                if other in known:
                    shares.setdefault(known[other], weights.near_synonym)
    return shares


def _guessed(word: str, index: CallerIndex, weights: Weights) -> dict[int, float]:
    """Return what a word that nobody ever said may have been meant for."""
    return {
        place: weights.look_alike * likeness for place, likeness in alike(word, index.spellings)
    }


def _distinct(concepts: Iterable[Concept]) -> Iterable[Concept]:
    """Leave out what asks for the same stem again ("order", "orders")."""
    seen: set[int] = set()
    for concept in concepts:
        main = {stem for stem, share in concept.stems if share == 1.0}
        if not main or not main <= seen:
            yield concept
        seen |= main
