"""`spool verify`: every file against its receipt."""

from dataclasses import asdict

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from cli.output import console, print_json, problems
from settings import Settings
from spool.verify import Report, verify


def verify_spool(settings: Settings, *, as_json: bool) -> int:
    """Print what is missing, changed, extra or torn; return 1 if anything is."""
    root = settings.payload_storage_path
    columns = (TextColumn("verifying"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=problems, transient=True) as progress:
        task = progress.add_task("", total=None)

        def show(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total)

        report = verify(root, on_progress=show)
    if as_json:
        print_json(asdict(report))
    else:
        _print(report)
    return 1 if report.findings else 0


def _print(report: Report) -> None:
    for finding in report.findings:
        console.print(f"{finding.problem:<8} {finding.file}  {finding.detail}", markup=False)
    megabytes = report.size_bytes / 1024**2
    dropped = f" ({report.dropped} dropped on purpose)" if report.dropped else ""
    console.print(
        f"{report.receipts} receipts{dropped} and {megabytes:.1f} MB compared: "
        f"{len(report.findings)} wrong"
    )
