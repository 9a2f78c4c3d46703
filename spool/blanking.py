"""
Blanking what a receipt quotes of somebody who is erased: the one change of a ledger line.

A receipt holds the envelope of a recording's event, and the reason of a quarantine, in the
sender's words. Blanked, a line has its length still, its place and a right checksum; and the
ledger is still the one it was to whoever follows it.
"""

import os
import re
import zlib
from collections.abc import Callable, Collection
from pathlib import Path

from spool.format import LEDGER_FILE, is_intact
from spool.identity import keep_identity
from spool.reader import ledger_lines
from spool.staging import translate
from spool.sync import choose_sync

_QUOTED = re.compile(rb'("(?:reason|body_prefix|body_suffix)":")((?:[^"\\]|\\.)*)(?=")')
_NAMES = re.compile(rb'"file":"((?:[^"\\]|\\.)*)"')
_CRC_LENGTH = len(b',"crc":"00000000"}\n')


def blank_receipts(
    root: Path, files: Collection[str], is_mentioned: Callable[[bytes], bool]
) -> int:
    """
    Blank what the receipts of `files`, which are erased, quote, where it mentions somebody.

    Return how many lines were changed; durable when this returns. Raises SpoolError.
    """
    wanted = {file.encode("ascii") for file in files}
    found: list[tuple[int, bytes]] = []
    before = 0
    for line, after in ledger_lines(root) if wanted else ():
        named = _NAMES.search(line)
        quoted = b"\n".join(match[2] for match in _QUOTED.finditer(line))
        if named and named[1] in wanted and is_intact(line) and is_mentioned(quoted):
            blanked = _blanked(line)
            if before == 0:
                keep_identity(root, line, blanked)
            found.append((before, blanked))
        before = after
    if found:
        _write(root, found)
    return len(found)


def _blanked(line: bytes) -> bytes:
    body = _QUOTED.sub(lambda match: match[1] + b"x" * len(match[2]), line[:-_CRC_LENGTH])
    return body + b',"crc":"%08x"}\n' % zlib.crc32(body)


def _write(root: Path, lines: list[tuple[int, bytes]]) -> None:
    try:
        ledger = os.open(root / LEDGER_FILE, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            for offset, line in lines:
                os.pwrite(ledger, line, offset)  # in one call: a reader sees the old or the new
            choose_sync("fsync").file(ledger)
        finally:
            os.close(ledger)
    except OSError as error:
        raise translate(error, f"blank lines of {root / LEDGER_FILE}") from error
