"""
Notes on a call: preferences, promises and what is done, with the sentence that says so.

They are picked by rules from the summary, the evaluation results and the collected facts. A
preference that was collected needs no note: its fact says it already.
"""

import re
from collections.abc import Iterator
from itertools import chain

from memory.names import NAME_TOPICS
from memory.port import Note, NoteKind, NoteSource, Party
from memory.sentences import sentences
from memory.topics import label_of, topic_of
from processor.phrases import Patterns, patterns_for
from processor.promises import told_in
from voice.events import CallEnded, Evaluation

MAX_NOTE_CHARS = 300
_MAX_NOTES = 24  # of one call
_MAX_SENTENCES = 60  # looked at in one text
_MAX_TEXT_CHARS = 8_000

# Words of a key that names a promise, and of one that says that something is done.
_PROMISE_KEY = re.compile(
    r"\b(?:promis\w*|commitments?|call ?backs?|follow ?ups?|next steps?|action items?|to ?do|"
    r"open (?:issues?|items?|points?)|pending|outstanding|rückruf|zusage|nächste schritte|"
    r"compromiso|próximo paso|rappel|engagement|suivi|richiamata|impegno|compromisso)\b"
)
_DONE_KEY = re.compile(
    r"\b(?:resolved|completed|done|fulfilled|delivered|closed|refunded|kept|settled|fixed|"
    r"erledigt|gelöst|resuelto|résolu|resolvido|risolto)\b"
)
_NO_TASK_KEY = re.compile(r"\b(?:number|phone|e ?mail|id|name|count|score|rating|confidence)\b")
_AGENT_KEY = re.compile(r"\b(?:agent|we|our|company)\b")
_CALLER_KEY = re.compile(r"\b(?:caller|customer|user|client|patient|guest)\b")

# Values that say no, and values that say that it is over.
_NO_VALUE = re.compile(
    r"(?:no|none|false|0|-|no thanks?|not? (?:needed|necessary|required|applicable|requested|given|"
    r"agreed|promised|known|call ?back|follow ?up|commitments?|promises?|actions?)\b.*|n/a|never|"
    r"nothing|nein|kein\w*|nicht .*|ning\w+|nada|aucune?|non|nessun\w*|não|nenhum\w*|unknown)\W*",
    re.IGNORECASE,
)
_DONE_VALUE = re.compile(
    r"(?:done|completed?|resolved|fulfilled|closed|settled|cancell?ed|erledigt|abgeschlossen|"
    r"hecho|resuelto|completado|fait|terminé|résolu|feito|resolvido|fatto|risolto)\W*",
    re.IGNORECASE,
)
_FAILURE = "failure"


def notes_of(event: CallEnded) -> tuple[Note, ...]:
    """Return the notes that `event` justifies: always the same, in the same order, bounded."""
    patterns = patterns_for(event.language)
    names = _names(event)
    found = [
        *_of_facts(event),
        *_of_text(event.summary, "summary", "", patterns, names),
        *(note for each in event.evaluations for note in _of_evaluation(each, patterns, names)),
    ]
    return tuple(dict.fromkeys(found))[:_MAX_NOTES]


def _of_facts(event: CallEnded) -> Iterator[Note]:
    for item in event.collected:
        label = label_of(item.key)
        if kind := _kind_of_fact(label, item.value):
            text = f"{label}: {item.value}"
            shown = _whole(text) if kind == "commitment" else _bounded(text)
            if shown:
                yield Note(kind=kind, text=shown, by=_side(label), source="fact", key=item.key)


def _kind_of_fact(label: str, value: str) -> NoteKind | None:
    if _NO_TASK_KEY.search(label):
        return None
    says_no, says_done = _NO_VALUE.fullmatch(value), _DONE_VALUE.fullmatch(value)
    if _DONE_KEY.search(label):
        return None if says_no else "done"
    if not _PROMISE_KEY.search(label):
        return None
    return "done" if says_no or says_done else "commitment"


def _of_evaluation(
    evaluation: Evaluation, patterns: tuple[Patterns, ...], names: frozenset[str]
) -> Iterator[Note]:
    """
    Yield what the rationale tells.

    If no sentence tells anything, a criterion that was met and whose name promises or says done
    tells it with its first sentence.
    """
    key, text = evaluation.criterion, evaluation.rationale
    told = list(_of_text(text, "evaluation", key, patterns, names))
    label = label_of(key)
    if told or evaluation.result != "success" or _NO_TASK_KEY.search(label):
        yield from told
        return
    first = next(sentences(text[:_MAX_TEXT_CHARS]), label)
    if _DONE_KEY.search(label):
        yield Note(kind="done", text=_bounded(first), source="evaluation", key=key)


def _of_text(
    text: str,
    source: NoteSource,
    key: str,
    patterns: tuple[Patterns, ...],
    names: frozenset[str],
) -> Iterator[Note]:
    for number, sentence in enumerate(sentences(text[:_MAX_TEXT_CHARS])):
        if number == _MAX_SENTENCES:
            return
        shown = _bounded(sentence)
        for kind, by in told_in(shown, patterns, names=names):
            if kind == "commitment" and not _whole(sentence):
                continue
            yield Note(kind=kind, text=shown, by=by, source=source, key=key)


def _names(event: CallEnded) -> frozenset[str]:
    """Return the words of the caller's names, folded."""
    values = (item.value for item in event.collected if topic_of(item.key) in NAME_TOPICS)
    words = (re.findall(r"[^\W\d_]{2,}", value[:MAX_NOTE_CHARS].casefold()) for value in values)
    return frozenset(chain.from_iterable(words))


def _side(label: str) -> Party:
    if _AGENT_KEY.search(label):
        return "agent"
    return "caller" if _CALLER_KEY.search(label) else ""


def _whole(text: str) -> str:
    """Return the first sentences that fit, "" if none does: a promise cut short says another."""
    told = ""
    for sentence in sentences(text[:_MAX_TEXT_CHARS]):
        longer = " ".join([*told.split(), *sentence.split()])
        if len(longer) > MAX_NOTE_CHARS:
            break
        told = longer
    return told


def _bounded(text: str) -> str:
    one_line = " ".join(text[: 4 * MAX_NOTE_CHARS].split())
    if len(one_line) <= MAX_NOTE_CHARS:
        return one_line
    kept = one_line[: MAX_NOTE_CHARS - 1]
    return f"{kept.rpartition(' ')[0] or kept}…"
