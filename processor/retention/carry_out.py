"""Letting go: what memory needs is kept, what goes is noted, and only then it is deleted."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from processor.errors import ProcessorError
from processor.lock import is_held, rebuild_lock
from processor.retention.gather import paths_of
from processor.retention.plan import EVENTS, Going
from spool.dropped import Drop, Dropped, kept_path, note_dropped
from spool.durable import remove_files
from spool.format import DamagedLine, FileDamaged, Receipt
from spool.reader import receipts_at

_AT_ONCE = 64  # files to one line-up of notes: each needs the disk to be waited for


class NotKept(ProcessorError):
    """What an event says could not be kept, so that its file has to stay."""


# Keeps what memory derives from an event, durable when it returns; returns its SHA-256. Raises
# NotKept or FileDamaged for this event, and SpoolError where nothing can be kept.
Keep = Callable[[Receipt], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What went, why something did not, and whether all of it was seen to."""

    gone: tuple[Going, ...] = ()
    problems: tuple[str, ...] = ()
    is_complete: bool = True


def carry_out(
    root: Path,
    going: Sequence[Going],
    *,
    keep: Keep,
    dropped: Dropped,
    at: datetime,
    stop: Callable[[], bool] = lambda: False,
) -> Outcome:
    """
    Delete the files of `going` from the spool at `root`; note there what memory has to forget.

    After a crash at any point each file is whole, or noted as dropped: then a later run deletes
    it. What is erased meanwhile, by whichever process, leaves nothing. Returns early once
    `stop()`, or as soon as a rebuild reads the files. What of memory goes with it is for
    `forget_expired`. `dropped` is of this spool. Raises SpoolError; what is noted until then is
    for a later run as well.
    """
    expiring = {each.file.file for each in going if each.what == "memories"}
    gone: list[Going] = []
    problems: list[str] = []
    for start in range(0, len(going), _AT_ONCE):
        if stop() or is_held(rebuild_lock(root)):
            return Outcome(gone=tuple(gone), problems=tuple(problems), is_complete=False)
        drops: list[tuple[Going, Drop]] = []
        for each in going[start : start + _AT_ONCE]:
            try:
                kept_sha256 = _kept(root, each, expiring, keep)
            except (NotKept, FileDamaged) as error:
                problems.append(str(error))
            else:
                drops.append((each, _drop(each, at, kept_sha256)))
        note_dropped(root, [drop for _, drop in drops])
        dropped.refresh()
        remove_files(root, [path for each, _ in drops for path in _paths(each, dropped)])
        gone += [each for each, _ in drops]
    return Outcome(gone=tuple(gone), problems=tuple(problems))


def _kept(root: Path, each: Going, expiring: Collection[str], keep: Keep) -> str:
    """Keep what memory needs of a file that goes; return its SHA-256, "" for nothing."""
    stored = each.file
    if each.what == "memories" or stored.kind not in EVENTS:
        return ""
    if not stored.has_memories or stored.file in expiring:
        return ""
    receipt = next(iter(receipts_at(root, [stored.offset])))
    if isinstance(receipt, DamagedLine) or receipt.file != stored.file:
        raise FileDamaged(f"the receipt of {stored.file} cannot be read; run `spool verify`")
    try:
        return keep(receipt)
    except (NotKept, FileDamaged):
        if stored.standing == "given_up":
            return ""  # as in memory: there is nothing of it
        raise


def _drop(each: Going, at: datetime, kept_sha256: str) -> Drop:
    return Drop(
        file=each.file.file, what=each.what, reason=each.reason, at=at, kept_sha256=kept_sha256
    )


def _paths(each: Going, dropped: Dropped) -> tuple[str, ...]:
    file = each.file.file
    if each.what == "memories":
        return (kept_path(file),)
    drop = dropped.file(file)
    # An erasure deletes after its note: if that is older than ours, what was kept came too late.
    is_erased = drop is not None and drop.reason == "erased"
    return (*paths_of(file), kept_path(file)) if is_erased else paths_of(file)
