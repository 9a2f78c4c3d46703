"""The commands about backups and moving: each is a few lines that delegate."""

from pathlib import Path
from typing import Annotated

import typer

from cli.start import AsJson, start


def backup(
    dest: Annotated[Path, typer.Argument(help="The folder to back up to, best on another disk.")],
    *,
    verify: Annotated[
        bool, typer.Option("--verify", help="Read all that is there already, and mend it.")
    ] = False,
    new: Annotated[
        bool, typer.Option("--new", help="Begin anew where backups were, and nothing is now.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Copy the spool and its memory while everything runs: only what is new, each file proven."""
    from cli.backups.backup import back_up_to

    code = back_up_to(start(), dest, verify=verify, begins_anew=new, as_json=as_json)
    raise typer.Exit(code)


def restore(
    src: Annotated[Path, typer.Argument(help="The folder that was backed up to.")],
    *,
    check: Annotated[
        bool, typer.Option("--check", help="Only read all of the backup; change nothing.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Put a backup back where there is no spool and no memory yet, every file proven."""
    from cli.backups.restore import check as look_through
    from cli.backups.restore import restore_from

    settings = start(opens_spool=False)
    if check:
        raise typer.Exit(look_through(src, as_json=as_json))
    raise typer.Exit(restore_from(settings, src, as_json=as_json))


def import_(
    src: Annotated[Path, typer.Argument(help="Another spool, or a backup.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Bring the events of another spool or of a backup that are missing here."""
    from cli.backups.import_events import import_from

    raise typer.Exit(import_from(start(), src, as_json=as_json))


def add_backup_commands(app: typer.Typer) -> None:
    """Add all of these to `app`."""
    app.command()(backup)
    app.command()(restore)
    app.command("import")(import_)
