"""The owner's decisions, on disk: `.spool/decisions/`, one immutable JSON file each."""

import json
import os
import re
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from spool.durable import remove_files, write_once, write_over
from spool.format import SpoolError
from spool.people import Decision

DECISIONS_FOLDER = ".spool/decisions"
_ENDING = ".json"
_VERSION = 1
_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")
_KINDS = frozenset(["merge", "split", "untrue"])


class DamagedDecision(SpoolError):
    """A decision cannot be read: who is who is not known."""


def new_decision_id(at: datetime) -> str:
    """Return an id, and name, that sorts by time and that no other decision has."""
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%S%fZ}-{secrets.token_hex(6)}"


def write_decision(root: Path, decision: Decision) -> None:
    """Write a decision, durable when this returns: from then on it is obeyed. Raises SpoolError."""
    if not write_once(_path(root, decision), _encoded(decision)):
        raise SpoolError(f"there is a decision {decision.id} already; use another id")


def rewrite_decision(root: Path, decision: Decision) -> None:
    """
    Put a decision in the place of the one with its id, durable when this returns.

    For the same decision in other words: nobody reads it again who has read it. Raises SpoolError.
    """
    write_over(_path(root, decision), _encoded(decision))


def _path(root: Path, decision: Decision) -> Path:
    if not _ID.fullmatch(decision.id):  # it may have been read from a spool of somebody else
        raise SpoolError(f"{decision.id!r} is no id of a decision")
    return root / DECISIONS_FOLDER / f"{decision.id}{_ENDING}"


def _encoded(decision: Decision) -> bytes:
    members = {
        "v": _VERSION,
        "id": decision.id,
        "at": decision.at.astimezone(UTC).isoformat(),
        "kind": decision.kind,
        "caller": decision.caller,
        "into": decision.into,
        "conversations": list(decision.conversations),
        "name": decision.name,
        "memories": list(decision.memories),
    }
    content = json.dumps(members, indent=1, ensure_ascii=False).encode("utf-8", "surrogateescape")
    return content + b"\n"


def read_decisions(root: Path) -> list[Decision]:
    """Return every decision, in the order in which they count; raises DamagedDecision."""
    folder = root / DECISIONS_FOLDER
    decisions = [_read(folder / f"{each}{_ENDING}") for each in decision_ids(root)]
    return sorted(decisions, key=lambda each: (each.at, each.id))


def decision_ids(root: Path) -> frozenset[str]:
    """Return the ids of all decisions; raises SpoolError."""
    try:
        names = os.listdir(root / DECISIONS_FOLDER)  # noqa: PTH208  # names alone
    except FileNotFoundError:
        return frozenset()
    except OSError as error:
        raise SpoolError(f"cannot list {root / DECISIONS_FOLDER}: {error}") from error
    return frozenset(
        name.removesuffix(_ENDING)
        for name in names
        if name.endswith(_ENDING) and not name.startswith(".")
    )


def remove_decisions(root: Path, ids: Iterable[str]) -> int:
    """Remove decisions, for who is erased and named in them; return how many were there."""
    return remove_files(root, [f"{DECISIONS_FOLDER}/{each}{_ENDING}" for each in ids])


def _read(path: Path) -> Decision:
    try:
        members = json.loads(path.read_bytes())
        if members["v"] != _VERSION or members["kind"] not in _KINDS:
            raise ValueError(members["kind"])
        return Decision(
            id=str(members["id"]),
            at=datetime.fromisoformat(members["at"]),
            kind=members["kind"],
            caller=str(members["caller"]),
            into=str(members["into"]),
            conversations=tuple(map(str, members["conversations"])),
            name=str(members["name"]),
            memories=tuple(map(str, members["memories"])),
        )
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise DamagedDecision(
            f"{path} cannot be read: {error!r}; put it back from a backup, or move it away to "
            "go on without it"
        ) from error
