"""What the history is asked and answers: plain values."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from spool.format import Kind
from voice.figures import CallFigures

EntryKind = Literal["call", "failure"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """
    Which conversations are wanted: those that all of these are true of; None asks nothing.

    `caller` is a line ("+15550100142") or a person's key. `since` is the first moment that is
    in, `until` the first that is not; naive ones raise ValueError. `outcome` is the platform's
    word, "success", or why a call failed, "busy". `text` are words of transcript or summary, in
    any order; the last may be the beginning of one.
    """

    caller: str | None = None
    agent: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    outcome: str | None = None
    direction: str | None = None
    text: str | None = None
    kind: EntryKind | None = None

    def __post_init__(self) -> None:
        """Refuse times without a zone."""
        for moment in (self.since, self.until):
            if moment is not None and moment.tzinfo is None:
                raise ValueError("since and until need a time zone; pass aware datetimes")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """
    One conversation of the history.

    `line` is the caller as it called, `caller` the person whom the line leads to; both are None
    for a withheld number, and where the event cannot be read or is gone with all that was
    derived from it: then `started_at` is when the platform sent it, or else when it arrived.
    `caller_id` stands for `caller` where the number may not be shown. `summary` is without
    secrets. `size_bytes` are of the files that are there.
    """

    id: str
    kind: EntryKind
    caller: str | None
    caller_id: str | None = None
    line: str | None
    channel: str
    direction: str
    agent_id: str
    started_at: datetime
    duration_secs: float
    language: str
    outcome: str
    summary: str
    has_transcript: bool
    has_audio: bool
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """
    One conversation of the history, as far as it can be counted.

    `caller` is the person; None as in `Entry`. `is_returning` tells whether the person had called
    before, in all of the history, whatever is asked for. `outcome` of a failure is its reason.
    """

    id: str
    kind: EntryKind
    caller: str | None
    agent_id: str
    direction: str
    started_at: datetime
    duration_secs: float
    outcome: str
    is_returning: bool
    figures: CallFigures


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some entries, newest first; `next_cursor` leads to the older ones, None: there are none."""

    entries: tuple[Entry, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """
    One receipt of a conversation. `event_timestamp` is in unix seconds.

    `dropped` says why the file is gone on purpose ("erased", "retention", "space",
    "not_stored") and `dropped_at` since when; "" and None for one that is there.
    """

    file: str
    kind: Kind
    sha256: str
    size: int
    received_at: datetime
    event_timestamp: float | None
    source: str
    dropped: str = ""
    dropped_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerRow:
    """One person who has called. `id` tells callers apart where the number may not be shown."""

    id: str
    caller: str
    calls: int
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerPage:
    """Some callers, the latest first; `next_cursor` leads to the others, None: there are none."""

    callers: tuple[CallerRow, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FileTotal:
    """How many files, and how many bytes they have together."""

    files: int = 0
    size_bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """What arrived on one day (UTC): new conversations, and the bytes of all files."""

    day: date
    conversations: int
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """
    All of the history in numbers.

    `kept` are the files that are there, by kind ("transcription", "audio", "failure",
    "quarantine"); `dropped` those that are gone on purpose, by reason. `days` are those on which
    something arrived, in order. `oldest` and `newest` are when such a conversation began.
    """

    conversations: int
    failures: int
    callers: int
    kept: Mapping[str, FileTotal]
    dropped: Mapping[str, FileTotal]
    days: tuple[Day, ...]
    oldest: datetime | None
    newest: datetime | None
