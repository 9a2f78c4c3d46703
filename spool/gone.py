"""What is not to be stored again: events that were erased or dropped on purpose."""

from datetime import datetime
from pathlib import Path

from spool.arrival import Arrival
from spool.dropped import Drop, dropped_of
from spool.forgotten import Forgotten, Tombstone, new_erasure_id, write_tombstone
from spool.format import Receipt
from spool.staging import StagedFile


class Gone:
    """
    The tombstones and dropped files of a spool, as its writer sees them.

    `refresh` before each commit: other processes erase and drop too. Raises SpoolError where
    they cannot be read: then nothing may be stored.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._forgotten = Forgotten(root)
        self._dropped = dropped_of(root)

    def refresh(self) -> None:
        """Look again."""
        self._forgotten.refresh()
        self._dropped.refresh()

    def is_forgotten(self, arrival: Arrival) -> bool:
        """Tell whether `arrival` is of a conversation or a caller that was erased."""
        if arrival.conversation_id is None:
            return False
        if self._forgotten.is_conversation(arrival.conversation_id):
            return True
        if not self._forgotten.names_callers or arrival.of_whom is None:
            return False
        content = arrival.content
        body = content.path.read_bytes() if isinstance(content, StagedFile) else content
        caller, began_at = arrival.of_whom(body)
        if caller is None or not self._forgotten.is_caller(caller, began_at=began_at):
            return False
        self._shut_out(arrival.conversation_id, arrival.received_at)
        return True

    def _shut_out(self, conversation_id: str, at: datetime) -> None:
        """
        Note that this conversation is erased: nobody knew of it, and its recording names nobody.

        What is there of it already goes with the next erasure that is carried out.
        """
        hashed = self._forgotten.hash_of("conversation", conversation_id)
        write_tombstone(
            self._root,
            Tombstone(id=new_erasure_id(), kind="conversation", at=at, conversations=(hashed,)),
        )
        self._forgotten.refresh()

    def drop_of(self, file: str) -> Drop | None:
        """Return why `file` is gone: its name is taken for good. None if it was not dropped."""
        return self._dropped.file(file)


def is_same_dropped(arrival: Arrival, receipt: Receipt | None, *, sha256: str) -> bool:
    """
    Tell whether `arrival` is what was dropped, of which `receipt` is left.

    As for what still stands there (`spool.standing`), a backfill always is, and a recording is
    if a backfill had brought one.
    """
    if receipt is None or receipt.sha256 == sha256 or arrival.source == "backfill":
        return True
    return arrival.kind == "audio" and receipt.source == "backfill"
