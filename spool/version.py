"""
The format version of a whole spool: `.spool/format.json`, which every program looks at first.

A spool is never upgraded: a later program reads what an earlier one wrote. One that is newer than
this program is refused, because it may hold what would be misread here.
"""

import json
from pathlib import Path

from spool.durable import write_once
from spool.format import STATE_FOLDER, SpoolError

FORMAT_FILE = ".spool/format.json"
RESTORING_FILE = ".spool/restoring"  # there while a backup is being put back
FORMAT = 1


class NewerSpool(SpoolError):
    """The spool was written by a newer Callspool."""


class UnfinishedSpool(SpoolError):
    """A backup is being put back here, or that was interrupted: it is no whole spool yet."""


def read_format(root: Path) -> int:
    """Return the format version of the spool at `root`; without a note of it, 1."""
    path = root / FORMAT_FILE
    try:
        version = json.loads(path.read_bytes())["v"]
        if not isinstance(version, int) or isinstance(version, bool) or version < 1:
            raise ValueError(version)
    except (FileNotFoundError, NotADirectoryError):
        return 1
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise SpoolError(
            f"{path} cannot be read: {error!r}; put it back from a backup, or write "
            f'{{"v": {FORMAT}}} into it if no other program than this one has used the spool'
        ) from error
    return version


def check_format(root: Path) -> None:
    """
    Refuse what this program must not open; change nothing. A spool that is missing is fine.

    Raises NewerSpool, UnfinishedSpool, or SpoolError if the version cannot be read.
    """
    version = read_format(root)
    if version > FORMAT:
        raise NewerSpool(
            f"the spool {root} has format version {version}, written by a newer Callspool; this "
            f"one knows version {FORMAT}: upgrade Callspool"
        )
    if (root / RESTORING_FILE).exists():
        raise UnfinishedSpool(
            f"a backup is being put back into {root}, or that was interrupted: run the same "
            "`run.py restore` again, it goes on"
        )


def note_format(root: Path) -> None:
    """Note, durably, which format this spool has, if that is not there; raises SpoolError."""
    if not (root / FORMAT_FILE).exists() and (root / STATE_FOLDER).is_dir():
        write_once(root / FORMAT_FILE, json.dumps({"v": FORMAT}).encode("ascii") + b"\n")
