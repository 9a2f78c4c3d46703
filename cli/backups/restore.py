"""`restore`: a backup put back where there is nothing yet, or looked through."""

from functools import partial
from pathlib import Path

from cli.backups.backup import no_room, progress_bar, refuse_overlap
from cli.output import console, print_json, print_problems
from memory.embedded_copy import put_memory
from processor.errors import ProcessorLocked
from processor.lock import held as held_by
from processor.lock import processor_lock
from settings import Settings
from spool.backup.files import measure
from spool.backup.folder import BackupRefused, held
from spool.backup.manifest import Manifest
from spool.backup.reading import check_backup, open_backup
from spool.backup.restore import RestoreReport, is_begun, restore
from spool.format import SpoolFull

_BESIDE = ("", "-wal", "-shm", "-journal")


def restore_from(settings: Settings, place: Path, *, as_json: bool) -> int:
    """
    Put the backup at `place` back; return 0, or 1 if something of it is damaged.

    Raises BackupRefused where there is a spool or a memory file already, or another SpoolError.
    """
    place = place.expanduser().absolute()
    root, memory = settings.payload_storage_path.absolute(), settings.openmemory_db_path
    refuse_overlap(place, settings)
    try:
        with held(place, writes=False), progress_bar("restoring") as show:
            manifest = open_backup(place)
            if not (is_begun(root, manifest) and _is_copy(memory, manifest)):
                _refuse_memory(memory)
            report = restore(place, root, put_memory=partial(_put, root, memory), on_progress=show)
    except SpoolFull as error:
        raise SpoolFull(f"{no_room(error)} and run it again: it goes on") from error
    if as_json:
        print_json(_as_json(report, root))
    else:
        _print(report, root)
    if report.damaged:
        lines = [f"{file}: {problem}" for file, problem in sorted(report.damaged.items())]
        print_problems("These are damaged in the backup, and were left out:", lines)
    return 1 if report.damaged else 0


def check(place: Path, *, as_json: bool) -> int:
    """Read all of the backup at `place`; return 0 if every byte is right, else 1."""
    place = place.expanduser().absolute()
    with held(place, writes=False), progress_bar("checking") as show:
        report = check_backup(place, on_progress=show)
    if as_json:
        print_json(
            {
                "place": str(place),
                "completed_at": report.manifest.completed_at.isoformat(),
                "files": report.files,
                "size_bytes": report.size_bytes,
                "has_memory": report.manifest.memory is not None,
                "lacks": report.manifest.lacks,
                "damaged": report.damaged,
            }
        )
    else:
        console.print(
            f"The backup of {report.manifest.completed_at:%Y-%m-%d %H:%M} UTC: {report.files} "
            f"files and {report.size_bytes / 1024**2:.1f} MB read, {len(report.damaged)} wrong",
            markup=False,
        )
    if report.damaged:
        lines = [f"{name}: {problem}" for name, problem in sorted(report.damaged.items())]
        print_problems("Damaged; where the spool is, `run.py backup --verify` mends it:", lines)
    return 1 if report.damaged else 0


def _put(root: Path, memory: Path, copy: Path) -> bool:
    with held_by(
        processor_lock(root), refusal=ProcessorLocked, holder="processor", is_command=True
    ):
        return put_memory(copy, memory)


def _is_copy(memory: Path, manifest: Manifest) -> bool:
    """Tell whether the memory file is what an interrupted restore had put there."""
    if manifest.memory is None or not memory.is_file():
        return False
    return measure(memory) == (manifest.memory.size, manifest.memory.sha256)


def _refuse_memory(path: Path) -> None:
    for suffix in _BESIDE:
        beside = path.with_name(path.name + suffix)
        if beside.exists():
            raise BackupRefused(
                f"there is {beside} already: a backup is put back only where there is nothing. "
                "Move it away or set OPENMEMORY_DB_PATH"
            )


def _as_json(report: RestoreReport, root: Path) -> dict[str, object]:
    return {
        "spool": str(root),
        "completed_at": report.manifest.completed_at.isoformat(),
        "files": report.files,
        "size_bytes": report.size_bytes,
        "memory": report.memory,
        "lacks": report.manifest.lacks,
        "damaged": report.damaged,
    }


def _print(report: RestoreReport, root: Path) -> None:
    memory = (
        "memory too"
        if report.memory == "restored"
        else f"memory is derived again ({report.memory})"
    )
    console.print(
        f"{root} is as it was on {report.manifest.completed_at:%Y-%m-%d %H:%M} UTC: {report.files} "
        f"files ({report.size_bytes / 1024**2:.1f} MB), each proven; {memory}.",
        markup=False,
    )
    if report.manifest.lacks:
        count = len(report.manifest.lacks)
        console.print(f"  {count} files are not in it: the spool had lost them", markup=False)
    console.print("Next: `run.py spool verify`, then start `run.py all-in-one`.")
