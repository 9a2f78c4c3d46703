"""The commands about how much is kept and for how long: each is a few lines that delegate."""

from typing import Annotated

import typer

from cli.start import AsJson, start


def retention(
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would go; change nothing.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Delete what has expired, or is not to be stored, now; a processor does it every night."""
    from cli.keeping.retention import retain

    raise typer.Exit(retain(start(), dry_run=dry_run, as_json=as_json))


def stats(*, as_json: AsJson = False) -> None:
    """Show how much is kept of what, how it grows, and what does not get on."""
    from cli.keeping.stats import show_stats

    raise typer.Exit(show_stats(start(), as_json_document=as_json))


def add_keeping_commands(app: typer.Typer) -> None:
    """Add all of these to `app`."""
    for command in (retention, stats):
        app.command()(command)
