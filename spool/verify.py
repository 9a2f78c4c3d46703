"""Verification: every file compared with its receipt, read-only, also while a receiver works."""

import hashlib
import os
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from spool.dropped import DROPPED_FILE, Drop, kept_path, read_dropped
from spool.format import (
    LEDGER_FILE,
    QUARANTINE_FOLDER,
    STATE_FOLDER,
    DamagedLine,
    Receipt,
    SpoolError,
    is_conversation_id,
)
from spool.reader import count_lines, ledger_path, open_file, read_receipts
from spool.version import check_format

_BLOCK_BYTES = 1 << 20
_SETTLE_SECONDS = 1.0
_SIDECAR = re.compile(r"[0-9a-f]{64}\.json")

# "lost+found" is there when the spool is a volume of its own.
_NOT_OURS = frozenset({STATE_FOLDER, "lost+found"})
_LEFT_BY_MACOS = ".DS_Store"  # in every folder that somebody has looked at

Problem = Literal["missing", "changed", "extra", "torn"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """
    One thing that is wrong. `file` is relative to the spool.

    "torn": shorter than its receipt says, or a ledger line that is not whole. "changed": other
    content, or unreadable. "extra": nothing in the ledger speaks of it.
    """

    file: str
    problem: Problem
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """
    What verification found: how many receipts and bytes it checked, and every finding.

    `dropped` of the receipts are of files that are gone on purpose.
    """

    receipts: int
    size_bytes: int
    dropped: int
    findings: tuple[Finding, ...]


def verify(
    root: Path,
    *,
    on_progress: Callable[[int, int], None] | None = None,
    pause: Callable[[float], None] = time.sleep,
) -> Report:
    """
    Compare all of the spool at `root` with its ledger; change nothing.

    `on_progress(done, total)` is told how many receipts are checked. What a receiver is
    writing meanwhile is no finding: files that look extra are looked up once more after a
    `pause` (in seconds). Raises SpoolError if there is no spool, or it cannot be read.
    """
    if not (root / STATE_FOLDER).is_dir():
        raise SpoolError(f"there is no spool in {root}; check PAYLOAD_STORAGE_PATH")
    check_format(root)
    total = count_lines(root, offset=0)
    findings: list[Finding] = []
    named: set[str] = set()
    dropped = _dropped(root, findings)
    end = size_bytes = 0
    for number, (receipt, after) in enumerate(read_receipts(root), 1):
        if isinstance(receipt, DamagedLine):
            detail = f"the line that starts at byte {end}: {receipt}"
            findings.append(Finding(file=LEDGER_FILE, problem="torn", detail=detail))
        else:
            named.add(receipt.file)
            findings.extend(_wrong(root, receipt, dropped))
            size_bytes += 0 if receipt.file in dropped else receipt.size
        end = after
        if on_progress is not None:
            on_progress(number, max(number, total))
    extra = _unnamed(root, named, dropped)
    findings.extend(_settled(root, extra, offset=end, pause=pause))
    return Report(
        receipts=len(named),
        size_bytes=size_bytes,
        dropped=len(named & dropped.keys()),
        findings=tuple(findings),
    )


def _unnamed(root: Path, named: set[str], dropped: dict[str, Drop]) -> list[str]:
    """Return every path that neither a receipt names nor a dropped file rests on."""
    kept = {kept_path(each.file) for each in dropped.values() if each.kept_sha256}
    try:
        return [file for file in _files(root) if file not in named and file not in kept]
    except OSError as error:
        raise SpoolError(f"cannot read {root}: {error}; check its permissions") from error


def _wrong(root: Path, receipt: Receipt, dropped: dict[str, Drop]) -> list[Finding]:
    """Return what is wrong with the file of one receipt; enter in `dropped` what went meanwhile."""
    if drop := dropped.get(receipt.file):
        return list(_check_dropped(root, drop))
    wrong = list(_check(root, receipt))
    if any(finding.problem == "missing" for finding in wrong):
        dropped.update(_dropped(root, []))
        if drop := dropped.get(receipt.file):
            return list(_check_dropped(root, drop))
    return wrong


def _dropped(root: Path, findings: list[Finding]) -> dict[str, Drop]:
    """Return what was dropped, by file; a line that cannot be understood is a finding."""
    dropped: dict[str, Drop] = {}
    expired: set[str] = set()
    for drop, after in read_dropped(root):
        if isinstance(drop, DamagedLine):
            detail = f"the line that ends at byte {after}: {drop}"
            findings.append(Finding(file=DROPPED_FILE, problem="torn", detail=detail))
        elif drop.what == "memories":
            expired.add(drop.file)
        elif (known := dropped.get(drop.file)) is None or known.reason != "erased":
            dropped[drop.file] = drop
    for file in expired & dropped.keys():  # then nothing rests any more on what was kept
        dropped[file] = replace(dropped[file], kept_sha256="")
    return dropped


def _check_dropped(root: Path, drop: Drop) -> Iterator[Finding]:
    """Yield what is wrong with a file that is to be gone, and with what was kept of it."""
    if os.path.lexists(root / drop.file):
        detail = f"it was to be deleted ({drop.reason}); `run.py all-in-one` finishes that"
        yield Finding(file=drop.file, problem="extra", detail=detail)
    if not drop.kept_sha256:
        return
    kept = kept_path(drop.file)
    try:
        _, sha256 = _measure(root, kept)
    except OSError as error:
        yield Finding(file=kept, problem="missing", detail=f"memory rests on it: {error}")
    else:
        if sha256 != drop.kept_sha256:
            detail = f"SHA-256 {sha256}; expected {drop.kept_sha256}"
            yield Finding(file=kept, problem="changed", detail=detail)


def _check(root: Path, receipt: Receipt) -> Iterator[Finding]:
    """Yield what is wrong with the file of one receipt."""
    try:
        size, sha256 = _measure(root, receipt.file)
    except (FileNotFoundError, NotADirectoryError):
        detail = f"{receipt.size} bytes, received at {receipt.received_at.isoformat()}"
        yield Finding(file=receipt.file, problem="missing", detail=detail)
    except OSError as error:
        yield Finding(file=receipt.file, problem="changed", detail=f"cannot be read: {error}")
    else:
        if size < receipt.size:
            detail = f"{size} of {receipt.size} bytes"
            yield Finding(file=receipt.file, problem="torn", detail=detail)
        elif (size, sha256) != (receipt.size, receipt.sha256):
            detail = f"SHA-256 {sha256}, {size} bytes; expected {receipt.sha256}, {receipt.size}"
            yield Finding(file=receipt.file, problem="changed", detail=detail)


def _measure(root: Path, file: str) -> tuple[int, str]:
    """Return size in bytes and SHA-256 (hex) of a file, in constant memory; raises OSError."""
    digest = hashlib.sha256()
    size = 0
    with os.fdopen(open_file(root, file), "rb", buffering=0) as content:
        while block := content.read(_BLOCK_BYTES):
            digest.update(block)
            size += len(block)
    return size, digest.hexdigest()


def _files(root: Path) -> Iterator[str]:
    """Yield every path that a receipt ought to name; raises OSError."""
    with os.scandir(root) as entries:
        found = [entry for entry in entries if entry.name not in _NOT_OURS]
    for entry in found:
        if entry.is_dir(follow_symlinks=False) and is_conversation_id(entry.name):
            yield from _children(root, entry.name)
        elif entry.name != _LEFT_BY_MACOS:
            yield entry.name
    yield from (
        file
        for file in _children(root, QUARANTINE_FOLDER)
        if not _SIDECAR.fullmatch(file.rpartition("/")[2])
    )


def _children(root: Path, folder: str) -> list[str]:
    """Return the paths of everything in a folder that counts; none if it has just been removed."""
    try:
        with os.scandir(root / folder) as entries:
            names = [entry.name for entry in entries if entry.name != _LEFT_BY_MACOS]
            return [f"{folder}/{name}" for name in names]
    except FileNotFoundError:
        return []


def _settled(
    root: Path, extra: list[str], *, offset: int, pause: Callable[[float], None]
) -> Iterator[Finding]:
    """Yield what a second look, after a pause, still finds without a whole receipt."""
    size = _ledger_size(root)
    if not extra and size <= offset:
        return
    pause(_SETTLE_SECONDS)
    late: set[str] = set()
    end = offset
    for receipt, after in read_receipts(root, offset=offset):
        end = after
        if isinstance(receipt, Receipt):
            late.add(receipt.file)
    for file in sorted(extra):
        if file not in late and os.path.lexists(root / file):
            yield Finding(file=file, problem="extra", detail="no receipt names it")
    if size > offset == end and _ledger_size(root) == size:
        detail = f"{size - end} bytes after the last whole line; the next start cuts them off"
        yield Finding(file=LEDGER_FILE, problem="torn", detail=detail)


def _ledger_size(root: Path) -> int:
    """Return the size of the ledger in bytes; 0 if there is none."""
    try:
        return ledger_path(root).stat().st_size
    except FileNotFoundError:
        return 0
