"""The command that counts: a few lines that delegate."""

from typing import Annotated, Literal

import typer

from analytics.tables import TableName
from cli.history.commands import Agent, Since, Until
from cli.start import AsJson, start


def analytics(
    *,
    since: Since = None,
    until: Until = None,
    agent: Agent = None,
    direction: Annotated[
        Literal["inbound", "outbound"] | None, typer.Option(help="Only calls of this direction.")
    ] = None,
    csv: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Write a table as CSV to this file; - is stdout."),
    ] = None,
    table: Annotated[
        TableName | None, typer.Option(help="Which table, with --csv; default: days.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show what the calls were like: how many, how long, at what cost, how well memory served."""
    from cli.analytics.run import analyse
    from cli.history.filters import Typed

    if csv is not None and as_json:
        raise typer.BadParameter("it is one or the other: not with --json", param_hint="--csv")
    if csv is None and table is not None:
        raise typer.BadParameter("it chooses what --csv FILE gets", param_hint="--table")
    typed = Typed(since=since, until=until, agent=agent, direction=direction)
    raise typer.Exit(analyse(start(), typed, csv=csv, table=table or "days", as_json=as_json))


def add_analytics_command(app: typer.Typer) -> None:
    """Add it to `app`."""
    app.command()(analytics)
