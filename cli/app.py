"""The command line: every command is a few lines that delegate."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from cli.analytics.commands import add_analytics_command
from cli.backups.commands import add_backup_commands
from cli.callers.commands import callers_app
from cli.elevenlabs.commands import Yes, add_cloud_commands
from cli.history.commands import history_app
from cli.keeping.commands import add_keeping_commands
from cli.output import (
    keep_numbers_of_streams,
    print_problems,
    problems,
    show_every_letter,
)
from cli.start import AsJson, start
from cli.watching.commands import add_watch_command
from settings import ENV_FILE, SettingsError

app = typer.Typer(
    help="A memory of the people who call, for ElevenLabs phone agents.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
processor_app = typer.Typer(invoke_without_command=True)
spool_app = typer.Typer(help="Look after the stored events.", no_args_is_help=True)
memory_app = typer.Typer(help="Look into memory.", no_args_is_help=True)
app.add_typer(processor_app, name="processor")
app.add_typer(spool_app, name="spool")
app.add_typer(memory_app, name="memory")
app.add_typer(history_app, name="history")
app.add_typer(callers_app, name="callers")
add_cloud_commands(app)
add_keeping_commands(app)
add_backup_commands(app)
add_watch_command(app)
add_analytics_command(app)


def main() -> None:
    """Run the command line. An expected error is one line and exit code 1 or 2."""
    keep_numbers_of_streams()
    show_every_letter()
    try:
        app()
    except SystemExit:  # the end of every command: what errors there could have been costs a second
        raise
    except SettingsError as error:
        print_problems(
            f"These settings cannot be used (environment or {ENV_FILE}):", error.problems
        )
        sys.exit(2)
    except _expected_errors() as error:
        problems.print(f"{error}", style="bold red", markup=False)
        sys.exit(1)


def _expected_errors() -> tuple[type[Exception], ...]:
    from cloud.errors import CloudError
    from history.errors import HistoryError
    from memory.errors import MemoryStoreError
    from processor.errors import ProcessorError
    from receiver.server import CannotListen
    from spool.format import SpoolError

    ours = (CloudError, HistoryError, MemoryStoreError, ProcessorError, CannotListen, SpoolError)
    return (*ours, OSError)


def _serve(*, receiver: bool, processor: bool) -> None:
    from cli.serving.services import run_services

    required = ("elevenlabs_post_call_key",) if receiver else ()
    settings = start(required=required, first_secrets=receiver)
    run_services(settings, receiver=receiver, processor=processor)


@app.command("all-in-one")
def all_in_one(
    *,
    expose: Annotated[
        bool, typer.Option("--expose", help="Open an ngrok tunnel to it as well.")
    ] = False,
    connect: Annotated[
        str | None, typer.Option(help="With --expose: connect this agent to the address at once.")
    ] = None,
    yes: Yes = False,
) -> None:
    """Run the receiver and the processor in one process. This is all a small set-up needs."""
    if connect is not None and not expose:
        raise typer.BadParameter("it needs --expose", param_hint="--connect")
    if expose:
        _serve_exposed(connect=connect, yes=yes)
    else:
        _serve(receiver=True, processor=True)


def _serve_exposed(*, connect: str | None, yes: bool) -> None:
    from cli.elevenlabs.expose import exposing
    from cli.serving.services import run_services

    # Connecting makes the post-call secret; the running receiver takes it over.
    required = ("elevenlabs_post_call_key",) if connect is None else ()
    settings = start(required=required, first_secrets=True)
    beside = exposing(settings, agent=connect, yes=yes)
    run_services(
        settings,
        receiver=True,
        processor=True,
        services_beside=[beside],
        connects=connect is not None,
    )


@app.command()
def receiver() -> None:
    """Run the receiver alone: the webhooks and the live answers."""
    _serve(receiver=True, processor=False)


@processor_app.callback()
def processor(context: typer.Context) -> None:
    """Turn stored events into memories. Without a sub-command: run the processor alone."""
    if context.invoked_subcommand is None:
        _serve(receiver=False, processor=True)


@processor_app.command("rebuild")
def processor_rebuild(
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done; change nothing.")
    ] = False,
    verify: Annotated[
        bool,
        typer.Option("--verify", help="Build beside the live memory and report any difference."),
    ] = False,
    workers: Annotated[
        int | None, typer.Option(min=1, max=64, help="Processes to use; default: one a core.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Derive memory again from the whole spool, and switch to it at once when it is complete."""
    from cli.rebuild import run_rebuild

    options = {"dry_run": dry_run, "verify": verify}
    raise typer.Exit(run_rebuild(start(), **options, workers=workers, as_json=as_json))


@processor_app.command("status")
def processor_status(*, as_json: AsJson = False) -> None:
    """Show how far memory has come, what is being retried and what is parked."""
    from cli.status import show_status

    raise typer.Exit(show_status(start(), as_json=as_json))


@processor_app.command("retry")
def processor_retry(*, as_json: AsJson = False) -> None:
    """Put every parked event back to be tried again."""
    from cli.status import retry

    raise typer.Exit(retry(start(), as_json=as_json))


@spool_app.command("verify")
def spool_verify(*, as_json: AsJson = False) -> None:
    """Compare every stored file with its receipt; exit code 1 if anything is wrong."""
    from cli.spool_verify import verify_spool

    raise typer.Exit(verify_spool(start(), as_json=as_json))


@memory_app.command("export")
def memory_export(
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="JSON Lines, which is the only format.")
    ] = True,
) -> None:
    """Print everything in memory as JSON Lines, sorted: the same memory is the same text."""
    from cli.export import export_memory

    del as_json  # taken so that every command that lists takes it
    raise typer.Exit(export_memory(start()))


@memory_app.command("search")
def memory_search(
    caller: Annotated[str, typer.Argument(help="The caller's number, in E.164.")],
    query: Annotated[str, typer.Argument(help="What to look up, as an agent would ask.")],
    *,
    limit: Annotated[int, typer.Option(min=1, max=50, help="How many results at most.")] = 5,
    explain: Annotated[
        bool, typer.Option("--explain", help="Show the parts of each result's score.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Ask one caller's memory, as an agent does in the middle of a call."""
    from cli.search import search_memory

    code = search_memory(
        start(), caller=caller, query=query, limit=limit, explain=explain, as_json=as_json
    )
    raise typer.Exit(code)


@memory_app.command("sync")
def memory_sync(
    *,
    check: Annotated[
        bool, typer.Option("--check", help="Compare, change nothing; exit code 1 if they differ.")
    ] = False,
    prune: Annotated[
        bool, typer.Option("--prune", help="Also remove what is in memory no more.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Bring OpenMemory up to what is in memory, as the processor does by itself."""
    from cli.memory_sync import run_sync

    if check and prune:
        raise typer.BadParameter("it changes nothing, so not with --prune", param_hint="--check")
    raise typer.Exit(run_sync(start(), checks=check, prunes=prune, as_json=as_json))


@app.command()
def simulate(
    *,
    caller: Annotated[str | None, typer.Option(help="The caller's number, in E.164.")] = None,
    file: Annotated[
        Path | None, typer.Option(help="Send this recorded payload instead of the story.")
    ] = None,
    url: Annotated[str | None, typer.Option(help="The server; default: HOST and PORT.")] = None,
) -> None:
    """Play two calls of one invented caller against the running server."""
    from cli.simulate import simulate as play

    settings = start()
    base = url or settings.base_url
    raise typer.Exit(play(settings, url=base, caller=caller, file=file))


@app.command()
def doctor(
    *,
    online: Annotated[
        bool,
        typer.Option("--online", help="Look at ElevenLabs too: key, agents, webhook, settings."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Check settings, folders, disk, port and memory, and say what to mend."""
    from cli.doctor import doctor as examine

    raise typer.Exit(examine(start(), online=online, as_json=as_json))
