"""Reading a backup: what it holds, and whether all of it is what it should be."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from spool.backup.files import measure_below, measure_start
from spool.backup.folder import FILES_FOLDER, read_manifest
from spool.backup.manifest import DamagedBackup, Manifest, Part
from spool.backup.small_files import dropped_in
from spool.dropped import Drop, Dropped, kept_path
from spool.format import (
    DamagedLine,
    Receipt,
    SpoolError,
    decode_receipt,
)
from spool.reader import open_plain
from spool.version import FORMAT

_LONGEST_LINE_BYTES = 256 << 20  # no event is larger, and no receipt as large

Progress = Callable[[int, int], None]  # receipts looked at, and in all


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckReport:
    """What looking through a backup found: `damaged` says what is wrong, by name."""

    manifest: Manifest
    files: int
    size_bytes: int
    damaged: dict[str, str] = field(default_factory=dict)


def open_backup(place: Path) -> Manifest:
    """Return what the backup at `place` says of itself; raises DamagedBackup, SpoolError."""
    manifest = read_manifest(place)
    if manifest is None:
        raise DamagedBackup(
            f"there is no complete backup in {place}; name the folder that was given to "
            "`run.py backup`"
        )
    if manifest.spool_format > FORMAT:
        raise DamagedBackup(
            f"the backup in {place} is of a spool with format version {manifest.spool_format}, "
            f"written by a newer Callspool; this one knows version {FORMAT}: upgrade Callspool"
        )
    return manifest


def check_part(place: Path, part: Part) -> None:
    """Raise DamagedBackup unless a part is what the manifest says."""
    try:
        found = measure_start(place / part.name, size=part.size)
    except OSError as error:
        raise DamagedBackup(f"{place / part.name} cannot be read: {error}") from error
    if found != (part.size, part.sha256):
        raise DamagedBackup(
            f"{place / part.name} is damaged; use another backup, or, where the spool is still "
            "there, delete this one and make another"
        )


def backed_up_lines(place: Path, manifest: Manifest) -> Iterator[bytes]:
    """Yield the lines of the backup's ledger; raises DamagedBackup."""
    path, rest = place / manifest.ledger.name, manifest.ledger.size
    try:
        with os.fdopen(open_plain(path), "rb") as ledger:
            while line := ledger.readline(_LONGEST_LINE_BYTES):
                rest -= len(line)
                if rest < 0:
                    return
                if len(line) == _LONGEST_LINE_BYTES:
                    raise DamagedBackup(f"{path} holds no ledger; do not use this backup")
                yield line
    except OSError as error:
        raise DamagedBackup(f"cannot read {path}: {error}") from error


def backed_up_receipts(place: Path, manifest: Manifest) -> Iterator[Receipt]:
    """Yield the receipts of the backup's ledger, in order; damaged lines are left out."""
    for line in backed_up_lines(place, manifest):
        try:
            yield decode_receipt(line)
        except DamagedLine:
            continue


def wanted_files(
    place: Path, manifest: Manifest, dropped: Dropped
) -> Iterator[tuple[str, int | None, str]]:
    """
    Yield path, size in bytes (None: not known) and SHA-256 of every file the backup has to hold.

    `dropped` is what was dropped, as the backup has it.
    """
    lacks = frozenset(manifest.lacks)
    for receipt in backed_up_receipts(place, manifest):
        if dropped.file(receipt.file) is None and receipt.file not in lacks:
            yield receipt.file, receipt.size, receipt.sha256
    for drop in dropped.all_files():
        if _rests_on_kept(drop, dropped) and kept_path(drop.file) not in lacks:
            yield kept_path(drop.file), None, drop.kept_sha256


def _rests_on_kept(drop: Drop, dropped: Dropped) -> bool:
    return bool(drop.kept_sha256) and not dropped.has_no_memories(drop.file)


def check_backup(place: Path, *, on_progress: Progress = lambda _done, _total: None) -> CheckReport:
    """Read all of a backup and compare it with what it should be; raises SpoolError."""
    manifest = open_backup(place)
    damaged: dict[str, str] = {}
    for part in (manifest.memory, manifest.ledger, manifest.state):
        if part is not None and (problem := _problem(place, part)):
            damaged[part.name] = problem
    if {manifest.ledger.name, manifest.state.name} & damaged.keys():
        return CheckReport(manifest=manifest, files=0, size_bytes=0, damaged=damaged)
    files = size_bytes = 0
    with TemporaryDirectory() as scratch:
        dropped = dropped_in(place / manifest.state.name, Path(scratch))
    for file, size, sha256 in wanted_files(place, manifest, dropped):
        try:
            found = measure_below(place / FILES_FOLDER, file)
        except OSError as error:
            damaged[file] = f"cannot be read: {error}"
            continue
        if found[1] != sha256 or (size is not None and found[0] != size):
            damaged[file] = f"SHA-256 {found[1]}, {found[0]} bytes; expected {sha256}"
        files += 1
        size_bytes += found[0]
        on_progress(files, manifest.files)
    return CheckReport(manifest=manifest, files=files, size_bytes=size_bytes, damaged=damaged)


def _problem(place: Path, part: Part) -> str:
    try:
        check_part(place, part)
    except SpoolError as error:
        return str(error)
    return ""
