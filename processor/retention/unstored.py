"""What is not to be stored: found in the ledger as it grows, and free to go once memory has it."""

from collections.abc import Iterable
from pathlib import Path

from processor.retention.gather import Progress, paths_of
from processor.retention.plan import EVENTS, Going, StoredFile
from processor.retention.policy import RetentionPolicy
from spool.dropped import Dropped
from spool.durable import remove_files
from spool.format import Kind, Receipt
from spool.reader import ledger_identity, read_receipts


class Unstored:
    """The files of one spool that are not to be stored; reads on from where it stopped."""

    def __init__(self, root: Path, policy: RetentionPolicy) -> None:
        self._root = root
        unwanted: set[Kind] = set() if policy.store_transcripts else set(EVENTS)
        self._kinds = unwanted if policy.store_audio else {*unwanted, "audio"}
        self._ledger = ""
        self._offset = 0
        self._waiting: dict[str, StoredFile] = {}

    def due(self, progress: Progress, dropped: Dropped) -> list[Going]:
        """
        Return what may go now: memory has come past it, and it is no failed event.

        What was dropped before, and is there because of a crash, is deleted. Raises SpoolError.
        """
        if (identity := ledger_identity(self._root)) != self._ledger:
            self._ledger, self._offset, self._waiting = identity, 0, {}
        if progress.taken_bytes < self._offset:
            return []  # memory has been emptied, and is derived again
        self._read_on(progress.taken_bytes, dropped)
        for file in [file for file in self._waiting if dropped.file(file) is not None]:
            del self._waiting[file]
        return [
            Going(file=stored, what="file", reason="not_stored")
            for stored in self._waiting.values()
            if stored.file not in progress.failures
        ]

    def leave(self, going: Iterable[Going]) -> None:
        """Speak of these no more."""
        for each in going:
            self._waiting.pop(each.file.file, None)

    def _read_on(self, until_bytes: int, dropped: Dropped) -> None:
        left: list[str] = []
        before = self._offset
        for receipt, after in read_receipts(self._root, offset=before):
            if after > until_bytes:
                break
            if isinstance(receipt, Receipt) and receipt.kind in self._kinds:
                if dropped.file(receipt.file) is None:
                    self._waiting[receipt.file] = _stored(receipt, before, dropped)
                elif (self._root / receipt.file).exists():
                    left += paths_of(receipt.file)
            before = after
        if left:
            remove_files(self._root, left)
        self._offset = before


def _stored(receipt: Receipt, offset: int, dropped: Dropped) -> StoredFile:
    return StoredFile(
        file=receipt.file,
        offset=offset,
        kind=receipt.kind,
        conversation_id=receipt.conversation_id,
        size_bytes=receipt.size,
        is_there=True,
        has_memories=not dropped.has_no_memories(receipt.file),
        standing="taken",
        began_at=receipt.received_at,
    )
