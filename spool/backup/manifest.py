"""What a backup says of itself: `backup.json`, written last. Pure."""

import re
from datetime import datetime
from typing import Annotated

import msgspec

from spool.format import SpoolError

VERSION = 1
MANIFEST_FILE = "backup.json"
PART_NAME = re.compile(r"(?:ledger|state|memory)-[0-9a-f]{12}\.(?:jsonl|tar|db)")

_Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class DamagedBackup(SpoolError):
    """A backup, or a part of it, is missing or not what it should be."""


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One file of a backup: its first `size` bytes count, `sha256` (hex) is theirs."""

    name: str
    size: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """
    One backup. It is whole if every part of it is, and every file that its ledger names.

    `identity` is that of the ledger. `memory` is None if none was copied: it is derived again.
    `files` and `size_bytes` count the stored files; `lacks` are those that the spool itself had
    lost, or had otherwise than its ledger says.
    """

    v: int
    spool_format: int
    identity: str
    begun_at: _Moment
    completed_at: _Moment
    ledger: Part
    state: Part
    memory: Part | None = None
    files: int = 0
    size_bytes: int = 0
    receipts: int = 0
    lacks: tuple[str, ...] = ()


class _Version(msgspec.Struct):
    v: int


_versions = msgspec.json.Decoder(_Version)
_manifests = msgspec.json.Decoder(Manifest)


def encode_manifest(manifest: Manifest) -> bytes:
    """Return the text of `backup.json`, for people as well."""
    return msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n"


def decode_manifest(text: bytes) -> Manifest:
    """Return what `backup.json` says; raises DamagedBackup, naming the next step."""
    try:
        version = _versions.decode(text).v
        if version > VERSION:
            raise DamagedBackup(
                f"the backup has format version {version}, written by a newer Callspool; this one "
                f"knows version {VERSION}: upgrade Callspool"
            )
        manifest = _manifests.decode(text)
    except msgspec.MsgspecError as error:
        message = f"{MANIFEST_FILE} cannot be understood: {error}; use another backup"
        raise DamagedBackup(message) from error
    parts = [manifest.ledger, manifest.state, *([manifest.memory] if manifest.memory else ())]
    if not all(PART_NAME.fullmatch(part.name) for part in parts):
        raise DamagedBackup(f"{MANIFEST_FILE} names a file that is none of a backup; do not use it")
    return manifest
