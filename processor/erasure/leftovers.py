"""What programs that were killed have left half-written, where it may name who is erased."""

import os
import re
import time
from contextlib import suppress
from pathlib import Path

from processor.erasure.mentions import Mentions
from processor.lock import is_held
from spool.format import INCOMING_FOLDER, STATE_FOLDER
from spool.staging import translate

_UPLOAD = re.compile(r"(\d+)-\d+\.part")  # of a receiver: its process, and a number
_BEING_WRITTEN_SECONDS = 60.0  # a small file of anybody else is long finished by then


def remove_leftovers(root: Path, mentions: Mentions) -> None:
    """
    Delete what nobody writes any more in incoming/, and what there mentions one of them.

    Uploads of a running receiver are left to it: it refuses what is of somebody who was erased.
    Raises SpoolError.
    """
    folder = root / INCOMING_FOLDER
    try:
        receiver = _receiver(root)
        for path in folder.iterdir() if folder.is_dir() else ():
            with suppress(FileNotFoundError):
                if _is_over(path, receiver) or _mentions(path, mentions, receiver):
                    path.unlink()
    except OSError as error:
        raise translate(error, f"remove leftovers from {folder}") from error


def _receiver(root: Path) -> str:
    """Return the process of the receiver that works here, "" for none."""
    lock = root / STATE_FOLDER / "lock"
    if not is_held(lock):
        return ""
    return lock.read_text("ascii", "replace").partition("\n")[0].strip() or "?"


def _is_over(path: Path, receiver: str) -> bool:
    upload = _UPLOAD.fullmatch(path.name)
    if upload is None:
        return time.time() - path.stat(follow_symlinks=False).st_mtime > _BEING_WRITTEN_SECONDS
    return not receiver or receiver not in ("?", upload[1])


def _mentions(path: Path, mentions: Mentions, receiver: str) -> bool:
    if receiver and _UPLOAD.fullmatch(path.name):
        return False
    fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    with os.fdopen(fd, "rb") as file:
        return mentions.in_bytes(file.read())
