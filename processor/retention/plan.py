"""What has to go: from the files of a spool and the policy to a list. Pure."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from processor.retention.policy import RetentionPolicy
from spool.dropped import Reason, What
from spool.format import Kind

# How memory stands to an event. "taken": it has what is in it. "given_up": it is parked.
# "failing": it will be tried again. "ahead": memory has not come so far.
Standing = Literal["taken", "given_up", "failing", "ahead"]

EVENTS: frozenset[Kind] = frozenset(["transcription", "failure"])  # what memories come from


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """
    One file that a receipt names.

    `offset` is where the receipt begins in the ledger. `is_there`: it stands in the spool, and
    ought to. `size_bytes` is what it takes there. `has_memories`: what memory derives from it has
    not expired. `began_at` is when its call did.
    """

    file: str
    offset: int
    kind: Kind
    conversation_id: str | None
    size_bytes: int
    is_there: bool
    has_memories: bool
    standing: Standing
    began_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Going:
    """One thing that has to go: a file, or the memories that come from it."""

    file: StoredFile
    what: What
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """
    Everything that has to go, the oldest first.

    `waiting` are files that are due, and stay until memory has what is in them. `over_bytes` is
    by how much the spool stays larger than it may be: more than all recordings take.
    """

    going: tuple[Going, ...] = ()
    waiting: tuple[StoredFile, ...] = ()
    over_bytes: int = 0


def plan(
    files: Collection[StoredFile], policy: RetentionPolicy, *, now: datetime, total_bytes: int
) -> Plan:
    """
    Return what has to go of `files` at `now`; `total_bytes` is the size of the whole spool.

    The revisions of an event have the age of their call, and so go together with it. Once a call
    has neither a transcript nor memories, its recording goes as well, whatever its own limit:
    nothing could tell any more whose it is, and so nobody could have it erased.
    """
    going, waiting, staying = _by_age(files, policy, now)
    ownerless = _ownerless(files, going)
    going += [
        Going(file=each, what="file", reason="retention")
        for each in staying
        if each.conversation_id in ownerless
    ]
    staying = [each for each in staying if each.conversation_id not in ownerless]
    total_bytes -= sum(each.file.size_bytes for each in going if each.what == "file")
    if policy.max_bytes is not None:
        for each in _recordings_over(staying, total_bytes - policy.max_bytes):
            total_bytes -= each.size_bytes
            going.append(Going(file=each, what="file", reason="space"))
        over_bytes = max(0, total_bytes - policy.max_bytes)
    else:
        over_bytes = 0
    return Plan(going=tuple(going), waiting=tuple(waiting), over_bytes=over_bytes)


def _by_age(
    files: Iterable[StoredFile], policy: RetentionPolicy, now: datetime
) -> tuple[list[Going], list[StoredFile], list[StoredFile]]:
    """Return what goes, which files are due and wait, and which stay; the oldest first each."""
    going: list[Going] = []
    waiting: list[StoredFile] = []
    staying: list[StoredFile] = []
    for each in sorted(files, key=lambda each: (each.began_at, each.file)):
        if each.has_memories and each.kind in EVENTS and _is_due(each, policy.memories, now):
            going.append(Going(file=each, what="memories", reason="retention"))
        if not each.is_there:
            continue
        reason = reason_to_go(each, policy, now=now)
        if reason is None:
            staying.append(each)
        elif is_free(each, reason):
            going.append(Going(file=each, what="file", reason=reason))
        else:
            waiting.append(each)
    return going, waiting, staying


def _ownerless(files: Iterable[StoredFile], going: Iterable[Going]) -> set[str | None]:
    """Return the conversations of which no event, and no memory of one, is left."""
    gone = {(each.file.file, each.what) for each in going}
    known: set[str | None] = set()
    left: set[str | None] = {None}
    for each in files:
        if each.kind not in EVENTS:
            continue
        known.add(each.conversation_id)
        is_left = each.is_there and (each.file, "file") not in gone
        if is_left or (each.has_memories and (each.file, "memories") not in gone):
            left.add(each.conversation_id)
    return known - left


def reason_to_go(each: StoredFile, policy: RetentionPolicy, *, now: datetime) -> Reason | None:
    """Return why the policy lets a file go; None if it stays."""
    if each.kind == "audio":
        is_stored, limit = policy.store_audio, policy.audio
    else:
        # What is in quarantine is to be looked at by somebody first.
        is_stored = policy.store_transcripts or each.kind == "quarantine"
        limit = policy.transcripts
    if _is_due(each, limit, now):
        return "retention"
    return None if is_stored else "not_stored"


def is_free(each: StoredFile, reason: Reason) -> bool:
    """
    Tell whether a file that is due may go now: never before memory has what is in it.

    A parked event goes when it has expired, as promised, but is no less kept for not being
    stored: whoever mends what is wrong may still have it.
    """
    if each.kind not in EVENTS:
        return True
    return each.standing == "taken" or (each.standing == "given_up" and reason == "retention")


def _is_due(each: StoredFile, limit: timedelta | None, now: datetime) -> bool:
    return limit is not None and now - each.began_at >= limit


def _recordings_over(staying: Iterable[StoredFile], over_bytes: int) -> Iterator[StoredFile]:
    """Yield recordings, in the order given, until they take `over_bytes` together."""
    for each in staying:
        if over_bytes <= 0:
            return
        if each.kind == "audio" and each.size_bytes:
            over_bytes -= each.size_bytes
            yield each
