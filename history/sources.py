"""What is indexed of one conversation: read from the spool, as the owner's decisions have it."""

import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from history.values import Entry, EntryKind, Stored
from history.words import tags_of, words_in
from memory.content import fact_content, fact_value
from memory.port import Conversation, Memory
from memory.speakers import name_given
from spool.dropped import Drop, kept_path
from spool.format import FileDamaged, Receipt
from spool.reader import open_file, read_file
from spool.standing_orders import Orders
from voice.document import read_object
from voice.events import CallEnded, CallFailed, Event
from voice.figures import UNKNOWN, CallFigures, call_figures
from voice.payload import NotUnderstood, event_of
from voice.reasons import reason_of
from voice.redaction.event import redact_event
from voice.rules import Rules

# The name that the caller gave in a call, "" if none: it may say which person of a line spoke.
SpeakerOf = Callable[[CallEnded], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One conversation as it is indexed: its entry, its features, its words, its figures."""

    entry: Entry
    tags: str
    body: str
    figures: CallFigures = UNKNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """A conversation that is being erased: it has no entry, but whoever erases must find it."""

    id: str
    line: str | None = None
    person: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    """What the event that counts says. `texts` are what it is found by."""

    version: tuple[float, str]
    kind: EntryKind
    line: str | None
    channel: str = "phone"
    direction: str = ""
    agent_id: str = ""
    started_at: datetime
    duration_secs: float = 0.0
    language: str = ""
    outcome: str = ""
    summary: str = ""
    texts: tuple[str, ...] = ()
    speaker: str = ""
    event: CallEnded | None = None
    figures: CallFigures = UNKNOWN


def read_conversation(
    orders: Orders,
    conversation_id: str,
    files: Sequence[Stored],
    *,
    rules: Rules,
    speaker_of: SpeakerOf,
) -> Document | Erased | None:
    """
    Return what is indexed of a conversation that has these receipts; None for nothing.

    Raises OSError and SpoolError only where nothing can be read at all.
    """
    is_pending = bool(orders.forgotten.pending())
    if orders.forgotten.is_conversation(conversation_id):
        return Erased(id=conversation_id) if is_pending else None
    if not files:
        return None
    said = _said(orders, files, rules)
    key = _key(orders, conversation_id, said, speaker_of)
    person = None if key is None else orders.people.person(key)
    keys = {each for each in (said.line, key) if each}
    callers = {caller for caller in (said.line, person) if caller}
    if any(orders.forgotten.is_caller(each, began_at=said.started_at) for each in keys):
        erased = Erased(id=conversation_id, line=said.line, person=person)
        return erased if is_pending else None
    tags = tags_of(
        callers=callers,
        agent=said.agent_id,
        outcome=said.outcome,
        direction=said.direction,
        kind=said.kind,
    )
    return Document(
        entry=_entry(conversation_id, said, person, files),
        tags=tags,
        body=words_in((said.summary, *said.texts)),
        figures=said.figures,
    )


def _entry(conversation_id: str, said: _Said, person: str | None, files: Sequence[Stored]) -> Entry:
    kept = [stored for stored in files if not stored.dropped]
    return Entry(
        id=conversation_id,
        kind=said.kind,
        caller=person,
        line=said.line,
        channel=said.channel,
        direction=said.direction,
        agent_id=said.agent_id,
        started_at=said.started_at,
        duration_secs=said.duration_secs,
        language=said.language,
        outcome=said.outcome,
        summary=said.summary,
        has_transcript=any(stored.kind == "transcription" for stored in kept),
        has_audio=any(stored.kind == "audio" for stored in kept),
        size_bytes=sum(stored.size for stored in kept),
    )


def collected_name(event: CallEnded) -> str:
    """Return the name that the platform collected in a call; "" if it collected none."""
    return name_given(
        Memory(
            id="",
            caller=event.caller or "",
            conversation_id=event.conversation_id,
            agent_id=event.agent_id,
            kind="fact",
            key=item.key,
            content=fact_content(item.key, item.value),
            sector="semantic",
            salience=1.0,
            occurred_at=event.started_at,
        )
        for item in event.collected
    )


def _key(orders: Orders, conversation_id: str, said: _Said, speaker_of: SpeakerOf) -> str | None:
    if said.line is None:
        return None
    speaker = said.speaker
    # Who spoke is looked for only where it matters: on a line of several people.
    if said.event is not None and orders.people.apart(said.line):
        speaker = speaker_of(said.event)
    return orders.people.key_of(said.line, conversation_id, speaker)


def _said(orders: Orders, files: Sequence[Stored], rules: Rules) -> _Said:
    """Return what the event says that counts: a call's before a failure's, then the latest."""
    for kind in ("transcription", "failure"):
        of_kind = [stored for stored in files if stored.kind == kind]
        found = [said for stored in of_kind if (said := _read(orders, stored, rules))]
        if found:
            return max(found, key=lambda said: said.version)
        if of_kind:
            return _unread(of_kind)
    return _unread(files)


def _unread(files: Sequence[Stored]) -> _Said:
    """Return the little that receipts say of an event that cannot be read, or has not come."""
    first = min(files, key=lambda stored: (stored.received_at, stored.file))
    sent = [each.event_timestamp for each in files if each.event_timestamp]
    return _Said(
        version=(0.0, ""),
        kind="failure" if first.kind == "failure" else "call",
        line=None,
        channel="",
        started_at=datetime.fromtimestamp(min(sent), UTC) if sent else first.received_at,
    )


def _read(orders: Orders, stored: Stored, rules: Rules) -> _Said | None:
    """Return what one file says; None if it cannot be read or understood, or nothing is kept."""
    drop = orders.dropped.file(stored.file)
    try:
        if drop is not None:
            return _of_kept(_read_kept(orders.root, drop)) if drop.kept_sha256 else None
        body = read_file(orders.root, receipt_of(stored))
        document = read_object(body)
        event = event_of(stored.kind, document, region=rules.region)
    except (FileDamaged, NotUnderstood):
        return None  # the processor notes it, and `spool verify` names it; it still has an entry
    said = _of_event(redact_event(event, rules.redact), stored.sha256)
    if said.event is None:
        return said
    collected = ((item.key, item.value) for item in said.event.collected)
    reason = reason_of(collected, title=said.event.title)
    return replace(said, figures=call_figures(document, reason=reason))


def receipt_of(stored: Stored) -> Receipt:
    """Return as much of a receipt as reading its file needs."""
    return Receipt(
        file=stored.file,
        kind=stored.kind,
        conversation_id=None,
        sha256=stored.sha256,
        size=stored.size,
        received_at=stored.received_at,
        event_timestamp=None,
        signature="",
        source="recovered",
    )


def _of_event(event: Event, sha256: str) -> _Said:
    version = (event.event_timestamp, sha256)
    if isinstance(event, CallFailed):
        return _Said(
            version=version,
            kind="failure",
            line=event.caller,
            direction="outbound",
            agent_id=event.agent_id,
            started_at=event.failed_at,
            outcome=event.reason,
            texts=(event.reason,),
        )
    return _Said(
        version=version,
        kind="call",
        line=event.caller,
        channel=event.channel,
        direction=event.direction,
        agent_id=event.agent_id,
        started_at=event.started_at,
        duration_secs=event.duration_secs,
        language=event.language,
        outcome=event.outcome,
        summary=event.summary,
        texts=tuple(turn.message for turn in event.turns),
        event=event,
    )


class _Kept(msgspec.Struct, frozen=True, kw_only=True):
    conversation: Conversation


_kept_decoder = msgspec.json.Decoder(_Kept)


def _read_kept(root: Path, drop: Drop) -> Conversation:
    """Return what memory had derived from a file before it was dropped; raises FileDamaged."""
    path = kept_path(drop.file)
    try:
        with os.fdopen(open_file(root, path), "rb") as file:
            content = file.read()
        if hashlib.sha256(content).hexdigest() != drop.kept_sha256:
            raise FileDamaged(f"{path} is not what was kept there; run `spool verify`")
        return _kept_decoder.decode(content).conversation
    except (OSError, msgspec.MsgspecError, ValueError) as error:
        raise FileDamaged(f"{path} cannot be read: {error}; run `spool verify`") from error


def _of_kept(kept: Conversation) -> _Said:
    facts = (
        (memory.key, fact_value(memory.content))
        for memory in kept.memories
        if memory.kind == "fact"
    )
    return _Said(
        version=kept.version,
        kind=kept.kind,
        line=kept.caller,
        channel=kept.channel,
        direction=kept.direction,
        agent_id=kept.agent_id,
        started_at=kept.started_at,
        duration_secs=kept.duration_secs,
        language=kept.language,
        outcome=kept.outcome,
        summary=kept.summary,
        texts=tuple(memory.content for memory in kept.memories),
        speaker=kept.speaker,
        figures=CallFigures(is_known=True, reason=reason_of(facts, title="")),
    )
