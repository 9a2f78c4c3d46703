"""What a run of retention did, or would do, in numbers. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from processor.retention.plan import Going
from spool.dropped import Reason, What
from spool.format import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """
    What goes for one reason: how many files of one kind, or the memories of how many events.

    `oldest` and `newest` are when the first and the last of the calls began.
    """

    what: What
    kind: Kind
    reason: Reason
    count: int
    size_bytes: int
    oldest: datetime
    newest: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionReport:
    """
    What a run did, or with `is_dry_run` would do.

    `finished` files had been dropped by an earlier run that was killed before they were deleted.
    `waiting` files are due, and stay until memory has what is in them. `never_in_memory` of the
    transcripts that went could not be processed. `over_bytes`: the spool is larger than it may
    be by so much, all recordings gone. `problems` are files that stay because of an error.
    """

    started_at: datetime
    finished_at: datetime
    is_dry_run: bool
    groups: tuple[Group, ...]
    finished: int
    waiting: int
    never_in_memory: int
    spool_bytes: int
    over_bytes: int
    problems: tuple[str, ...] = ()
    is_complete: bool = True

    @property
    def freed_bytes(self) -> int:
        """Return how much room the files took that went."""
        return sum(each.size_bytes for each in self.groups)


def groups_of(going: Iterable[Going]) -> tuple[Group, ...]:
    """Return what goes, counted by reason and kind."""
    found: dict[tuple[What, Kind, Reason], list[Going]] = {}
    for each in going:
        found.setdefault((each.what, each.file.kind, each.reason), []).append(each)
    return tuple(
        Group(
            what=what,
            kind=kind,
            reason=reason,
            count=len(members),
            size_bytes=sum(each.file.size_bytes for each in members) if what == "file" else 0,
            oldest=min(each.file.began_at for each in members),
            newest=max(each.file.began_at for each in members),
        )
        for (what, kind, reason), members in sorted(found.items(), key=lambda item: item[0])
    )


def never_in_memory(going: Iterable[Going]) -> int:
    """Return how many transcripts go that memory has given up on."""
    return sum(each.what == "file" and each.file.standing == "given_up" for each in going)
