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
from spool.people import People
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
    Who is looked for: these callers (memory keys), and who gives these names, if the call began
    before `at`, and these conversations in any case. An event that cannot be read counts if it
    mentions one of them. Without `has_callers` no event is read.
    """

    at: datetime
    is_caller: Callable[[str], bool]
    is_conversation: Callable[[str], bool]
    mentions: Mentions
    is_named: Callable[[str, str], bool] | None = None
    has_callers: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Conversations, the callers they are of, and where in the ledger looking ended."""

    conversations: frozenset[str]
    callers: frozenset[str]
    end_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Who:
    """`keys` are those that an erasure may name: the line, who spoke, and whose that was then."""

    line: str
    key: str
    keys: frozenset[str]
    name: str
    began_at: datetime


class _Looking:
    """Tells of events whether they are of who is wanted, by what the owner decided before."""

    def __init__(self, root: Path, orders: Orders, rules: Rules, wanted: Wanted) -> None:
        self._given = (root, orders, rules)
        self._wanted = wanted
        # Who was merged with them later has not been asked for.
        self._then = People(each for each in orders.decisions if each.at < wanted.at)

    def who(self, receipt: Receipt) -> _Who | None:
        return _who(*self._given, receipt, then=self._then, is_named=bool(self._wanted.is_named))

    def callers(self, who: _Who) -> frozenset[str]:
        return frozenset(filter(self._wanted.is_caller, who.keys))

    def is_of(self, who: _Who) -> bool:
        if who.began_at >= self._wanted.at:
            return False
        is_named = self._wanted.is_named
        return bool(self.callers(who)) or bool(is_named and is_named(who.line, who.name))


def look_through(
    root: Path, orders: Orders, rules: Rules, wanted: Wanted, *, since_bytes: int
) -> Found:
    """
    Return what the ledger names from `since_bytes` on of who is wanted.

    `orders` are those of the owner: a person of a line of several is found by them. Raises
    SpoolError if the ledger cannot be read.
    """
    looking = _Looking(root, orders, rules, wanted)
    conversations: set[str] = set()
    callers: set[str] = set()
    end = since_bytes
    for receipt, after in read_receipts(root, offset=since_bytes):
        end = after
        if not isinstance(receipt, Receipt) or receipt.conversation_id is None:
            continue
        if wanted.is_conversation(receipt.conversation_id):
            conversations.add(receipt.conversation_id)
        if receipt.kind not in _EVENTS or not wanted.has_callers:
            continue
        who = looking.who(receipt)
        if who is None:
            if _mentions(root, receipt.file, wanted.mentions):
                conversations.add(receipt.conversation_id)
            continue
        if looking.is_of(who):
            conversations.add(receipt.conversation_id)
        callers |= looking.callers(who)
    return Found(conversations=frozenset(conversations), callers=frozenset(callers), end_bytes=end)


def tell_apart(
    root: Path, orders: Orders, rules: Rules, wanted: Wanted, conversation_ids: Collection[str]
) -> dict[str, bool]:
    """Tell of each of these conversations whether it is of who is wanted, if it can be read."""
    looking = _Looking(root, orders, rules, wanted)
    told: dict[str, bool] = {}
    for receipt in receipts_of(root, conversation_ids):
        conversation_id = receipt.conversation_id
        if conversation_id is None or receipt.kind not in _EVENTS:
            continue
        if (who := looking.who(receipt)) is not None:
            told[conversation_id] = told.get(conversation_id, False) or looking.is_of(who)
    return told


def callers_of(
    root: Path, orders: Orders, rules: Rules, conversation_ids: Collection[str]
) -> tuple[str, ...]:
    """Return the people whom these conversations are of, as far as they can be read."""
    people = orders.people
    found = (
        _who(root, orders, rules, receipt, then=people, is_named=False)
        for receipt in receipts_of(root, conversation_ids)
        if receipt.kind in _EVENTS
    )
    return tuple(sorted({people.person(who.key) for who in found if who is not None}))


def _who(
    root: Path, orders: Orders, rules: Rules, receipt: Receipt, *, then: People, is_named: bool
) -> _Who | None:
    """Return who called in an event, and when; None if that cannot be read, or is not known."""
    drop = orders.dropped.file(receipt.file)
    name = ""
    try:
        if drop is not None:
            if not drop.kept_sha256:
                return None
            kept = read_kept(root, drop)
            line, began_at, name = kept.caller, kept.started_at, kept.speaker
        else:
            with os.fdopen(open_file(root, receipt.file), "rb") as file:
                event = parse_event(receipt.kind, file.read(), region=rules.region)
            line = event.caller
            began_at = event.started_at if isinstance(event, CallEnded) else event.failed_at
    except (OSError, FileDamaged, NotUnderstood):
        return None
    if line is None:
        return None
    # The name that was given matters on a line of several people alone.
    if drop is None and (is_named or orders.people.apart(line)):
        name = _speaker(root, receipt, rules)
    conversation_id = receipt.conversation_id or ""
    key = orders.people.key_of(line, conversation_id, name)
    keys = frozenset({line, key, then.person_of(line, conversation_id, name)})
    return _Who(line=line, key=key, keys=keys, name=name, began_at=began_at)


def _speaker(root: Path, receipt: Receipt, rules: Rules) -> str:
    derived = derive_alone(root, receipt, rules=rules)
    return "" if isinstance(derived, str) else derived.speaker


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
