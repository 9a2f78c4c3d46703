"""The only reads of a spool: its ledger, line by line, and the files that the ledger names."""

import contextlib
import errno
import hashlib
import os
import stat
from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path
from typing import IO

from spool.format import (
    LEDGER_FILE,
    DamagedLine,
    FileDamaged,
    Receipt,
    SpoolError,
    decode_receipt,
    is_intact,
)
from spool.identity import identity_of

_BLOCK_BYTES = 1 << 20
_LINE_BYTES = 4096  # most lines are shorter
_OPEN_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
# Without waiting: what stands there may be a pipe that nobody writes to.
_OPEN_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def ledger_path(root: Path) -> Path:
    """Return where the ledger of the spool at `root` stands, whether it exists or not."""
    return root / LEDGER_FILE


def ledger_identity(root: Path) -> str:
    """Return 16 hex digits that tell this ledger from any other; "" while it has no line."""
    for line, _ in ledger_lines(root):
        return identity_of(root, line)
    return ""


def ledger_lines(root: Path, *, offset: int = 0) -> Iterator[tuple[bytes, int]]:
    """Yield every complete line from `offset` on, newline included, with the offset after it."""
    with _ledger(root, offset=offset, buffer_bytes=_BLOCK_BYTES) as file:
        for line in file:
            if not line.endswith(b"\n"):
                return  # being written at this moment, or torn: not yet a line
            offset += len(line)
            yield line, offset


@contextlib.contextmanager
def _ledger(root: Path, *, offset: int, buffer_bytes: int) -> Iterator[IO[bytes]]:
    """Open the ledger at `offset`; where there is none, an empty file. Raises SpoolError."""
    path = ledger_path(root)
    try:
        with _open_or_empty(path, buffer_bytes) as file:
            file.seek(offset)
            yield file
    except OSError as error:
        message = f"cannot read {path}: {error}; check the disk and its permissions"
        raise SpoolError(message) from error


def _open_or_empty(path: Path, buffer_bytes: int) -> IO[bytes]:
    try:
        return path.open("rb", buffering=buffer_bytes)
    except FileNotFoundError:
        return BytesIO()


def read_receipts(root: Path, *, offset: int = 0) -> Iterator[tuple[Receipt | DamagedLine, int]]:
    """
    Yield the receipts from `offset` on, each with the offset after its line.

    A line that cannot be understood is yielded as a DamagedLine, never raised. Damage that
    reaches to the end of the ledger is not yielded: the next start of a receiver cuts it off,
    and a reader that had gone past it would miss what is written in its place.
    """
    held_back: list[tuple[DamagedLine, int]] = []
    for line, after in ledger_lines(root, offset=offset):
        receipt = _decode(line)
        if isinstance(receipt, DamagedLine) and not is_intact(line):
            held_back.append((receipt, after))
            continue
        yield from held_back
        held_back = []
        yield receipt, after


def receipt_at(root: Path, offset: int) -> Receipt | DamagedLine:
    """
    Return the receipt in the one line that begins at `offset`.

    A DamagedLine, never raised, if it cannot be understood, or no whole line begins there.
    """
    return next(receipts_at(root, [offset]))


def receipts_at(root: Path, offsets: Iterable[int]) -> Iterator[Receipt | DamagedLine]:
    """Yield what `receipt_at` returns for each offset, in order, opening the ledger once."""
    with _ledger(root, offset=0, buffer_bytes=_LINE_BYTES) as file:
        for offset in offsets:
            file.seek(offset)
            yield _decode(file.readline())


def _decode(line: bytes) -> Receipt | DamagedLine:
    """Return the receipt in `line`, or why there is none."""
    try:
        return decode_receipt(line)
    except DamagedLine as error:
        return error


def is_line_boundary(root: Path, offset: int) -> bool:
    """Tell whether a line of the ledger ends, or the first one begins, at `offset`."""
    if offset <= 0:
        return offset == 0
    with _ledger(root, offset=offset - 1, buffer_bytes=0) as file:
        return file.read(1) == b"\n"


def count_lines(root: Path, *, offset: int) -> int:
    """Return how many complete lines follow `offset`, in constant memory."""
    with _ledger(root, offset=offset, buffer_bytes=0) as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(_BLOCK_BYTES), b""))


def read_file(root: Path, receipt: Receipt) -> bytes:
    """
    Return the content of the file that `receipt` names, proven by its SHA-256.

    Raises FileDamaged when it is missing, unreadable, a symbolic link, or other content.
    """
    try:
        with os.fdopen(open_file(root, receipt.file), "rb", buffering=0) as file:
            content = file.read() if os.fstat(file.fileno()).st_size == receipt.size else b""
    except OSError as error:
        message = f"{receipt.file} cannot be read: {error}; run `spool verify`"
        raise FileDamaged(message) from error
    if len(content) != receipt.size or hashlib.sha256(content).hexdigest() != receipt.sha256:
        message = f"{receipt.file} is not what its receipt says; run `spool verify`"
        raise FileDamaged(message)
    return content


def open_file(root: Path, file: str) -> int:
    """Return a read-only descriptor of a path below the spool, as `open_plain` does."""
    folder_path, _, name = file.rpartition("/")
    folder = os.open(f"{os.fspath(root)}/{folder_path}", _OPEN_FOLDER)
    try:
        return open_plain(name, folder=folder)
    finally:
        os.close(folder)


def open_plain(path: str | Path, *, folder: int | None = None) -> int:
    """
    Return a read-only descriptor of a plain file; `path` may be relative to an open `folder`.

    Raises OSError for a symbolic link, a pipe, a device: reading one might never end.
    """
    fd = os.open(path, _OPEN_FILE, dir_fd=folder)
    if stat.S_ISREG(os.fstat(fd).st_mode):
        return fd
    os.close(fd)
    raise OSError(errno.EINVAL, "it is not a plain file", os.fspath(path))
