"""What was decided and who was erased in one spool, brought to another that began as its copy."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from spool.decisions import decision_ids, read_decisions, write_decision
from spool.durable import write_once
from spool.erasing import Erasing, read_erasing, write_erasing
from spool.forgotten import (
    FORGOTTEN_FOLDER,
    KEY_FILE,
    Forgotten,
    read_tombstones,
    spool_key,
    write_tombstone,
)
from spool.people import Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """How many were brought; `foreign_erasures` cannot be, since they are under another key."""

    erasures: int = 0
    decisions: int = 0
    foreign_erasures: int = 0


def merge_orders(source: Path, root: Path) -> Merged:
    """
    Bring erasures and decisions that `source` has, and the spool at `root` has not.

    Both are to have one history (the same ledger, at its beginning). An erasure is carried out
    here once more, by the processor. A decision about whoever was erased here since is left out.
    Doing it again changes nothing. Raises SpoolError.
    """
    tombstones = read_tombstones(source)
    erasures = foreign = 0
    if tombstones:
        key = spool_key(source)
        write_once(root / FORGOTTEN_FOLDER / KEY_FILE, key.hex().encode("ascii") + b"\n")
        is_ours = spool_key(root) == key
        known = {each.id for each in read_tombstones(root)}
        for tombstone in tombstones:
            if tombstone.id in known:
                continue
            if not is_ours:
                foreign += 1
                continue
            # Nothing of it is done here yet, however far it is there.
            if (noted := read_erasing(source, tombstone.id)) is not None and not noted.is_over:
                about = Erasing(
                    id=tombstone.id, callers=noted.callers, conversations=noted.conversations
                )
                write_erasing(root, about)
            write_tombstone(root, tombstone)
            erasures += 1
    return Merged(
        erasures=erasures, decisions=_merge_decisions(source, root), foreign_erasures=foreign
    )


def _merge_decisions(source: Path, root: Path) -> int:
    known = decision_ids(root)
    forgotten = Forgotten(root)
    missing = [
        decision
        for decision in read_decisions(source)
        if decision.id not in known and not _is_of_erased(decision, forgotten)
    ]
    for decision in missing:
        write_decision(root, decision)
    return len(missing)


def _is_of_erased(decision: Decision, forgotten: Forgotten) -> bool:
    return any(
        is_erased_caller(forgotten, key, at=decision.at) for key in (decision.caller, decision.into)
    ) or any(map(forgotten.is_conversation, decision.conversations))


def is_erased_caller(forgotten: Forgotten, key: str, *, at: datetime) -> bool:
    """Tell whether who has this memory key, or the line it is of, was erased after `at`."""
    lines = {key, key.partition("~")[0]} - {""}
    return any(forgotten.is_caller(line, began_at=at) for line in lines)
