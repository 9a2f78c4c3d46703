"""What retention decides about: every file of a spool with its size, its age and its standing."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from processor.retention.plan import EVENTS, Standing, StoredFile
from spool.dropped import Dropped, is_kept_file, kept_path
from spool.format import Kind, Receipt, SpoolError, identify_file, is_conversation_id, sidecar_path
from spool.reader import read_receipts

# Before this there were no such calls: an older time is that of a body that says none.
_EARLIEST = datetime(2020, 1, 1, tzinfo=UTC).timestamp()


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """
    How far memory has come: up to which byte of the ledger, and which files failed.

    `failures` tells of each whether it is parked.
    """

    taken_bytes: int
    failures: Mapping[str, bool]

    def standing(self, file: str, after: int) -> Standing:
        """Return how memory stands to `file`, whose receipt ends at byte `after`."""
        if after > self.taken_bytes:
            return "ahead"
        is_parked = self.failures.get(file)
        if is_parked is None:
            return "taken"
        return "given_up" if is_parked else "failing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """
    The files of a spool, and how many bytes all of it takes.

    `left` is what a crash has left of an earlier run: files that were dropped and are there all
    the same, and what was kept of files that were not dropped after all.
    """

    files: tuple[StoredFile, ...]
    total_bytes: int
    left: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    file: str
    offset: int
    kind: Kind
    conversation_id: str | None
    received_at: float  # in unix seconds
    standing: Standing


def gather(
    root: Path, *, dropped: Dropped, progress: Progress, began: Mapping[str, datetime]
) -> Gathered:
    """
    Return what there is to decide about in the spool at `root`; changes nothing.

    `began` tells when calls began, as far as that is known; where it is not, the time of their
    first event counts. Raises SpoolError.
    """
    sizes = dict(_sizes(root))
    rows: dict[str, _Row] = {}
    times: dict[str, float] = {}
    before = 0
    for receipt, after in read_receipts(root):
        if isinstance(receipt, Receipt) and receipt.file not in rows:
            row = _row(receipt, before, progress.standing(receipt.file, after))
            rows[row.file] = row
            if row.conversation_id is not None:
                moment = _event_time(receipt, row.received_at)
                times[row.conversation_id] = min(moment, times.get(row.conversation_id, moment))
        before = after
    _move_back(times, began)
    files = tuple(_stored(row, sizes, times, dropped) for row in rows.values())
    return Gathered(files=files, total_bytes=sum(sizes.values()), left=_left(sizes, dropped))


def _row(receipt: Receipt, offset: int, standing: Standing) -> _Row:
    return _Row(
        file=receipt.file,
        offset=offset,
        kind=receipt.kind,
        conversation_id=receipt.conversation_id,
        received_at=receipt.received_at.timestamp(),
        standing=standing,
    )


def _event_time(receipt: Receipt, received_at: float) -> float:
    """Return when an event happened: no later than it was received."""
    moment = receipt.event_timestamp
    return moment if moment is not None and _EARLIEST <= moment < received_at else received_at


def _move_back(times: dict[str, float], began: Mapping[str, datetime]) -> None:
    """Put in the beginnings that are known, where they can be: before the events."""
    for conversation_id, began_at in began.items():
        moment = began_at.timestamp()
        if _EARLIEST <= moment < times.get(conversation_id, 0.0):
            times[conversation_id] = moment


def _stored(
    row: _Row, sizes: Mapping[str, int], times: Mapping[str, float], dropped: Dropped
) -> StoredFile:
    is_there = row.file in sizes and dropped.file(row.file) is None
    moment = row.received_at if row.conversation_id is None else times[row.conversation_id]
    return StoredFile(
        file=row.file,
        offset=row.offset,
        kind=row.kind,
        conversation_id=row.conversation_id,
        size_bytes=sizes[row.file] if is_there else 0,
        is_there=is_there,
        has_memories=row.kind in EVENTS and _has_memories(row.file, dropped),
        standing=row.standing,
        began_at=datetime.fromtimestamp(moment, UTC),
    )


def _has_memories(file: str, dropped: Dropped) -> bool:
    """Tell whether anything may be derived from `file`: not from one whose memories are gone."""
    drop = dropped.file(file)
    is_erased = drop is not None and drop.reason == "erased"
    return not is_erased and not dropped.has_no_memories(file)


def _left(sizes: Mapping[str, int], dropped: Dropped) -> tuple[str, ...]:
    drops = dropped.all_files()
    left = {path for drop in drops for path in paths_of(drop.file)}
    kept = {kept_path(drop.file) for drop in drops if drop.kept_sha256}
    kept -= {kept_path(file) for file in dropped.all_without_memories()}
    return tuple(
        path for path in sizes if path in left or (is_kept_file(path) and path not in kept)
    )


def paths_of(file: str) -> tuple[str, ...]:
    """Return what is deleted with a file: the reason beside a body in quarantine."""
    if (known := identify_file(file)) is None or known[0] != "quarantine":
        return (file,)
    return (file, sidecar_path(file.rpartition("/")[2].removesuffix(".body")))


def _sizes(root: Path) -> Iterator[tuple[str, int]]:
    """Yield every file below the spool with its size in bytes; raises SpoolError."""
    try:
        with os.scandir(root) as entries:
            folders = [each.name for each in entries if each.is_dir(follow_symlinks=False)]
        for name in folders:
            if is_conversation_id(name) or name == ".spool":
                yield from _sizes_below(root, name)
    except OSError as error:
        raise SpoolError(f"cannot read {root}: {error}; check its permissions") from error


def _sizes_below(root: Path, folder: str) -> Iterator[tuple[str, int]]:
    try:
        with os.scandir(root / folder) as entries:
            found = list(entries)
    except FileNotFoundError:
        return  # it was empty, and has just been removed
    for entry in found:
        path = f"{folder}/{entry.name}"
        if entry.is_dir(follow_symlinks=False):
            yield from _sizes_below(root, path)
        elif entry.is_file(follow_symlinks=False):
            try:
                yield path, entry.stat(follow_symlinks=False).st_size
            except FileNotFoundError:
                continue  # a temporary one
