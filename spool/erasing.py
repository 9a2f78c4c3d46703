"""
Erasures under way: whom they are about, in clear, until they are complete.

A tombstone holds hashes alone, so once the files are gone nothing would tell a program that was
killed in the middle whose number it has still to look for. `.spool/forgotten/{id}.progress` does;
the last step of an erasure removes it.
"""

import fcntl
import json
import os
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from spool.decisions import read_decisions
from spool.durable import remove_files, write_over
from spool.forgotten import (
    FORGOTTEN_FOLDER,
    KEY_FILE,
    Tombstone,
    keyed_hash,
    name_on,
    new_erasure_id,
    spool_key,
    write_tombstone,
)
from spool.format import SpoolError
from spool.people import Decision, People

_ENDING = ".progress"
_PATIENCE_TO_ASK_S = 30.0
_PATIENCE_TO_REMOVE_S = 2.0
_STEP_S = 0.02


class DamagedErasure(SpoolError):
    """The notes of an erasure under way cannot be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasing:
    """
    One erasure under way.

    `callers` are memory keys, none where single conversations are erased: their people are
    `owners` then. `conversations` are those that are known so far. What the ledger says before
    `scanned_bytes` has been looked through. `counts` is what was found to be removed, by kind.
    `has_asked_mirror`: OpenMemory knows of it. `may_remain_in` are OpenMemories that cannot be
    asked, and other places of which nobody can know. `clean` are the steps that have left nothing
    behind. `again` are conversations of others that have to be derived again, since a decision
    that is gone had touched them. `is_over`: only the certificate has still to be written.
    """

    id: str
    callers: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    conversations: tuple[str, ...] = ()
    scanned_bytes: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)
    has_asked_mirror: bool = False
    may_remain_in: tuple[str, ...] = ()
    clean: tuple[str, ...] = ()
    again: tuple[str, ...] = ()
    is_over: bool = False


def ask_to_forget(
    root: Path,
    *,
    callers: Iterable[str] = (),
    conversations: Iterable[str] = (),
    at: datetime | None = None,
    scanned_bytes: int = 0,
) -> Tombstone:
    """
    Have callers (memory keys), or single conversations, erased: durable when this returns.

    A running processor begins within a second; the certificate tells when it is complete. With
    callers, `conversations` are those of theirs that are known, from an index that had read the
    ledger up to `scanned_bytes`; the rest is looked for. Raises SpoolError: nothing was asked.
    """
    key = spool_key(root)
    erasing = Erasing(
        id=new_erasure_id(),
        callers=tuple(sorted(set(callers))),
        conversations=tuple(sorted(set(conversations))),
        scanned_bytes=scanned_bytes,
    )
    names = names_of(read_decisions(root), erasing.callers)
    tombstone = Tombstone(
        id=erasing.id,
        kind="caller" if erasing.callers else "conversation",
        at=at or datetime.now(UTC),
        callers=tuple(keyed_hash(key, "caller", each) for each in erasing.callers),
        conversations=tuple(
            keyed_hash(key, "conversation", each) for each in erasing.conversations
        ),
        names=tuple(keyed_hash(key, "name", each) for each in sorted(names)),
    )
    with _asking(root, patience_seconds=_PATIENCE_TO_ASK_S) as is_ours:
        if not is_ours:
            raise SpoolError("somebody keeps asking for erasures: nothing was asked; try again")
        write_erasing(root, erasing)  # first: the tombstone alone does not say whom it is about
        write_tombstone(root, tombstone)
    return tombstone


def names_of(decisions: Iterable[Decision], callers: Collection[str]) -> frozenset[str]:
    """Return what `callers` who are one of several people of a line are told by: see `name_on`."""
    people = People(decisions := tuple(decisions))
    return frozenset(
        name_on(each.caller, each.name)
        for each in decisions
        if each.kind == "split"
        and each.name
        and people.key_of(each.caller, "", each.name) in callers
    )


def keys_of(people: People, caller: str) -> frozenset[str]:
    """
    Return every memory key of who is erased with `caller`: all numbers of that person.

    Of a number everybody on that line goes, since it names them all; the key of one of several
    people of a line ("+1…~2") stands for that person alone.
    """
    keys = {caller, *people.lines(people.person(caller))}
    if "~" not in caller:
        keys |= {key for line in tuple(keys) for key in people.apart(line)}
    return frozenset(keys)


def write_erasing(root: Path, erasing: Erasing) -> None:
    """
    Write down how far an erasure has come, durable when this returns; raises SpoolError.

    What stands there already is not written again.
    """
    path = _path(root, erasing.id)
    members = {
        "v": 1,
        "id": erasing.id,
        "callers": list(erasing.callers),
        "owners": list(erasing.owners),
        "conversations": list(erasing.conversations),
        "scanned_bytes": erasing.scanned_bytes,
        "counts": dict(erasing.counts),
        "has_asked_mirror": erasing.has_asked_mirror,
        "may_remain_in": list(erasing.may_remain_in),
        "clean": list(erasing.clean),
        "again": list(erasing.again),
        "is_over": erasing.is_over,
    }
    content = json.dumps(members, indent=1).encode("ascii") + b"\n"
    with suppress(FileNotFoundError):
        if path.read_bytes() == content:
            return
    write_over(path, content)


def read_erasing(root: Path, erasure_id: str) -> Erasing | None:
    """Return how far an erasure has come; None if nobody has written that down."""
    path = _path(root, erasure_id)
    try:
        members = json.loads(path.read_bytes())
        return Erasing(
            id=str(members["id"]),
            callers=tuple(map(str, members["callers"])),
            owners=tuple(map(str, members["owners"])),
            conversations=tuple(map(str, members["conversations"])),
            scanned_bytes=int(members["scanned_bytes"]),
            counts={str(kind): int(count) for kind, count in members["counts"].items()},
            has_asked_mirror=bool(members["has_asked_mirror"]),
            may_remain_in=tuple(map(str, members["may_remain_in"])),
            clean=tuple(map(str, members["clean"])),
            again=tuple(map(str, members["again"])),
            is_over=bool(members["is_over"]),
        )
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise DamagedErasure(
            f"{path} cannot be read: {error!r}; delete it and ask for the erasure again"
        ) from error


def remove_erasing(root: Path, erasure_id: str) -> None:
    """Remove the notes of an erasure that is complete, durably."""
    remove_files(root, [f"{FORGOTTEN_FOLDER}/{erasure_id}{_ENDING}"])


def remove_stray_notes(root: Path) -> bool:
    """
    Remove what was left by who was killed while asking, durably; False if that is not possible now.

    A note whose tombstone is only being written is not that: who asks is waited for.
    """
    with _asking(root, patience_seconds=_PATIENCE_TO_REMOVE_S) as is_ours:
        if is_ours:
            remove_files(root, stray_notes(root))
        return is_ours


@contextmanager
def _asking(root: Path, *, patience_seconds: float) -> Iterator[bool]:
    """Be the only one who writes a note with its tombstone, or removes notes; False: not now."""
    # The key is there as soon as anything is asked, and its file is never replaced.
    path = root / FORGOTTEN_FOLDER / KEY_FILE
    spool_key(root)
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError as error:
        raise SpoolError(f"cannot lock {path}: {error}; check who owns it") from error
    try:
        yield _locked(descriptor, time.monotonic() + patience_seconds)
    finally:
        os.close(descriptor)  # the lock goes with it


def _locked(descriptor: int, deadline: float) -> bool:
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                return False
            time.sleep(_STEP_S)
        else:
            return True


def stray_notes(root: Path) -> list[str]:
    """Return what was left in the folder by who was killed while writing: paths below the spool."""
    folder = root / FORGOTTEN_FOLDER
    try:
        names = [path.name for path in folder.iterdir()]
    except FileNotFoundError:
        return []
    asked = {name.removesuffix(".json") for name in names}
    return [
        f"{FORGOTTEN_FOLDER}/{name}"
        for name in names
        if name.startswith(".")
        or (name.endswith(_ENDING) and name.removesuffix(_ENDING) not in asked)
    ]


def _path(root: Path, erasure_id: str) -> Path:
    if not erasure_id.removeprefix("er_").isalnum():  # it may come from somebody else's spool
        raise SpoolError(f"{erasure_id!r} is no id of an erasure")
    return root / FORGOTTEN_FOLDER / f"{erasure_id}{_ENDING}"
