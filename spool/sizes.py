"""How much stands in the spool of each kind, reading on from where it stopped."""

import re
from collections import Counter
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import NamedTuple

from spool.dropped import DROPPED_FILE, read_dropped
from spool.format import DamagedLine, Kind, decode_receipt, is_intact
from spool.reader import ledger_lines, ledger_path

KINDS: tuple[Kind, ...] = ("transcription", "audio", "failure", "quarantine")

# A receipt as `encode_receipt` writes it, up to its size: much quicker than to decode it whole.
_BEGINNING = b'{"v":1,"file":"'
_HEAD = re.compile(
    rb'\{"v":1,"file":"([A-Za-z0-9_./-]+)","kind":"([a-z]+)",'
    rb'(?:"conversation_id":"[A-Za-z0-9_-]+",)?"sha256":"[0-9a-f]{64}","size":([0-9]+),'
)


class _Named(NamedTuple):
    """What a line says of its file."""

    file: bytes
    kind: str
    size: int


class Sizes:
    """
    Bytes and files of a spool by kind: what its ledger names, less what was dropped.

    `refresh` reads what has been added since, so that asking often costs next to nothing; only
    after something was dropped the ledger is looked through for it. One thread at a time.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._begin()

    def _begin(self) -> None:
        self._ledger_offset = self._dropped_offset = 0
        self._dropped: set[bytes] = set()
        self._bytes: Counter[str] = Counter()
        self._files: Counter[str] = Counter()

    @property
    def bytes_by_kind(self) -> Mapping[str, int]:
        """Return how many bytes there are of each kind."""
        return {kind: self._bytes[kind] for kind in KINDS}

    @property
    def files_by_kind(self) -> Mapping[str, int]:
        """Return how many files there are of each kind."""
        return {kind: self._files[kind] for kind in KINDS}

    def refresh(self) -> None:
        """Take in what has been added and dropped; raises SpoolError."""
        if (
            _size(ledger_path(self._root)) < self._ledger_offset
            or _size(self._root / DROPPED_FILE) < self._dropped_offset
        ):
            self._begin()  # put back from a copy, perhaps
        gone = set()
        for drop, after in read_dropped(self._root, offset=self._dropped_offset):
            self._dropped_offset = after
            if not isinstance(drop, DamagedLine) and drop.what == "file":
                gone.add(drop.file.encode("ascii"))
        gone -= self._dropped
        self._dropped |= gone
        if gone and self._ledger_offset:
            self._take_out(gone)
        for line, after in ledger_lines(self._root, offset=self._ledger_offset):
            self._ledger_offset = after
            named = _named(line)
            if named is not None and named.file not in self._dropped and is_intact(line):
                self._count(named, 1)

    def _take_out(self, gone: Collection[bytes]) -> None:
        """Count no more what was counted before."""
        for line, after in ledger_lines(self._root):
            if after > self._ledger_offset:
                return
            if line.startswith(_BEGINNING) and _first_text(line) not in gone:
                continue  # nearly all of them, so it is worth a line of its own
            named = _named(line)
            if named is not None and named.file in gone and is_intact(line):
                self._count(named, -1)

    def _count(self, named: _Named, sign: int) -> None:
        self._bytes[named.kind] += sign * named.size
        self._files[named.kind] += sign


def _named(line: bytes) -> _Named | None:
    if head := _HEAD.match(line):
        return _Named(head[1], head[2].decode(), int(head[3]))
    try:
        receipt = decode_receipt(line)
    except DamagedLine:  # or of a later program
        return None
    return _Named(receipt.file.encode("ascii"), receipt.kind, receipt.size)


def _first_text(line: bytes) -> bytes:
    """Return the file's name in a line that starts with `_BEGINNING`."""
    return line[len(_BEGINNING) : line.find(b'"', len(_BEGINNING))]


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
