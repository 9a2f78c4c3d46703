"""
Putting a backup back, as a spool and its memory, where there is nothing yet.

Until all of it is there a mark stands in the new spool, and no program opens it. Killed anywhere,
the same restore goes on from there.
"""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from spool.backup.files import FileCopier, measure, measure_below, size_of
from spool.backup.folder import FILES_FOLDER, BackupRefused, write_file
from spool.backup.manifest import DamagedBackup, Manifest
from spool.backup.reading import backed_up_lines, check_part, open_backup, wanted_files
from spool.backup.small_files import unpack_state
from spool.dropped import Dropped
from spool.durable import sync_folder
from spool.format import (
    INCOMING_FOLDER,
    LEDGER_FILE,
    QUARANTINE_FOLDER,
    STATE_FOLDER,
    SpoolLocked,
)
from spool.layout import open_layout
from spool.staging import translate, write_all
from spool.sync import choose_sync
from spool.version import RESTORING_FILE, check_format, note_format

Progress = Callable[[int, int], None]  # files put back, and in all

_BEGUN = frozenset(
    {
        *(STATE_FOLDER, INCOMING_FOLDER, QUARANTINE_FOLDER, f"{STATE_FOLDER}/lock"),
        *(f"{INCOMING_FOLDER}/probe-{number}" for number in (1, 2)),
        f"{STATE_FOLDER}/.{Path(RESTORING_FILE).name}.part",
    }
)

# Put back if a copy of the memory file is there, whole and of use: tells whether it was.
PutMemory = Callable[[Path], bool]


@dataclass(slots=True, kw_only=True)
class RestoreReport:
    """
    What was put back. `damaged` is what the backup has not, or otherwise than it should be.

    `memory` says what became of the memory file: "restored", or why it is derived again.
    """

    manifest: Manifest
    files: int = 0
    size_bytes: int = 0
    memory: str = ""
    damaged: dict[str, str] = field(default_factory=dict)


def restore(
    place: Path,
    root: Path,
    *,
    put_memory: PutMemory,
    on_progress: Progress = lambda _done, _total: None,
) -> RestoreReport:
    """
    Make the backup at `place` the spool at `root`, every file proven; durable when this returns.

    Files that are damaged in the backup are left out, and told. Raises BackupRefused if there is
    anything at `root`, DamagedBackup if the ledger or the small files are damaged, SpoolFull…
    """
    manifest = open_backup(place)
    for part in (manifest.ledger, manifest.state):
        check_part(place, part)
    report = RestoreReport(manifest=manifest)
    try:
        with _claimed(root, manifest):
            unpack_state(place / manifest.state.name, root)
            _put_files(place, root, manifest, report, on_progress)
            report.memory = _put_memory(place, manifest, put_memory)
            _put_ledger(place, root, manifest)
            note_format(root)
            (root / RESTORING_FILE).unlink()
            sync_folder(root / STATE_FOLDER)
    except OSError as error:
        raise translate(error, f"restore {root}") from error
    return report


def is_begun(root: Path, manifest: Manifest) -> bool:
    """Tell whether just this backup is being put back at `root` already; raises OSError."""
    try:
        return bool(json.loads((root / RESTORING_FILE).read_bytes()) == _mark(manifest))
    except (FileNotFoundError, NotADirectoryError, ValueError, RecursionError):
        return False


def _mark(manifest: Manifest) -> dict[str, object]:
    return {"v": 1, "ledger": manifest.ledger.sha256, "state": manifest.state.sha256}


@contextmanager
def _claimed(root: Path, manifest: Manifest) -> Iterator[None]:
    """
    Begin, or go on with what was begun, as the one who works there; raises BackupRefused, OSError.

    A receiver that starts meanwhile finds the lock taken, or the mark.
    """
    if not is_begun(root, manifest):
        _require_nothing(root)
    try:
        layout = open_layout(root.absolute(), choose_sync("fsync"))
    except SpoolLocked as error:
        raise BackupRefused(f"another process works on {root}; stop it, or wait for it") from error
    try:
        if not is_begun(root, manifest):
            _require_nothing(root)  # again, now that nobody else can begin
            mark = json.dumps(_mark(manifest)).encode("ascii") + b"\n"
            write_file(root / RESTORING_FILE, mark)
        layout.sweep()
        yield
    finally:
        layout.close()


def _require_nothing(root: Path) -> None:
    if _is_nothing(root):
        return
    if (root / STATE_FOLDER).is_dir() and not (root / RESTORING_FILE).exists():
        check_format(root)
    raise BackupRefused(
        f"{root} is not empty: a backup is put back only where there is nothing. Move it "
        "away or set PAYLOAD_STORAGE_PATH; to bring what is missing there into a spool "
        "that is in use: `run.py import`"
    )


def _is_nothing(root: Path) -> bool:
    """Tell whether nothing is there, or what is left by who was killed while it began this."""
    if not root.exists():
        return True
    found = (path.relative_to(root).as_posix() for path in root.rglob("*"))
    return all(name in _BEGUN or name == "lost+found" for name in found)


def _put_files(
    place: Path, root: Path, manifest: Manifest, report: RestoreReport, on_progress: Progress
) -> None:
    copier = FileCopier(source=place / FILES_FOLDER, target=root, incoming=root / INCOMING_FOLDER)
    for file, size, sha256 in wanted_files(place, manifest, Dropped(root)):
        if size_of(root, file) is None or measure_below(root, file)[1] != sha256:
            copied = copier.copy(file, sha256=sha256, size=size)
            if copied != "copied":
                report.damaged[file] = copied
                continue
        report.files += 1
        report.size_bytes += size or 0
        on_progress(report.files, manifest.files)
    copier.finish()


def _put_memory(place: Path, manifest: Manifest, put_memory: PutMemory) -> str:
    if manifest.memory is None:
        return "there is none in the backup"
    try:
        check_part(place, manifest.memory)
    except DamagedBackup:
        return "its copy is damaged"
    is_put = put_memory(place / manifest.memory.name)
    return "restored" if is_put else "its copy is of another version"


def _put_ledger(place: Path, root: Path, manifest: Manifest) -> None:
    """Put the ledger there, whole and durable; raises OSError, SpoolError."""
    temporary = root / INCOMING_FOLDER / "ledger.part"
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    try:
        for line in backed_up_lines(place, manifest):
            write_all(fd, line)
        choose_sync("fsync").file(fd)
    finally:
        os.close(fd)
    if measure(temporary) != (manifest.ledger.size, manifest.ledger.sha256):
        raise DamagedBackup(f"{place / manifest.ledger.name} has changed meanwhile; try again")
    temporary.rename(root / LEDGER_FILE)
    sync_folder(root / STATE_FOLDER)
