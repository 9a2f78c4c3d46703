"""`import`: what another spool, or a backup, has and this spool has not."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path

from cli.assembly.receiver import open_spool
from cli.assembly.reconciling import current_secret
from cli.backups.backup import no_room, progress_bar
from cli.backups.import_calls import merge_calls
from cli.backups.import_intakes import Missing, OwnSpool, RunningServer, Taker, what_is_wrong
from cli.elevenlabs.backfill import open_server
from cli.output import console, print_json, print_problems, problems
from cloud.fetching.intake import NotStorable
from processor.lock import is_held, processor_lock
from settings import Settings
from spool.backup.folder import BackupRefused
from spool.backup.import_source import Source, opened_source
from spool.backup.merge_orders import Merged, merge_orders
from spool.dropped import Dropped
from spool.forgotten import Forgotten
from spool.format import FileDamaged, Receipt, SpoolFull, SpoolLocked
from spool.layout import create_durably
from spool.reader import ledger_identity

_AT_ONCE = 32
_SHOWN = 20


@dataclass(slots=True, kw_only=True)
class ImportReport:
    """What an import did, in events. `gone_there`: erased or dropped in the source."""

    stored: int = 0
    there: int = 0
    gone_there: int = 0
    forgotten: int = 0
    failures: dict[str, str] = field(default_factory=dict)
    erasures: int = 0
    decisions: int = 0
    foreign_erasures: int = 0
    calls: int = 0
    is_of_one_history: bool = False
    through_server: bool = False
    is_source_in_use: bool = False


def import_from(settings: Settings, path: Path, *, as_json: bool) -> int:
    """
    Store what is missing here; return 0 if all is there now, 1 if something could not be read.

    Raises SpoolError, or CloudError if the server that owns the spool takes nothing.
    """
    path = path.expanduser().absolute()
    root = settings.payload_storage_path.absolute()
    if path.resolve() == root.resolve():
        raise BackupRefused(f"{path} is this spool itself: name another one, or a backup")
    with opened_source(path) as source:
        try:
            report = asyncio.run(_import(settings, source))
        except SpoolFull as error:
            raise SpoolFull(f"{no_room(error)} and run it again: it goes on") from error
        report.is_source_in_use = source.manifest is None and is_held(path / ".spool/lock")
    if as_json:
        print_json(asdict(report))
    else:
        _print(report, settings)
    _print_problems(report, path)
    return 1 if report.failures or report.foreign_erasures else 0


async def _import(settings: Settings, source: Source) -> ImportReport:
    report = ImportReport()
    root = settings.payload_storage_path.absolute()
    async with AsyncExitStack() as stack:
        taker: Taker
        try:
            spool, committer = await stack.enter_async_context(open_spool(settings))
        except SpoolLocked as error:
            report.through_server = True
            intake = await stack.enter_async_context(open_server(settings, error))
            taker = RunningServer(intake, secret=current_secret(settings), files=source.files)
        else:
            region = settings.phone_region or None
            taker = OwnSpool(spool, committer, region=region, files=source.files)
        ours = ledger_identity(root)
        # A spool without any event has no history of its own yet.
        report.is_of_one_history = source.identity != "" and ours == source.identity
        if report.is_of_one_history:
            merged = await asyncio.to_thread(_merge, source, root)
            report.erasures, report.decisions = merged.erasures, merged.decisions
            report.foreign_erasures = merged.foreign_erasures
            report.calls = await asyncio.to_thread(merge_calls, source.state, root)
        if report.foreign_erasures or not report.is_of_one_history:
            await asyncio.to_thread(_require_obeyed, source)
        with progress_bar("importing") as show:
            await _bring(source, root, taker, report, show)
    return report


def _merge(source: Source, root: Path) -> Merged:
    create_durably(root / ".spool")
    return merge_orders(source.state, root)


def _require_obeyed(source: Source) -> None:
    """Raise BackupRefused if there is anything of who was erased there, and is not known here."""
    if pending := Forgotten(source.state).pending():
        raise BackupRefused(
            f"{len(pending)} erasures are not carried out there yet, so it still holds what is to "
            "be gone: start `run.py processor` there and wait for their end (a backup: make it "
            "anew then), and import after that"
        )


async def _bring(
    source: Source, root: Path, taker: Taker, report: ImportReport, show: Callable[[int, int], None]
) -> None:
    dropped = Dropped(source.state)
    lacks = frozenset(source.manifest.lacks) if source.manifest else frozenset[str]()
    missing = await asyncio.to_thread(Missing, root)
    waiting: dict[tuple[str, str | None], Receipt] = {}
    for number, receipt in enumerate(source.receipts(), 1):
        show(number, source.lines)
        if problem := what_is_wrong(receipt):
            report.failures[receipt.file] = problem
        elif receipt in missing:
            if dropped.file(receipt.file) is not None or receipt.file in lacks:
                report.gone_there += 1
                continue
            name = (receipt.kind, receipt.conversation_id)
            if len(waiting) == _AT_ONCE or name in waiting:  # revisions keep their order
                await _take_all(waiting, taker, report)
            waiting[name] = receipt
        else:
            report.there += 1
    await _take_all(waiting, taker, report)


async def _take_all(
    waiting: dict[tuple[str, str | None], Receipt], taker: Taker, report: ImportReport
) -> None:
    taking = [_take(taker, receipt, report) for receipt in waiting.values()]
    waiting.clear()
    for result in await asyncio.gather(*taking, return_exceptions=True):
        if isinstance(result, BaseException):
            raise result


async def _take(taker: Taker, receipt: Receipt, report: ImportReport) -> None:
    try:
        status = await taker.take(receipt)
    except (FileDamaged, NotStorable) as error:
        report.failures[receipt.file] = str(error)
        return
    if status == "stored":
        report.stored += 1
    elif status == "forgotten":
        report.forgotten += 1
    else:
        report.there += 1


def _print(report: ImportReport, settings: Settings) -> None:
    console.print(
        f"{report.stored} events were missing and are stored now; {report.there} were there.",
        markup=False,
    )
    for count, what in (
        (report.forgotten, "belong to who was erased here, and were left out"),
        (report.gone_there, "are erased or dropped there, and could not be brought"),
        (report.erasures, "erasures were brought, and are carried out here too"),
        (report.decisions, "decisions were brought"),
        (report.calls, "records of started calls were brought"),
    ):
        if count:
            console.print(f"  {count} {what}", markup=False)
    if not report.is_of_one_history:
        console.print(
            "It is another spool by its beginning: erasures, decisions and records of started "
            "calls were not brought."
        )
    if report.stored and not is_held(processor_lock(settings.payload_storage_path)):
        console.print("No processor is running: memory follows when one is started.")


def _print_problems(report: ImportReport, path: Path) -> None:
    if report.is_source_in_use:
        problems.print(
            f"A receiver still writes to {path}: run this again once it has stopped.", markup=False
        )
    if report.foreign_erasures:
        problems.print(
            f"{report.foreign_erasures} erasures are under another key and name nobody here: ask "
            "for them again with `run.py callers forget`.",
            style="bold red",
            markup=False,
        )
    if report.failures:
        shown = [f"{file}: {error}" for file, error in sorted(report.failures.items())[:_SHOWN]]
        more = len(report.failures) - len(shown)
        lines = [*shown, f"and {more} more"] if more else shown
        print_problems(f"{len(report.failures)} events could not be brought:", lines)
