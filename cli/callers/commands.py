"""The commands about callers: each is a few lines that delegate."""

from pathlib import Path
from typing import Annotated

import typer

from cli.elevenlabs.commands import Yes
from cli.start import AsJson, start

callers_app = typer.Typer(
    help="Who has called: what is held of each, export, erasure, and who is who.",
    no_args_is_help=True,
)

Caller = Annotated[
    str, typer.Argument(help="The number in E.164, a key as --full shows it, or an id (c_…).")
]
Full = Annotated[bool, typer.Option("--full", help="Show numbers in full, not masked.")]


@callers_app.command("list")
def callers_list(
    *,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many, the latest first.")] = 20,
    cursor: Annotated[
        str | None, typer.Option(help="Go on where an earlier list ended: what it printed last.")
    ] = None,
    full: Full = False,
    as_json: AsJson = False,
) -> None:
    """List who has called, the latest first."""
    from cli.callers.run import list_callers

    raise typer.Exit(list_callers(start(), limit=limit, cursor=cursor, full=full, as_json=as_json))


@callers_app.command("show")
def callers_show(caller: Caller, *, full: Full = False, as_json: AsJson = False) -> None:
    """Show what is known of a caller, and from which conversation each of it comes."""
    from cli.callers.run import show_caller

    raise typer.Exit(show_caller(start(), caller, full=full, as_json=as_json))


@callers_app.command("export")
def callers_export(
    caller: Caller,
    *,
    to: Annotated[Path | None, typer.Option(help="The ZIP to write; it must not be there.")] = None,
    as_json: AsJson = False,
) -> None:
    """Write everything held about a caller into one ZIP, with a readable index."""
    from cli.callers.run import export_caller

    raise typer.Exit(export_caller(start(), caller, to=to, as_json=as_json))


@callers_app.command("forget")
def callers_forget(
    caller: Caller,
    *,
    conversation: Annotated[
        str | None, typer.Option(help="This conversation alone, with all its files.")
    ] = None,
    memory: Annotated[
        str | None, typer.Option(help="This memory alone: that was not me, or not so.")
    ] = None,
    fact: Annotated[
        str | None, typer.Option(help="Every value of this fact, such as first_name.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would go; change nothing.")
    ] = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Erase everything of a caller, for good, and print the certificate."""
    from cli.callers.forgetting import forget_caller, forget_conversation, forget_memories

    if sum(each is not None for each in (conversation, memory, fact)) > 1:
        raise typer.BadParameter("give one of them", param_hint="--conversation, --memory, --fact")
    how = {"dry_run": dry_run, "yes": yes, "as_json": as_json}
    settings = start()
    if conversation is not None:
        code = forget_conversation(settings, caller, conversation, **how)
    elif memory is not None or fact is not None:
        code = forget_memories(settings, caller, memory_id=memory, fact=fact, **how)
    else:
        code = forget_caller(settings, caller, **how)
    raise typer.Exit(code)


@callers_app.command("erasures")
def callers_erasures(
    *,
    erasure: Annotated[
        str | None, typer.Argument(help="Print the certificate of this one.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List every erasure and whether it is complete, or print the certificate of one."""
    from cli.callers.forgetting import show_erasures

    raise typer.Exit(show_erasures(start(), erasure_id=erasure, as_json=as_json))


@callers_app.command("merge")
def callers_merge(
    caller: Annotated[str, typer.Argument(help="The number whose calls are to be another's.")],
    *,
    into: Annotated[str, typer.Option(help="The number of that person.")],
    as_json: AsJson = False,
) -> None:
    """Two numbers are one person's: all calls of the one, past and future, are the other's."""
    from cli.callers.who_is_who import merge

    raise typer.Exit(merge(start(), caller, into=into, as_json=as_json))


@callers_app.command("split")
def callers_split(
    caller: Annotated[str, typer.Argument(help="The number.")],
    *,
    conversation: Annotated[
        list[str] | None,
        typer.Option(help="A conversation of the other person; may be repeated."),
    ] = None,
    name: Annotated[
        str, typer.Option(help="The other's name: calls in which it is given are theirs too.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Take a merge back; or, with --conversation or --name, part two people of one number."""
    from cli.callers.who_is_who import split

    code = split(
        start(), caller, conversations=conversation or [], name=name.strip(), as_json=as_json
    )
    raise typer.Exit(code)
