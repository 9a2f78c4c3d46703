"""The command that looks on while a server runs."""

from typing import Annotated

import typer

from cli.start import start


def watch(
    *,
    url: Annotated[str | None, typer.Option(help="The server; default: HOST and PORT.")] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print every event as a line of JSON.")
    ] = False,
) -> None:
    """Show calls, answers and what is wrong on a running server, as it happens; q quits."""
    from cli.watching.run import watch as look_on

    settings = start()
    raise typer.Exit(look_on(settings, url=url or settings.base_url, as_json=as_json))


def add_watch_command(app: typer.Typer) -> None:
    """Add it to `app`."""
    app.command()(watch)
