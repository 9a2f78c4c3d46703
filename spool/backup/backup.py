"""
Backing a spool up while everything runs: memory, then the ledger up to a moment after that.

What the last backup needs stays until the new manifest is there: killed anywhere, that one is
whole, and the next run finishes what was begun.
"""

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from spool.backup.files import FileCopier, measure, measure_below, remove_copy, size_of
from spool.backup.folder import (
    FILES_FOLDER,
    INCOMING_FOLDER,
    read_manifest,
    remove_unused,
    sweep,
    write_file,
)
from spool.backup.ledger import copy_ledger, whole_end
from spool.backup.manifest import MANIFEST_FILE, VERSION, Manifest, Part, encode_manifest
from spool.backup.small_files import BACKUPS_FILE, dropped_in, forgotten_names, pack_state
from spool.dropped import Dropped, kept_path
from spool.durable import sync_folder, write_over
from spool.format import Receipt, SpoolError
from spool.reader import ledger_identity, read_receipts
from spool.staging import translate
from spool.version import read_format

# Writes a copy of the memory file to a path; False if there is none to copy.
CopyMemory = Callable[[Path], bool]
Progress = Callable[[int, int], None]  # bytes of the ledger gone through, and in all

_MAX_PASSES = 5


@dataclass(slots=True, kw_only=True)
class BackupReport:
    """
    What a backup did. `lacks`: what the spool itself has lost, or has otherwise than it says.

    `there` files were there from before, `repaired` ones too but damaged; `removed` went because
    they were erased or dropped since. `erasing` erasures are under way.
    """

    copied: int = 0
    copied_bytes: int = 0
    there: int = 0
    repaired: int = 0
    removed: int = 0
    has_memory: bool = False
    is_ledger_new: bool = False
    erasing: int = 0
    lacks: dict[str, str] = field(default_factory=dict)
    manifest: Manifest | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """
    One run: the spool, where it goes, and what it needs. `checks_all` reads all that is there.

    `new_id` gives 12 hex digits, others each time.
    """

    root: Path
    place: Path
    copy_memory: CopyMemory
    clock: Callable[[], datetime]
    new_id: Callable[[], str]
    checks_all: bool = False
    on_progress: Progress = lambda _done, _total: None


def back_up(run: Backup) -> BackupReport:
    """
    Bring the backup up to the spool; when this returns, it is durable, whole and proven.

    The place has to be prepared and held. Raises SpoolFull, SpoolFailed or another SpoolError: the
    backup of before is still whole.
    """
    report = BackupReport()
    try:
        sweep(run.place)
        try:
            manifest, dropped = _passes(run, report)
            report.manifest = manifest
            write_file(run.place / MANIFEST_FILE, encode_manifest(manifest))
        except BaseException:
            with suppress(OSError, SpoolError):  # room for the next run, which does it otherwise
                sweep(run.place)
                remove_unused(run.place, read_manifest(run.place))
            raise
        report.removed = _let_go(run, dropped)
        remove_unused(run.place, manifest)
    except OSError as error:
        raise translate(error, f"write the backup to {run.place}") from error
    report.there = manifest.files - report.copied
    return report


def _passes(run: Backup, report: BackupReport) -> tuple[Manifest, Dropped]:
    begun_at = run.clock()
    for left in reversed(range(_MAX_PASSES)):
        # At last without memory, whatever comes in: that is derived from the rest.
        manifest, dropped, is_settled = _pass(run, report, begun_at, with_memory=left > 0)
        if is_settled:
            return manifest, dropped
    raise SpoolError("memories keep expiring: the backup is as it was; run it again")


def _pass(
    run: Backup, report: BackupReport, begun_at: datetime, *, with_memory: bool
) -> tuple[Manifest, Dropped, bool]:
    """
    Copy what is to be copied; tell as well what was dropped, as the backup has it.

    And whether all of it fits together: memory that was copied before somebody was erased does
    not. What is dropped later is for the next run: of this one it would be missing.
    """
    before = read_manifest(run.place)
    forgotten = forgotten_names(run.root)
    memory = _memory(run) if with_memory else None
    end = whole_end(run.root)
    files, size_bytes, receipts = _files(run, report, end)
    old = before.ledger if before is not None else None
    ledger = copy_ledger(
        run.root, run.place, end=end, before=old, new_name=f"ledger-{run.new_id()}.jsonl"
    )
    state, dropped = _state(run)
    fits = memory is None or forgotten_names(run.root) == forgotten
    is_settled = fits and _kept(run, report, dropped)
    report.has_memory = memory is not None
    report.is_ledger_new = old is not None and old.name != ledger.name
    report.erasing = sum(name.endswith(".progress") for name in forgotten)
    manifest = Manifest(
        v=VERSION,
        spool_format=read_format(run.root),
        identity=ledger_identity(run.root),
        begun_at=begun_at,
        completed_at=run.clock(),
        ledger=ledger,
        state=_named(run, state, f"state-{run.new_id()}.tar"),
        memory=None if memory is None else _named(run, memory, f"memory-{run.new_id()}.db"),
        files=files,
        size_bytes=size_bytes,
        receipts=receipts,
        lacks=tuple(sorted(report.lacks)),
    )
    sync_folder(run.place)
    return manifest, dropped, is_settled


def _memory(run: Backup) -> Path | None:
    path = run.place / INCOMING_FOLDER / "memory.part"
    path.unlink(missing_ok=True)
    return path if run.copy_memory(path) else None


def _state(run: Backup) -> tuple[Path, Dropped]:
    path = run.place / INCOMING_FOLDER / "state.part"
    path.unlink(missing_ok=True)
    pack_state(run.root, path)
    with TemporaryDirectory(dir=path.parent) as scratch:
        return path, dropped_in(path, Path(scratch))


def _named(run: Backup, path: Path, name: str) -> Part:
    """Give a part its name; nothing names it yet, so the last backup is as it was."""
    size, sha256 = measure(path)
    path.rename(run.place / name)
    return Part(name=name, size=size, sha256=sha256)


def _files(run: Backup, report: BackupReport, end: int) -> tuple[int, int, int]:
    """Have every file in the backup that the ledger names before `end`; return what there is."""
    copier = _copier(run)
    dropped = Dropped(run.root)
    files = size_bytes = receipts = 0
    for receipt, after in read_receipts(run.root):
        if after > end:
            break
        run.on_progress(after, end)
        if not isinstance(receipt, Receipt):
            continue
        receipts += 1
        if dropped.file(receipt.file) is None and _bring(run, report, copier, dropped, receipt):
            files += 1
            size_bytes += receipt.size
    copier.finish()
    report.copied_bytes += copier.copied_bytes
    return files, size_bytes, receipts


def _bring(
    run: Backup, report: BackupReport, copier: FileCopier, dropped: Dropped, receipt: Receipt
) -> bool:
    """Have one file in the backup; tell whether it is there, or waits for its name."""
    files = run.place / FILES_FOLDER
    size = size_of(files, receipt.file)
    if size == receipt.size and not (
        run.checks_all and measure_below(files, receipt.file)[1] != receipt.sha256
    ):
        return True
    copied = copier.copy(receipt.file, sha256=receipt.sha256, size=receipt.size)
    if copied == "copied":
        report.copied += 1
        report.repaired += size is not None
        report.lacks.pop(receipt.file, None)
        return True
    dropped.refresh()
    if dropped.file(receipt.file) is None:
        report.lacks[receipt.file] = copied
    return False


def _kept(run: Backup, report: BackupReport, dropped: Dropped) -> bool:
    """Have what memory rests on where a file was dropped; False if that changed meanwhile."""
    copier = _copier(run)
    files = run.place / FILES_FOLDER
    for drop in dropped.all_files():
        if not drop.kept_sha256 or dropped.has_no_memories(drop.file):
            continue
        kept = kept_path(drop.file)
        if size_of(files, kept) is not None and not (
            run.checks_all and measure_below(files, kept)[1] != drop.kept_sha256
        ):
            continue
        copied = copier.copy(kept, sha256=drop.kept_sha256)
        if copied == "copied":
            continue
        now = Dropped(run.root)
        if now.has_no_memories(drop.file) or now.file(drop.file) != drop:
            return False
        report.lacks[kept] = copied
    copier.finish()
    report.copied_bytes += copier.copied_bytes
    return True


def _copier(run: Backup) -> FileCopier:
    return FileCopier(
        source=run.root,
        target=run.place / FILES_FOLDER,
        incoming=run.place / INCOMING_FOLDER,
    )


def _let_go(run: Backup, dropped: Dropped) -> int:
    """Remove what the spool had let go of, erased or dropped; return how many files went."""
    root = run.place / FILES_FOLDER
    removed = 0
    for drop in dropped.all_files():
        removed += remove_copy(root, drop.file)
        if not drop.kept_sha256 or dropped.has_no_memories(drop.file):
            removed += remove_copy(root, kept_path(drop.file))
    return removed


def known_places(root: Path) -> dict[str, str]:
    """Return where backups of this spool were put, each with the time of the last one."""
    try:
        places = json.loads((root / BACKUPS_FILE).read_bytes())["backups"]
        return {str(place): str(at) for place, at in places.items()}
    except (FileNotFoundError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}  # it only serves to notice a disk that is not mounted
    except OSError as error:
        raise SpoolError(f"cannot read {root / BACKUPS_FILE}: {error}") from error


def note_place(root: Path, place: Path, at: datetime) -> None:
    """Note where a backup was put; raises SpoolError."""
    places = known_places(root) | {str(place.resolve()): at.isoformat()}
    content = json.dumps({"v": 1, "backups": places}, indent=1).encode() + b"\n"
    write_over(root / BACKUPS_FILE, content)
