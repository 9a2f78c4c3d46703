"""
What was derived from an event, kept beside it before the event's file is dropped.

It is what the event said by the rules of that day, before anything the owner decided: a rebuild
reads it in the place of the file, and obeys every decision as it does for a file that is there.
"""

import hashlib
import os
from dataclasses import replace
from pathlib import Path

import msgspec

from memory.port import Conversation
from processor.derive import DERIVATION
from spool.dropped import Drop, kept_path
from spool.durable import write_over
from spool.format import FileDamaged
from spool.reader import open_file

_VERSION = 1


class _Kept(msgspec.Struct, frozen=True, kw_only=True):
    v: int
    derivation: int
    conversation: Conversation


_decoder = msgspec.json.Decoder(_Kept)


def write_kept(root: Path, file: str, conversation: Conversation) -> str:
    """
    Write what was derived from `file` beside it, durable when this returns; return its SHA-256.

    Until a line in `.spool/dropped.jsonl` speaks of it, it may be written again. Raises SpoolError.
    """
    kept = _Kept(
        v=_VERSION,
        derivation=DERIVATION,
        conversation=replace(conversation, search_terms=b""),
    )
    content = msgspec.json.format(msgspec.json.encode(kept), indent=1) + b"\n"
    write_over(root / kept_path(file), content)
    return hashlib.sha256(content).hexdigest()


def read_kept(root: Path, drop: Drop) -> Conversation:
    """Return what was kept when a file was dropped, proven by its hash; raises FileDamaged."""
    path = kept_path(drop.file)
    try:
        with os.fdopen(open_file(root, path), "rb") as file:
            content = file.read()
    except OSError as error:
        raise FileDamaged(f"{path} cannot be read: {error}; run `spool verify`") from error
    if hashlib.sha256(content).hexdigest() != drop.kept_sha256:
        raise FileDamaged(f"{path} is not what was kept there; run `spool verify`")
    try:
        return _decoder.decode(content).conversation
    except (msgspec.MsgspecError, ValueError) as error:
        raise FileDamaged(f"{path} cannot be understood: {error}; run `spool verify`") from error
