"""
Tombstones: who and which conversations were erased, so that nothing brings them back.

They hold keyed hashes alone. The key stands beside them and is never replaced: without it no
tombstone can be recognised. An event of an erased conversation never comes back; nor does one of
an erased caller that began before the erasure. What begins later is a new story.
"""

import hashlib
import hmac
import json
import os
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from spool.durable import write_once
from spool.format import SpoolError
from spool.people import first_name_of

FORGOTTEN_FOLDER = ".spool/forgotten"
KEY_FILE = "key"
_KEY_BYTES = 32
_DONE = ".done.json"
_TOMBSTONE = ".json"
_VERSION = 1
# A folder that changed this short a while ago may change again without its time showing it.
_SETTLED_SECONDS = 2.0

HashKind = Literal["caller", "conversation", "name"]


class DamagedTombstone(SpoolError):
    """A tombstone, or the key of all of them, cannot be read: who was erased is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tombstone:
    """
    One erasure. `callers` and `conversations` are keyed hashes; `at` is when it was asked for.

    "caller": everything of these callers that began before `at`, these conversations among it.
    "conversation": these conversations alone, whenever they began. `names` are hashes of a line
    and a name (`name_on`): calls on it that began before `at`, in which that name is given.
    """

    id: str
    kind: Literal["caller", "conversation"]
    at: datetime
    callers: tuple[str, ...] = ()
    conversations: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    part_of: str = ""  # the erasure that found these conversations later; it is what is carried out


def name_on(line: str, name: str) -> str:
    """Return what is hashed for who gives `name` on a line; "" for no name."""
    first = first_name_of(name)
    return f"{line}\0{first}" if first else ""


def new_erasure_id() -> str:
    """Return an id that no other erasure has."""
    return f"er_{secrets.token_hex(10)}"


def spool_key(root: Path) -> bytes:
    """Return the key of the hashes of this spool, made durably at its first use."""
    path = root / FORGOTTEN_FOLDER / KEY_FILE
    for _ in range(2):
        try:
            key = bytes.fromhex(path.read_text("ascii").strip())
        except FileNotFoundError:
            write_once(path, secrets.token_hex(_KEY_BYTES).encode("ascii") + b"\n")
        except (OSError, ValueError) as error:
            raise _damaged(path, error) from error
        else:
            if len(key) == _KEY_BYTES:
                return key
            break
    raise _damaged(path, "it is not 64 hex digits")


def keyed_hash(key: bytes, kind: HashKind, text: str) -> str:
    """Return what stands for a caller or a conversation where neither may be named."""
    message = f"{kind}\0{text}".encode("utf-8", "surrogateescape")
    return hmac.new(key, message, hashlib.sha256).hexdigest()


def write_tombstone(root: Path, tombstone: Tombstone) -> None:
    """Write a tombstone, durable when this returns: from then on it is obeyed."""
    members = {
        "v": _VERSION,
        "id": tombstone.id,
        "kind": tombstone.kind,
        "at": tombstone.at.astimezone(UTC).isoformat(),
        "callers": list(tombstone.callers),
        "conversations": list(tombstone.conversations),
        "names": list(tombstone.names),
        "part_of": tombstone.part_of,
    }
    content = json.dumps(members, indent=1).encode("ascii") + b"\n"
    if not write_once(_path(root, tombstone.id, _TOMBSTONE), content):
        raise SpoolError(f"there is an erasure {tombstone.id} already; use another id")


def read_tombstones(root: Path) -> list[Tombstone]:
    """Return every tombstone, in order of time; raises DamagedTombstone."""
    folder = root / FORGOTTEN_FOLDER
    tombstones = [_read(folder / name) for name in _names(folder) if _is_tombstone(name)]
    return sorted(tombstones, key=lambda each: (each.at, each.id))


def note_complete(root: Path, erasure_id: str, certificate: Mapping[str, Any]) -> None:
    """Note, durably, that an erasure is complete, and what it removed; once noted it stays."""
    content = json.dumps(certificate, indent=1, sort_keys=True).encode("ascii") + b"\n"
    write_once(_path(root, erasure_id, _DONE), content)


def certificate_of(root: Path, erasure_id: str) -> dict[str, Any] | None:
    """Return what a complete erasure removed; None while it is not complete."""
    path = _path(root, erasure_id, _DONE)
    try:
        certificate = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:
        raise _damaged(path, error) from error
    return certificate if isinstance(certificate, dict) else {}


class Forgotten:
    """A view of the tombstones of one spool, cheap to `refresh` while nothing has changed."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._seen: tuple[int, int] | None = None
        self._key: bytes | None = None
        self._callers: dict[str, datetime] = {}
        self._names: dict[str, datetime] = {}
        self._conversations: set[str] = set()
        self._pending: dict[str, Tombstone] = {}
        self._ids: frozenset[str] = frozenset()
        self._whole: frozenset[str] = frozenset()
        self.refresh()

    @property
    def ids(self) -> frozenset[str]:
        """Return the ids of all erasures."""
        return self._ids

    @property
    def complete(self) -> frozenset[str]:
        """Return the ids of the erasures that are complete, without those that are part of one."""
        return self._whole - self._pending.keys()

    @property
    def names_callers(self) -> bool:
        """Tell whether any caller was erased: only then an event has to be looked into."""
        return bool(self._callers)

    def refresh(self) -> None:
        """Look again, if the folder has changed; raises SpoolError."""
        folder = self._root / FORGOTTEN_FOLDER
        try:
            found = folder.stat()
        except FileNotFoundError:
            return
        seen = (found.st_mtime_ns, found.st_ino)
        if seen == self._seen:
            return
        self._load(folder)
        # Times are coarse: only a folder that has been left alone for a while can be relied on.
        is_settled = time.time() - found.st_mtime > _SETTLED_SECONDS
        self._seen = seen if is_settled else None

    def _load(self, folder: Path) -> None:
        names = _names(folder)
        done = {name.removesuffix(_DONE) for name in names if name.endswith(_DONE)}
        ids = {name.removesuffix(_TOMBSTONE) for name in names if _is_tombstone(name)}
        for each in sorted(ids - self._ids):
            tombstone = _read(folder / f"{each}{_TOMBSTONE}")
            for known, hashes in (
                (self._callers, tombstone.callers),
                (self._names, tombstone.names),
            ):
                for hashed in hashes:
                    known[hashed] = max(known.get(hashed, tombstone.at), tombstone.at)
            self._conversations.update(tombstone.conversations)
            self._pending[each] = tombstone
            if not tombstone.part_of:
                self._whole |= {each}
        self._ids = frozenset(ids)
        self._pending = {id_: each for id_, each in self._pending.items() if id_ not in done}

    def is_conversation(self, conversation_id: str) -> bool:
        """Tell whether this conversation was erased."""
        if not self._conversations:
            return False
        return self.hash_of("conversation", conversation_id) in self._conversations

    def is_caller(self, caller: str, *, began_at: datetime) -> bool:
        """Tell whether this caller was erased after `began_at`, when the event began."""
        if not self._callers:
            return False
        erased_at = self._callers.get(self.hash_of("caller", caller))
        return erased_at is not None and began_at < erased_at

    def is_named(self, line: str, name: str, *, began_at: datetime) -> bool:
        """Tell whether who gives `name` on `line` was erased after `began_at`."""
        if not self._names or not (named := name_on(line, name)):
            return False
        erased_at = self._names.get(self.hash_of("name", named))
        return erased_at is not None and began_at < erased_at

    def is_pending(self, caller: str) -> bool:
        """Tell whether an erasure of this caller is not complete yet."""
        if not self._pending:
            return False
        hashed = self.hash_of("caller", caller)
        return any(hashed in each.callers for each in self._pending.values())

    def pending(self) -> list[Tombstone]:
        """Return the erasures that are not complete yet, in order of time."""
        return sorted(self._pending.values(), key=lambda each: (each.at, each.id))

    def hash_of(self, kind: HashKind, text: str) -> str:
        """Return the keyed hash of a caller or a conversation."""
        if self._key is None:
            self._key = spool_key(self._root)
        return keyed_hash(self._key, kind, text)


def _path(root: Path, erasure_id: str, ending: str) -> Path:
    if not erasure_id.removeprefix("er_").isalnum():
        raise SpoolError(f"{erasure_id!r} is no id of an erasure")
    return root / FORGOTTEN_FOLDER / f"{erasure_id}{ending}"


def _names(folder: Path) -> list[str]:
    try:
        return [name for name in os.listdir(folder) if not name.startswith(".")]  # noqa: PTH208  # names alone
    except FileNotFoundError:
        return []


def _is_tombstone(name: str) -> bool:
    return name.endswith(_TOMBSTONE) and not name.endswith(_DONE)


def _read(path: Path) -> Tombstone:
    try:
        members = json.loads(path.read_bytes())
        return Tombstone(
            id=members["id"],
            kind={"caller": "caller", "conversation": "conversation"}[members["kind"]],  # type: ignore[arg-type]  # one of the two
            at=datetime.fromisoformat(members["at"]),
            callers=tuple(map(str, members["callers"])),
            conversations=tuple(map(str, members["conversations"])),
            names=tuple(map(str, members.get("names", ()))),
            part_of=str(members.get("part_of", "")),
        )
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise _damaged(path, error) from error


def _damaged(path: Path, error: object) -> DamagedTombstone:
    return DamagedTombstone(
        f"{path} cannot be read: {error!r}; who was erased is not known without it, so put it "
        "back from a backup"
    )
