"""The ledger, as its one writer sees it: appended to, durable line by line, never rewritten."""

import errno
import os
from collections.abc import Iterator, Sequence

from spool.format import (
    LEDGER_FILE,
    STATE_FOLDER,
    DamagedLine,
    Receipt,
    SpoolFailed,
    decode_receipt,
    file_member,
    is_intact,
)
from spool.layout import Layout
from spool.sync import is_no_room

_BLOCK_BYTES = 1 << 20


class Ledger:
    """
    The open ledger. Everything before `end` (bytes) is complete and durable.

    `cut_bytes` is what opening cut off at the end; `is_damaged` tells of damage before that.
    """

    def __init__(self, layout: Layout) -> None:
        """Open or create the ledger and cut a torn end off; raises OSError or SpoolFailed."""
        self._sync = layout.sync
        self._layout = layout
        flags = os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW
        self._fd = os.open(LEDGER_FILE, flags, 0o600, dir_fd=layout.root_fd)
        self._pending = b""
        try:
            self._sync.forget(self._fd)  # after a failed fsync memory and disk may differ
            self.end, self.is_damaged, self.last_line = _scan(self._fd)
            found = os.fstat(self._fd)
            self.cut_bytes = found.st_size - self.end
            self.changed_at = found.st_mtime
            if self.cut_bytes:
                os.ftruncate(self._fd, self.end)
            self._sync.file(self._fd)
            layout.make_names_durable([STATE_FOLDER], at_once=False)
        except BaseException:
            self.close()
            raise

    def append(self, lines: Sequence[bytes]) -> int:
        """
        Append `lines` and return how many of them are durable: all, or fewer if room ran out.

        A line that a reader may have seen whole is never taken back: its offset could be
        given to another event, which the reader would then miss. Raises SpoolFailed.
        """
        data = b"".join(lines)
        room = self._write(data)
        if room < len(data):
            data = data[: data.rfind(b"\n", 0, room) + 1]
            self._cut(data)
        if data:
            self._settle(data)
        return data.count(b"\n")

    def mend(self) -> None:
        """
        After a failure: write what was in flight once more, and make it durable.

        Syncing again without writing again would prove nothing: after a failed fsync the
        system takes the pages for clean. Raises OSError or SpoolFailed, nothing gained or lost.
        """
        data = self._pending
        written = 0
        while written < len(data):
            written += os.pwrite(self._fd, data[written:], self.end + written)
        os.ftruncate(self._fd, self.end + len(data))
        self._settle(data)

    def names(self, file: str) -> bool:
        """Tell whether a whole line names `file`; raises OSError if the ledger cannot be read."""
        return any(True for _ in self._lines_naming(file))

    def find(self, file: str) -> Receipt | None:
        """
        Return the newest receipt that names `file`, None if none does.

        Raises OSError if the ledger cannot be read.
        """
        for line in self._lines_naming(file):
            try:
                return decode_receipt(line)
            except DamagedLine:  # whole, but of a later program: an older line may do
                continue
        return None

    def _lines_naming(self, file: str) -> Iterator[bytes]:
        """
        Yield the whole lines that name `file`, newest first; raises OSError.

        The ledger is read from its end: what comes again mostly came a short while ago.
        """
        member = file_member(file)
        rest, end = b"", self.end
        while end:
            start = max(0, end - _BLOCK_BYTES)
            lines = self._read(start, end) + rest
            if start:  # the first line may begin in the block before
                head, newline, lines = lines.partition(b"\n")
                rest = head + newline
            if member in lines:
                found = [line for line in lines.splitlines(keepends=True) if member in line]
                yield from (line for line in reversed(found) if is_intact(line))
            end = start

    def check_place(self) -> None:
        """Raise SpoolFailed unless the ledger's name still leads to this open file."""
        self._layout.check_place(LEDGER_FILE, self._fd)

    def close(self) -> None:
        """Close the file; everything before `end` is durable already."""
        os.close(self._fd)

    def _read(self, start: int, end: int) -> bytes:
        """Return the bytes from `start` to `end`; raises OSError if they are not all there."""
        block = os.pread(self._fd, end - start, start)
        if len(block) < end - start:
            raise OSError(errno.EIO, "the ledger has become shorter", LEDGER_FILE)
        return block

    def _write(self, data: bytes) -> int:
        """Write at the end and return how many bytes found room; raises SpoolFailed."""
        written = 0
        try:
            while written < len(data):
                written += os.pwrite(self._fd, data[written:], self.end + written)
        except OSError as error:
            if not is_no_room(error):
                self._pending = data
                message = f"cannot write {LEDGER_FILE}: {error}; look at the system log"
                raise SpoolFailed(message) from error
        return written

    def _cut(self, kept: bytes) -> None:
        """Cut off what stands after `kept`; raises SpoolFailed."""
        try:
            os.ftruncate(self._fd, self.end + len(kept))
        except OSError as error:
            self._pending = kept
            message = f"cannot cut {LEDGER_FILE}: {error}; look at the system log"
            raise SpoolFailed(message) from error

    def _settle(self, data: bytes) -> None:
        """Make `data`, written at the end, durable; raises SpoolFailed with `data` in flight."""
        self._pending = data
        self._sync.content(self._fd)
        self.end += len(data)
        self._pending = b""


def _scan(fd: int) -> tuple[int, bool, bytes]:
    """Return the end of the last whole line, whether there is damage before it, and that line."""
    offset = end = 0
    last_line = b""
    is_damaged = damage_follows = False
    with os.fdopen(fd, "rb", buffering=_BLOCK_BYTES, closefd=False) as file:
        for line in file:
            offset += len(line)
            if is_intact(line):
                end, last_line = offset, line
                is_damaged = is_damaged or damage_follows
            else:
                damage_follows = True
    return end, is_damaged, last_line
