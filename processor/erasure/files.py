"""The files of erased conversations: noted as gone, deleted, and counted by their receipts."""

import shutil
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from spool.dropped import Drop, Dropped, note_dropped
from spool.durable import sync_folder
from spool.format import DamagedLine, Receipt, decode_receipt
from spool.reader import ledger_lines
from spool.staging import translate

_MEMBER = b'"conversation_id":"'
NAMES = {"transcription": "transcripts", "audio": "recordings", "failure": "failures"}


def receipts_of(root: Path, conversation_ids: Collection[str]) -> Iterator[Receipt]:
    """Yield every receipt of these conversations, in order; raises SpoolError."""
    wanted = {each.encode("ascii") for each in conversation_ids}
    for line, _ in ledger_lines(root) if wanted else ():
        # Most lines are of others: those are not decoded.
        if line.partition(_MEMBER)[2].partition(b'"')[0] in wanted:
            with suppress(DamagedLine):
                yield decode_receipt(line)


def count_files(root: Path, conversation_ids: Collection[str], dropped: Dropped) -> Counter[str]:
    """
    Return how many files of each kind, and how many bytes, are or were erased with these.

    What retention had deleted before is not among them, nor is what is in quarantine.
    """
    counts: Counter[str] = Counter()
    seen = set()
    for receipt in receipts_of(root, conversation_ids):
        drop = dropped.file(receipt.file)
        is_other = receipt.file in seen or receipt.kind not in NAMES
        if is_other or (drop is not None and drop.reason != "erased"):
            continue
        seen.add(receipt.file)
        counts[NAMES[receipt.kind]] += 1
        counts["bytes"] += receipt.size
    return counts


def erase_files(
    root: Path,
    conversation_ids: Collection[str],
    *,
    at: datetime,
    dropped: Dropped | None = None,
) -> None:
    """
    Delete the folders of these conversations with all that is in them, durably.

    That they are gone on purpose is noted first; after a crash, doing it again finishes it.
    `dropped` is what is known to be gone already. Raises SpoolError.
    """
    dropped = dropped or Dropped(root)
    receipts = receipts_of(root, conversation_ids)
    files = {receipt.file for receipt in receipts if receipt.kind in NAMES}
    drops = [
        Drop(file=file, what="file", reason="erased", at=at)
        for file in sorted(files)
        if (known := dropped.file(file)) is None or known.reason != "erased"
    ]
    note_dropped(root, drops)
    for conversation_id in sorted(conversation_ids):
        folder = root / conversation_id
        try:
            if folder.is_symlink():  # never followed, whatever it leads to
                folder.unlink()
            elif folder.exists():
                shutil.rmtree(folder)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise translate(error, f"delete {folder}") from error
    sync_folder(root)


def quarantined_with(root: Path, conversation_ids: Collection[str]) -> frozenset[str]:
    """Return the bodies in quarantine whose receipts name one of these conversations."""
    receipts = receipts_of(root, conversation_ids)
    return frozenset(receipt.file for receipt in receipts if receipt.kind == "quarantine")
