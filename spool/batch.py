"""
One attempt at storing some arrivals together. The order of its steps is the spool's promise.

    contents written and durable → final names linked and durable → receipts durable

Each arrow is a sync: what stands to the right of it never outlives what stands to the left.
"""

import contextlib
import errno
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from spool.arrival import Arrival, Outcome
from spool.format import (
    Receipt,
    SpoolError,
    SpoolFailed,
    SpoolFull,
    UnsuitableFolder,
    encode_receipt,
    sidecar_path,
)
from spool.gone import Gone, is_same_dropped
from spool.layout import Layout
from spool.ledger import Ledger
from spool.staging import StagedFile, write_all
from spool.standing import is_same_content, is_same_event


@dataclass(slots=True, kw_only=True)
class _Entry:
    """One arrival on its way; `outcome` is set once it is decided."""

    arrival: Arrival
    size: int
    sha256: str
    outcome: Outcome | SpoolError | None = None
    temporary: str = ""
    sidecar: str = ""
    linked: list[str] = field(default_factory=list)
    owes: str = ""  # the final name that this arrival gave, or found without a receipt


class Batch:
    """
    One attempt. After OSError from `store`, `undo` takes back everything it did on disk.

    After SpoolFailed nothing is taken back: recovery enters what has got its name. A staged
    file stays in incoming/ until its owner discards it.
    """

    def __init__(
        self, layout: Layout, ledger: Ledger, gone: Gone, arrivals: Sequence[Arrival]
    ) -> None:
        """Prepare an attempt; nothing is written yet."""
        self._layout = layout
        self._ledger = ledger
        self._gone = gone
        self._arrivals = arrivals
        self._at_once = len(arrivals) > 1  # for a single one, syncing its own files is faster
        self._temporaries: list[str] = []
        self._created_folders: list[str] = []
        self._touched: set[str] = set()
        self._entries: list[_Entry] = []

    def store(self) -> list[Outcome | SpoolError]:
        """Store all; return the outcomes in order. Raises OSError or SpoolFailed."""
        try:
            for arrival in self._arrivals:
                self._entries.append(self._prepare(arrival))
            waiting = [entry for entry in self._entries if entry.outcome is None]
            if self._at_once and self._temporaries and self._layout.sync.everything is not None:
                self._layout.sync.everything(self._layout.root_fd)
            for entry in waiting:
                entry.outcome = self._publish(entry)
            if self._touched:
                self._layout.make_names_durable(sorted(self._touched), at_once=self._at_once)
            self._enter([entry for entry in self._entries if entry.owes])
            return [entry.outcome for entry in self._entries if entry.outcome is not None]
        finally:
            self._layout.remove(self._temporaries)

    def undo(self) -> None:
        """Take back every name this attempt made; raises OSError where that is not possible."""
        self._take_back(self._entries)

    def _take_back(self, entries: Iterable[_Entry]) -> None:
        """Remove the names of `entries`, and every folder of ours that is empty then."""
        for path in [path for entry in entries for path in entry.linked]:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path, dir_fd=self._layout.root_fd)
        for folder in self._created_folders:
            try:
                os.rmdir(folder, dir_fd=self._layout.root_fd)
            except OSError as error:
                if error.errno not in {errno.ENOTEMPTY, errno.EEXIST, errno.ENOENT}:
                    raise

    def _prepare(self, arrival: Arrival) -> _Entry:
        """Write the content, unless it is there already; raises OSError, SpoolFailed."""
        size, sha256 = arrival.fingerprint()
        entry = _Entry(arrival=arrival, size=size, sha256=sha256)
        entry.outcome = self._gone_already(entry)
        if entry.outcome is not None:
            return entry
        try:
            is_new = self._create_folder(arrival)
        except UnsuitableFolder as error:
            entry.outcome = error
            return entry
        if not is_new and (file := self._find_same(entry)):
            entry.outcome = self._known(entry, file)
        elif isinstance(arrival.content, StagedFile):
            entry.temporary = arrival.content.name
        else:
            entry.temporary = self._write(arrival.content)
        if arrival.kind == "quarantine" and entry.outcome is None:
            entry.sidecar = self._write(arrival.sidecar())
        return entry

    def _gone_already(self, entry: _Entry) -> Outcome | None:
        """Return the outcome for what was erased or dropped on purpose; None: store it."""
        arrival = entry.arrival
        if self._gone.is_forgotten(arrival):
            return Outcome(status="forgotten", file="")
        for name in arrival.names(entry.sha256):
            drop = self._gone.drop_of(name)
            if drop is None:
                continue
            if is_same_dropped(arrival, self._ledger.find(name), sha256=entry.sha256):
                is_erased = drop.reason == "erased"
                return Outcome(status="forgotten" if is_erased else "duplicate", file=name)
        return None

    def _free_names(self, entry: _Entry) -> list[str]:
        """Return the names that this may have: that of a dropped file is never given again."""
        names = entry.arrival.names(entry.sha256)
        return [name for name in names if self._gone.drop_of(name) is None]

    def _create_folder(self, arrival: Arrival) -> bool:
        """Make sure that the folder is there; return whether it is new."""
        if arrival.kind == "quarantine" or arrival.conversation_id is None:
            return False
        is_new = self._layout.create_folder(arrival.conversation_id)
        if is_new:
            self._created_folders.append(arrival.conversation_id)
        return is_new

    def _write(self, content: bytes) -> str:
        """Write a temporary file and return its path; it is durable unless a syncfs follows."""
        path, fd = self._layout.create_temporary()
        self._temporaries.append(path)
        try:
            write_all(fd, content)
            if not self._at_once or self._layout.sync.everything is None:
                self._layout.sync.file(fd)
        finally:
            os.close(fd)
        return path

    def _find_same(self, entry: _Entry) -> str | None:
        """Return the name under which this content is stored already, if it is."""
        for name in self._free_names(entry):
            found = self._compare(name, entry)
            if found is not False:
                return name if found else None
        return None

    def _publish(self, entry: _Entry) -> Outcome | SpoolError:
        """Give the content its final name; never one that is taken. Raises OSError."""
        if entry.sidecar:  # first, so that a body in quarantine is never without its reason
            with contextlib.suppress(FileExistsError):
                self._link(entry, entry.sidecar, sidecar_path(entry.sha256))
        for name in self._free_names(entry):
            try:
                self._link(entry, entry.temporary, name)
            except FileExistsError:
                if self._compare(name, entry) or self._is_same_event(name, entry):
                    return self._known(entry, name)
                continue
            entry.owes = name
            is_body = entry.arrival.kind == "quarantine"
            return Outcome(status="quarantined" if is_body else "stored", file=name)
        name = entry.arrival.names(entry.sha256)[-1]
        message = f"{name} is taken by something else; restart the receiver, run `spool verify`"
        return UnsuitableFolder(message)

    def _link(self, entry: _Entry, temporary: str, name: str) -> None:
        """Publish a temporary file under `name`; raises FileExistsError if it is taken."""
        try:
            self._give_name(temporary, name)
        except FileNotFoundError:  # an erasure has just removed the folder, which was empty
            if entry.arrival.conversation_id is None:
                raise
            self._layout.create_folder(entry.arrival.conversation_id)
            self._give_name(temporary, name)
        entry.linked.append(name)
        self._touched.add(name.rpartition("/")[0])

    def _give_name(self, temporary: str, name: str) -> None:
        root_fd = self._layout.root_fd
        os.link(temporary, name, src_dir_fd=root_fd, dst_dir_fd=root_fd, follow_symlinks=False)

    def _known(self, entry: _Entry, file: str) -> Outcome:
        """
        Return the outcome for content that stands in `file` already.

        Nothing that no receipt names is called a duplicate: it may have been copied in while
        we run, or recovery could not read it. Then this arrival enters it. Raises OSError.
        """
        self._touched.add(file.rpartition("/")[0])  # its name may not be durable yet
        is_ours = any(other.owes == file for other in self._entries)
        if not is_ours and not self._ledger.names(file):
            entry.owes = file
        if entry.arrival.kind == "quarantine":
            return Outcome(status="quarantined", file=file)
        return Outcome(status="stored" if entry.owes else "duplicate", file=file)

    def _compare(self, name: str, entry: _Entry) -> bool | None:
        """Tell whether `name` holds this content, and make it durable; None if it is free."""
        return is_same_content(self._layout, name, size=entry.size, sha256=entry.sha256)

    def _is_same_event(self, name: str, entry: _Entry) -> bool:
        """
        Tell whether other content, under the plain name, is this event all the same.

        Never without a receipt for it: nothing there is stored yet. Raises OSError.
        """
        arrival = entry.arrival
        if arrival.kind == "quarantine" or name != arrival.names(entry.sha256)[0]:
            return False
        receipt = self._receipt_of(name)
        return receipt is not None and is_same_event(self._layout, arrival, receipt)

    def _receipt_of(self, file: str) -> Receipt | None:
        """Return the newest receipt for `file`, also one that this batch owes; raises OSError."""
        for other in self._entries:
            if other.owes == file:
                return other.arrival.receipt(file, other.size, other.sha256)
        return self._ledger.find(file)

    def _enter(self, entries: list[_Entry]) -> None:
        """Write the receipts: from here on they are stored. Raises SpoolFailed, OSError."""
        lines = []
        for entry in entries:
            receipt = entry.arrival.receipt(entry.owes, entry.size, entry.sha256)
            lines.append(encode_receipt(receipt))
        entered = self._ledger.append(lines) if lines else 0
        if lines and not entered:
            raise OSError(errno.ENOSPC, "no room for a receipt")
        if entered < len(lines):
            self._refuse(entries[entered:])

    def _refuse(self, entries: list[_Entry]) -> None:
        """Take back the entries whose receipts found no room; raises SpoolFailed."""
        try:
            self._take_back(entries)
        except OSError as error:  # not for undo(): the receipts of the others are durable
            message = f"cannot take back a file: {error}; look at the disk and the system log"
            raise SpoolFailed(message) from error
        refused = {entry.owes for entry in entries}
        for entry in self._entries:
            if isinstance(entry.outcome, Outcome) and entry.outcome.file in refused:
                entry.outcome = SpoolFull("no room for a receipt; free some space")
