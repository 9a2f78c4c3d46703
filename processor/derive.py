"""From one event to the memories it justifies. Pure: the same event gives the same memories."""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from hashlib import sha256 as digest_of
from itertools import islice
from typing import assert_never

from memory.content import fact_content, utterance_content
from memory.port import Conversation, Memory, MemoryKind
from memory.recall.terms import rules
from memory.sentences import pieces
from memory.speakers import name_given
from processor.notes import notes_of
from processor.sectors import sector_of
from processor.stated import stated_facts
from voice.events import CallEnded, CallFailed, Event, Turn
from voice.rules import Rules

# Raise it whenever what is derived from an event changes, here or in what reads the event: each
# memory is then derived anew, so that none is part old and part new.
DERIVATION = 4

_SALIENCE: dict[MemoryKind, float] = {"fact": 1.0, "summary": 0.9, "utterance": 0.8}
_MAX_CONTENT_CHARS = 8_000
# Longer ones become several memories, so that each is found for what it says and shown whole.
_MAX_SAID_CHARS = 600
_MAX_SUMMARY_CHARS = 900
_MAX_PIECES = 200


_WORD = re.compile(r"[\w'\u2019-]+")
_PLAIN_KEY = re.compile(r"[A-Za-z0-9_.-]{1,64}")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Sounds that only say "I am listening", and words that mean more only as an answer.
_SOUNDS = _words("""
    uh uhh um umm hm hmm hmmm mm mmm mhm mhmm uh-huh uhhuh uh-hum mm-hmm mm-hm mmhm mmhmm huh er
    erm ah aha ahh eh oh ooh äh ähm öh ajá ejem euh heu bah né はい うん ええ 嗯 啊
""")
_ASSENTS = _words("""
    ok okay okey okie k right yeah yep yup yes alright sure gotcha got it i see cool great
    ja genau gut klar stimmt sí si sì vale claro bueno oui ouais d'accord voilà bien sim tá certo
    va bene esatto tak dobrze goed prima
""")
_FILLERS = _SOUNDS | _ASSENTS
# What a model enters as a name when it has heard none.
_NO_NAMES = _words("none nobody anonymous caller customer client user")
_MAX_NOISE_WORDS = 2
_MAX_NOISE_CHARS = 60  # longer than any two of them, with their punctuation
_MAX_LINES = 3  # of the agent's in a row, besides the last
_QUESTION_CHARS = 60  # a question mark this near the end makes the line a question


def derive(event: Event, *, sha256: str) -> Conversation:
    """
    Return everything `event` says about its conversation, memories included.

    `sha256` is that of the stored file. The ids of the memories follow from what they are, so
    that deriving again replaces and never adds; they are unique within the conversation. A
    conversation without a caller has no memories.
    """
    match event:
        case CallEnded():
            return _of_call(event, (event.event_timestamp, sha256))
        case CallFailed():
            return _of_failure(event, (event.event_timestamp, sha256))
        case _:
            assert_never(event)


def origin(ledger: str, *, read_by: Rules) -> str:
    """
    Return what a memory is a function of: a ledger, by its identity, and the rules of deriving
    memories and search terms.

    Two memories with the same origin and offset hold the same. "" for no ledger yet.
    """
    return f"{ledger}/{DERIVATION}.{rules()}/{read_by.text()}" if ledger else ""


def _of_call(event: CallEnded, version: tuple[float, str]) -> Conversation:
    memories = _memories(event, event.caller) if event.caller else ()
    return Conversation(
        id=event.conversation_id,
        kind="call",
        version=version,
        caller=event.caller,
        channel=event.channel,
        direction=event.direction,
        agent_id=event.agent_id,
        agent_line=event.agent_line,
        started_at=event.started_at,
        duration_secs=event.duration_secs,
        language=event.language,
        outcome=event.outcome,
        summary=_bounded(event.summary),
        speaker=name_given(memories),
        memories=memories,
        notes=notes_of(event) if event.caller else (),
    )


def _of_failure(event: CallFailed, version: tuple[float, str]) -> Conversation:
    return Conversation(
        id=event.conversation_id,
        kind="failure",
        version=version,
        caller=event.caller,
        channel="phone",
        direction="outbound",
        agent_id=event.agent_id,
        agent_line=event.agent_line,
        started_at=event.failed_at,
        duration_secs=0.0,
        language="",
        outcome=event.reason,
        summary="",
    )


def _memories(event: CallEnded, caller: str) -> tuple[Memory, ...]:
    def memory(
        path: str, kind: MemoryKind, content: str, at: datetime, *, said: str = "", key: str = ""
    ) -> Memory:
        return Memory(
            id=f"{event.conversation_id}/{path}",
            caller=caller,
            conversation_id=event.conversation_id,
            agent_id=event.agent_id,
            kind=kind,
            key=key,
            content=content,
            sector=sector_of(kind, said or content),
            salience=_SALIENCE[kind],
            occurred_at=at,
        )

    found = [
        memory(f"fact/{_key_name(key)}", "fact", _bounded(fact_content(key, value)), at, key=key)
        for key, (value, at) in _facts(event).items()
    ]
    for path, content in _pieces("summary", event.summary, max_chars=_MAX_SUMMARY_CHARS):
        found.append(memory(path, "summary", content.strip(), event.started_at))
    for turn, agent_line in _answers(event):
        at = _time_of(event, turn)
        said = _pieces(f"utterance/{turn.index}", turn.message, max_chars=_MAX_SAID_CHARS)
        for path, part in said:
            content = utterance_content(part, agent_line)
            found.append(memory(path, "utterance", content, at, said=part))
    return tuple(found)


def _pieces(path: str, text: str, *, max_chars: int) -> Sequence[tuple[str, str]]:
    """Return (path, part) for each part of `text`; the first part keeps the path."""
    if len(text) <= max_chars:  # nearly always, and then it is its only part
        return [(path, text)] if text else []
    parts = islice(pieces(text, max_chars=max_chars), _MAX_PIECES)
    return [
        (f"{path}.{number:03}" if number > 1 else path, part)
        for number, part in enumerate(parts, start=1)
    ]


def _answers(event: CallEnded) -> Iterator[tuple[Turn, str]]:
    """
    Yield what the caller said that is no noise, with what the agent said just before.

    An agent that uses a tool speaks twice in a row: "Would Tuesday suit you?", "One moment."
    """
    lines: list[str] = []
    is_agent_speaking = False
    for turn in event.turns:
        if turn.role == "agent":
            lines = [*lines[-_MAX_LINES:], turn.message] if is_agent_speaking else [turn.message]
            is_agent_speaking = True
            continue
        is_agent_speaking = False
        if not _is_noise(turn, lines):
            yield turn, " ".join(lines)


def _is_noise(turn: Turn, lines: Sequence[str]) -> bool:
    """Tell whether a message only says "I am listening"; "Yes." to a question says more."""
    message = turn.message
    if turn.is_backchannel or not (message[:1].isalnum() or _WORD.search(message)):
        return True
    if len(message) > _MAX_NOISE_CHARS:
        return False
    folded = message.casefold().replace("\u2019", "'")
    first = _WORD.search(folded)
    if first and first[0] not in _FILLERS:  # nearly always
        return False
    words = _WORD.findall(folded)
    if len(words) > _MAX_NOISE_WORDS:
        return False
    is_asked = any(mark in line[-_QUESTION_CHARS:] for line in lines for mark in "?\uff1f\u061f")
    fillers = _SOUNDS if is_asked else _FILLERS
    return all(word in fillers for word in words)


def _facts(event: CallEnded) -> dict[str, tuple[str, datetime]]:
    collected = {item.key for item in event.collected}
    facts = {
        item.key: (item.value, event.started_at)
        for item in event.collected
        if not ("name" in item.key.casefold() and item.value.casefold().rstrip(".") in _NO_NAMES)
    }
    for key, turn, value in stated_facts(event.turns):
        if key not in collected:
            facts[key] = (value, _time_of(event, turn))  # the last one counts
    return facts


def _time_of(event: CallEnded, turn: Turn) -> datetime:
    return event.started_at + timedelta(0, turn.seconds)


def _key_name(key: str) -> str:
    if _PLAIN_KEY.fullmatch(key):
        return key
    readable = "".join(char for char in key if char.isascii() and char.isalnum())[:32]
    return f"{readable}~{digest_of(key.encode()).hexdigest()[:16]}"  # "~" is in no plain key


def _bounded(content: str) -> str:
    kept = content.strip()
    return kept if len(kept) <= _MAX_CONTENT_CHARS else kept[: _MAX_CONTENT_CHARS - 1] + "…"
