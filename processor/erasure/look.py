"""Looking through the spool for the conversations of who is to be erased."""

import os
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from processor.apply import derive_alone
from processor.erasure.files import receipts_of
from processor.erasure.mentions import Mentions
from processor.kept import read_kept
from spool.format import FileDamaged, Receipt, identify_file
from spool.reader import open_file, read_receipts
from spool.standing_orders import Orders
from voice.errors import NotUnderstood
from voice.events import CallEnded
from voice.payload import parse_event
from voice.rules import Rules

_EVENTS = frozenset(["transcription", "failure"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """
    Who is looked for: these callers (memory keys) if the call began before `at`, and these
    conversations in any case. An event that cannot be read counts if it mentions one of them.
    """

    at: datetime
    is_caller: Callable[[str], bool]
    is_conversation: Callable[[str], bool]
    mentions: Mentions


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Conversations, the callers they are of, and where in the ledger looking ended."""

    conversations: frozenset[str]
    callers: frozenset[str]
    end_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Who:
    line: str
    person: str
    began_at: datetime


def look_through(
    root: Path, orders: Orders, rules: Rules, wanted: Wanted, *, since_bytes: int
) -> Found:
    """
    Return what the ledger names from `since_bytes` on of who is wanted.

    `orders` are those of the owner: a person of a line of several is found by them. Raises
    SpoolError if the ledger cannot be read.
    """
    conversations: set[str] = set()
    callers: set[str] = set()
    end = since_bytes
    for receipt, after in read_receipts(root, offset=since_bytes):
        end = after
        if not isinstance(receipt, Receipt) or receipt.conversation_id is None:
            continue
        if wanted.is_conversation(receipt.conversation_id):
            conversations.add(receipt.conversation_id)
        if receipt.kind not in _EVENTS:
            continue
        who = _who(root, receipt, orders, rules)
        if who is None:
            if _mentions(root, receipt.file, wanted.mentions):
                conversations.add(receipt.conversation_id)
            continue
        keys = {key for key in (who.line, who.person) if wanted.is_caller(key)}
        if keys and who.began_at < wanted.at:
            conversations.add(receipt.conversation_id)
        if keys:
            callers |= keys
    return Found(conversations=frozenset(conversations), callers=frozenset(callers), end_bytes=end)


def callers_of(
    root: Path, orders: Orders, rules: Rules, conversation_ids: Collection[str]
) -> tuple[str, ...]:
    """Return the people whom these conversations are of, as far as they can be read."""
    found = (
        _who(root, receipt, orders, rules)
        for receipt in receipts_of(root, conversation_ids)
        if receipt.kind in _EVENTS
    )
    return tuple(sorted({who.person for who in found if who is not None}))


def _who(root: Path, receipt: Receipt, orders: Orders, rules: Rules) -> _Who | None:
    """Return who called in an event, and when; None if that cannot be read, or is not known."""
    drop = orders.dropped.file(receipt.file)
    try:
        if drop is not None:
            if not drop.kept_sha256:
                return None
            kept = read_kept(root, drop)
            line, began_at = kept.caller, kept.started_at
        else:
            with os.fdopen(open_file(root, receipt.file), "rb") as file:
                event = parse_event(receipt.kind, file.read(), region=rules.region)
            line = event.caller
            began_at = event.started_at if isinstance(event, CallEnded) else event.failed_at
    except (OSError, FileDamaged, NotUnderstood):
        return None
    if line is None:
        return None
    return _Who(line=line, person=_person(root, receipt, line, orders, rules), began_at=began_at)


def _person(root: Path, receipt: Receipt, line: str, orders: Orders, rules: Rules) -> str:
    """Return who that is; the name that was given matters on a line of several people alone."""
    name = ""
    if orders.people.is_shared(line):
        derived = derive_alone(root, receipt, rules=rules)
        name = "" if isinstance(derived, str) else derived.speaker
    return orders.people.person_of(line, receipt.conversation_id or "", name)


def unreadable(root: Path, files: Iterable[str], mentions: Mentions) -> frozenset[str]:
    """
    Return the conversations of those `files` that mention who is wanted.

    For events that cannot be derived: no index can say whose they are.
    """
    known = ((file, identify_file(file)) for file in files)
    return frozenset(
        found[1] for file, found in known if found and found[1] and _mentions(root, file, mentions)
    )


def _mentions(root: Path, file: str, mentions: Mentions) -> bool:
    try:
        with os.fdopen(open_file(root, file), "rb") as content:
            return mentions.in_bytes(content.read())
    except OSError:
        return False
