"""Files being written in incoming/, before anything names them."""

import contextlib
import hashlib
import os

from spool.format import SpoolError, SpoolFailed, SpoolFull
from spool.layout import Layout
from spool.sync import is_no_room

_FORGET_BYTES = 8 << 20


def write_all(fd: int, content: bytes) -> None:
    """Write all of `content` to `fd`, however many calls that takes; raises OSError."""
    written = os.write(fd, content)
    while written < len(content):
        written += os.write(fd, memoryview(content)[written:])


def translate(error: OSError, operation: str) -> SpoolError:
    """Return what an error of the disk means for whoever wanted to store something."""
    if is_no_room(error):
        return SpoolFull(f"no room to {operation}: {error}; free some space, it goes on by itself")
    return SpoolFailed(f"cannot {operation}: {error}; look at the disk and the system log")


class StagedFile:
    """
    Content too large for memory, written block by block; for one thread at a time.

    Nothing names it before `Spool.commit`, which consumes it whatever the outcome. Until then
    `discard` removes it. `size` (bytes) and `sha256` (hex) are those of what was written; they
    are final after `finish`. `path` can be read while it is being written.
    """

    def __init__(self, layout: Layout) -> None:
        """Create the file; raises SpoolFull or SpoolFailed."""
        self._layout = layout
        try:
            self.name, self._fd = layout.create_temporary()
        except OSError as error:
            raise translate(error, "start an upload") from error
        self.path = layout.root / self.name
        self.size = 0
        self.sha256 = ""
        self._hash = hashlib.sha256()

    def write(self, block: bytes) -> None:
        """Append `block`; raises SpoolFull or SpoolFailed, after which only discard is left."""
        try:
            write_all(self._fd, block)
        except OSError as error:
            raise translate(error, "write an upload") from error
        self._hash.update(block)
        before, self.size = self.size, self.size + len(block)
        if before // _FORGET_BYTES != self.size // _FORGET_BYTES:
            self._layout.sync.forget(self._fd)  # starts the write-back: the last fsync is short

    def finish(self) -> None:
        """Make the content durable; raises SpoolFailed, after which only discard is left."""
        self._layout.sync.file(self._fd)
        self.sha256 = self._hash.hexdigest()
        self._close()

    def discard(self) -> None:
        """Remove the file. Does nothing if it is gone already; never fails."""
        self._close()
        self._layout.remove([self.name])

    def _close(self) -> None:
        fd, self._fd = self._fd, -1
        if fd >= 0:
            with contextlib.suppress(OSError):
                os.close(fd)
