"""Where events are brought from: another spool, or a backup of one; nothing of it is changed."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from spool.backup.folder import FILES_FOLDER, held
from spool.backup.ledger import whole_end
from spool.backup.manifest import MANIFEST_FILE, DamagedBackup, Manifest
from spool.backup.reading import backed_up_receipts, check_part, open_backup
from spool.backup.small_files import unpack_state
from spool.format import STATE_FOLDER, Receipt
from spool.reader import count_lines, ledger_identity, read_receipts
from spool.version import check_format


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """
    A spool or a backup, open: `files` is what its receipts' paths are below, `state` has `.spool`.

    `identity` is that of the ledger. `lines` counts those of the ledger.
    """

    files: Path
    state: Path
    identity: str
    lines: int
    end: int
    manifest: Manifest | None = None
    place: Path | None = None

    def receipts(self) -> Iterator[Receipt]:
        """Yield the receipts in order of arrival, up to when this was opened; raises SpoolError."""
        if self.manifest is not None and self.place is not None:
            yield from backed_up_receipts(self.place, self.manifest)
            return
        for receipt, after in read_receipts(self.files):
            if after > self.end:
                return
            if isinstance(receipt, Receipt):
                yield receipt


@contextmanager
def opened_source(path: Path) -> Iterator[Source]:
    """Open a spool or a backup for reading; raises DamagedBackup, NewerSpool or SpoolError."""
    if (path / STATE_FOLDER).is_dir():
        check_format(path)
        yield Source(
            files=path,
            state=path,
            identity=ledger_identity(path),
            lines=count_lines(path, offset=0),
            end=whole_end(path),
        )
        return
    if not (path / MANIFEST_FILE).exists():
        raise DamagedBackup(f"there is neither a spool nor a backup in {path}; check the path")
    with ExitStack() as stack:
        stack.enter_context(held(path, writes=False))
        manifest = open_backup(path)
        for part in (manifest.ledger, manifest.state):
            check_part(path, part)
        state = Path(stack.enter_context(TemporaryDirectory()))
        unpack_state(path / manifest.state.name, state)
        yield Source(
            files=path / FILES_FOLDER,
            state=state,
            identity=manifest.identity,
            lines=manifest.receipts,
            end=manifest.ledger.size,
            manifest=manifest,
            place=path,
        )
