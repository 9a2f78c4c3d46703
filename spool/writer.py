"""The only writes to a spool: open it, commit arrivals to it, recover it after a failure."""

import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, Self

from spool.arrival import Arrival, Outcome
from spool.batch import Batch
from spool.format import SpoolError, SpoolFailed, SpoolFull
from spool.gone import Gone
from spool.layout import Layout, open_layout
from spool.ledger import Ledger
from spool.recovery import Recovery, enter_missing
from spool.staging import StagedFile, translate
from spool.sync import Sync, SyncMode, choose_sync
from spool.version import check_format

__all__ = ["Arrival", "Outcome", "Spool", "StagedFile"]

_PROBE_BYTES = 64 * 1024  # several events: less room than that is none


class Spool:
    """
    An open spool, owned by this process until `close`.

    `state`: "ok"; "full" when the last commit found no room, which mends itself; "failed" when
    the disk failed: nothing is accepted until `recover` has succeeded. `recovered` tells what
    the start found. `stage` may be called from any thread; commits take turns.
    """

    def __init__(
        self,
        layout: Layout,
        ledger: Ledger,
        gone: Gone,
        recovered: Recovery,
        clock: Callable[[], datetime],
    ) -> None:
        """Take over open folders and ledger; use `Spool.open`."""
        self._layout = layout
        self._ledger = ledger
        self._gone = gone
        self._clock = clock
        self._turn = threading.Lock()
        self.recovered = recovered
        self.state: Literal["ok", "full", "failed"] = "ok"

    @classmethod
    def open(
        cls,
        root: Path,
        *,
        sync: SyncMode | Sync = "auto",
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> Self:
        """
        Open the spool at `root`, creating it if need be, and recover it.

        Afterwards every event that is on disk and can be read has a receipt. `sync` chooses how
        things become durable, or brings the primitives itself; `clock` tells the time, aware,
        by which the next start knows where to look. Raises SpoolLocked if another
        receiver owns it, UnsuitableFolder if the place cannot carry a spool, SpoolFull or
        SpoolFailed if recovery is not possible now.
        """
        primitives = choose_sync(sync) if isinstance(sync, str) else sync
        check_format(root.absolute())
        layout = open_layout(root.absolute(), primitives)
        ledger = None
        try:
            check_format(root.absolute())  # again: a restore may have begun before this was ours
            swept = layout.sweep()
            ledger = Ledger(layout)
            # Without any receipt the ledger was lost: the files are old, and copying a whole
            # spool would take hours. Beside receipts they come from a commit that broke off.
            entered = enter_missing(layout, ledger, rewrite=bool(ledger.end), now=clock())
            gone = Gone(layout.root)
        except BaseException as error:
            if ledger is not None:
                ledger.close()
            layout.close()
            if isinstance(error, OSError):
                raise translate(error, f"recover the spool {root}") from error
            raise
        recovered = Recovery(swept=swept, entered=entered, cut_bytes=ledger.cut_bytes)
        return cls(layout, ledger, gone, recovered, clock)

    @property
    def root(self) -> Path:
        """Return the folder of the spool."""
        return self._layout.root

    def stage(self) -> StagedFile:
        """Return a new file for content too large for memory; raises SpoolFull, SpoolFailed."""
        return StagedFile(self._layout)

    def commit(self, arrivals: Sequence[Arrival]) -> list[Outcome | SpoolError]:
        """
        Store `arrivals` and return what became of each, in order; consumes staged files.

        An Outcome means durable. SpoolFull means that nothing of it is left; SpoolFailed that
        it may be stored or not, and will be whole if it is. UnsuitableFolder: something that
        is not ours stands in its place. None of these is raised.
        """
        with self._turn:
            try:
                return self._commit(arrivals)
            except BaseException:
                self.state = "failed"  # a bug: recovery finds out what is stored
                raise
            finally:
                for arrival in arrivals:
                    if isinstance(arrival.content, StagedFile):
                        arrival.content.discard()

    def check_place(self) -> None:
        """Fail the spool if its folder or its ledger is no longer where others look for it."""
        try:
            self._layout.check_place("", self._layout.root_fd)
            self._ledger.check_place()
        except SpoolFailed:
            self.state = "failed"
            raise

    def recover(self) -> None:
        """
        After a failure: enter what has got its name, and accept events again.

        Raises SpoolError while that is not possible; nothing acknowledged depends on it.
        """
        with self._turn:
            self.check_place()
            try:
                self._ledger.mend()
                self._layout.sweep()
                enter_missing(self._layout, self._ledger, rewrite=True, now=self._clock())
            except OSError as error:
                raise translate(error, "recover the spool") from error
            self.state = "ok"

    def look_for_room(self) -> None:
        """After "full": try a small write, and accept that there is room again if it succeeds."""
        with self._turn:
            if self.state != "full":
                return
            try:
                staged = self.stage()
                try:
                    staged.write(bytes(_PROBE_BYTES))
                finally:
                    staged.discard()
            except SpoolError:
                return
            self.state = "ok"

    def close(self) -> None:
        """Give the spool back. Everything acknowledged is durable already."""
        with self._turn:
            self._ledger.close()
            self._layout.close()

    def _commit(self, arrivals: Sequence[Arrival]) -> list[Outcome | SpoolError]:
        if self.state == "failed":
            message = "the spool has failed and not recovered yet; look at the system log"
            return [SpoolFailed(message) for _ in arrivals]
        try:
            self._gone.refresh()
        except SpoolError as error:  # who was erased cannot be told: nothing may come back
            return [error for _ in arrivals]
        try:
            self.check_place()
            outcomes = self._attempt(arrivals)
        except SpoolFailed as error:
            self.state = "failed"
            return [error for _ in arrivals]
        except SpoolFull as error:
            self.state = "full"
            if len(arrivals) <= 1:
                return [error for _ in arrivals]
            # Perhaps one of them alone is too much: the others still find room by themselves.
            return [outcome for arrival in arrivals for outcome in self._commit([arrival])]
        is_full = any(isinstance(outcome, SpoolFull) for outcome in outcomes)
        self.state = "full" if is_full else "ok"
        return outcomes

    def _attempt(self, arrivals: Sequence[Arrival]) -> list[Outcome | SpoolError]:
        """Store all or take everything back; raises SpoolFull or SpoolFailed."""
        batch = Batch(self._layout, self._ledger, self._gone, arrivals)
        try:
            return batch.store()
        except OSError as error:
            try:
                batch.undo()
            except OSError as second:
                message = f"cannot take back what {error} interrupted: {second}"
                raise SpoolFailed(message) from second
            raise translate(error, "store an event") from error
