"""The commands that speak to ElevenLabs: each is a few lines that delegate."""

from typing import Annotated, Literal

import typer

from cli.start import AsJson, start

calls_app = typer.Typer(help="The calls that were started here.", no_args_is_help=True)

DryRun = Annotated[bool, typer.Option("--dry-run", help="Show the plan; change nothing.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
Agent = Annotated[str, typer.Option(help="The agent's id, as the dashboard shows it.")]


def connect(
    *,
    agent: Agent,
    url: Annotated[
        str | None,
        typer.Option(help="Where this server is reached, https://…; default: as last time."),
    ] = None,
    scope: Annotated[
        Literal["auto", "workspace", "agent"],
        typer.Option(
            help="Set the webhooks for the whole workspace or for this agent alone; auto: the "
            "workspace where its setting is free, else the agent."
        ),
    ] = "auto",
    dry_run: DryRun = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Make an agent remember: set up everything at ElevenLabs, after showing the plan."""
    from cli.elevenlabs.connect import connect as run

    settings = start(first_secrets=True)
    code = run(settings, agent, url=url, scope=scope, dry_run=dry_run, yes=yes, as_json=as_json)
    raise typer.Exit(code)


def disconnect(
    *,
    agent: Annotated[
        str | None, typer.Option(help="This agent alone; default: all that were connected.")
    ] = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Undo what connect made, and nothing else."""
    from cli.elevenlabs.connect import disconnect as run

    raise typer.Exit(run(start(), agent=agent, dry_run=dry_run, yes=yes, as_json=as_json))


def expose(
    *,
    connect: Annotated[
        str | None, typer.Option(help="Connect this agent to the address at once.")
    ] = None,
    yes: Yes = False,
) -> None:
    """Open an ngrok tunnel to the running server, and close it at the end."""
    from cli.elevenlabs.expose import expose as run

    raise typer.Exit(run(start(), agent=connect, yes=yes))


def backfill(
    *,
    since: Annotated[str, typer.Option(help="How far back: 12h, 30d, or a date, 2026-11-01.")],
    agent: Annotated[
        list[str] | None,
        typer.Option(
            help="Only this agent's calls; may be repeated; default: all that are sent here."
        ),
    ] = None,
    audio: Annotated[bool, typer.Option("--audio", help="Fetch recordings too.")] = False,
    concurrency: Annotated[
        int, typer.Option(min=1, max=16, help="How many requests at the same time.")
    ] = 4,
    as_json: AsJson = False,
) -> None:
    """Fetch the calls that never arrived here, and store them like all others."""
    from cli.elevenlabs.backfill import backfill as run

    code = run(
        start(), since=since, agents=agent or [], audio=audio, concurrency=concurrency,
        as_json=as_json,
    )  # fmt: skip
    raise typer.Exit(code)


def call(
    number: Annotated[str, typer.Argument(help="Whom to call, in E.164: +1….")],
    *,
    agent: Agent,
    from_: Annotated[
        str | None,
        typer.Option("--from", help="The agent's number or its id, if the agent has several."),
    ] = None,
    first_message: Annotated[
        str | None, typer.Option(help="What the agent says first; default: a greeting by name.")
    ] = None,
    var: Annotated[
        list[str] | None, typer.Option(help="A dynamic variable, name=value; may be repeated.")
    ] = None,
    key: Annotated[
        str | None,
        typer.Option(help="An idempotency key: one key dials once, however often it is sent."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Have an agent call somebody, knowing who it is."""
    from cli.elevenlabs.calls import call as run

    code = run(
        start(), number, agent=agent, from_=from_, first_message=first_message,
        variables=var or [], key=key, as_json=as_json,
    )  # fmt: skip
    raise typer.Exit(code)


@calls_app.command("list")
def calls_list(
    *,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many, newest first.")] = 20,
    as_json: AsJson = False,
) -> None:
    """List the calls that were started here, and what became of each."""
    from cli.elevenlabs.calls import list_calls

    raise typer.Exit(list_calls(start(), limit=limit, as_json=as_json))


@calls_app.command("cancel")
def calls_cancel(
    call: Annotated[str, typer.Argument(help="The call's key or conversation id.")],
) -> None:
    """Cancel a call, or say how it can be ended where ElevenLabs offers no way."""
    from cli.elevenlabs.calls import cancel

    raise typer.Exit(cancel(start(), call))


def add_cloud_commands(app: typer.Typer) -> None:
    """Add all of these to `app`."""
    for command in (connect, disconnect, expose, backfill, call):
        app.command()(command)
    app.add_typer(calls_app, name="calls")
