"""`backup`: the spool and its memory, copied while everything runs."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from cli.assembly.store import require_spool
from cli.output import console, print_json, print_problems, problems
from memory.embedded_copy import copy_memory
from memory.errors import MemoryDamaged
from settings import Settings
from spool.backup.backup import Backup, BackupReport, back_up, known_places, note_place
from spool.backup.folder import BackupRefused, opened_place
from spool.format import SpoolError, SpoolFull
from spool.reader import ledger_identity

_EVERY = 64  # lines of the ledger between two looks at the bar


def back_up_to(
    settings: Settings, place: Path, *, verify: bool, begins_anew: bool, as_json: bool
) -> int:
    """
    Back up to `place`; return 0, or 1 if the spool itself has lost something.

    Raises SpoolError or MemoryStoreError: then the backup of before is still whole.
    """
    root = settings.payload_storage_path
    require_spool(root)
    place = place.expanduser().absolute()
    refuse_overlap(place, settings)
    is_known = str(place.resolve()) in known_places(root)
    try:
        with (
            opened_place(
                place, identity=ledger_identity(root), is_known=is_known, begins_anew=begins_anew
            ),
            progress_bar("backing up") as show,
        ):
            report = back_up(_run(settings, place, verify=verify, show=show))
    except SpoolFull as error:
        raise SpoolFull(f"{no_room(error)} there and run it again: it goes on") from error
    _note(root, place)
    if as_json:
        print_json(_as_json(report, place))
    else:
        _print(report, place)
    if report.lacks:
        lines = [f"{file}: {problem}" for file, problem in sorted(report.lacks.items())]
        print_problems("The spool itself has lost these, see `run.py spool verify`:", lines)
    return 1 if report.lacks else 0


def _run(
    settings: Settings, place: Path, *, verify: bool, show: Callable[[int, int], None]
) -> Backup:
    def copy(target: Path) -> bool:
        try:
            return copy_memory(settings.openmemory_db_path, target)
        except MemoryDamaged as error:
            target.unlink(missing_ok=True)
            problems.print(f"Without memory, which a restore derives: {error}", markup=False)
            return False

    return Backup(
        root=settings.payload_storage_path,
        place=place,
        copy_memory=copy,
        clock=lambda: datetime.now(UTC),
        new_id=lambda: secrets.token_hex(6),
        checks_all=verify,
        on_progress=show,
    )


def refuse_overlap(place: Path, settings: Settings) -> None:
    """Raise BackupRefused if a backup would stand in the spool, or the other way round."""
    target = place.resolve()
    for name, path in (
        ("the spool", settings.payload_storage_path.resolve()),
        ("the memory file", settings.openmemory_db_path.resolve()),
    ):
        if target == path or path in target.parents or target in path.parents:
            raise BackupRefused(
                f"{place} and {name} {path} lie in one another: name a folder apart from them, "
                "best on another disk"
            )


def no_room(error: SpoolFull) -> str:
    """Return what is full and what to do: a command does not go on by itself."""
    problem, _, _ = str(error).rpartition("; ")
    return f"{problem or error}; free some space"


@contextmanager
def progress_bar(what: str) -> Iterator[Callable[[int, int], None]]:
    """Give what shows how far something is, of how much; nothing where there is no terminal."""
    if not problems.is_terminal:
        yield lambda _done, _total: None
        return
    columns = (TextColumn(what), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=problems, transient=True) as progress:
        task = progress.add_task("", total=None)
        calls = 0

        def show(done: int, total: int) -> None:
            nonlocal calls
            calls += 1
            if calls % _EVERY == 1 or done >= total:
                progress.update(task, completed=done, total=total)

        yield show


def _note(root: Path, place: Path) -> None:
    try:
        note_place(root, place, datetime.now(UTC))
    except SpoolError as error:  # the backup is there all the same
        problems.print(f"It could not be noted that there is this backup: {error}", markup=False)


def _as_json(report: BackupReport, place: Path) -> dict[str, object]:
    manifest = report.manifest
    return {
        "place": str(place),
        "completed_at": manifest and manifest.completed_at.isoformat(),
        "files": manifest and manifest.files,
        "size_bytes": manifest and manifest.size_bytes,
        "ledger_bytes": manifest and manifest.ledger.size,
        "has_memory": report.has_memory,
        "copied": report.copied,
        "copied_bytes": report.copied_bytes,
        "there": report.there,
        "repaired": report.repaired,
        "removed": report.removed,
        "erasures_under_way": report.erasing,
        "lacks": report.lacks,
    }


def _print(report: BackupReport, place: Path) -> None:
    manifest = report.manifest
    if manifest is None:
        return
    console.print(
        f"{place} holds {manifest.files} files ({manifest.size_bytes / 1024**2:.1f} MB): "
        f"{report.copied} copied now ({report.copied_bytes / 1024**2:.1f} MB), {report.there} "
        f"were there{'; memory too' if report.has_memory else '; no memory: it is derived again'}.",
        markup=False,
    )
    for count, what in (
        (report.repaired, "were damaged there, and are whole again"),
        (report.removed, "were erased or dropped since, and are gone there too"),
        (report.erasing, "erasures are under way: run it again once they are complete"),
    ):
        if count:
            console.print(f"  {count} {what}", markup=False)
